"""What a program did to the files of one folder, as tests/gateway/history/power_cut.c records it, and the
folder as it may be when the power fails after any of it.

What is told of a file system is what ext4 promises as it is shipped: a sync of a file brings its data to the
disk, and all names that were given before, which go there in their order; of data that was not synced there
may be any sector or none.
"""

import random
import shutil
import struct
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest

SHIM = Path(__file__).parents[1] / "gateway" / "history" / "power_cut.c"
SECTOR = 512
_HEAD = struct.Struct("<cHQI")
WRITE, TRUNCATE, SYNC, UNLINK, RENAME, CREATE = b"w", b"t", b"s", b"u", b"r", b"c"


class Operation(NamedTuple):
    """`name`: of the file in the folder, or of the folder; `data`: what was written, or the new name."""

    what: bytes
    name: str
    offset: int
    data: bytes


@dataclass
class File:
    """`synced`: what is on the disk for certain; `pending`: what was done since, which may be or not."""

    synced: bytearray = field(default_factory=bytearray)
    pending: list[Operation] = field(default_factory=list)

    def sync(self) -> None:
        """All of it is on the disk."""
        for operation in self.pending:
            _do(self.synced, operation.what, operation.offset, operation.data)
        self.pending.clear()

    def after_a_cut(self, chance: random.Random | None) -> bytes:
        """With some of the sectors of some of what was done last; without a `chance`, with none."""
        if chance is None:
            return bytes(self.synced)
        found, share = bytearray(self.synced), chance.choice((0.0, 0.3, 0.7, 0.95, 1.0))
        for operation in self.pending:
            for at in range(0, max(1, len(operation.data)), SECTOR):
                if chance.random() < share:
                    piece = operation.data[at : at + SECTOR]
                    _do(found, operation.what, operation.offset + at, piece)
        return bytes(found)


def _do(content: bytearray, what: bytes, offset: int, data: bytes) -> None:
    if what == TRUNCATE:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
    else:
        content.extend(bytes(max(0, offset - len(content))))
        content[offset : offset + len(data)] = data


def read(record: Path) -> list[Operation]:
    """What was done, in order."""
    data, at, found = record.read_bytes(), 0, []
    while at < len(data):
        what, length, offset, size = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        name = data[at : at + length].decode()
        found.append(Operation(what, name, offset, data[at + length : at + length + size]))
        at += length + size
    return found


def after(operations: list[Operation], count: int, chance: random.Random | None) -> dict[str, bytes]:
    """The files of the folder, by name, when the power fails after so many operations; without a `chance`,
    what of them is certain."""
    certain: dict[str, File] = {}  # names as they are on the disk
    names: dict[str, File] = {}  # as the program sees them
    waiting: list[Operation] = []  # names that are not on the disk yet, in their order
    made: dict[int, File] = {}

    def settle(changes: list[Operation]) -> None:
        for change in changes:
            _rename(certain, change, made)

    for operation in operations[:count]:
        if operation.what in (CREATE, RENAME, UNLINK):
            if operation.what == CREATE:
                made[id(operation)] = File()
            _rename(names, operation, made)
            waiting.append(operation)
        elif operation.what == SYNC:
            if operation.name in names:
                names[operation.name].sync()
            settle(waiting)
            waiting = []
        elif operation.name in names:
            names[operation.name].pending.append(operation)
    settle(waiting[: chance.randint(0, len(waiting))] if chance is not None else [])
    return {name: file.after_a_cut(chance) for name, file in certain.items()}


def _rename(names: dict[str, File], change: Operation, made: Mapping[int, File]) -> None:
    if change.what == CREATE:
        names[change.name] = made[id(change)]
    elif change.what == UNLINK:
        names.pop(change.name, None)
    elif change.name in names:
        names[change.data.decode()] = names.pop(change.name)


def shim(folder: Path) -> Path:
    """The recorder, to be preloaded; skips the test where it cannot be made."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    library = folder / "shim.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SHIM), "-ldl"], check=True)
    return library


def recording(library: Path, record: Path, folder: Path) -> dict[str, str]:
    """The environment of a program that is recorded. Its simulated boards are not: they write elsewhere."""
    return {"LD_PRELOAD": str(library), "RECORD": str(record), "WATCH": "", "WATCH_IN": str(folder)}
