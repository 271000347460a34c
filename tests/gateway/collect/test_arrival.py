"""`gateway.collect.arrival`: what a gateway has sent, as history is told it."""

from __future__ import annotations

import json
from typing import Any

from drivers.reading import format_ms
from gateway.collect.arrival import Unset, gap_of, noted_of
from gateway.event_id import EventId
from gateway.fleet.keys import Gateway
from gateway.fleet.message import Event, Lost, Position
from gateway.history.intake import items_of
from gateway.history.rows import Kept, Mark, Reading

NORTH = Gateway("north", "green house")
NOW_MS = 1_790_000_000_000


def event(data: Any, name: str = "#changed", *, utc_ms: int = NOW_MS, known: bool = True) -> Event:
    """Of the sender `a/b`."""
    return Event(Position(7, 4), utc_ms, known, "a/b", name, json.dumps(data))


def reading(ms: int = NOW_MS, **more: Any) -> dict[str, Any]:
    """As a sensor says it."""
    said = {"value": 21.5, "unit": "°C", "time": format_ms(ms), "quality": "good", "seq": 3}
    return said | more


def test_a_reading_has_its_own_time_and_its_name_in_the_fleet() -> None:
    """However late it comes."""
    noted = noted_of(NORTH, event(reading()), EventId(NOW_MS + 600_000, 0), 5.0)
    assert noted is not None
    (item,) = items_of(noted, "boot")
    assert isinstance(item, Reading)
    assert (item.sender, item.time, item.value) == ("north/green%20house/a%2Fb", NOW_MS, 21.5)
    assert item.id == EventId(NOW_MS + 600_000, 0)


def test_a_disconnect_ends_the_value_at_its_own_time() -> None:
    """As it did at the gateway."""
    noted = noted_of(NORTH, event({"reason": "unplugged"}, "#disconnect"), EventId(NOW_MS + 9, 0), 5.0)
    assert noted is not None
    mark, kept = items_of(noted, "boot")
    assert isinstance(mark, Mark)
    assert mark.time == NOW_MS
    assert isinstance(kept, Kept)


def test_a_loss_is_a_gap_with_its_size() -> None:
    """From the first of what is missing; of nobody's in particular it is the gateway's own."""
    lost = Lost("a/b", 17, NOW_MS, NOW_MS + 5000, "there was no room for it")
    noted = gap_of(NORTH, lost, EventId(NOW_MS + 9000, 0), 5.0, NOW_MS + 9000)
    mark, kept = items_of(noted, "boot")
    assert isinstance(mark, Mark)
    assert (mark.time, mark.reason) == (NOW_MS, "there was no room for it")
    assert isinstance(kept, Kept)
    said = json.loads(kept.data)
    assert said["count"] == 17
    assert (said["from"], said["to"]) == (format_ms(NOW_MS), format_ms(NOW_MS + 5000))
    nobody = gap_of(NORTH, lost._replace(sender="", first_ms=0, last_ms=0), EventId(1, 0), 5.0, NOW_MS)
    assert nobody.sender == "north/green%20house/%24gateway"
    assert json.loads(nobody.body.data)["from"] == format_ms(NOW_MS)


def test_a_clock_that_was_not_set_is_behind_by_what_the_first_event_says() -> None:
    """So readings keep their distance; a later epoch is another matter."""
    unset = Unset()
    first = event(reading(1000, clock="unset"), utc_ms=2000, known=False)
    moved = unset.moved("north/shed", first, NOW_MS)
    assert moved.known
    assert moved.utc_ms == NOW_MS
    data = json.loads(moved.data)
    assert data["time"] == format_ms(NOW_MS - 1000)
    assert "clock" not in data
    second = event(reading(5000, clock="unset"), utc_ms=5000, known=False)
    assert unset.moved("north/shed", second, NOW_MS + 70_000).utc_ms == NOW_MS + 3000
    assert unset.moved("north/other", second, NOW_MS + 70_000).utc_ms == NOW_MS + 70_000
    later = second._replace(position=Position(8, 1))
    assert unset.moved("north/shed", later, NOW_MS + 80_000).utc_ms == NOW_MS + 80_000
    assert unset.moved("north/shed", event(reading()), 5) == event(reading())


def test_what_came_late_as_the_clock_was_set_is_left_to_its_device() -> None:
    """It sends it again, since the gateway's own history has not taken it."""
    late = event(reading(clock="unset"), "#late")
    assert noted_of(NORTH, late, EventId(1, 0), 5.0) is None
    assert noted_of(NORTH, event(reading(clock="unset")), EventId(1, 0), 5.0) is not None


def test_what_is_too_long_is_only_told_of() -> None:
    """As in a gateway's own history."""
    noted = noted_of(NORTH, event({"quality": "x" * 20_000}, "note"), EventId(1, 0), 5.0)
    assert noted is not None
    assert "characters, which are not kept" in noted.body.data
    assert not noted.body.reading
