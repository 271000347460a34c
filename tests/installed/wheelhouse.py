"""Python's registry for the Debian that is booted, which has no network: the wheels that pip finds there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.machine import Machine

TOOLS = ("pip", "setuptools>=77,<90", "wheel", "build>=1.2,<2")
"""What pipx and `make deb` ask for beside what the wheel needs."""
OF_DEBIAN_12 = ("--only-binary=:all:", "--python-version=3.11", "--platform=manylinux2014_x86_64")
PLACE = "/opt/wheels"
PIP = f"[global]\nno-index = true\nfind-links = {PLACE}\n"


def fill(folder: Path, wheel: Path) -> Path:
    """The folder, with a wheel, what it needs, and the tools."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", f"--dest={folder}", *OF_DEBIAN_12]
    subprocess.run([*command, str(wheel), *TOOLS], check=True)
    return folder


def reach(debian: Machine, wheels: Path) -> None:
    """From now on pip in it, whoever runs it, finds those."""
    shutil.copytree(wheels, debian.path(PLACE))
    debian.path("/etc/pip.conf").write_text(PIP)
