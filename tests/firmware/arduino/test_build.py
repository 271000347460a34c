"""The library for an Arduino Uno: no warning, and the RAM that it leaves is what its README says."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.firmware.arduino.rig import FOLDER

pytestmark = pytest.mark.once

LIBRARY = FOLDER / "Sensorline"
EXAMPLES = sorted(path.name for path in (LIBRARY / "examples").iterdir())
CORE = Path("/usr/share/arduino/hardware/arduino/avr")
# With 100 kept readings, beside the deepest stack: of 2,048 bytes so many must be left for the user's sketch.
LEFT = {"DHT22": 600, "DS18B20": 600, "Light": 350, "SHT31": 350}
FLASH = 32256  # bytes of an Uno


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Of the library's Makefile."""
    command = ["make", "-s", "-C", str(FOLDER), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the examples are compiled."""
    if shutil.which("avr-gcc") is None or not CORE.exists():
        pytest.skip("no compiler for AVR; on Debian: sudo apt install gcc-avr avr-libc arduino-core-avr")
    folder = tmp_path_factory.mktemp("uno")
    result = make(f"BUILD={folder}", "all")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    return folder


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_compile(build: Path, example: str) -> None:
    """Without a word of the compiler's; each gives a program and what is flashed."""
    assert (build / f"{example}.elf").stat().st_size > 0
    assert (build / f"{example}.hex").read_text().startswith(":10")


def test_it_leaves_room(build: Path) -> None:
    """RAM beside kept readings and the deepest stack that simavr sees with every request there is."""
    if not Path("/usr/include/simavr").exists():
        pytest.skip("the stack is measured with simavr; on Debian: sudo apt install libsimavr-dev")
    result = make(f"BUILD={build}", "SECONDS_MEASURED=4.5", "sizes")
    assert result.returncode == 0, result.stderr
    words = [line.split() for line in result.stdout.splitlines()]
    sizes = {name: dict(zip(rest[::2], map(int, rest[1::2]), strict=True)) for name, *rest in words}
    assert set(sizes) == set(LEFT) == set(EXAMPLES)
    for name, size in sizes.items():
        assert size["unused"] >= LEFT[name], (name, size)
        assert 100 < size["stack"] == 2048 - size["ram"] - size["unused"]
        assert size["flash"] < FLASH * 2 / 3


def test_what_the_ide_needs() -> None:
    """The library's properties are whole, and each public name has its colour."""
    properties = dict(
        line.split("=", 1) for line in (LIBRARY / "library.properties").read_text().splitlines()
    )
    assert set(properties) >= {
        "name",
        "version",
        "author",
        "maintainer",
        "sentence",
        "category",
        "architectures",
    }
    header = (LIBRARY / "src" / "Sensorline.h").read_text()
    assert f'#define SENSORLINE_VERSION "{properties["version"]}"' in header
    lines = (LIBRARY / "keywords.txt").read_text().splitlines()[1:]
    coloured = {line.split("\t")[0] for line in lines}
    assert all(re.fullmatch(r"\w+\t(KEYWORD1|KEYWORD2|LITERAL1)", line) for line in lines)
    assert coloured >= {path.stem for path in (LIBRARY / "src").glob("*.h")}
    assert coloured >= set(
        re.findall(r"#define (SENSORLINE_(?:CHANNELS|KEEP|KEEP_WIDE|USUAL_KEPT|VERSION))\b", header)
    )


def test_the_readme_is_right(build: Path) -> None:
    """Its table has what the linker says, to a few bytes that another compiler's version may cost."""
    readme = (FOLDER.parent / "README.md").read_text()
    for example in EXAMPLES:
        command = ["avr-size", str(build / f"{example}.elf")]
        text, data, bss = map(int, subprocess.check_output(command, text=True).splitlines()[1].split()[:3])
        row = re.search(rf"\| {example}[^|]* \| ([0-9,]+) B \| ([0-9,]+) B \|", readme)
        assert row, example
        flash, ram = (int(number.replace(",", "")) for number in row.groups())
        assert abs(flash - text - data) < 200, (example, text + data)
        assert abs(ram - data - bss) < 20, (example, data + bss)
