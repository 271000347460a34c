"""The store and the archive: what is written, what is said of it, and what is forgotten."""

import json
import logging
import random
import resource
import signal
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from drivers.reading import Reading as Measured
from gateway.encoding import encode
from gateway.event_id import BEFORE_ALL, EventId
from gateway.history import clearing, notes, sealing, untimed, upkeep
from gateway.history.archive import Archive
from gateway.history.buckets import DAY, HOUR, MINUTE, Bucket, Gap
from gateway.history.rows import Batch, Item, Kept, Mark, Reading, Sender, Untimed
from gateway.history.sealed import GOOD, SUSPECT
from gateway.history.store import Opening, Store
from gateway.storage.schema import StoreError

START = 20_000 * DAY
FAR = 1 << 45
YEAR = 365 * DAY


def reading(
    time: int, value: float = 20.5, sender: str = "temp", unit: str = "°C", number: int = 0
) -> Reading:
    return Reading(sender, unit, time, value, GOOD, None, 7, EventId(time + 3, number))


def a_day(day: int, step: int = 20 * MINUTE, sender: str = "temp") -> list[Item]:
    begin = START + day * DAY
    return [reading(time, time // step % 10 / 2, sender) for time in range(begin, begin + DAY, step)]


def any_day(day: int) -> list[Item]:
    chance, begin = random.Random(day), START + day * DAY
    return [reading(begin + n * MINUTE + chance.randrange(99), chance.random()) for n in range(1440)]


class Bench:
    """A store and an archive of one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.archive = Archive(path)
        self.store = self.another()

    def another(self, keep_ms: int = YEAR, events_ms: int = YEAR, most: int = 10**9) -> Store:
        self.store = Store(self.path, keep_ms=keep_ms, keep_events_ms=events_ms, most_bytes=most)
        return self.store

    def write(self, *items: Item, alive: int | None = None) -> None:
        self.store.write(Batch(items, alive))

    def maintain(self, now: int) -> int:
        steps = 0
        while self.store.maintain(now):
            steps += 1
        return steps

    def times(self, sender: str = "temp") -> list[int]:
        return [row.time for row in self.archive.rows(sender, 0, FAR)]

    def count(self, table: str) -> int:
        with closing(sqlite3.connect(self.path)) as db:
            number: int = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - ours
            return number


def points_of(bench: Bench, until: int, points: int) -> Sequence[Bucket]:
    series = bench.archive.points("temp", START, until, points)
    assert series is not None
    return series.buckets


@pytest.fixture
def bench(quick_path: Path) -> Iterator[Bench]:
    bench = Bench(quick_path / "history.db")
    bench.store.open()
    yield bench
    bench.store.close()
    bench.archive.close()


def test_an_empty_history(bench: Bench) -> None:
    """Knows nobody."""
    assert bench.store.open() == Opening(BEFORE_ALL, None, {})
    assert bench.archive.senders() == []
    assert bench.archive.points("temp", START, START + DAY, 100) is None
    assert bench.times() == []
    assert bench.archive.gaps("temp", 0, FAR) == []
    assert bench.archive.since(EventId(START, 0), 10) is None


def test_what_a_recorder_needs_at_the_start(bench: Bench) -> None:
    """The newest id, until when it was at work, and who is in a gap already."""
    bench.write(
        reading(START), reading(START + 1, sender="hum"), Mark("hum", START + 5, "stale"), alive=START + 9
    )
    bench.write(Kept(EventId(START + 20, 3), "temp", "hot", "{}"))
    bench.store.close()
    wanted = Opening(EventId(START + 20, 3), START + 9, {"temp": None, "hum": "stale"})
    assert bench.another().open() == wanted


def test_a_reading_says_that_the_gateway_was_at_work(bench: Bench) -> None:
    """So it is noted only once in a while, when there are readings; and at once when there are none, or the
    clock has gone back. Whoever opens the file knows as much as if it had been."""

    def noted() -> int:
        with closing(sqlite3.connect(bench.path)) as db:
            return int(db.execute("SELECT text FROM notes WHERE key = ?", (notes.ALIVE,)).fetchone()[0])

    def opened() -> Opening:
        return bench.another().open()

    bench.write(reading(START), alive=START + MINUTE)
    assert noted() == START + MINUTE
    bench.write(reading(START + MINUTE, number=5), alive=START + 2 * MINUTE)
    late = reading(START - HOUR)._replace(id=EventId(START + MINUTE + 4, 7))
    bench.write(reading(START + MINUTE + 1), late, alive=START + 2 * MINUTE + 1)
    assert noted() == START + MINUTE
    bench.store.close()
    assert opened() == Opening(EventId(START + MINUTE + 4, 7), START + MINUTE + 1, {"temp": None})
    bench.write(reading(START + 5 * MINUTE), alive=START + 5 * MINUTE + 1)
    assert noted() == START + 5 * MINUTE + 1
    bench.write(alive=START + 6 * MINUTE)
    assert noted() == START + 6 * MINUTE
    bench.write(reading(START + 6 * MINUTE), alive=START + 8 * MINUTE)
    assert noted() == START + 8 * MINUTE
    bench.write(reading(START + 7 * MINUTE), alive=START + 7 * MINUTE)
    assert noted() == START + 7 * MINUTE
    bench.write(reading(START + YEAR))
    bench.store.close()
    assert opened() == Opening(EventId(START + YEAR + 3, 0), START + 7 * MINUTE, {"temp": None})


def test_a_time_that_is_there_already(bench: Bench) -> None:
    """The later reading counts, sealed or not."""
    bench.write(reading(START, 1.0))
    bench.write(reading(START, 2.0))
    bench.maintain(START + 2 * DAY)
    assert [row.value for row in bench.archive.rows("temp", 0, FAR)] == [2.0]
    bench.write(reading(START, 3.0))
    assert [row.value for row in bench.archive.rows("temp", 0, FAR)] == [3.0]
    bench.maintain(START + 3 * DAY)
    assert [row.value for row in bench.archive.rows("temp", 0, FAR)] == [3.0]
    assert bench.count("readings") == 0


def test_a_day_is_sealed_two_hours_after_its_end(bench: Bench) -> None:
    """A series a step; then the hot table is empty, and everything is said as before."""
    bench.write(*a_day(0), *a_day(0, sender="hum"))
    before = bench.archive.points("temp", START, START + DAY, 50)
    bench.maintain(START + DAY + 2 * HOUR - 1)
    assert bench.count("readings") == 144
    assert bench.maintain(START + DAY + 2 * HOUR) >= 3
    assert (bench.count("days"), bench.count("readings")) == (2, 0)
    assert bench.archive.points("temp", START, START + DAY, 50) == before
    assert bench.times() == [item.time for item in a_day(0) if isinstance(item, Reading)]
    assert bench.maintain(START + DAY + 2 * HOUR) == 0


def test_a_day_is_sealed_as_it_grows(bench: Bench) -> None:
    """Every two hours, but for the last; the hot table still has all of it, and nobody has to look there."""
    bench.write(*(item for item in a_day(0) if isinstance(item, Reading) and item.time < START + 9 * HOUR))
    wanted = [points_of(bench, START + 9 * HOUR, points) for points in (3, 9, 500)]
    assert bench.maintain(START + 8 * HOUR + MINUTE) == 1
    assert bench.maintain(START + 8 * HOUR + 2 * MINUTE) == 0
    assert (bench.count("days"), bench.count("hours"), bench.count("readings")) == (1, 0, 27)
    bench.store.close()
    bench.another().open()  # which looks for roll-ups that are missing
    bench.maintain(START + 9 * HOUR)
    assert bench.count("hours") == 0
    with closing(sqlite3.connect(bench.path)) as db:
        assert db.execute("SELECT rows FROM days").fetchall() == [(7 * 3,)]
        db.execute("DELETE FROM readings WHERE time < ?", (START + 7 * HOUR,))
        db.commit()
    assert [points_of(bench, START + 9 * HOUR, points) for points in (3, 9, 500)] == wanted
    assert bench.times() == [START + n * 20 * MINUTE for n in range(27)]


def test_a_quick_day_is_sealed_less_often(bench: Bench) -> None:
    """As each time takes as much as all of it."""
    begin = START
    bench.write(*(reading(begin + n * 5000, n % 9 / 2) for n in range(9 * HOUR // 5000)))
    rows = []
    with closing(sqlite3.connect(bench.path)) as db:
        for hour in range(1, 10):
            bench.maintain(START + hour * HOUR)
            rows.append(db.execute("SELECT sum(rows) FROM days").fetchone()[0])
    assert rows == [None] * 6 + [6 * 720] * 3


def test_a_late_reading_of_a_growing_day(bench: Bench) -> None:
    """Counts at once, sealed or not, also where there was one of its time already."""
    bench.write(*(reading(START + n * HOUR, 1.0) for n in range(9)))
    bench.maintain(START + 9 * HOUR)
    bench.write(reading(START + 2 * HOUR, 2.0), reading(START + 3 * HOUR + 1, 3.0))
    for now in (START + 9 * HOUR, START + 12 * HOUR, START + 2 * DAY):
        bench.maintain(now)
        rows = {row.time: row.value for row in bench.archive.rows("temp", 0, FAR)}
        assert len(rows) == 10
        assert (rows[START + 2 * HOUR], rows[START + 3 * HOUR + 1]) == (2.0, 3.0)


def test_a_late_reading_of_an_earlier_day_while_another_is_sealed(bench: Bench) -> None:
    """Is there all the while."""
    bench.write(*a_day(0))
    bench.maintain(START + 2 * DAY)
    bench.write(*a_day(5))
    now = START + 6 * DAY + 3 * HOUR
    begun = 0
    while bench.count("days") < 2:
        if begun == 1:
            bench.write(reading(START + 1))
        assert bench.store.maintain(now)
        begun += 1
    assert START + 1 in bench.times()
    while bench.store.maintain(now):
        assert START + 1 in bench.times()
    assert len(bench.times()) == 145


def test_a_clock_that_was_a_day_ahead(bench: Bench) -> None:
    """The day has its roll-ups already: they follow when it grows."""
    bench.write(*a_day(0))
    bench.maintain(START + 2 * DAY)
    bench.write(reading(START + HOUR + 1, 99.0))
    bench.maintain(START + 6 * HOUR)
    assert max(bucket.max for bucket in points_of(bench, START + DAY, 12)) == 99.0
    with closing(sqlite3.connect(bench.path)) as db:
        db.execute("DELETE FROM readings")
        db.commit()
    assert max(bucket.max for bucket in points_of(bench, START + DAY, 12)) == 99.0


def test_a_growing_day_that_is_damaged(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """Is charted from the hot table, and made anew of it."""
    bench.write(*a_day(0), *(reading(START + DAY + n * HOUR, 1.0) for n in range(9)))
    bench.maintain(START + DAY + 9 * HOUR)
    spans = [(START, START + DAY + 9 * HOUR, 3), (START + DAY + HOUR, START + DAY + 9 * HOUR, 500)]
    wanted = [bench.archive.points("temp", *span) for span in spans]
    times = bench.times()
    with closing(sqlite3.connect(bench.path)) as db:
        db.execute("UPDATE days SET rows = rows + 1 WHERE key >> 16 = ?", (START // DAY + 1,))
        db.commit()
        assert [bench.archive.points("temp", *span) for span in spans] == wanted
        assert bench.times() == times
        bench.maintain(START + DAY + 12 * HOUR)
        assert "made anew" in caplog.text
        assert db.execute("SELECT rows FROM days ORDER BY key").fetchall() == [(72,), (9,)]


def test_a_sensor_that_goes_silent_within_a_day(bench: Bench) -> None:
    """Has its roll-ups when the day is over, though there is nothing more to be sealed."""
    bench.write(reading(START + HOUR, 1.0))
    bench.maintain(START + 5 * HOUR)
    assert (bench.count("days"), bench.count("hours")) == (1, 0)
    bench.maintain(START + 2 * DAY)
    assert (bench.count("hours"), bench.count("readings")) == (1, 0)
    series = bench.archive.points("temp", START, START + 2 * DAY, 4)
    assert series is not None
    assert (series.first, len(series.buckets)) == (START + HOUR, 1)


def test_a_file_of_an_older_gateway(bench: Bench) -> None:
    """Is read as it is: nothing is known to be sealed of a day that lasts, and what is sealed is not hot."""
    bench.write(*a_day(0), *a_day(1))
    bench.maintain(START + DAY + 3 * HOUR)
    bench.store.close()
    bench.archive.close()
    with closing(sqlite3.connect(bench.path)) as db:
        db.execute("DELETE FROM notes WHERE key = 5 OR key >= 2 << 16")
        db.execute("DELETE FROM days WHERE key >> 16 > ?", (START // DAY,))
        db.execute("UPDATE days SET rows = rows + 1")
        db.execute("PRAGMA user_version = 1")
        db.commit()
    other = Bench(bench.path)
    with pytest.raises(StoreError, match="older version"):
        other.archive.senders()
    other.store.open()
    assert len(other.times()) == 72
    series = other.archive.points("temp", START, START + 2 * DAY, 1000)
    assert series is not None
    assert [bucket.readings for bucket in series.buckets][:24] == [3] * 24
    other.maintain(START + 3 * DAY)
    assert len(other.times()) == 72
    other.store.close()
    other.archive.close()


def test_a_reading_that_comes_while_its_day_is_sealed(bench: Bench) -> None:
    """Is not deleted with those that are."""
    bench.write(*a_day(0))
    assert bench.store.maintain(START + 2 * DAY)
    while bench.count("days") == 0:
        assert bench.store.maintain(START + 2 * DAY)
    bench.write(reading(START + 1))
    bench.maintain(START + 2 * DAY)
    assert START + 1 in bench.times()
    assert len(bench.times()) == 73


def test_late_readings_wait_for_each_other(bench: Bench) -> None:
    """A day is not sealed anew for each; many of them do not wait."""
    bench.write(*a_day(0))
    now = START + 2 * DAY
    bench.maintain(now)
    bench.write(reading(START + 1))
    bench.maintain(now)
    assert bench.count("readings") == 0
    bench.write(reading(START + 2))
    bench.maintain(now)
    assert bench.count("readings") == 1
    assert bench.times()[:3] == [START, START + 1, START + 2]
    bench.maintain(now + HOUR)
    assert bench.count("readings") == 0
    bench.write(*(reading(START + 10 + number) for number in range(upkeep.MANY_LATE)))
    bench.maintain(now + HOUR)
    assert bench.count("readings") == 0


def test_readings_that_stay_are_more_than_those_that_go(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then those go step by step; else the others are copied. The tables are the same, and what is said."""
    monkeypatch.setattr(clearing, "SOME_ROWS", 10)
    tables = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
    with closing(sqlite3.connect(bench.path)) as db:
        before = db.execute(tables).fetchall()
        for most, steps in ((100_000, 1), (10, 8)):
            monkeypatch.setattr(clearing, "MOST_COPIED", most)
            day = 0 if steps == 1 else 10
            late = reading(START + day * DAY - HOUR)._replace(id=EventId(START + (day + 1) * DAY - HOUR, 9))
            stay = [reading(START + (day + 1) * DAY + n * MINUTE, 1.0) for n in range(60)]
            bench.write(*a_day(day), *stay)
            now = START + (day + 1) * DAY + 2 * HOUR
            counts = [bench.count("readings")]
            while bench.store.maintain(now):
                if bench.count("readings") != counts[-1]:
                    counts.append(bench.count("readings"))
                if len(counts) == 1 and bench.count("days"):
                    bench.write(late)
                    counts[-1] = bench.count("readings")
            assert len(counts) - 1 >= steps
            assert late.time in bench.times()
            assert [item.time for item in stay] == bench.times()[-60:]
            assert db.execute(tables).fetchall() == before
            assert bench.archive.since(EventId(START + (day + 1) * DAY - HOUR, 8), 5) is None
            newest = EventId(START + (day + 1) * DAY - HOUR, 9)
            assert bench.archive.since(max(newest, EventId(START + (day + 1) * DAY - 20 * MINUTE + 3, 0)), 1)


def test_reasons_of_suspect_readings(bench: Bench) -> None:
    """Are kept with the day; of very many different ones only that there was one."""
    many = [
        Reading("temp", "°C", START + number, 1.0, SUSPECT, f"reason {number}", 1, EventId(START, number))
        for number in range(150)
    ]
    bench.write(reading(START - DAY), *many)
    bench.write(Reading("temp", "°C", START + 200, 1.0, SUSPECT, None, 1, EventId(START, 200)))
    bench.maintain(START + 2 * DAY)
    assert bench.count("readings") == 0
    reasons = [row.reason for row in bench.archive.rows("temp", 0, FAR)]
    assert reasons == [None, *(f"reason {number}" for number in range(100)), *[""] * 51]


def test_what_cannot_be_kept(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """Is left out, the rest is written; the log says so once."""
    bench.write(
        reading(START, float("nan")),
        reading(START, float("inf")),
        reading(-5),
        reading(START, sender="x" * 2000),
        Mark("temp", -1, "stale"),
        Kept(EventId(START, 0), "temp", "hot", "x" * 300_000),
        reading(START + 1),
    )
    assert bench.times() == [START + 1]
    assert bench.store.refused == 6
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "cannot be kept" in caplog.text


def test_another_unit(bench: Bench) -> None:
    """Is another series: a chart has the last one, the export all."""
    bench.write(
        reading(START, 20.0), reading(START + HOUR, 68.0, unit="°F"), Mark("temp", START + 2 * HOUR, "off")
    )
    series = bench.archive.points("temp", START, START + DAY, 10)
    assert series is not None
    assert (series.unit, series.first) == ("°F", START + HOUR)
    assert [bucket.value for bucket in series.buckets] == [68.0]
    assert series.gaps == [Gap(START + 2 * HOUR, None, "off")]
    assert [(row.value, row.unit) for row in bench.archive.rows("temp", 0, FAR)] == [
        (20.0, "°C"),
        (68.0, "°F"),
    ]
    assert bench.archive.senders() == [Sender("temp", "°F", START, START + HOUR)]
    bench.maintain(START + 2 * DAY)
    assert bench.archive.points("temp", START, START + DAY, 10) == series
    unwritten = [reading(START + 3 * HOUR, 21.0)]
    series = bench.archive.points("temp", START, START + DAY, 10, unwritten)
    assert series is not None
    assert [bucket.value for bucket in series.buckets] == [20.0, 21.0]


def test_off_since_the_last_that_anybody_said(bench: Bench) -> None:
    """A sensor that says little is in a gap from when others were heard last, not from the last note."""
    bench.write(reading(START), reading(START, sender="hum"), alive=START + MINUTE)
    bench.write(reading(START + 3 * MINUTE, sender="hum"), alive=START + 3 * MINUTE + 1)
    assert bench.archive.gaps("temp", START, FAR) == [Gap(START + 3 * MINUTE, None, "off")]


def test_off_since_the_end(bench: Bench) -> None:
    """With its last commit a gateway says until when it was at work, whatever was heard before."""
    bench.write(reading(START), alive=START + MINUTE)
    bench.write(reading(START + 3 * MINUTE), alive=START + 3 * MINUTE + 1)
    bench.store.write(Batch([], START + 3 * MINUTE + 30_000, is_last=True))
    assert bench.archive.gaps("temp", START, FAR) == [Gap(START + 3 * MINUTE + 30_000, None, "off")]


def test_a_gateway_that_says_nothing_any_more(bench: Bench) -> None:
    """Was off since, as far as anybody knows; a running one says so at least every five minutes."""
    bench.write(reading(START), alive=START + MINUTE)
    assert bench.archive.gaps("temp", START, START + 11 * MINUTE) == []
    wanted = [Gap(START + MINUTE, None, "off")]
    assert bench.archive.gaps("temp", START, START + 12 * MINUTE) == wanted
    series = bench.archive.points("temp", START, START + HOUR, 10)
    assert series is not None
    assert series.gaps == wanted
    live = bench.archive.points("temp", START, START + HOUR, 10, [reading(START + 30 * MINUTE)])
    assert live is not None
    assert live.gaps == []
    bench.write(Mark("temp", START + 2 * MINUTE, "stale"))
    assert bench.archive.gaps("temp", START, START + HOUR) == [Gap(START + 2 * MINUTE, None, "stale")]


def test_a_late_mark_in_sealed_days(bench: Bench) -> None:
    """Changes the roll-ups of both days that it is in: they are as if nothing had been sealed."""
    items = [reading(START + HOUR, 1.0), reading(START + DAY + 10 * HOUR, 3.0), reading(START + 2 * DAY, 4.0)]
    mark = Mark("temp", START + 23 * HOUR, "off")
    charts = []
    for sealed in (True, False):
        other = Bench(bench.path.parent / f"{sealed}.db")
        other.store.open()
        other.write(*items)
        if sealed:
            other.maintain(START + 4 * DAY)
        other.write(mark)
        charts.append(other.archive.points("temp", START, START + 3 * DAY, 3))
        other.store.close()
        other.archive.close()
    assert charts[0] == charts[1]
    assert charts[0] is not None
    assert [bucket.covered for bucket in charts[0].buckets] == [22 * HOUR, 14 * HOUR, DAY]


# by id


def test_what_came_since(bench: Bench) -> None:
    """Readings as they were published, and events, by their ids; late ones too."""
    suspect = Reading("hum", "%", START + 5, 120.0, SUSPECT, "too high", 9, EventId(START + 8, 0))
    late = reading(START - HOUR, 1.5)._replace(id=EventId(START + 9, 0))
    hot = Kept(EventId(START + 8, 1), "temp", "hot", '{"value":1}')
    bench.write(reading(START), hot, suspect, late)
    found = bench.archive.since(EventId(START + 3, 0), 10)
    assert found is not None
    assert [(each.id, each.sender, each.event) for each in found] == [
        (EventId(START + 8, 0), "hum", "#changed"),
        (EventId(START + 8, 1), "temp", "hot"),
        (EventId(START + 9, 0), "temp", "#changed"),
    ]
    published = Measured(120.0, "%", (START + 5) / 1000, "suspect", 9, "too high")
    assert found[0].data == encode(published.as_data())
    assert found[1] == hot
    assert bench.archive.since(EventId(START + 3, 0), 2) == found[:2]
    assert bench.archive.since(EventId(START + 9, 0), 10) == []
    everything = bench.archive.since(EventId(START + 3, -1), 10)
    assert everything is not None
    assert len(everything) == 4
    assert bench.archive.since(EventId(START, 0), 10) is None


def test_it_reaches_back_as_far_as_readings_have_ids(bench: Bench) -> None:
    """Those that are sealed have none."""
    bench.write(*a_day(0), *a_day(1))
    assert bench.archive.since(EventId(START + 3, 0), 10) is not None
    bench.maintain(START + DAY + 3 * HOUR)
    last = START + DAY - 20 * MINUTE + 3
    assert bench.archive.since(EventId(last - 1, 0), 10) is None
    found = bench.archive.since(EventId(last, 0), 1)
    assert found is not None
    assert found[0].id == EventId(START + DAY + 3, 0)


def test_a_late_one_that_goes_with_its_day(bench: Bench) -> None:
    """Had a later id than the others: it reaches back only to that."""
    late = reading(START + HOUR)._replace(id=EventId(START + 20 * HOUR, 1))
    bench.write(late, reading(START + 10 * HOUR), reading(START + DAY))
    bench.maintain(START + DAY + 3 * HOUR)
    assert bench.archive.since(EventId(START + 20 * HOUR, 0), 5) is None
    assert bench.archive.since(EventId(START + 20 * HOUR, 1), 5) is not None


def test_events(bench: Bench) -> None:
    """By the time when they were heard, of all or of one; more than are read at a time."""
    kept = [
        Kept(EventId(START + number // 2, number % 2), "ab"[number % 2], "hot", f"{number}")
        for number in range(1300)
    ]
    bench.write(*kept)
    assert list(bench.archive.events(0, FAR)) == kept
    assert list(bench.archive.events(START + 5, START + 7)) == kept[10:14]
    assert list(bench.archive.events(START, FAR, "b")) == kept[1::2]


# a clock that is not set


def test_what_waits_for_its_clock(bench: Bench) -> None:
    """Is in no chart, but is there; when the clock is known it goes to its place, with its time."""
    unset = EventId(1000, 0)
    changed = Reading("temp", "°C", 900, 21.0, GOOD, None, 4, unset)
    stale = Kept(
        EventId(1001, 0), "temp", "#stale", '{"value":1,"time":"1970-01-01T00:00:01.001Z","clock":"unset"}'
    )
    own = Kept(EventId(1002, 0), "temp", "hot", '{"time":"noon"}')
    items = [
        Untimed("b1", 500, 600, changed),
        Untimed("b1", 700, 700, stale),
        Untimed("b1", 700, 701, own),
        Untimed("b1", 800, 800, Mark("temp", 1100, "off")),
        Untimed("b2", 800, 800, Mark("hum", 1100, "off")),
    ]
    bench.write(*items)
    assert list(bench.archive.untimed()) == items
    assert bench.archive.senders() == []
    assert bench.store.untimed_boots() == {"b1", "b2"}
    published = bench.archive.since(EventId(1000, -1), 10)
    assert published is not None
    assert [json.loads(each.data).get("clock") for each in published] == ["unset", "unset", None]
    bench.write(Kept(EventId(START + 700, 0), "temp", "hot", "{}"))
    bench.store.settle("b1", START)
    assert list(bench.archive.untimed()) == items[4:]
    assert bench.store.untimed_boots() == {"b2"}
    assert bench.times() == [START + 500]
    assert bench.archive.gaps("temp", 0, FAR) == [Gap(START + 800, None, "off")]
    events = list(bench.archive.events(START, FAR))
    assert [each.id for each in events] == [
        EventId(START + 700, 0),
        EventId(START + 700, 1),
        EventId(START + 701, 0),
    ]
    assert json.loads(events[1].data) == {"value": 1, "time": "2024-10-04T00:00:00.700Z"}
    assert events[2].data == own.data


def test_more_that_waits_than_may(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest goes; and what is settled is settled in some transactions."""
    monkeypatch.setattr(untimed, "MOST_ROWS", 25)
    monkeypatch.setattr(untimed, "SOME", 10)
    bench.write(*(Untimed("b1", n, n, reading(n, float(n))) for n in range(30)))
    assert [item.at for item in bench.archive.untimed()] == list(range(5, 30))
    bench.store.settle("b1", START)
    assert bench.times() == [START + n for n in range(5, 30)]
    assert bench.store.untimed_boots() == frozenset()


# what is forgotten


def test_readings_become_too_old(bench: Bench) -> None:
    """Their roll-ups stay, and make charts of hours."""
    bench.store.close()
    bench.another(keep_ms=2 * DAY).open()
    bench.write(*a_day(0), *a_day(1), *a_day(2))
    bench.maintain(START + 3 * DAY + 3 * HOUR)
    assert bench.times()[0] == START + DAY
    assert bench.count("hours") == 1
    narrow = bench.archive.points("temp", START, START + DAY, 1000)
    assert narrow is not None
    assert narrow.first == START
    assert [(bucket.time, bucket.readings) for bucket in narrow.buckets] == [
        (START + n * HOUR, 3) for n in range(24)
    ]
    across = bench.archive.points("temp", START + DAY - 2 * HOUR, START + DAY + 2 * HOUR, 1000)
    assert across is not None
    assert [bucket.readings for bucket in across.buckets] == [3, 3, *[1] * 6]
    bench.write(reading(START + 5))
    bench.maintain(START + 4 * DAY + 3 * HOUR)
    assert bench.count("readings") == 0
    again = bench.archive.points("temp", START, START + DAY, 1000)
    assert again is not None
    assert again.buckets == narrow.buckets


def test_events_become_too_old(bench: Bench) -> None:
    """And cannot be had by their ids any more."""
    bench.store.close()
    bench.another(events_ms=DAY).open()
    bench.write(*(Kept(EventId(START + n * HOUR, 0), "temp", "hot", "{}") for n in range(48)))
    bench.maintain(START + 2 * DAY)
    assert [each.id.ms for each in bench.archive.events(0, FAR)] == [START + n * HOUR for n in range(24, 48)]
    assert bench.archive.since(EventId(START + 22 * HOUR, 0), 5) is None
    assert bench.archive.since(EventId(START + 23 * HOUR, 0), 5) is not None


def test_old_events_that_go_after_newer_readings(bench: Bench) -> None:
    """Do not make it reach back to before those readings."""
    bench.store.close()
    bench.another(events_ms=3 * DAY).open()
    bench.write(Kept(EventId(START, 0), "temp", "hot", "{}"), *a_day(0), reading(START + 4 * DAY - HOUR))
    bench.maintain(START + DAY + 3 * HOUR)
    assert bench.count("events") == 1
    bench.maintain(START + 4 * DAY)
    assert bench.count("events") == 0
    assert bench.archive.since(EventId(START + HOUR, 0), 5) is None
    assert bench.archive.since(EventId(START + DAY, 0), 5) is not None


def test_too_much(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """The oldest readings go, a day at a time, then the rest; each is told, and the file grows no more."""
    for day in range(30):
        bench.write(*any_day(day))
        bench.maintain(START + (day + 1) * DAY + 3 * HOUR)
    bench.write(Kept(EventId(START, 0), "temp", "hot", "{}"))
    bench.store.close()
    size = bench.path.stat().st_size
    bench.another(most=200_000).open()
    bench.maintain(START + 30 * DAY + 3 * HOUR)
    assert 0 < len(bench.times()) < 15 * 1440
    assert START + 30 * DAY - MINUTE <= bench.times()[-1] < START + 30 * DAY
    assert bench.count("hours") == 1
    assert bench.count("events") == 1
    assert "forgotten: the readings of 2024-10-04; their roll-ups stay" in caplog.text
    bench.write(*any_day(30))
    assert bench.path.stat().st_size == size
    bench.store.close()
    bench.another(most=1000).open()
    bench.maintain(START + 31 * DAY + 3 * HOUR)
    assert [bench.count(table) for table in ("days", "events", "hours", "readings")] == [0, 0, 0, 0]
    bench.write(reading(START + 40 * DAY))


# the file


def test_no_history_there(tmp_path: Path) -> None:
    """Is said in words."""
    with (
        Archive(tmp_path / "history.db") as archive,
        pytest.raises(StoreError, match=r"there is no history: .*not there"),
    ):
        archive.senders()
    (tmp_path / "history.db").write_bytes(b"")
    with (
        Archive(tmp_path / "history.db") as archive,
        pytest.raises(StoreError, match="there is no history in"),
    ):
        archive.senders()
    (tmp_path / "history.db").write_bytes(b"x" * 5000)
    with Archive(tmp_path / "history.db") as archive, pytest.raises(StoreError, match="not a database"):
        archive.senders()


def test_a_newer_history(bench: Bench) -> None:
    """Is left alone by both."""
    bench.store.close()
    with closing(sqlite3.connect(bench.path)) as db:
        db.executescript("PRAGMA user_version = 99; CREATE TABLE more (x)")
    with pytest.raises(StoreError, match="newer version"):
        bench.archive.senders()
    with pytest.raises(StoreError, match="newer version"):
        bench.another().open()


def test_a_closed_archive(bench: Bench) -> None:
    """Says so."""
    bench.archive.senders()
    bench.archive.close()
    with pytest.raises(StoreError, match="closed"):
        bench.archive.senders()


def test_a_file_that_is_replaced(bench: Bench) -> None:
    """Readers see the new one."""
    bench.write(reading(START))
    assert bench.times() == [START]
    bench.store.close()
    for ending in ("", "-wal", "-shm"):
        bench.path.with_name(f"history.db{ending}").unlink(missing_ok=True)
    bench.another().open()
    bench.write(reading(START + 5))
    assert bench.times() == [START + 5]


def test_a_reader_that_takes_its_time(bench: Bench) -> None:
    """Does not keep the log from being begun anew, nor the writer from writing."""
    bench.write(*a_day(0), *a_day(1))
    rows = bench.archive.rows("temp", 0, FAR)
    next(rows)
    for day in range(2, 40):
        bench.write(*a_day(day, MINUTE))
    log = bench.path.with_name("history.db-wal")
    assert log.stat().st_size < 3 << 20
    assert len(list(rows)) >= 2 * 72 - 1


def test_a_write_that_fails(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """Writes nothing, and is forgotten: the same batch can be written later, on a disk with room."""
    bench.write(reading(START))
    batch = [*a_day(1, MINUTE), Mark("temp", START + 2 * DAY, "stale"), reading(START, 1.0, "new")]
    with full_disk(bench.path), pytest.raises(StoreError):
        bench.write(*batch)
    assert bench.times() == [START]
    assert bench.archive.gaps("temp", 0, FAR) == []
    bench.write(*batch)
    assert len(bench.times()) == 1441
    assert bench.archive.gaps("temp", 0, FAR) == [Gap(START + 2 * DAY, None, "stale")]
    assert bench.times("new") == [START]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_full_disk_while_a_day_is_sealed(bench: Bench) -> None:
    """Costs nothing: it is sealed when there is room."""
    bench.write(*a_day(0, MINUTE))
    with full_disk(bench.path), pytest.raises(StoreError):
        bench.maintain(START + 2 * DAY)
    assert len(bench.times()) == 1440
    bench.maintain(START + 2 * DAY)
    assert bench.count("readings") == 0
    assert len(bench.times()) == 1440


@contextmanager
def full_disk(path: Path) -> Iterator[None]:
    """No file can grow beyond what the log is now."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.with_name(path.name + "-wal").stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))
        signal.signal(signal.SIGXFSZ, ignored)


# damage


def test_tables_whose_text_is_damaged(bench: Bench) -> None:
    """SQLite quotes what is no text: the file is damaged, and what it held is kept."""
    bench.write(reading(START))
    bench.store.close()
    bench.archive.close()
    whole = bench.path.read_bytes()
    for harm in (b"CREATE T\xccBLE notes", b"CREATE TABLE not\xccs"):
        harmed = whole.replace(b"CREATE TABLE notes", harm)
        assert harmed != whole
        bench.path.write_bytes(harmed)
        with Archive(bench.path) as archive:
            with pytest.raises(StoreError):
                archive.senders()
            bench.another().open()
            assert [row.time for row in archive.rows("temp", 0, FAR)] == [START]
        bench.store.close()


@pytest.mark.parametrize("last", [True, False])
def test_a_broken_log(bench: Bench, last: bool, caplog: pytest.LogCaptureFixture) -> None:
    """Of the last transaction alone: it was being written when the power failed, and the file is whole. Else
    it is damaged, and all is read to find what is left."""
    bench.archive.senders()  # a reader keeps the log when the writer goes
    log = bench.path.with_name("history.db-wal")
    ends = []
    for number in range(3):
        bench.write(reading(START + number))
        ends.append(log.stat().st_size)
    copy = bench.path.parent / "copy"
    copy.mkdir()
    data = bytearray(log.read_bytes())
    data[ends[2 if last else 1] - 10] ^= 1
    (copy / "history.db").write_bytes(bench.path.read_bytes())
    (copy / "history.db-wal").write_bytes(data)
    other = Bench(copy / "history.db")
    other.store.open()
    times = other.times()
    assert times == [START, START + 1] if last else START in times
    assert set(times) <= {START + number for number in range(3)}
    other.store.close()
    other.archive.close()
    told = "which the power failed" if last else "set aside as"
    assert told in caplog.text
    assert len(list(copy.glob("*.damaged-*"))) == (0 if last else 2)


def test_names_that_are_damaged(bench: Bench) -> None:
    """Are written once more from where they are noted too."""
    bench.write(reading(START), reading(START, sender="hum"))
    bench.store.close()
    with closing(sqlite3.connect(bench.path)) as db:
        db.execute("UPDATE sensors SET name = 'tomp' WHERE name = 'temp'")
        db.execute("DELETE FROM sensors WHERE name = 'hum'")
        db.commit()
    assert bench.archive.senders() == []
    assert bench.another().open().senders == {"temp": None, "hum": None}
    assert [sender.name for sender in bench.archive.senders()] == ["hum", "temp"]


def test_hours_that_are_damaged(bench: Bench) -> None:
    """Are made anew of the readings."""
    bench.write(*a_day(0), *a_day(1))
    bench.maintain(START + 3 * DAY)
    wanted = bench.archive.points("temp", START, START + 2 * DAY, 6)
    bench.store.close()
    with closing(sqlite3.connect(bench.path)) as db:
        db.execute("UPDATE hours SET blob = substr(blob, 1, 20)")
        db.commit()
    bench.another().open()
    assert len(bench.times()) == 144
    bench.maintain(START + 3 * DAY)
    assert bench.archive.points("temp", START, START + 2 * DAY, 6) == wanted


@pytest.mark.parametrize("hours", [True, False])
def test_a_day_that_is_damaged(bench: Bench, hours: bool) -> None:
    """Is charted by its hours, or else is a gap; the value before does not hold over it."""
    bench.write(*a_day(0), *a_day(1), *a_day(2))
    bench.maintain(START + 4 * DAY)
    with closing(sqlite3.connect(bench.path)) as db:
        db.execute("UPDATE days SET rows = rows + 1 WHERE key >> 16 = ?", (START // DAY + 1,))
        if not hours:
            db.execute("DELETE FROM hours")
        db.commit()
    assert len(bench.times()) == 144
    series = bench.archive.points("temp", START, START + 3 * DAY, 1000)
    assert series is not None
    middle = [bucket for bucket in series.buckets if START + DAY <= bucket.time < START + 2 * DAY]
    assert len(middle) == (24 if hours else 0)
    assert series.gaps == ([] if hours else [Gap(START + DAY, START + 2 * DAY, "damaged")])
    last = [bucket for bucket in series.buckets if bucket.time < START + DAY][-1]
    assert last.covered <= 20 * MINUTE


def test_the_last_day_that_is_over_and_is_damaged(bench: Bench) -> None:
    """Is a gap, without its hours: nothing of it is in the hot table any more."""
    bench.write(*a_day(0))
    bench.maintain(START + 2 * DAY)
    with closing(sqlite3.connect(bench.path)) as db:
        db.execute("UPDATE days SET rows = rows + 1")
        db.execute("DELETE FROM hours")
        db.commit()
    series = bench.archive.points("temp", START, START + DAY, 500)
    assert series is not None
    assert (series.buckets, series.gaps) == ([], [Gap(START, START + DAY, "damaged")])


def test_a_growing_day_of_earlier_that_is_salvaged(bench: Bench) -> None:
    """Of a damaged page its state of before may be found: then what came since is in the hot table alone."""
    bench.write(*(item for item in a_day(0) if isinstance(item, Reading) and item.time < START + 12 * HOUR))
    with closing(sqlite3.connect(bench.path)) as db:
        bench.maintain(START + 6 * HOUR)
        earlier = db.execute("SELECT * FROM days").fetchone()
        bench.maintain(START + 12 * HOUR)
        db.execute("INSERT OR REPLACE INTO days VALUES (?, ?, ?, ?, ?, ?, ?, ?)", earlier)
        db.commit()
    wanted = [START + n * 20 * MINUTE for n in range(36)]
    assert bench.times() != wanted
    bench.archive.close()
    bench.store.close()  # the last one clears away the log
    whole = bench.path.read_bytes()
    bench.path.write_bytes(whole.replace(b"CREATE TABLE notes", b"CREATE T\xccBLE notes"))
    other = Bench(bench.path)
    other.store.open()
    assert list(bench.path.parent.glob("*.damaged-*"))
    assert other.times() == wanted
    other.maintain(START + 3 * DAY)
    assert other.times() == wanted
    other.store.close()
    other.archive.close()


def test_a_reading_that_is_damaged(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """Is a gap to the next one, from when it is sealed on; of a last one the gap lasts until somebody is
    heard."""
    bench.write(
        *a_day(0), *(reading(START + DAY + n * HOUR, 1.0) for n in range(2)), reading(START, 1.0, "hum")
    )
    with closing(sqlite3.connect(bench.path)) as db:
        damaged = (START + 5 * HOUR, START + DAY - 20 * MINUTE, START + DAY + HOUR)
        db.executemany("UPDATE readings SET value = value + 1 WHERE time = ?", [(each,) for each in damaged])
        db.execute("UPDATE readings SET value = value + 1 WHERE sensor = 2")
        db.commit()
    bench.maintain(START + DAY + 4 * HOUR)
    wanted = [
        Gap(START + 5 * HOUR, START + 5 * HOUR + 20 * MINUTE, "damaged"),
        Gap(START + DAY - 20 * MINUTE, START + DAY, "damaged"),
        Gap(START + DAY + HOUR, None, "damaged"),
    ]
    assert bench.archive.gaps("temp", 0, FAR) == wanted
    assert bench.archive.gaps("hum", 0, FAR) == [Gap(START, None, "damaged")]
    assert caplog.text.count("is damaged") == 4
    series = bench.archive.points("temp", START, START + 2 * DAY, 4)
    assert series is not None
    assert series.gaps == wanted
    assert [bucket.covered for bucket in series.buckets] == [12 * HOUR - 20 * MINUTE] * 2 + [HOUR]
    assert len(bench.times()) == 71


@pytest.mark.parametrize("again", [False, True], ids=["goes on", "is opened again"])
def test_the_newest_reading_is_damaged(bench: Bench, again: bool) -> None:
    """The next one ends its gap, whatever its unit is, also one that is there already."""
    bench.write(*a_day(0), reading(START + 3, 1.0, "hum", "%"), reading(START + HOUR, 1.0, "hum", "kPa"))
    last = START + DAY - 20 * MINUTE
    with closing(sqlite3.connect(bench.path)) as db:
        db.execute("UPDATE readings SET value = value + 1 WHERE time IN (?, ?)", (last, START + 3))
        db.commit()
    bench.maintain(START + DAY + 3 * HOUR)
    assert bench.archive.gaps("hum", 0, FAR) == [Gap(START + 3, START + HOUR, "damaged")]
    assert bench.archive.gaps("temp", 0, FAR) == [Gap(last, None, "damaged")]
    if again:
        bench.store.close()
        assert bench.another().open().senders == {"temp": "damaged", "hum": None}
    bench.write(reading(START + DAY + 4 * HOUR))
    wanted = [Gap(last, START + DAY + 4 * HOUR, "damaged")]
    assert bench.archive.gaps("temp", 0, FAR) == wanted
    bench.maintain(START + 3 * DAY)
    assert bench.archive.gaps("temp", 0, FAR) == wanted


def test_minutes_of_a_day_with_many_readings(bench: Bench) -> None:
    """Are as those that are made of the readings."""
    begin = START
    bench.write(
        *(reading(begin + n * 5000, n % 17 / 2) for n in range(DAY // 5000)),
        Mark("temp", begin + HOUR + 1, "off"),
    )
    wanted = bench.archive.points("temp", begin, begin + DAY, 400)
    assert wanted is not None
    assert len(wanted.buckets) == 288
    bench.maintain(START + 2 * DAY)
    with closing(sqlite3.connect(bench.path)) as db:
        assert db.execute("SELECT minutes IS NOT NULL FROM days").fetchall() == [(1,)]
    found = bench.archive.points("temp", begin, begin + DAY, 400)
    assert found is not None
    assert [b._replace(mean=0) for b in found.buckets] == [b._replace(mean=0) for b in wanted.buckets]
    assert [b.mean for b in found.buckets] == pytest.approx([b.mean for b in wanted.buckets])
    assert sealing.MANY_ROWS < 17280


def test_one_point(bench: Bench) -> None:
    """Is of all that was said."""
    bench.write(*a_day(0))
    series = bench.archive.points("temp", START + HOUR, START + 23 * HOUR, 1)
    assert series is not None
    (only,) = series.buckets
    assert (only.min, only.max) == (0.0, 4.5)
