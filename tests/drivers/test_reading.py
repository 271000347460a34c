"""Readings, as they leave the process."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from drivers.reading import GOOD, STALE, Reading, format_utc


def test_a_good_reading_has_exactly_the_product_s_keys() -> None:
    """No reason where the quality is good."""
    reading = Reading(23.5, "°C", 1_795_329_000.123, GOOD, 1041)
    assert reading.as_data() == {
        "value": 23.5,
        "unit": "°C",
        "time": "2026-11-22T06:30:00.123Z",
        "quality": "good",
        "seq": 1041,
    }


def test_another_quality_has_a_reason() -> None:
    """The reason comes along, and so does a value that never was."""
    data = Reading(None, "%", 0.0, STALE, 0, "nothing heard for 5 s").as_data()
    assert (data["value"], data["quality"], data["reason"]) == (None, "stale", "nothing heard for 5 s")


def test_a_second_that_is_over_is_carried() -> None:
    """59.9995 s is the next minute's start."""
    assert format_utc(1_795_329_059.9995) == "2026-11-22T06:31:00.000Z"


@given(st.floats(0, 4e9))
def test_the_text_is_never_earlier_and_at_most_a_millisecond_later(utc: float) -> None:
    """So a measurement does not seem to come before the request that caused it."""
    parsed = dt.datetime.fromisoformat(format_utc(utc)).timestamp()
    assert -1e-6 <= parsed - utc < 0.001 + 1e-6
