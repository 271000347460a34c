"""From an event as it was heard to what is stored of it."""

import json
from typing import Any

import pytest

from drivers.reading import format_ms
from gateway.encoding import event_body
from gateway.event_id import EventId
from gateway.history.intake import MOST_DATA, MOST_REASON, NOT_CONNECTED, OFF, event_of, items_of
from gateway.history.rows import Item, Kept, Mark, Reading, Untimed
from gateway.history.sealed import GOOD, SUSPECT
from gateway.history.untimed import timed
from gateway.mailbox import Noted

HEARD = 1_795_329_000.500
HEARD_MS = 1_795_329_000_500
ID = EventId(HEARD_MS, 3)
READING = {"value": 23.5, "unit": "°C", "time": format_ms(HEARD_MS - 200), "quality": "good", "seq": 7}
SUSPECT_ONE = {**READING, "quality": "suspect", "reason": "it jumps"}


def noted(data: Any, event: str = "#changed", *, known: bool = True, at: float = 1000.0) -> Noted:
    """An event of `temp`."""
    body = event_body(data, HEARD, unset=not known)
    return Noted("temp", event, body, HEARD, at, known, ID)


def items(data: Any, event: str = "#changed", **more: Any) -> list[Item]:
    """What is stored of it."""
    return items_of(noted(data, event, **more), "boot")


def test_a_reading() -> None:
    """With the time of its measurement, and the id of its event."""
    good = Reading("temp", "°C", HEARD_MS - 200, 23.5, GOOD, None, 7, ID)
    assert items(READING) == [good]
    assert items(SUSPECT_ONE) == [good._replace(quality=SUSPECT, reason="it jumps")]
    assert items({**READING, "value": 23}) == [good._replace(value=23.0)]
    (long,) = items({**SUSPECT_ONE, "reason": "x" * 1000})
    assert isinstance(long, Reading)
    assert long.reason == "x" * MOST_REASON


@pytest.mark.parametrize("data", [READING, SUSPECT_ONE])
def test_a_reading_and_back(data: dict[str, Any]) -> None:
    """The event is as it was published."""
    (item,) = items(data)
    event = event_of(item)
    assert event is not None
    assert event[:3] == (ID, "temp", "#changed")
    assert json.loads(event.data) == data
    assert list(json.loads(event.data)) == list(data)


def test_units_are_one_text() -> None:
    """However many readings there are of it."""
    first, second = (items(READING)[0] for _ in range(2))
    assert isinstance(first, Reading)
    assert isinstance(second, Reading)
    assert first.unit is second.unit


@pytest.mark.parametrize(
    "more",
    [
        {"value": None},
        {"value": "high"},
        {"value": True},
        {"quality": "stale"},
        {"quality": "fine"},
        {"quality": []},
        {"quality": {}},
        {"unit": 5},
        {"seq": "a"},
        {"seq": True},
    ],
)
def test_what_is_no_reading_of_ours_is_kept_as_it_is(more: dict[str, Any]) -> None:
    """A program's own senders may trigger anything."""
    (item,) = items({**READING, **more})
    assert isinstance(item, Kept)
    assert item[:3] == (ID, "temp", "#changed")
    assert json.loads(item.data) == {**READING, **more}


@pytest.mark.parametrize(
    ("time", "ms"),
    [
        ("2026-11-22T06:30:00.007Z", HEARD_MS - 493),
        ("2026-11-22T06:30:00Z", HEARD_MS - 500),
        ("2026-11-22T06:30:00.007500Z", HEARD_MS - 492),
        ("20261122T063000.0070000Z", HEARD_MS - 493),
    ],
)
def test_times(time: str, ms: int) -> None:
    """In our own form, and in others that programs have."""
    (item,) = items({**READING, "time": time})
    assert isinstance(item, Reading)
    assert item.time == ms


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-22T06:30:61.000Z",
        "2026-11-22T06:30:00.00ZZ",
        "yesterday",
        5,
        None,
        "2026-11-22T06:30:00",
        "2026-99-22T06:30:00Z",
    ],
)
def test_a_time_that_is_none(time: object) -> None:
    """Then it is as old as its event."""
    (item,) = items({**READING, "time": time})
    assert isinstance(item, Reading)
    assert item.time == HEARD_MS


def test_a_silent_sensor() -> None:
    """Its value holds until then, not until it was measured; the event is kept, too."""
    data = {**READING, "quality": "stale", "reason": "no reading for 5 s"}
    mark, event = items(data, "#stale")
    assert mark == Mark("temp", HEARD_MS, "no reading for 5 s")
    assert isinstance(event, Kept)
    assert (event.id, event.event, json.loads(event.data)) == (ID, "#stale", data)
    never = {**data, "value": None}
    del never["reason"]
    assert items(never, "#stale")[0] == Mark("temp", HEARD_MS, "stale")
    assert items({**data, "reason": "x" * 1000}, "#stale")[0] == Mark("temp", HEARD_MS, "x" * MOST_REASON)


def test_one_that_goes() -> None:
    """By itself, or with the gateway."""
    event = Kept(ID, "temp", "#disconnect", "null")
    assert items(None, "#disconnect") == [Mark("temp", HEARD_MS, NOT_CONNECTED), event]
    left = items_of(noted(None, "#disconnect"), "boot", leaving=True)
    assert left == [Mark("temp", HEARD_MS, OFF), event]


@pytest.mark.parametrize(
    ("event", "data"), [("#connect", None), ("hot", READING), ("alarm", {"a": 1}), ("#changed", [1])]
)
def test_any_other_event(event: str, data: Any) -> None:
    """Is kept as it is."""
    (item,) = items(data, event)
    assert isinstance(item, Kept)
    assert (item.event, json.loads(item.data)) == (event, data)


def test_a_long_one() -> None:
    """That there was one is kept."""
    (fits,) = items("x" * (MOST_DATA - 2), "alarm")
    assert isinstance(fits, Kept)
    assert len(fits.data) == MOST_DATA
    (cut,) = items("x" * (MOST_DATA - 1), "alarm")
    assert isinstance(cut, Kept)
    assert json.loads(cut.data) == f"{MOST_DATA + 1} characters, which are not kept"
    stale = {**READING, "more": "x" * MOST_DATA}
    assert len(items(stale, "hot")[0].data) < 100  # type: ignore[union-attr]


OFFSET = HEARD_MS + 3_600_000 - 1_000_000
"""The clock was an hour behind."""


def test_while_the_clock_is_not_set() -> None:
    """All has the boot's own time, and gets the right one when it is known."""
    (item,) = items(READING, known=False)
    inner = Reading("temp", "°C", HEARD_MS - 200, 23.5, GOOD, None, 7, ID)
    assert item == Untimed("boot", 999_800, 1_000_000, inner)
    later = inner._replace(time=HEARD_MS - 200 + 3_600_000, id=EventId(HEARD_MS + 3_600_000, 3))
    assert timed(item, OFFSET) == later


def test_marks_and_events_of_an_unset_clock() -> None:
    """A mark is of when it was heard; the event's reading, of its measurement."""
    data = {**READING, "quality": "stale", "reason": "silent"}
    mark, event = items(data, "#stale", known=False)
    assert mark == Untimed("boot", 1_000_000, 1_000_000, Mark("temp", HEARD_MS, "silent"))
    assert isinstance(event, Untimed)
    assert (event.at, event.heard) == (999_800, 1_000_000)
    assert timed(mark, OFFSET) == Mark("temp", HEARD_MS + 3_600_000, "silent")
    told = timed(event, OFFSET)
    assert isinstance(told, Kept)
    assert json.loads(told.data) == {**data, "time": format_ms(HEARD_MS - 200 + 3_600_000)}


@pytest.mark.parametrize("data", [None, {"a": 1}, [1], {"clock": "mine", "time": "noon"}])
def test_what_has_no_time_of_ours_stays(data: Any) -> None:
    """As it was published."""
    (event,) = items(data, "alarm", known=False)
    assert isinstance(event, Untimed)
    told = timed(event, OFFSET)
    assert isinstance(told, Kept)
    assert isinstance(event.item, Kept)
    assert told.data == event.item.data


def test_events_of_the_unset_time_are_marked() -> None:
    """As they were when they were published; one that is nothing but a mark is none."""
    (item,) = items(READING, known=False)
    event = event_of(item)
    assert event is not None
    assert json.loads(event.data) == {**READING, "clock": "unset"}
    mark, kept = items(None, "#disconnect", known=False)
    assert event_of(mark) is None
    assert isinstance(kept, Untimed)
    assert event_of(kept) == kept.item
    assert event_of(Mark("temp", 1, "x")) is None


def test_a_clock_that_is_set_between_reading_and_event() -> None:
    """What the reading says of its time is wrong, what the event says is right."""
    (item,) = items({**READING, "time": format_ms(5), "clock": "unset"})
    assert isinstance(item, Reading)
    assert item.time == HEARD_MS
