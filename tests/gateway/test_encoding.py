"""Readings and events as JSON, with the mark of a clock that is not set, and corrected when it is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.reading import GOOD, Reading, format_utc
from gateway.encoding import event_body, retimed

UTC = 1_795_329_000.123
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
KEYS = st.sampled_from(["id", "late", "time", "clock", "value", "unit", "quality", "a"])


def whole(head: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(head + "}")
    return found


def test_a_reading_brings_its_own_mark() -> None:
    """Once, in the event as in the state."""
    data = Reading(23.5, "°C", UTC, GOOD, 7, unset=True).as_data()
    body = event_body(data, UTC + 1, unset=True)
    assert body.data == json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    assert whole(body.head) == data
    assert body.head.count("clock") == 1


def test_a_reading_of_the_user_s_own_gets_the_mark() -> None:
    """Its time is of the same clock, most likely."""
    data = {"value": 1, "unit": "lx", "time": format_utc(UTC), "quality": "good"}
    body = event_body(data, UTC, unset=True)
    assert json.loads(body.data) == whole(body.head) == {**data, "clock": "unset"}
    assert body.reading


@pytest.mark.parametrize(
    ("data", "marked"),
    [
        (None, True),
        ([1], True),
        ({"a": 1}, True),
        ({}, True),
        ({"id": 1, "time": "noon"}, True),
        ({"clock": 12, "late": 1}, True),
        ({"time": "noon"}, False),
        ({"clock": 12}, False),
    ],
)
def test_other_events_are_marked_where_the_time_is_ours(data: Any, marked: bool) -> None:
    """A `time` and a `clock` of the user's own are theirs."""
    found = whole(event_body(data, UTC, unset=True).head)
    assert (found.get("clock") == "unset") is marked
    assert "clock" not in whole(event_body(None, UTC).head)


def test_a_reading_is_corrected() -> None:
    """By the step, to the millisecond; the mark goes, all else stays, and back again."""
    behind = Reading(23.5, "°C", UTC - 691_200, GOOD, 7, unset=True).as_data()
    right = Reading(23.5, "°C", UTC, GOOD, 7).as_data()
    text = retimed(json.dumps(behind), UTC - 691_200 + 5, UTC + 5, unset=False)
    assert json.loads(text) == right
    assert json.loads(retimed(text, UTC + 5, UTC - 691_200 + 5, unset=True)) == behind


@given(st.dictionaries(KEYS, JSON) | JSON, st.floats(-2e9, 2e9))
def test_only_our_own_time_is_corrected(data: Any, step: float) -> None:
    """Of any event, and whatever is in it; nothing else of it changes."""
    before = event_body(data, UTC, unset=True)
    text = before.head + "}"
    after = json.loads(retimed(text, UTC, UTC + step, unset=False))
    clean = json.loads(event_body(data, UTC + step).head + "}")
    own = not isinstance(data, dict) or "time" not in data or bool({"id", "late"} & data.keys())
    if own and not (isinstance(data, dict) and data.get("clock") == "unset"):
        assert after == clean
    elif not before.reading:
        assert after == json.loads(text)
    assert retimed(text, UTC, UTC, unset=True) == text or before.reading or own


@pytest.mark.parametrize("text", ['{"a":', "[1]", '"x"', "[" * 100_000])
def test_what_is_no_object_stays(text: str) -> None:
    """Nobody here can have written it."""
    assert retimed(text, UTC, UTC + 5, unset=False) == text


@pytest.mark.parametrize("time", [None, 12, "noon", "2026-11-22", "T06:30:00Z", "2026-11-22T06:30:00+01:00"])
def test_a_time_that_is_none_stays(time: Any) -> None:
    """In what looks like a reading and is somebody's own."""
    text = json.dumps({"value": 1, "unit": "lx", "time": time, "quality": "good", "clock": "unset"})
    assert retimed(text, UTC, UTC + 5, unset=False) == text


@given(st.floats(0, 4e9), st.integers(-2_000_000_000, 2_000_000_000))
def test_corrected_to_the_millisecond(utc: float, step: int) -> None:
    """However large the step: two readings keep their distance."""
    if not 0 <= utc + step < 2e11:
        return
    reading = Reading(1.0, "lx", utc, GOOD, 1).as_data()
    found = json.loads(retimed(json.dumps(reading), utc, utc + step, unset=False))["time"]
    assert found[-5:] == reading["time"][-5:]
