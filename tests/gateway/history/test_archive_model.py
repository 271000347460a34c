"""Whatever comes in whatever order, sealed or not: the archive says what a plain model says."""

import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.event_id import EventId
from gateway.history import growing, notes, sealing
from gateway.history.archive import Archive
from gateway.history.buckets import DAY, HOUR, MINUTE, Bucket
from gateway.history.rows import Batch, Item, Mark, Reading
from gateway.history.sealed import GOOD, SUSPECT
from gateway.history.store import Store
from tests.gateway.history.model import Model, Said
from tests.support.in_memory import IN_MEMORY

START = 20_000 * DAY
DAYS = 4
SENDERS = ("temp", "Büro a/b")
MANY, QUICK = 6, 2
"""Readings of a day that has roll-ups by the minute here, and of two hours of one that is sealed seldom."""

TIMES = st.builds(
    lambda day, hour, rest: START + day * DAY + hour * HOUR + rest,
    st.integers(0, DAYS - 1),
    st.sampled_from([0, 1, 2, 11, 12, 23]),
    st.sampled_from([0, 1, MINUTE, 30 * MINUTE, HOUR - 1]),
)
ITEMS = st.one_of(
    st.builds(
        lambda sender, time, value, reason: Reading(
            sender, "°C", time, value / 10, SUSPECT if reason else GOOD, reason, 7, EventId(time, 0)
        ),
        st.sampled_from(SENDERS),
        TIMES,
        st.integers(-50, 50),
        st.sampled_from([None, None, None, "too high", "too low"]),
    ),
    st.builds(Mark, st.sampled_from(SENDERS), TIMES, st.sampled_from(["stale", "off"])),
)
STEPS = st.lists(
    st.one_of(
        st.lists(ITEMS, min_size=1, max_size=12).map(lambda items: ("write", items)),
        st.tuples(st.integers(1, 30), st.integers(0, (DAYS + 4) * 24)).map(lambda what: ("maintain", what)),
        st.just(("open again", (0, 0))),
        st.just(("damage", (0, 0))),
    ),
    min_size=1,
    max_size=12,
)
CHARTS = st.tuples(TIMES, TIMES, st.sampled_from([2, 3, 10, 60, 300])).map(
    lambda chart: (min(chart[:2]), max(chart[:2]) + 1, chart[2])
)


def check_alike(found: Sequence[Bucket], wanted: Sequence[Bucket]) -> None:
    """Means as far as sums of floats are good for."""
    assert [bucket._replace(mean=0) for bucket in found] == [bucket._replace(mean=0) for bucket in wanted]
    assert [bucket.mean for bucket in found] == pytest.approx([bucket.mean for bucket in wanted], abs=1e-6)


def check(archive: Archive, sender: str, said: Said, chart: tuple[int, int, int], new: list[Item]) -> None:
    """One question of each kind; what is `new` is not in the file."""
    since, until, points = chart
    series = archive.points(sender, since, until, points, new)
    assert series is not None
    assert series.first == min(said.rows, default=None)
    check_alike(series.buckets, said.points(since, until, points))
    cut = [gap._replace(begin=max(gap.begin, since)) for gap in said.between(since, until)]
    assert list(series.gaps) == cut
    if not new:
        assert archive.gaps(sender, since, until) == said.between(since, until)
        wanted = [(time, *said.rows[time]) for time in sorted(said.rows) if since <= time < until]
        assert [(row.time, row.value, row.reason) for row in archive.rows(sender, since, until)] == wanted


def damage(path: Path) -> None:
    """All sealed days of which everything is in the hot table too, so that nothing is lost."""
    with closing(sqlite3.connect(path)) as db:
        (first,) = db.execute("SELECT text FROM notes WHERE key = ?", (notes.HOT_FROM,)).fetchone()
        db.execute("UPDATE days SET rows = rows + 1 WHERE key >> 16 >= ?", (int(first),))
        db.commit()


@settings(max_examples=30)
@given(STEPS, st.lists(CHARTS, min_size=1, max_size=6), st.booleans())
def test_anything_in_any_order(
    steps: list[tuple[str, tuple[int, int] | list[Item]]], charts: list[tuple[int, int, int]], unwritten: bool
) -> None:
    """Rows, gaps and charts, between the steps and after them; the last items may not be written yet. Days
    are sealed while they last, when they are over, and in between by a clock that goes back."""
    with (
        tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder,
        mock.patch.object(sealing, "MANY_ROWS", MANY),
        mock.patch.object(growing, "QUICK_ROWS", QUICK),
    ):
        path = Path(folder) / "history.db"
        store = Store(path, keep_ms=400 * DAY, keep_events_ms=400 * DAY, most_bytes=10**9)
        model, new = Model(), list[Item]()
        store.open()
        with Archive(path) as archive:
            for number, (step, what) in enumerate(steps):
                if isinstance(what, list):
                    model.write(what)
                    if unwritten and number == len(steps) - 1:
                        new = what
                    else:
                        store.write(Batch(what, None))
                elif step == "maintain":
                    times, hours = what
                    any(not store.maintain(START + hours * HOUR) for _ in range(times))
                else:
                    store.close()
                    if step == "damage":
                        damage(path)
                    store.open()
                if not new:
                    for sender, said in model.said.items():
                        check(archive, sender, said, charts[number % len(charts)], [])
            for sender, said in model.said.items():
                for chart in charts:
                    check(archive, sender, said, chart, new)
        store.close()
