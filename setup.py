"""What is built knows the commit that it was made of, and has the firmware for boards with it; the rest is in
pyproject.toml."""

import os
import runpy
import shutil
import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


def commit() -> str:
    """Of the checkout that this file is in; empty where there is none, unless the environment says it."""
    given = os.environ.get("SIG_GATEWAY_COMMIT")
    if given is not None:
        return given
    here = Path(__file__).parent
    if not (here / ".git").exists():
        return ""
    command = ["git", "-C", str(here), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


FIRMWARE = Path("firmware-sim") / "firmware"
"""Relative to this file, where a build begins; in what is built it is in the package `gateway.firmware`."""


def firmware() -> list[Path]:
    """The files that are shipped, relative to `FIRMWARE`."""
    return runpy.run_path("gateway/firmware/shipped.py")["shipped_files"](FIRMWARE)


class BuildWithMore(build_py):
    """Into the package that is built, never into the source."""

    def run(self) -> None:
        """See `build_py`."""
        super().run()
        if not self.editable_mode:
            package = Path(self.build_lib) / "gateway"
            (package / "commit.txt").write_text(commit() + "\n")
            for file in firmware():
                target = package / "firmware" / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(FIRMWARE / file, target)

    def get_source_files(self) -> list[str]:
        """See `build_py`: what a source archive is made of."""
        return [*super().get_source_files(), *(str(FIRMWARE / file) for file in firmware())]


setup(cmdclass={"build_py": BuildWithMore})
