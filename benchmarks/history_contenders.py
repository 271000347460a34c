"""Who keeps a year of sensors beside us: plain SQLite in two ways, DuckDB. Each is asked for the same chart.

A chart is the least, greatest and mean value and the number of rows of each bucket.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import repeat
from pathlib import Path
from typing import Any, Protocol

from benchmarks import report
from benchmarks.history_year import DAY_MS, History
from gateway.history.buckets import width_of

ROWID = """CREATE TABLE reading(sensor INTEGER, time INTEGER, value REAL);
           CREATE INDEX by_sensor ON reading(sensor, time);"""
TIME_FIRST = """CREATE TABLE reading(time INTEGER, sensor INTEGER, value REAL, PRIMARY KEY(time, sensor))
                WITHOUT ROWID;"""
_CHART = """SELECT time / :width, min(value), max(value), avg(value), count(*) FROM reading
            WHERE sensor = :sensor AND time >= :since AND time < :until GROUP BY 1"""


class Contender(Protocol):
    """`sensor`: its number. Times in ms."""

    name: str

    def load(self, sensors: Sequence[History]) -> None:
        """All rows, on disk when it returns."""

    def size(self) -> int:
        """On disk."""

    def chart(self, sensor: int, since: int, until: int, points: int) -> int:
        """How many buckets came, of at most so many."""

    def close(self) -> None:
        """Done."""


class Plain:
    """SQLite with a table that anyone would write."""

    def __init__(self, name: str, schema: str, folder: Path) -> None:
        self.name = name
        self._path = folder / f"{len(name)}.db"
        self._database = sqlite3.connect(self._path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(schema)

    def load(self, sensors: Sequence[History]) -> None:
        """A transaction a day, as the rows came."""
        for rows in by_day(sensors):
            self.commit(rows)
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def commit(self, rows: Sequence[tuple[int, int, float]]) -> None:
        """(time, sensor, value) of each, in a transaction of their own."""
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany("INSERT INTO reading(time, sensor, value) VALUES(?, ?, ?)", rows)
        self._database.execute("COMMIT")

    def size(self) -> int:
        """See `Contender`."""
        return self._path.stat().st_size

    def chart(self, sensor: int, since: int, until: int, points: int) -> int:
        """See `Contender`."""
        of = {"sensor": sensor, "since": since, "until": until, "width": width_of(until - since, points)}
        return len(self._database.execute(_CHART, of).fetchall())

    def close(self) -> None:
        """See `Contender`."""
        self._database.close()


class DuckDb:
    """In its own process, as a library; loaded by columns, which is its quickest way."""

    name = "DuckDB"

    def __init__(self, library: Any, numpy: Any, folder: Path) -> None:
        self._numpy = numpy
        self._path = folder / "duck.db"
        self._database = library.connect(str(self._path))
        self._database.execute("CREATE TABLE reading(time BIGINT, sensor TINYINT, value DOUBLE)")

    def load(self, sensors: Sequence[History]) -> None:
        """Sensor by sensor, in the order in which it reads."""
        for number, sensor in enumerate(sensors):
            columns = {
                "time": self._numpy.frombuffer(sensor.rows.times, dtype="int64"),
                "value": self._numpy.frombuffer(sensor.rows.values, dtype="float64"),
            }
            self._database.register("columns", columns)
            self._database.execute("INSERT INTO reading SELECT time, $1, value FROM columns", [number])
            self._database.unregister("columns")
        self._database.execute("CHECKPOINT")

    def size(self) -> int:
        """See `Contender`."""
        return self._path.stat().st_size

    def chart(self, sensor: int, since: int, until: int, points: int) -> int:
        """See `Contender`."""
        of = {"sensor": sensor, "since": since, "until": until, "width": width_of(until - since, points)}
        text = _CHART.replace("time / :width", "time // :width").replace(":", "$")
        return len(self._database.execute(text, of).fetchall())

    def close(self) -> None:
        """See `Contender`."""
        self._database.close()


def by_day(sensors: Sequence[History]) -> Iterator[list[tuple[int, int, float]]]:
    """(time, sensor, value) in the order of time, a list for each day."""
    first = min(sensor.rows.times[0] for sensor in sensors) // DAY_MS * DAY_MS
    last = max(sensor.rows.times[-1] for sensor in sensors)
    for day in range(first, last + 1, DAY_MS):
        rows: list[tuple[int, int, float]] = []
        for number, sensor in enumerate(sensors):
            of_day = sensor.between(day, day + DAY_MS)
            times, values, _ = sensor.rows
            rows += zip(times[of_day], repeat(number), values[of_day], strict=False)
        rows.sort()
        yield rows


def contenders(folder: Path) -> Iterator[Contender]:
    """Those that are here."""
    yield Plain("SQLite, index (sensor, time)", ROWID, folder)
    yield Plain("SQLite, (time, sensor)", TIME_FIRST, folder)
    library, numpy = report.load("duckdb"), report.load("numpy")
    if library is not None and numpy is not None:
        yield DuckDb(library, numpy, folder)
