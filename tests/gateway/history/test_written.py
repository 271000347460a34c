"""How much history writes to the disk, by its own count, beside what the kernel says of a whole process."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from gateway.written import by_this_thread

A_PROCESS = """
import json, sys
from pathlib import Path
from gateway.history.rows import Batch
from gateway.history.store import Store
from tests.gateway.history.test_store import DAY, START, YEAR, a_day, any_day

path = Path(sys.argv[1])
days = [any_day(0), a_day(1)]
store = Store(path, keep_ms=YEAR, keep_events_ms=YEAR, most_bytes=10**9)

def of_the_process():
    return int(Path("/proc/self/io").read_text().partition("\\nwrite_bytes: ")[2].split()[0])

def note(what):
    log = path.with_name(path.name + "-wal")
    size = log.stat().st_size if log.exists() else 0
    noted[what] = store.written, of_the_process() - before, size

noted, before = {}, of_the_process()
note("nothing")
store.open()
note("opened")
store.write(Batch(days[0], None))
note("a commit")
for day in days:
    store.write(Batch(day, START + 2 * DAY))
note("days")
while store.maintain(START + 3 * DAY):
    pass
note("sealed")
store.close()
note("closed")
print(json.dumps(noted))
"""


class Noted(NamedTuple):
    """Bytes: by the store's own count, by the kernel's of the process, and of the log."""

    ours: int
    kernel: int
    log: int


def a_run(path: Path) -> dict[str, Noted]:
    """Of a process that keeps two days, by what it has done."""
    if by_this_thread() is None:
        pytest.skip("the kernel does not tell what is written")
    done = subprocess.run(
        [sys.executable, "-c", A_PROCESS, str(path)], capture_output=True, text=True, check=True, timeout=120
    )
    return {what: Noted(*numbers) for what, numbers in json.loads(done.stdout).items()}


def test_bytes_that_are_written(tmp_path: Path) -> None:
    """All that the process has the kernel write is history's here, and it counts all of it: the file that is
    made, commits, days that are sealed, and the log that goes to the file at the end."""
    found = a_run(tmp_path / "history.db")
    assert [each.ours for each in found.values()] == [each.kernel for each in found.values()]
    assert found["nothing"].ours == 0
    if found["closed"].kernel == 0:
        return  # the folder for temporary files is in memory: nothing reaches a device, as has been seen
    assert found["opened"].ours > 0
    assert found["a commit"].ours - found["opened"].ours > found["a commit"].log / 2 > 20_000
    assert found["sealed"].ours > found["days"].ours > found["a commit"].ours
    assert found["closed"].ours > found["sealed"].ours


def test_what_is_salvaged_is_written(tmp_path: Path) -> None:
    """A damaged file is read, and what is left of it is written to another."""
    path = tmp_path / "history.db"
    first = a_run(path)
    with path.open("r+b") as file:
        file.write(bytes(100))
    again = a_run(path)
    assert [each.ours for each in again.values()] == [each.kernel for each in again.values()]
    if again["closed"].kernel == 0:
        return  # the folder for temporary files is in memory: nothing reaches a device, as has been seen
    assert again["opened"].ours >= first["opened"].ours + 8_192  # two pages of the new file at the least
