"""The shipped firmware, written into a folder: all of it that is not there yet, and nothing over what is.

`compare` looks, and touches nothing; `missing` of what it returns are the files to write.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Compared(NamedTuple):
    """Files, each as it is called in the folder: those that are `missing` there, the `same`, and those that
    `differ`, which may be somebody's work."""

    missing: tuple[Path, ...]
    same: tuple[Path, ...]
    differ: tuple[Path, ...]


def exported_name(shipped: Path) -> Path:
    """What a shipped file is called in the folder: `arduino/Sensorline/src/a.h` is `Sensorline/src/a.h`."""
    return shipped.relative_to("arduino") if shipped.parts[0] == "arduino" else shipped


def compare(source: Path, files: Sequence[Path], folder: Path) -> Compared:
    """What of `files`, relative to `source`, is in `folder`. Raises `OSError` for what cannot be read."""
    missing, same, differ = [], [], []
    for file in files:
        name = exported_name(file)
        target = folder / name
        if not target.exists() and not target.is_symlink():
            missing.append(name)
        elif target.is_file() and target.read_bytes() == (source / file).read_bytes():
            same.append(name)
        else:
            differ.append(name)
    return Compared(tuple(missing), tuple(same), tuple(differ))
