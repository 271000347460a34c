"""Days of so many readings that they are sealed in portions."""

import random
import sqlite3
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.history import days, portions, sealed, sealing, upkeep
from gateway.history.buckets import DAY, HOUR, MINUTE
from gateway.history.rows import Item, Mark, Reading
from gateway.history.sealed import SUSPECT, Columns, SealedError, columns
from tests.gateway.history.test_store import FAR, START, Bench, reading

PORTION, SOME = 500, 300
EVERY = 25_000


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The bounds are small; the most rows that were worked on at once, by where; and
    how often some were."""
    most = {"read": 0, "sealed": 0, "portions": 0}
    monkeypatch.setattr(portions, "PORTION_ROWS", PORTION)
    monkeypatch.setattr(sealed, "MOST_ROWS", PORTION)
    monkeypatch.setattr(sealing, "SOME_ROWS", SOME)
    read, seal = days.hot, sealed.seal

    def counted(*given: Any) -> Any:
        found = read(*given)
        most["portions"] += 1
        most["read"] = max(most["read"], len(found))
        return found

    def counting(rows: Columns) -> bytes:
        most["sealed"] = max(most["sealed"], len(rows))
        return seal(rows)

    monkeypatch.setattr(sealing, "hot", counted)
    monkeypatch.setattr(sealed, "seal", counting)
    return most


@pytest.fixture
def benches(quick_path: Path) -> Iterator[tuple[Bench, Bench]]:
    """Two, of which the first is to be asked what the second should say."""
    both = Bench(quick_path / "one.db"), Bench(quick_path / "two.db")
    for bench in both:
        bench.store.open()
    yield both
    for bench in both:
        bench.store.close()
        bench.archive.close()


def a_quick_day() -> list[Item]:
    """3,456 readings, of which some are suspect, and a gap."""
    chance = random.Random(11)
    items: list[Item] = []
    for number in range(DAY // EVERY):
        time = START + number * EVERY + chance.randrange(EVERY - 1)
        made = reading(time, round(20 + 5 * chance.random(), 1))
        if number % 97 == 0:
            made = made._replace(quality=SUSPECT, reason=f"too {number % 3}")
        items.append(made)
        if number == 1800:
            items.append(Mark("temp", time + 1, "stale"))
    return items


def asked(bench: Bench) -> tuple[Any, ...]:
    """All that it says of that day, and charts of it, as far as they are the same to a millionth."""
    charts = []
    for since, until, count in (
        (START, START + DAY, 24),
        (START, START + DAY, 300),
        (START + 5 * HOUR, START + 9 * HOUR, 100),
        (START + 7 * HOUR + 1, START + 7 * HOUR + MINUTE, 500),
        (START - DAY, START + 3 * DAY, 8),
    ):
        series = bench.archive.points("temp", since, until, count)
        assert series is not None
        charts.append([each._replace(mean=round(each.mean, 6)) for each in series.buckets])
    return list(bench.archive.rows("temp", 0, FAR)), bench.archive.gaps("temp", 0, FAR), charts


def fill(bench: Bench, items: Sequence[Item]) -> None:
    """Hour after hour, with its housekeeping."""
    at = 0
    for hour in range(1, 29):
        now = START + hour * HOUR
        until = next((n for n in range(at, len(items)) if _time(items[n]) >= now), len(items))
        if at < until:
            bench.write(*items[at:until], alive=now)
        at = until
        assert bench.maintain(now) < 200
    assert at == len(items)


def _time(item: Item) -> int:
    assert isinstance(item, Reading | Mark)
    return item.time


def test_a_quick_day(benches: tuple[Bench, Bench], small: dict[str, int], monkeypatch: Any) -> None:
    """Is kept as a whole, in portions, by steps of so many readings; it says what it says as one."""
    alike, quick = benches
    fill(quick, a_quick_day())
    assert 0 < small["read"] <= SOME
    assert 0 < small["sealed"] <= PORTION
    assert quick.count("readings") == 0
    said = asked(quick)
    assert len(said[0]) == DAY // EVERY
    monkeypatch.undo()
    fill(alike, a_quick_day())
    assert said == asked(alike) == asked(quick)


def test_late_readings_of_a_quick_day(
    benches: tuple[Bench, Bench], small: dict[str, int], monkeypatch: Any
) -> None:
    """Have their places: first, in the middle, last, and of a time that is there."""
    day = a_quick_day()
    middle = day[1000]
    late: list[Item] = [
        reading(START + DAY - 1, 1.0),
        reading(_time(middle), 2.0),
        reading(_time(middle) + 1, 3.0)._replace(quality=SUSPECT, reason="new"),
        *(reading(START + 6 * HOUR + n, 4.0 + n) for n in range(2 * SOME)),
    ]
    alike, quick = benches
    for bench in (quick, alike):
        fill(bench, day)
        bench.write(*late)
        bench.maintain(START + 3 * DAY)
        assert bench.count("readings") == 0
        if bench is quick:
            assert 0 < small["read"] <= SOME
            assert 0 < small["sealed"] <= PORTION
            monkeypatch.undo()
    assert asked(quick) == asked(alike)


def test_a_quick_day_that_is_damaged(benches: tuple[Bench, Bench], small: dict[str, int]) -> None:
    """While it lasts it is made anew of the hot table, step by step; nothing is lost."""
    quick, _ = benches
    items = [each for each in a_quick_day() if _time(each) < START + 20 * HOUR]
    quick.write(*items)
    quick.maintain(START + 19 * HOUR)
    with closing(sqlite3.connect(quick.path)) as db:
        (blob,) = db.execute("SELECT max(blob) FROM days").fetchone()
        assert blob[0] == portions.PORTIONED
        db.execute("UPDATE days SET blob = ?", (bytes(reversed(blob)),))
        db.commit()
    wanted = [_time(each) for each in items if isinstance(each, Reading)]
    assert quick.times() == wanted
    quick.maintain(START + 21 * HOUR)
    assert small["read"] <= SOME
    assert quick.times() == wanted
    quick.maintain(START + 2 * DAY)
    assert quick.count("readings") == 0
    assert quick.times() == wanted


def test_what_is_whole_is_not_sealed_again(small: dict[str, int]) -> None:
    """A day that grows is sealed by its last portion alone, which comes to the same."""
    times = list(range(0, 7 * PORTION * 1000, 1000))
    before = portions.seal(columns(times[: 5 * PORTION + 7], times[: 5 * PORTION + 7]))
    kept = portions.whole(before)
    assert len(kept) == 5
    all_of_it = columns(times, times)
    small["sealed"] = 0
    assert portions.seal(all_of_it, kept) == portions.seal(all_of_it)
    assert list(portions.opened(portions.seal(all_of_it)).times) == times
    assert portions.whole(portions.seal(columns([1], [1.0]))) == []


@pytest.mark.parametrize("what", ["cut", "more", "no portions", "one", "order", "inside"])
def test_no_such_blob(small: dict[str, int], what: str) -> None:
    """Is an error."""
    times = list(range(2 * PORTION))
    blob = portions.seal(columns(times, times))
    first, second = (
        sealed.seal(columns(times[n : n + PORTION], times[n : n + PORTION])) for n in (0, PORTION)
    )

    def made(*parts: bytes) -> bytes:
        return struct.pack("<BI", 2, len(parts)) + b"".join(struct.pack("<I", len(e)) + e for e in parts)

    assert made(first, second) == blob
    bad = {
        "cut": blob[:-1],
        "more": blob + b"x",
        "no portions": made(),
        "one": made(first),
        "order": made(second, first),
        "inside": made(first, b"x"),
    }[what]
    with pytest.raises(SealedError):
        portions.opened(bad)


def bounded(bench: Bench, now: int, most: int = 100) -> None:
    """There comes an end."""
    for _ in range(most):
        if not bench.store.maintain(now):
            return
    raise AssertionError("there is still something to do")


def quick(day: int, rows: int = 4 * SOME) -> list[Item]:
    begin = START + day * DAY
    return [reading(begin + n * EVERY, n % 9 / 2) for n in range(rows)]


def times_of(*items: Item) -> list[int]:
    return sorted(_time(item) for item in items)


@pytest.mark.parametrize("hours", [3, 30])
def test_many_readings_of_a_day_that_is_forgotten(
    benches: tuple[Bench, Bench], small: dict[str, int], hours: int
) -> None:
    """They make nothing, as its roll-ups are there; all others stay, and there comes an end: also where they
    are not waited for."""
    bench, _ = benches
    bench.write(*quick(0, 20), *quick(5, 20))
    bounded(bench, START + 6 * DAY)
    bench.store.close()
    bench.another(keep_ms=2 * DAY).open()
    bounded(bench, START + 7 * DAY)
    assert bench.times() == times_of(*quick(5, 20))
    bench.write(reading(START + 6 * DAY), *quick(0))
    bounded(bench, START + 6 * DAY + hours * HOUR)
    assert bench.times() == times_of(*quick(5, 20), reading(START + 6 * DAY))
    assert bench.count("readings") == (1 if hours == 3 else 0)


def test_a_forgotten_day_that_rests(benches: tuple[Bench, Bench], small: dict[str, int]) -> None:
    """What is left to those that grow comes to an end as well."""
    bench, _ = benches
    bench.write(*quick(0, 20), *quick(5, 20))
    bounded(bench, START + 6 * DAY)
    bench.store.close()
    bench.another(keep_ms=2 * DAY).open()
    now = START + 7 * DAY + 30 * MINUTE
    bounded(bench, now)
    bench.write(reading(START + 5 * DAY + 1))
    bounded(bench, now)
    bench.write(reading(START + 5 * DAY + 2), *quick(0, 2 * SOME + 50))
    bounded(bench, now + 45 * MINUTE)
    assert bench.count("readings") == 2 * SOME + 51  # they rest
    for hours in (1, 2):
        bounded(bench, now + hours * HOUR)
    assert bench.count("readings") == 0
    assert bench.times() == times_of(
        *quick(5, 20), reading(START + 5 * DAY + 1), reading(START + 5 * DAY + 2)
    )


@pytest.mark.parametrize("portions_done", [0, 1, 2])
def test_a_late_reading_of_a_day_before(
    benches: tuple[Bench, Bench], small: dict[str, int], portions_done: int
) -> None:
    """While a quick day is sealed, step by step: each goes on from the one before; nothing is lost."""
    bench, _ = benches
    bench.write(*quick(0, 20))
    bounded(bench, START + DAY + 3 * HOUR)
    items, late = quick(1), reading(START + 7 * HOUR)
    bench.write(*items)
    now = START + 2 * DAY + 3 * HOUR
    steps_until(bench, now, small, portions_done)
    bench.write(late)
    bounded(bench, now)
    assert bench.times() == times_of(*quick(0, 20), late, *items)
    bounded(bench, now + HOUR)
    assert bench.times() == times_of(*quick(0, 20), late, *items)
    assert bench.count("readings") == 0
    assert small["read"] <= SOME


@pytest.mark.parametrize("also_before", [False, True])
def test_a_late_reading_of_what_is_sealed_of_a_day(
    benches: tuple[Bench, Bench], small: dict[str, int], also_before: bool
) -> None:
    """Is not passed over: the next step begins there."""
    bench, _ = benches
    items, late = quick(1), [reading(START + DAY + 5 * EVERY + 1, 7.0)]
    bench.write(*quick(0, 20), *items)
    now = START + 2 * DAY + 3 * HOUR
    bounded(bench, START + DAY + 3 * HOUR)
    bench.write(*quick(1))  # they are to be sealed anew
    steps_until(bench, now, small, 2)
    late += [reading(START + 7 * HOUR)] if also_before else []
    bench.write(*reversed(late))
    assert bench.times() == times_of(*quick(0, 20), *items, *late)
    bounded(bench, now)
    bounded(bench, now + HOUR)
    assert bench.count("readings") == 0
    assert bench.times() == times_of(*quick(0, 20), *items, *late)


def test_a_late_reading_of_a_quick_day_that_grows(
    benches: tuple[Bench, Bench], small: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is seen all the while."""
    bench, _ = benches
    monkeypatch.setattr(upkeep, "SOME_ROWS", 1)
    items, late = quick(0), reading(START + 5 * EVERY + 1)
    bench.write(*items)
    now = START + 12 * HOUR
    steps_until(bench, now, small, 2)
    bench.write(late)
    for _ in range(100):
        assert bench.times() == times_of(*items, late)
        if not bench.store.maintain(now):
            break
    bounded(bench, now)
    bounded(bench, START + 2 * DAY)
    assert bench.times() == times_of(*items, late)


def test_all_of_a_portion_is_damaged(benches: tuple[Bench, Bench], small: dict[str, int]) -> None:
    """The others are sealed."""
    bench, _ = benches
    items = quick(0)
    bench.write(*items)
    with closing(sqlite3.connect(bench.path)) as db:
        db.execute("UPDATE readings SET value = 99 WHERE time < ?", (_time(items[SOME]),))
        db.commit()
    bounded(bench, START + 2 * DAY)
    assert bench.count("readings") == 0
    assert bench.times() == times_of(*items[SOME:])


def test_a_day_that_is_damaged_while_it_is_sealed(
    benches: tuple[Bench, Bench], small: dict[str, int]
) -> None:
    """Is made anew of all that is hot, not of what comes next alone."""
    bench, _ = benches
    items = quick(0)
    bench.write(*items)
    steps_until(bench, START + 2 * DAY, small, 2)
    with closing(sqlite3.connect(bench.path)) as db:
        db.execute("UPDATE days SET rows = rows + 1")
        db.commit()
    bounded(bench, START + 2 * DAY)
    assert bench.count("readings") == 0
    assert bench.times() == times_of(*items)


def steps_until(bench: Bench, now: int, small: dict[str, int], portions_read: int) -> None:
    """So many more portions are sealed, and not all."""
    wanted = small["portions"] + portions_read
    while small["portions"] < wanted:
        assert bench.store.maintain(now)
