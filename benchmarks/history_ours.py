"""Our store and archive, as a contender. The year is written as a recorder writes it, batch after batch."""

import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.history_contenders import by_day
from benchmarks.history_year import DAY_MS, MINUTE_MS, History
from gateway.event_id import EventId
from gateway.history.archive import Archive
from gateway.history.rows import Batch, Item, Mark, Reading
from gateway.history.sealed import GOOD
from gateway.history.store import Store

FILE = "history.db"
ROLLUPS = ("rollup", "minute", "hour")
KEEP_MS, KEEP_EVENTS_MS, MOST_BYTES = 400 * DAY_MS, 30 * DAY_MS, 1_000_000_000


class Size(NamedTuple):
    """In bytes: the whole file, and what is left of it without roll-ups, both without empty pages."""

    file: int
    packed: int
    without_rollups: int


def opened(path: Path) -> Store:
    """A store with the bounds that a config has by default."""
    store = Store(path, keep_ms=KEEP_MS, keep_events_ms=KEEP_EVENTS_MS, most_bytes=MOST_BYTES)
    store.open()
    return store


def batches(sensors: Sequence[History]) -> Iterator[Batch]:
    """A day in each: its readings and marks, in the order of time."""
    seq = 0
    marks = sorted((begin, sensor.name) for sensor in sensors for begin, _ in sensor.gaps)
    for rows in by_day(sensors):
        if not rows:
            continue
        items: list[Item] = []
        for time, number, value in rows:
            while marks and marks[0][0] <= time:
                items.append(Mark(marks[0][1], marks[0][0], "no reading for 30 s"))
                del marks[0]
            seq += 1
            sensor = sensors[number]
            items.append(
                Reading(sensor.name, sensor.unit, time, value, GOOD, None, seq, EventId(time, number))
            )
        yield Batch(items, rows[-1][0])


class Ours:
    """See `history_contenders.Contender`."""

    name = "sig-gateway"

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._archive = Archive(self.path)

    def load(self, sensors: Sequence[History]) -> None:
        """Write a day, then do what is to be done beside: in the end all days are sealed but the last."""
        store = opened(self.path)
        for batch in batches(sensors):
            store.write(batch)
            settle(store, [batch.alive or 0])
        settle(store, [max(sensor.rows.times[-1] for sensor in sensors) + MINUTE_MS])
        store.close()

    def size(self) -> int:
        """See `Contender`."""
        return self.path.stat().st_size

    def sizes(self, folder: Path) -> Size:
        """Of a copy, which is packed."""
        copy = folder / "packed.db"
        shutil.copy(self.path, copy)
        database = sqlite3.connect(copy, isolation_level=None)
        database.execute("VACUUM")
        packed = copy.stat().st_size
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in tables:
            if name.startswith(ROLLUPS):
                database.execute(f"DROP TABLE {name}")
        database.execute("VACUUM")
        database.close()
        return Size(self.size(), packed, copy.stat().st_size)

    def chart(self, sensor: int, since: int, until: int, points: int) -> int:
        """See `Contender`."""
        found = self._archive.points(f"sensor-{sensor}", since, until, points)
        assert found is not None
        return len(found.buckets)

    def close(self) -> None:
        """See `Contender`."""
        self._archive.close()


def settle(store: Store, times: Iterable[int]) -> None:
    """All that is to be done by then."""
    for now_ms in times:
        while store.maintain(now_ms):
            pass
