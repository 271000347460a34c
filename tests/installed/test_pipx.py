"""pipx, as docs/install.md has it: installed into an environment of its own, the previous version, an update,
and away again."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.version import package_version
from tests.support.machine import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PAGE = (ROOT / "docs" / "install.md").read_text()


def lines(block: str) -> list[str]:
    """Of the page."""
    return PAGE.partition(f"<!-- tested: {block} -->\n```sh\n")[2].partition("```")[0].splitlines()


def test_install_update_uninstall(wheel: Path, older_wheel: Path, tmp_path: Path) -> None:
    """From the previous wheel to this one; the program works at each step."""
    tools = tmp_path / "tools"
    subprocess.run([sys.executable, "-m", "venv", str(tools)], check=True)
    pip = [str(tools / "bin" / "python"), "-m", "pip", "install", "--quiet", "pipx"]
    subprocess.run(pip, check=True)
    wheels, home = tmp_path / "wheels", tmp_path / "home"
    wheels.mkdir()
    found = f"{os.environ.get('PIP_FIND_LINKS', '')} {wheels}".strip()
    environ = os.environ | {
        "HOME": str(home),
        "PATH": f"{tools / 'bin'}:{os.environ['PATH']}",
        "PIP_FIND_LINKS": found,
        "PIPX_HOME": str(home / "pipx"),
        "PIPX_BIN_DIR": str(home / ".local" / "bin"),
        "PIPX_MAN_DIR": str(home / "man"),
        "PIPX_DEFAULT_PYTHON": sys.executable,
    }
    home.mkdir()

    def type_in(line: str) -> str:
        done = subprocess.run(line, shell=True, env=environ, capture_output=True, text=True, check=False)  # noqa: S602
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
        return done.stdout

    program = home / ".local" / "bin" / "sig-gateway"
    shutil.copy(older_wheel, wheels)
    (_, install, path) = lines("pipx")
    type_in(install)
    type_in(path)
    assert "0.0.9" in type_in(f"{program} --version")

    shutil.copy(wheel, wheels)
    type_in(lines("pipx-update")[0])
    assert re.match(
        rf"sig-gateway {re.escape(package_version())} \(commit \w+", type_in(f"{program} --version")
    )
    type_in(f"{program} check -c {ROOT / 'config.yaml'}")

    type_in(lines("pipx-remove")[1])
    assert not program.exists()
