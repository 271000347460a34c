"""`firmware export`: the sketches for boards of one's own, out of what is installed."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from gateway.cli.new_file import new_file
from gateway.firmware.exporting import compare, exported_name
from gateway.firmware.shipped import firmware_folder, shipped_files
from gateway.firmware.versions import shipped_firmware
from gateway.plain import plain

MOST_NAMED = 10
"""Of files that differ; the others are counted."""
NEXT = """\
Next, for an Arduino Uno or Nano with a DHT22 on pin 2:
    mkdir -p ~/Arduino/libraries && cp -r {library} ~/Arduino/libraries/
then start the Arduino IDE anew, open File > Examples > Sensorline > DHT22 there, and upload it.
With MicroPython, on a Pico for example: see {python}.
Step by step: docs/build-a-board.md"""


def export(folder: Path) -> int:
    """Write the firmware into `folder`, which is made if it is not there; nothing of it where a file is there
    that differs."""
    source = firmware_folder()
    files = shipped_files(source)
    if not files:
        raise click.ClickException(f"the firmware is not in {source}: install sig-gateway anew")
    if folder.exists() and not folder.is_dir():
        raise click.ClickException(f"{folder} is a file: name a folder, which need not be there yet")
    try:
        compared = compare(source, files, folder)
    except OSError as error:
        raise click.ClickException(f"{error.filename} cannot be read: {error.strerror}") from None
    if compared.differ:
        raise click.ClickException(_differing(folder, compared.differ))
    missing = frozenset(compared.missing)
    for file in files:
        if (name := exported_name(file)) in missing:
            _write(folder / name, (source / file).read_bytes())
    _tell(folder, shipped_firmware(source), compared.missing, compared.same)
    return 0


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"{error.filename} cannot be made: {error.strerror}") from None
    with new_file(path) as file:
        file.write(content)


def _differing(folder: Path, names: Sequence[Path]) -> str:
    lines = [f"    {plain(str(folder / name))}" for name in names[:MOST_NAMED]]
    if len(names) > MOST_NAMED:
        lines.append(f"    and {len(names) - MOST_NAMED} more")
    one = len(names) == 1
    head = f"nothing was written, as {_count(len(names))} {'is' if one else 'are'} there and not as shipped:"
    end = f"Move {'it' if one else 'them'} away, or export into another folder"
    return "\n".join((head, *lines, end))


def _tell(folder: Path, words: Sequence[str], written: Sequence[Path], same: Sequence[Path]) -> None:
    """What is in `folder` now, and what to do with it."""
    of_each = Counter(name.parts[0] for name in (*written, *same))
    for name, count in of_each.items():
        what = "the Arduino library" if name == "Sensorline" else "for MicroPython"
        print(plain(f"{folder / name}: {what}, {_count(count)}"))
    print(f"{_count(len(written))} written" + (f", {len(same)} were there already" if same else ""))
    print(plain(f"Of a board that runs it, `sig-gateway ports --probe` says: firmware {' or '.join(words)}"))
    print()
    library = shlex.quote(str(folder / "Sensorline"))
    python = folder / "micropython"
    for line in NEXT.splitlines():
        print(plain(line.format(library=library, python=python)))


def _count(number: int) -> str:
    return f"{number} file{'' if number == 1 else 's'}"
