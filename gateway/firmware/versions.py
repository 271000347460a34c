"""Which firmware a board has, and whether the one that comes with the gateway is newer: by the word for it in
the board's hello, such as `sensorline-1.0.0` (the Arduino library) or `mpy-1.0.0` (MicroPython)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_SAID_IN = {
    "arduino/Sensorline/library.properties": ("sensorline-", re.compile(r"^version=(\S+)$", re.MULTILINE)),
    "micropython/sensorline/board.py": ("", re.compile(r'^FIRMWARE = "(\S+)"$', re.MULTILINE)),
}
"""By file, what goes before what the pattern finds in it."""
_DOTTED = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}")


def shipped_firmware(source: Path) -> tuple[str, ...]:
    """The words of boards that run what is in `source`. Left out is what cannot be read."""
    words = []
    for name, (before, pattern) in _SAID_IN.items():
        try:
            found = pattern.search((source / name).read_text(encoding="utf-8"))
        except OSError:
            continue
        if found:
            words.append(before + found[1])
    return tuple(words)


def newer_than(firmware: str, shipped: Iterable[str]) -> str | None:
    """Which of the words `shipped` is a newer version of a board's. None, too, for a firmware that is not
    ours, and for a version that is not made of numbers."""
    its = _split(firmware)
    for word in shipped:
        ours = _split(word)
        if ours is not None and its is not None and ours[0] == its[0] and ours[1] > its[1]:
            return word
    return None


def _split(word: str) -> tuple[str, tuple[int, ...]] | None:
    """Name and version, without zeros at its end, which say nothing: 2.0 is 2.0.0."""
    name, dash, version = word.rpartition("-")
    if not dash or _DOTTED.fullmatch(version) is None:
        return None
    numbers = [int(part) for part in version.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return name, tuple(numbers)
