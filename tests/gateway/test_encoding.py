"""What an event carries, as JSON."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.encoding import characters, decode, event_body, stale, text_of, to_json

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
