"""What must be in a history that was cut off while it was written, and what may."""

import logging
from pathlib import Path

import pytest

from gateway.history.archive import Archive
from gateway.history.buckets import DAY
from gateway.history.store import Store
from tests.gateway.history.living import EVENT, SENDER, come, time_of

FAR = 1 << 45
MOST = 40
"""Readings of a batch."""


def check_whole(path: Path, count: int) -> None:
    """Everything that had been said to be written is there, and nothing else but of the batch after; it can
    go on being written; nothing was found to be damaged."""
    store = Store(path, keep_ms=400 * DAY, keep_events_ms=400 * DAY, most_bytes=10**9)
    try:
        store.open()
        with Archive(path) as archive:
            check_rows(archive, count)
            while store.maintain(time_of(count) + 30 * DAY):
                pass
            check_rows(archive, count)
    finally:
        store.close()


def check_rows(archive: Archive, count: int) -> None:
    """Each at its time."""
    rows = {row.time: row for row in archive.rows(SENDER, 0, FAR)} if count or archive.senders() else {}
    must = {time_of(number): number for number in come(count)}
    may = {time_of(number): number for number in come(count + MOST)}
    assert must.keys() - rows.keys() == set()
    assert rows.keys() - may.keys() == set()
    for time, row in rows.items():
        assert (row.value, row.unit, row.reason) == (may[time] / 4, "°C", None)
    told = [int(event.data) for event in archive.events(0, FAR, SENDER) if event.event == EVENT]
    assert told == sorted(told)
    assert max(told, default=0) >= count
    if rows:
        series = archive.points(SENDER, 0, time_of(count + MOST), 50)
        assert series is not None
        assert sum(bucket.readings for bucket in series.buckets) == len(rows)
        assert series.gaps == [] or [gap.reason for gap in series.gaps] == ["off"]


def is_unharmed(caplog: pytest.LogCaptureFixture) -> bool:
    """Whether no log says that something was damaged."""
    return not [record for record in caplog.records if record.levelno >= logging.ERROR]
