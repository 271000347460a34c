"""Which firmware a board has, and whether ours is newer."""

import re
from pathlib import Path

import pytest

from gateway.firmware.shipped import firmware_folder
from gateway.firmware.versions import newer_than, shipped_firmware

PROPERTIES = "arduino/Sensorline/library.properties"
BOARD = "micropython/sensorline/board.py"


def lay(folder: Path, **texts: str) -> Path:
    """The two files that say it."""
    for name, key in ((PROPERTIES, "properties"), (BOARD, "board")):
        (folder / name).parent.mkdir(parents=True)
        if key in texts:
            (folder / name).write_text(texts[key], newline="")
    return folder


@pytest.mark.parametrize(
    ("properties", "board", "words"),
    [
        ("name=x\nversion=2.0.1\n", 'FIRMWARE = "mpy-1.2"\n', ("sensorline-2.0.1", "mpy-1.2")),
        ("version=3\r\n", "x = 1\n", ("sensorline-3",)),
        ("name=version=9\n", ' FIRMWARE = "mpy-1"\n', ()),
    ],
)
def test_the_words_are_those_of_the_sources(
    tmp_path: Path, properties: str, board: str, words: tuple[str, ...]
) -> None:
    """As the Arduino IDE, and a board, read them."""
    assert shipped_firmware(lay(tmp_path, properties=properties, board=board)) == words


def test_what_is_not_there_has_none(tmp_path: Path) -> None:
    """The other one has, all the same."""
    assert shipped_firmware(tmp_path / "nowhere") == ()
    assert shipped_firmware(lay(tmp_path, board='FIRMWARE = "mpy-1"\n')) == ("mpy-1",)


def test_ours_are_known() -> None:
    """Both of them; the sketches say the library's."""
    words = shipped_firmware(firmware_folder())
    assert [word.rpartition("-")[0] for word in words] == ["sensorline", "mpy"]
    library = firmware_folder() / "arduino" / "Sensorline"
    version = words[0].removeprefix("sensorline-")
    assert f'#define SENSORLINE_VERSION "{version}"\n' in (library / "src" / "Sensorline.h").read_text()
    sketches = sorted((library / "examples").rglob("*.ino"))
    assert len(sketches) >= 4
    for sketch in sketches:
        text = sketch.read_text()
        assert 'F("sensorline-" SENSORLINE_VERSION)' in text, sketch
        (model,) = re.findall(r'Sensorline\.begin\(F\("([!-~]+)"\)', text)
        assert len(model) <= 24


@pytest.mark.parametrize(
    ("older", "newer"),
    [("1.9.9", "2.0.0"), ("2.9.0", "2.10.0"), ("2", "2.0.1"), ("0.9", "1"), ("0", "0.1")],
)
def test_versions_are_compared_as_numbers(older: str, newer: str) -> None:
    """Part by part, with those of the same firmware alone."""
    shipped = ("other-99", f"sensorline-{newer}")
    assert newer_than(f"sensorline-{older}", shipped) == f"sensorline-{newer}"
    assert newer_than(f"sensorline-{newer}", shipped) is None
    assert newer_than(f"sensorline-{newer}", [f"sensorline-{older}"]) is None
    assert newer_than(f"mpy-{older}", shipped) is None


@pytest.mark.parametrize(
    ("shipped", "firmware"),
    [
        ("sensorline-2.0.0", "1.0.0"),
        ("sensorline-2.0.0", "my-sensorline-1.0.0"),
        ("sensorline-2.0.0", "sensorline-1.0.0-mine"),
        ("sensorline-2.0.0", "sensorline-v1"),
        ("sensorline-2.0.0", "sensorline-1..0"),
        ("sensorline-2.0.0", "sensorline-"),
        ("sensorline-next", "sensorline-1.0.0"),
        ("2.0.0", "1.0.0"),
        ("sensorline-2.0.0", "sensorline-2.0"),
        ("sensorline-2.0", "sensorline-2.0.0"),
    ],
)
def test_what_cannot_be_compared_is_not_older(shipped: str, firmware: str) -> None:
    """Another's firmware, and versions in words; and what is the same, however it is written."""
    assert newer_than(firmware, [shipped]) is None
