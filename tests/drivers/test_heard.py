"""What a sensor has heard last."""

import math

import pytest

from drivers.heard import Heard, fault_of
from drivers.source import Measurement


def measurement(value: float | None, measured: float = 1.0, asked: float | None = None) -> Measurement:
    return Measurement("temp", 1, value, None if value is not None else "the wire is off", measured, asked)


@pytest.mark.parametrize("value", [None, -127.0, 85.0, math.nan, math.inf, -math.inf, 1e101, -1e101])
def test_what_is_no_value(value: float | None) -> None:
    """What `invalid` names, what is no number, and what no sensor can have measured."""
    heard = Heard([-127, 85])
    heard.note(measurement(21.5))
    heard.note(measurement(value, 2.0))
    assert heard.failed(value)
    assert heard.newest is not None
    assert heard.newest.measured == 2.0
    assert heard.newest_value == measurement(21.5)


@pytest.mark.parametrize("value", [0.0, -40.0, 1e99, -1e99])
def test_what_is_a_value(value: float) -> None:
    """Any other number."""
    assert not Heard([-127, 85]).failed(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "the wire is off"),
        (math.nan, "the board says nan, which is no value"),
        (-math.inf, "the board says -inf, which is no value"),
        (85.0, "the board says 85, which stands for no value (`invalid`)"),
    ],
)
def test_why_it_is_none(value: float | None, text: str) -> None:
    """In words for a person."""
    assert fault_of(measurement(value)) == text


def test_a_failure_without_words() -> None:
    """Is one all the same."""
    assert fault_of(Measurement("temp", 1, None, None, 1.0)) == "the measurement failed"


def test_what_answers_a_request() -> None:
    """What was asked for since; with an age allowed, also what was measured since."""
    heard = Heard([])
    assert heard.recent(0.0, or_measured=True) is None
    heard.note(measurement(21.0, 5.0, asked=4.0))
    heard.note(measurement(22.0, 6.0))
    assert heard.recent(4.0, or_measured=False) == measurement(21.0, 5.0, asked=4.0)
    assert heard.recent(4.1, or_measured=False) is None
    assert heard.recent(4.1, or_measured=True) == measurement(22.0, 6.0)
    assert heard.recent(6.1, or_measured=True) is None
    assert heard.newest_time == 6.0
