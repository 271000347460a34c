"""Readings and events as JSON, with the mark of a clock that is not set, and corrected when it is."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.reading import GOOD, Reading, format_utc
from gateway.encoding import characters, decode, event_body, retimed, stale, text_of, to_json

NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
READING = {"value": 1.5, "unit": "°C", "time": "2026-11-22T06:30:00.123Z", "quality": "good", "seq": 1}
UTC = 1_795_329_000.0


class Silent:
    """An object of somebody's that has no text."""

    def __str__(self) -> str:
        raise RuntimeError("no")


@given(JSON | st.dictionaries(st.sampled_from(["id", "late", "time", "value", "a"]), JSON))
def test_all_data_arrives(data: Any) -> None:
    """In a mapping that has a time; under `data` if it is none, or has keys of ours."""
    body = event_body(data, UTC)
    assert json.loads(body.data) == data
    message = json.loads(body.head + "}")
    if isinstance(data, dict) and not {"id", "late"} & data.keys():
        assert message == {"time": "2026-11-22T06:30:00.000Z"} | data
    else:
        assert message == {"data": data, "time": "2026-11-22T06:30:00.000Z"}


ODD = st.sampled_from(
    [True, None, 1, -0.0, 1e300, 1e-7, float("nan"), float("inf"), "x", '"', "\ud800", "\0"]
)
TIMES = st.just(READING["time"]) | st.text()


@given(
    NUMBERS | ODD,
    st.sampled_from(["°C", "%"]) | st.text() | ODD,
    TIMES | ODD,
    st.just("good") | ODD,
    st.integers() | ODD,
    st.permutations(list(READING)),
    st.booleans(),
)
@example(1.5, "°C", "\ud800Z", "good", 1, list(READING), False)
@example(1.5, "°C", READING["time"], "good", True, list(READING), False)
@example(1.5, "°C", READING["time"], "good", 1, ["unit", "value", "quality", "time", "seq"], False)
def test_what_is_made_quickly(
    value: Any, unit: Any, time: Any, quality: Any, seq: Any, order: list[str], unset: bool
) -> None:
    """A reading's JSON is what any mapping's would be, whatever is in it."""
    data = dict(zip(READING, (value, unit, time, quality, seq), strict=True))
    for one in (data, {key: data[key] for key in order}):
        body = event_body(one, UTC, unset=unset)
        text = to_json(one)
        if not text.startswith("{"):
            assert not body.reading
            continue
        mark = ',"clock":"unset"' if unset else ""
        assert body == (text[:-1] + mark + "}", text[:-1] + mark, True)


def test_readings_are_known() -> None:
    """They are a sender's state too; what lacks any of their keys is none."""
    assert event_body(READING, 0.0).reading
    assert event_body({**READING, "reason": "", "more": 1}, 0.0).reading
    for key in ("value", "unit", "time", "quality"):
        assert not event_body({name: READING[name] for name in READING if name != key}, 0.0).reading
    assert not event_body({**READING, "id": 1}, 0.0).reading
    assert not event_body(1, 0.0).reading


@pytest.mark.parametrize(
    ("data", "encoded"),
    [
        (float("nan"), '"nan"'),
        ({"x": float("inf")}, "\"{'x': inf}\""),
        ({1, 2}, '"{1, 2}"'),
        ("x" * 2000, '"' + "x" * 2000 + '"'),
        ({"x" * 2000}, '"' + ("{'" + "x" * 2000)[:1000] + '"'),
        (Silent(), '"<Silent>"'),
        ({"a": Silent()}, None),
        ("\ud800", '"?"'),
    ],
)
def test_what_is_no_json(data: Any, encoded: str | None) -> None:
    """Becomes its text, shortened; or the name of its class, if it has none."""
    made = to_json(data)
    assert isinstance(json.loads(made), str)
    assert encoded in (None, made)


def test_what_nests_too_deep() -> None:
    """Is no reason to fail either."""
    data: list[Any] = []
    data.append(data)
    assert json.loads(to_json(data)) == "[[...]]"


def test_text_of() -> None:
    """An exception's, say."""
    assert text_of(ValueError("bad")) == "bad"
    assert text_of(Silent()) == "<Silent>"


def test_a_stale_reading() -> None:
    """The same, but for its quality, and why."""
    encoded = stale(to_json(READING), "not connected")
    assert decode(encoded) == READING | {"quality": "stale", "reason": "not connected"}


@given(st.text(st.characters(exclude_categories=())))
def test_characters(text: str) -> None:
    """Whatever it is, it can be sent and stored afterwards, and keeps its length."""
    made = characters(text)
    assert len(made.encode().decode()) == len(text)
    assert all(one in (two, "?") for one, two in zip(made, text, strict=True))


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "-Infinity"])
def test_what_python_alone_takes_for_json(text: str) -> None:
    """Nobody else reads it."""
    with pytest.raises(ValueError, match="is not JSON"):
        decode(text)


MEASURED = UTC + 0.123
KEYS = st.sampled_from(["id", "late", "time", "clock", "value", "unit", "quality", "a"])


def whole(head: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(head + "}")
    return found


def test_a_reading_brings_its_own_mark() -> None:
    """Once, in the event as in the state."""
    data = Reading(23.5, "°C", MEASURED, GOOD, 7, unset=True).as_data()
    body = event_body(data, MEASURED + 1, unset=True)
    assert body.data == json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    assert whole(body.head) == data
    assert body.head.count("clock") == 1


def test_a_reading_of_the_user_s_own_gets_the_mark() -> None:
    """Its time is of the same clock, most likely."""
    data = {"value": 1, "unit": "lx", "time": format_utc(MEASURED), "quality": "good"}
    body = event_body(data, MEASURED, unset=True)
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
    found = whole(event_body(data, MEASURED, unset=True).head)
    assert (found.get("clock") == "unset") is marked
    assert "clock" not in whole(event_body(None, MEASURED).head)


def test_a_reading_is_corrected() -> None:
    """By the step, to the millisecond; the mark goes, all else stays, and back again."""
    behind = Reading(23.5, "°C", MEASURED - 691_200, GOOD, 7, unset=True).as_data()
    right = Reading(23.5, "°C", MEASURED, GOOD, 7).as_data()
    text = retimed(json.dumps(behind), MEASURED - 691_200 + 5, MEASURED + 5, unset=False)
    assert json.loads(text) == right
    assert json.loads(retimed(text, MEASURED + 5, MEASURED - 691_200 + 5, unset=True)) == behind


@given(st.dictionaries(KEYS, JSON) | JSON, st.floats(-2e9, 2e9))
def test_only_our_own_time_is_corrected(data: Any, step: float) -> None:
    """Of any event, and whatever is in it; nothing else of it changes."""
    before = event_body(data, MEASURED, unset=True)
    text = before.head + "}"
    after = json.loads(retimed(text, MEASURED, MEASURED + step, unset=False))
    clean = json.loads(event_body(data, MEASURED + step).head + "}")
    own = not isinstance(data, dict) or "time" not in data or bool({"id", "late"} & data.keys())
    if own and not (isinstance(data, dict) and data.get("clock") == "unset"):
        assert after == clean
    elif not before.reading:
        assert after == json.loads(text)
    assert retimed(text, MEASURED, MEASURED, unset=True) == text or before.reading or own


@pytest.mark.parametrize("text", ['{"a":', "[1]", '"x"', "[" * 100_000])
def test_what_is_no_object_stays(text: str) -> None:
    """Nobody here can have written it."""
    assert retimed(text, MEASURED, MEASURED + 5, unset=False) == text


@pytest.mark.parametrize("time", [None, 12, "noon", "2026-11-22", "T06:30:00Z", "2026-11-22T06:30:00+01:00"])
def test_a_time_that_is_none_stays(time: Any) -> None:
    """In what looks like a reading and is somebody's own."""
    text = json.dumps({"value": 1, "unit": "lx", "time": time, "quality": "good", "clock": "unset"})
    assert retimed(text, MEASURED, MEASURED + 5, unset=False) == text


@given(st.floats(0, 4e9), st.integers(-2_000_000_000, 2_000_000_000))
def test_corrected_to_the_millisecond(utc: float, step: int) -> None:
    """However large the step: two readings keep their distance."""
    if not 0 <= utc + step < 2e11:
        return
    reading = Reading(1.0, "lx", utc, GOOD, 1).as_data()
    found = json.loads(retimed(json.dumps(reading), utc, utc + step, unset=False))["time"]
    assert found[-5:] == reading["time"][-5:]
