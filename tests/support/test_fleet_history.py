"""`tests.support.fleet_history`: what it reads in a site's file, as the collector writes it."""

from __future__ import annotations

from pathlib import Path

from gateway.event_id import EventId
from gateway.history.rows import Batch, Item, Kept, Reading
from gateway.history.sealed import GOOD
from gateway.history.store import Store
from tests.support.fleet_gateways import PRESSED, reading
from tests.support.fleet_history import recorded
from tests.support.fleet_parts import Got, Heard

NOW = 1_790_000_000_000
SENDER = "north/g0/temp"


def changed(number: int, order: int, time: int) -> Reading:
    """One that came as the `order`th, and was measured then."""
    return Reading(SENDER, "C", time, number / 10, GOOD, None, number, EventId(NOW, order))


def pressed(number: int, order: int) -> Kept:
    """The same of an event that is no reading."""
    return Kept(EventId(NOW, order), SENDER, PRESSED, reading(number, number / 10, 0.0))


def got(number: int, place: int) -> Got:
    """What is to be told of it."""
    return Got("north/g0", 0, place, number, number / 10, NOW / 1000)


def test_all_that_is_there(tmp_path: Path) -> None:
    """In the order in which it came, whatever the times of the readings; what is there twice, twice."""
    path = tmp_path / "north" / "history.db"
    path.parent.mkdir()
    assert recorded(tmp_path) == Heard([], {})
    store = Store(path, keep_ms=10**12, keep_events_ms=10**12, most_bytes=10**9)
    store.open()
    gap = Kept(EventId(NOW, 3), SENDER, "#gap", '{"count": 7}')
    items: list[Item] = [changed(5, 1, NOW + 90), pressed(6, 2), gap, changed(7, 4, NOW - 90), pressed(6, 5)]
    store.write(Batch(items, NOW), every=True)
    store.close()
    assert recorded(tmp_path) == Heard([got(5, 1), got(6, 2), got(7, 4), got(6, 5)], {"north/g0": 7})
