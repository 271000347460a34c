"""Which files of the firmware are shipped, and where they are."""

from pathlib import Path

import pytest

from gateway.firmware import shipped


def lay(folder: Path, *names: str) -> None:
    """Files with their names in them."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_sources_alone(tmp_path: Path) -> None:
    """Sorted; nothing that a build has left, nothing hidden, nothing of what is beside these folders."""
    wanted = [
        "arduino/Sensorline/examples/DHT22/DHT22.ino",
        "arduino/Sensorline/library.properties",
        "arduino/Sensorline/src/a.cpp",
        "arduino/Sensorline/src/a.h",
        "micropython/lib/b.py",
        "micropython/main.py",
    ]
    others = [
        "README.md",
        "arduino/Makefile.md",
        "arduino/Sensorline/build/core.h",
        "arduino/Sensorline/src/a.o",
        "arduino/Sensorline/.git/x.txt",
        "arduino/Sensorline/src/.hidden.h",
        "micropython/__pycache__/main.py",
        "micropython/unix_main.py",
        "emulator/host.c",
    ]
    lay(tmp_path, *reversed(wanted), *others)
    assert [str(path) for path in shipped.shipped_files(tmp_path)] == wanted


def test_nothing_there(tmp_path: Path) -> None:
    """No files."""
    assert shipped.shipped_files(tmp_path) == []


def test_installed_it_is_beside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a checkout it is where it is written."""
    assert shipped.firmware_folder() == Path(__file__).parents[3] / "firmware-sim" / "firmware"
    monkeypatch.setattr(shipped, "_BESIDE", tmp_path)
    lay(tmp_path, "arduino/Sensorline/library.properties")
    assert shipped.firmware_folder() == tmp_path


def test_ours_is_whole() -> None:
    """What people are told to look for is among the files."""
    names = [str(path) for path in shipped.shipped_files(shipped.firmware_folder())]
    assert "arduino/Sensorline/library.properties" in names
    assert "arduino/Sensorline/examples/DHT22/DHT22.ino" in names
    assert "arduino/Sensorline/src/Sensorline.h" in names
    assert "micropython/examples/dht22.py" in names
    assert "micropython/sensorline/__init__.py" in names
