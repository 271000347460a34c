"""Reads that wait for the next value of what cannot be asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

import sig
from drivers.next_value import MAX_WAITING, NextValues
from drivers.source import Measurement
from tests.support.background import in_background
from tests.support.fake_clock import FakeClock
from tests.support.waiting import DEADLINE_S, until

FAR_S = 60.0


def value(number: float, at: float, channel: str = "temp") -> Measurement:
    """A measurement at that time."""
    return Measurement(channel, 1, number, None, at)


def values() -> tuple[NextValues, FakeClock]:
    """On a clock of its own."""
    clock = FakeClock()
    return NextValues("sketch", clock.monotonic), clock


@contextmanager
def waits(next_values: NextValues, *channels: str, until_s: float) -> Iterator[list[list[Any]]]:
    """A read of each channel that waits; the lists have each one's outcome afterwards."""
    reads = [in_background(partial(next_values.wait, channel, until_s)) for channel in channels]
    until(lambda: next_values.waiting == len(channels), what="the reads wait")
    yield [results for _, results in reads]
    for thread, _ in reads:
        thread.join(DEADLINE_S)


def test_the_next_value_of_the_channel() -> None:
    """Not one of another channel, and not one that was measured before the call."""
    next_values, clock = values()
    started = clock.monotonic()
    with waits(next_values, "temp", until_s=started + FAR_S) as (result,):
        next_values.measured(value(1.0, started + 1, "hum"))
        next_values.measured(value(2.0, started))
        assert next_values.waiting == 1
        next_values.measured(value(3.0, started + 1))
    assert result == [value(3.0, started + 1)]
    assert next_values.waiting == 0


def test_all_who_wait_get_it() -> None:
    """One value answers every read of its channel."""
    next_values, clock = values()
    started = clock.monotonic()
    with waits(next_values, "temp", "temp", until_s=started + FAR_S) as (first, second):
        next_values.measured(value(3.0, started + 1))
    assert first == second == [value(3.0, started + 1)]


def test_time_is_up_before_anything_came() -> None:
    """The error says so, and how long that is."""
    next_values, clock = values()
    clock.advance(14.0)
    with pytest.raises(sig.RequestTimeout, match="it has not reported in the 14 s since the link was opened"):
        next_values.wait("temp", clock.monotonic())
    assert next_values.waiting == 0


def test_time_is_up_and_more_is_known_of_the_channel() -> None:
    """Its protocol's words come first; once a value has come, they are not needed."""
    clock = FakeClock()
    next_values = NextValues(
        "radio", clock.monotonic, lambda _: "12/0", {"12/battery": "it comes once a day"}.get
    )
    with pytest.raises(sig.RequestTimeout, match=r"no value came within 0\.0 s; it comes once a day$"):
        next_values.wait("12/battery", clock.monotonic())
    next_values.measured(value(87.0, clock.monotonic(), "12/battery"))
    with pytest.raises(sig.RequestTimeout, match="it has reported once"):
        next_values.wait("12/battery", clock.monotonic())


def test_time_is_up_and_only_other_channels_came() -> None:
    """The error names them: no longer time-out helps who has misspelt a name."""
    clock = FakeClock()
    next_values = NextValues("sketch", clock.monotonic, {"temprature": "temp, hum"}.get)
    with pytest.raises(
        sig.RequestTimeout, match=r"within 0\.0 s; no value of temprature yet; seen: temp, hum$"
    ):
        next_values.wait("temprature", clock.monotonic())


def test_time_is_up_and_the_channel_fell_silent() -> None:
    """Who has waited longer than it ever took is not told to wait longer."""
    clock = FakeClock()

    def passing() -> float:
        clock.advance(2.0)
        return clock.monotonic()

    next_values = NextValues("sketch", passing)
    for _ in range(3):
        next_values.measured(value(1.0, clock.monotonic()))
        clock.advance(1.0)
    clock.advance(9.0)  # after 1 s already; then the clock is asked three times
    with pytest.raises(
        sig.RequestTimeout, match=r"within 2\.0 s; it reported every 1 s and has been silent for 16 s$"
    ):
        next_values.wait("temp", clock.monotonic())


def test_time_is_up_after_one_value() -> None:
    """No pace is known yet."""
    next_values, clock = values()
    next_values.measured(value(1.0, clock.monotonic()))
    clock.advance(40.0)
    with pytest.raises(sig.RequestTimeout, match="it has reported once, 40 s ago"):
        next_values.wait("temp", clock.monotonic())


def test_time_is_up_and_the_pace_is_known() -> None:
    """The error says how often it reports, and which time-out to give."""
    next_values, clock = values()
    for _ in range(3):
        next_values.measured(value(1.0, clock.monotonic()))
        clock.advance(30.0)
    with pytest.raises(
        sig.RequestTimeout,
        match=r"sketch: temp cannot be asked, and no value came within 0.0 s; it reports every 30 s: "
        "give a timeout of 45 s or more",
    ):
        next_values.wait("temp", clock.monotonic())


def test_the_link_goes() -> None:
    """Who waits fails at once with the reason, and so does who comes later."""
    next_values, clock = values()
    with waits(next_values, "temp", until_s=clock.monotonic() + FAR_S) as (result,):
        next_values.end("unplugged")
    assert [(type(error), str(error)) for error in result] == [(sig.NotConnected, "sketch: unplugged")]
    with pytest.raises(sig.NotConnected, match="sketch: unplugged"):
        next_values.wait("temp", clock.monotonic() + FAR_S)


def test_one_device_goes() -> None:
    """Who waits for another's channel waits on."""
    next_values, clock = values()
    started = clock.monotonic()
    with waits(next_values, "12/0", "13/0", until_s=started + FAR_S) as (gone, there):
        next_values.fail("12 is not there", lambda channel: channel.startswith("12/"))
        assert next_values.waiting == 1
        next_values.measured(value(3.0, started + 1, "13/0"))
    assert [str(error) for error in gone] == ["sketch: 12 is not there"]
    assert there == [value(3.0, started + 1, "13/0")]


def test_a_crowd() -> None:
    """So many wait, and no more."""
    next_values, clock = values()
    with waits(next_values, *["temp"] * MAX_WAITING, until_s=clock.monotonic() + FAR_S):
        with pytest.raises(sig.Busy, match=f"{MAX_WAITING} reads wait"):
            next_values.wait("temp", clock.monotonic() + FAR_S)
        next_values.measured(value(3.0, clock.monotonic() + 1))
    assert next_values.waiting == 0
