"""What is installed, and where: a wheel and a package of this checkout, and a Debian with its own systemd."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.machine import ROOT, Machine, machine, why_not

OLDER = "0.0.9"


def wheel_of(source: Path, into: Path) -> Path:
    """Built without asking the registry for anything."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(into), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = into.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `make wheel` makes it."""
    return wheel_of(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def older_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, one version before."""
    source = tmp_path_factory.mktemp("older-source")
    for name in ("sig", "drivers", "gateway", "firmware-sim"):
        shutil.copytree(
            ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
    for name in ("setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    project = (ROOT / "pyproject.toml").read_text()
    project = re.sub('(?m)^version = ".*"', f'version = "{OLDER}"', project)
    (source / "pyproject.toml").write_text(project)
    return wheel_of(source, tmp_path_factory.mktemp("older"))


@pytest.fixture(scope="session")
def package(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `make deb` makes it."""
    into = tmp_path_factory.mktemp("deb")
    build = ROOT / "packaging" / "build_deb.py"
    subprocess.run([sys.executable, str(build), str(wheel), f"--into={into}"], check=True)
    (made,) = into.glob("*.deb")
    return made


@pytest.fixture(scope="session")
def newer(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, one version later."""
    into = tmp_path_factory.mktemp("newer")
    tree, made = into / "tree", into / "newer.deb"
    subprocess.run(["dpkg-deb", "-R", str(package), str(tree)], check=True)
    control = tree / "DEBIAN" / "control"
    control.write_text(control.read_text().replace("Version: ", "Version: 9."))
    subprocess.run(["dpkg-deb", "-Zgzip", "-b", str(tree), str(made)], check=True, capture_output=True)
    return made


@pytest.fixture
def debian(tmp_path: Path) -> Iterator[Machine]:
    """A machine that has nothing of ours."""
    if (why := why_not()) is not None:
        pytest.skip(why)
    with machine(tmp_path / "machine") as booted:
        yield booted
