"""Which files of the firmware are shipped, and of which version they are."""

import re
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
        "emulator/host.c",
    ]
    lay(tmp_path, *reversed(wanted), *others)
    assert [str(path) for path in shipped.shipped_files(tmp_path)] == wanted


def test_nothing_there(tmp_path: Path) -> None:
    """No files, and no version."""
    assert shipped.shipped_files(tmp_path) == []
    assert shipped.firmware_version(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "version"),
    [("name=x\nversion=2.0.1\n", "2.0.1"), ("version=3\r\n", "3"), ("name=version=9\n", None), ("", None)],
)
def test_the_version_is_the_library_s(tmp_path: Path, text: str, version: str | None) -> None:
    """As the Arduino IDE reads it."""
    lay(tmp_path, "arduino/Sensorline/library.properties")
    (tmp_path / "arduino/Sensorline/library.properties").write_text(text, newline="")
    assert shipped.firmware_version(tmp_path) == version


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
    assert "micropython/README.md" in names
    assert any(name.endswith(".h") for name in names)
    assert shipped.firmware_version(shipped.firmware_folder()) is not None


@pytest.mark.parametrize(
    ("older", "newer"),
    [("1.9.9", "2.0.0"), ("2.9.0", "2.10.0"), ("2", "2.0.1"), ("0.9", "1"), ("0", "0.1")],
)
def test_versions_are_compared_as_numbers(older: str, newer: str) -> None:
    """Of a board that runs ours, part by part."""
    assert shipped.is_newer(newer, f"sensorline-{older}")
    assert not shipped.is_newer(older, f"sensorline-{newer}")
    assert not shipped.is_newer(newer, f"sensorline-{newer}")


@pytest.mark.parametrize(
    ("ours", "firmware"),
    [
        ("2.0.0", "1.0.0"),
        ("2.0.0", "my-sensorline-1.0.0"),
        ("2.0.0", "sensorline-1.0.0-mine"),
        ("2.0.0", "sensorline-v1"),
        ("2.0.0", "sensorline-1..0"),
        ("2.0.0", "sensorline-"),
        ("next", "sensorline-1.0.0"),
        ("2.0.0", "sensorline-2.0"),
        ("2.0", "sensorline-2.0.0"),
    ],
)
def test_what_cannot_be_compared_is_not_older(ours: str, firmware: str) -> None:
    """Another's firmware, and versions in words; and what is the same, however it is written."""
    assert not shipped.is_newer(ours, firmware)


def test_every_example_says_its_firmware() -> None:
    """By which `ports --probe` knows it: the library's name and version, that of its properties."""
    library = shipped.firmware_folder() / "arduino" / "Sensorline"
    version = shipped.firmware_version(shipped.firmware_folder())
    assert f'#define SENSORLINE_VERSION "{version}"\n' in (library / "src" / "Sensorline.h").read_text()
    sketches = sorted((library / "examples").rglob("*.ino"))
    assert sketches
    for sketch in sketches:
        text = sketch.read_text()
        assert f'F("{shipped.OURS}" SENSORLINE_VERSION)' in text, sketch
        (model,) = re.findall(r'Sensorline\.begin\(F\("([!-~]+)"\)', text)
        assert len(model) <= 24
