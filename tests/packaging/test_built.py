"""What is in the wheel and in the source archive: the firmware for boards, and nothing that must not be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from gateway.firmware.shipped import firmware_folder, shipped_files
from tests.support.uncovered import UNCOVERED

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
BUILT = ("arduino/Sensorline/build/core.h", "arduino/Sensorline/src/a.o", "micropython/__pycache__/a.pyc")
"""What builds leave."""


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with both, as `python -m build` makes them: the wheel of what the archive has. They are of a
    copy, in which builds have left something."""
    source, into = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in ("sig", "drivers", "gateway", "firmware-sim"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in BUILT:
        path = source / "firmware-sim" / "firmware" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("built")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(into), str(source)]
    uncovered = os.environ | UNCOVERED  # there is no source of it when it would be told
    done = subprocess.run(command, env=uncovered, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return into


def test_the_wheel(archives: Path) -> None:
    """Has every file of the firmware as it is here; the emulator has another licence, and is not in it."""
    source = firmware_folder()
    expected = {f"gateway/firmware/{file}": (source / file).read_bytes() for file in shipped_files(source)}
    (path,) = archives.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        there = {
            name: wheel.read(name)
            for name in wheel.namelist()
            if name.startswith(("gateway/firmware/arduino/", "gateway/firmware/micropython/"))
        }
        others = [name for name in wheel.namelist() if name not in there]
    assert there == expected
    assert not [name for name in others if "emulator" in name or "build/" in name or name.startswith("tests")]


def test_the_wheel_s_unit_of_a_fleet_s_router(archives: Path) -> None:
    """Beside the gateway's own."""
    (path,) = archives.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        assert "gateway/systemd/fleet-router.service" in wheel.namelist()
        assert "gateway/fleet/enrol.py" in wheel.namelist()


def test_the_source_archive(archives: Path) -> None:
    """Has them where a checkout has them."""
    source = firmware_folder()
    (path,) = archives.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = [member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()]
    below = "firmware-sim/firmware/"
    assert {name.removeprefix(below) for name in names if name.startswith(below)} == {
        str(file) for file in shipped_files(source)
    }


def test_what_is_installed_exports(archives: Path, tmp_path: Path) -> None:
    """From the wheel's own files, with no checkout beside it."""
    (path,) = archives.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        wheel.extractall(tmp_path / "site")  # noqa: S202 - it is our own
    program = "import sys; from gateway.cli import main; sys.exit(main())"
    folder = tmp_path / "boards"
    done = subprocess.run(
        [sys.executable, "-c", program, "firmware", "export", str(folder)],
        cwd=tmp_path / "site",
        env=os.environ | UNCOVERED,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "Sensorline" / "library.properties").read_bytes() == (
        firmware_folder() / "arduino" / "Sensorline" / "library.properties"
    ).read_bytes()
