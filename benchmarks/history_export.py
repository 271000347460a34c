"""200 readings a second are written while somebody exports everything: what commits take.

python -m benchmarks.history_export FILE        # reads all of it, as the export does, until it is killed
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks import report
from benchmarks.history_ours import opened
from gateway.event_id import EventId
from gateway.history.archive import Archive
from gateway.history.rows import Batch, Reading
from gateway.history.sealed import GOOD

PER_SECOND, SENSORS = 200, 20
COMMITS, BLOCKS = 20, 4
EVERY_S = 0.25
"""So each commit has the readings of a second, and four seconds' are written in one."""
MOST_TIMES, MOST_LOG_MB = 2.0, 8.0
"""A commit may wait for the disk that both want; the log must not grow while there are readers."""


class Commits(NamedTuple):
    """In ms. `log_mb`: how large the write-ahead log became."""

    alone: list[float]
    beside: list[float]
    log_mb: float
    missing: int


def measure(path: Path) -> Commits:
    """On a file that holds a year; it has some more readings then."""
    store = opened(path)
    start = round(time.time() * 1000)
    alone: list[float] = []
    beside: list[float] = []
    written, log = 0, 0
    command = [sys.executable, "-m", "benchmarks.history_export", str(path)]
    for block in range(2 * BLOCKS):
        reader = subprocess.Popen(command) if block % 2 else None
        if reader is not None:
            time.sleep(1.0)  # until it reads
        for _ in range(COMMITS):
            batch = _batch(start, written)
            began = time.perf_counter()
            store.write(batch)
            (beside if reader is not None else alone).append((time.perf_counter() - began) * 1000)
            written += len(batch.items)
            log = max(log, path.with_name(f"{path.name}-wal").stat().st_size)
            time.sleep(EVERY_S)
        if reader is not None:
            assert reader.poll() is None, "the reader has ended early"
            reader.kill()
            reader.wait()
    store.close()
    with Archive(path) as archive:
        found = sum(1 for number in range(SENSORS) for _ in archive.rows(f"quick-{number}", start, start * 2))
    return Commits(alone, beside, log / 1e6, written - found)


def _batch(start: int, written: int) -> Batch:
    """Of the next second."""
    items = []
    for number in range(written, written + PER_SECOND):
        at = start + number * 1000 // PER_SECOND
        name = f"quick-{number % SENSORS}"
        items.append(Reading(name, "°C", at, number % 40 / 10, GOOD, None, number, EventId(at, number)))
    return Batch(items, items[-1].time)


def text_of(commits: Commits) -> str:
    """A table, and a line for each goal."""

    def row(name: str, times: list[float]) -> list[str]:
        ordered = sorted(times)
        return [name, f"{statistics.median(ordered):.1f}", f"{ordered[len(ordered) * 9 // 10]:.1f}"]

    rows = [row("alone", commits.alone), row("beside an export", commits.beside)]
    times = statistics.median(commits.beside) / statistics.median(commits.alone)
    return "\n".join(
        [
            report.table(["a commit of 200 readings", "p50, ms", "p90, ms"], rows),
            "",
            report.goal("a commit beside an export, times alone", times, MOST_TIMES),
            report.goal("the write-ahead log beside it, MB", commits.log_mb, MOST_LOG_MB),
            report.goal("readings of it that are not there afterwards", commits.missing, 0),
        ]
    )


def main() -> None:
    """The reader."""
    with Archive(Path(sys.argv[1])) as archive:
        while True:
            for sender in archive.senders():
                for row in archive.rows(sender.name, 0, sender.last + 1):
                    f"{row.time},{row.value:g},{row.unit}\n".encode()


if __name__ == "__main__":
    main()
