"""A power cut at any moment: what was synced is there, of what was not any part, torn and in any order."""

import os
import random
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.gateway.history.living import MARKS
from tests.gateway.history.whole import check_whole, is_unharmed

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SECTOR = 512
COMMITS = 60
CUTS = 2000
FEW = 15
_HEAD = struct.Struct("<cHQI")


@dataclass
class File:
    """`synced`: what is on the disk for certain; `pending`: what was done since, which may be or not."""

    synced: bytearray = field(default_factory=bytearray)
    pending: list[tuple[bytes, int, bytes]] = field(default_factory=list)

    def sync(self) -> None:
        """All of it is on the disk."""
        for operation in self.pending:
            _do(self.synced, operation)
        self.pending.clear()

    def after_a_cut(self, chance: random.Random) -> bytes:
        """Some of the sectors of some of what was done last."""
        found = bytearray(self.synced)
        share = chance.choice((0.0, 0.3, 0.7, 0.95, 1.0))
        for what, offset, data in self.pending:
            if what == b"t":
                if chance.random() < share:
                    _do(found, (what, offset, data))
                continue
            at = 0
            while at < len(data):
                end = min(len(data), at + SECTOR - (offset + at) % SECTOR)
                if chance.random() < share:
                    _do(found, (what, offset + at, data[at:end]))
                at = end
        return bytes(found)


def _do(content: bytearray, operation: tuple[bytes, int, bytes]) -> None:
    what, offset, data = operation
    if what == b"t":
        del content[offset:]
        content.extend(bytes(offset - len(content)))
    else:
        content.extend(bytes(max(0, offset - len(content))))
        content[offset : offset + len(data)] = data


def operations(record: Path) -> Iterator[tuple[bytes, str, int, bytes]]:
    """What was done, in order."""
    data, at = record.read_bytes(), 0
    while at < len(data):
        what, length, offset, size = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        yield what, data[at : at + length].decode(), offset, data[at + length : at + length + size]
        at += length + size


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a history's writer does to its files."""
    folder = tmp_path_factory.mktemp("recorded")
    shim, found = folder / "shim.so", folder / "record"
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    source = str(HERE / "power_cut.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(shim), source, "-ldl"], check=True)
    (folder / "data").mkdir()
    watch = {"LD_PRELOAD": str(shim), "RECORD": str(found), "WATCH": "history.db", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.gateway.history.living"]
    command += [str(folder / "data" / "history.db"), "1", str(COMMITS)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **watch}, check=True, stdout=subprocess.DEVNULL)
    return found


def cut(record: Path, folder: Path, after: int, chance: random.Random) -> int:
    """The folder as it may be when the power fails after so many operations. Returns what had been said to be
    written by then."""
    files: dict[str, File] = {}
    marks = File()
    for number, (what, name, offset, data) in enumerate(operations(record)):
        if number == after:
            break
        if name == MARKS:
            _do(marks.synced, (what, offset, data))
            continue
        file = files.setdefault(name, File())
        if what == b"s":
            file.sync()
        elif what == b"u":
            del files[name]
        else:
            file.pending.append((what, offset, data))
    for name, file in files.items():
        if not name.endswith("-shm"):  # it is made anew
            (folder / name).write_bytes(file.after_a_cut(chance))
    return int(marks.synced or b"0")


@pytest.mark.parametrize(
    "seeds",
    [range(FEW), pytest.param(range(FEW, CUTS), marks=[pytest.mark.slow, pytest.mark.timeout(1800)])],
    ids=["few", "many"],
)
def test_cut(record: Path, quick_path: Path, seeds: range, caplog: pytest.LogCaptureFixture) -> None:
    """It opens, nothing that was synced is lost, no reading is wrong, and nothing is taken for damaged."""
    count = sum(1 for _ in operations(record))
    for seed in seeds:
        chance = random.Random(seed)
        folder = quick_path / str(seed)
        folder.mkdir()
        written = cut(record, folder, chance.randrange(count), chance)
        check_whole(folder / "history.db", written)
        assert is_unharmed(caplog), seed
        shutil.rmtree(folder)
