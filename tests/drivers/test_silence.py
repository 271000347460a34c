"""Staleness of sources that do not say how often they report."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from drivers import TemperatureSensor
from drivers.source import Channel
from tests.support.desk import Desk

SELF_WILLED = Channel("temp", unannounced=True)


def desk_of(**options: Any) -> Desk:
    desk = Desk(TemperatureSensor, SELF_WILLED, **options).up()
    assert desk.names() == ["#connect"]
    return desk


def test_five_minutes_before_anything_is_known() -> None:
    """Counted from the device's coming, then from the first value."""
    desk = desk_of()
    assert desk.sensor.info()["stale_after"] == 300
    desk.wait(299.9)
    assert desk.names() == []
    desk.measure(20.0, every_s=0.0)
    desk.wait(299.9)
    assert desk.names() == ["#changed"]
    desk.wait(0.2)
    assert desk.names() == ["#stale"]


def test_three_of_the_longest_gaps_once_there_is_one() -> None:
    """The timer that was set for five minutes gives way to an earlier one."""
    desk = desk_of()
    desk.measure(20.0, 20.5, every_s=5.0)
    desk.names()
    assert desk.sensor.info()["stale_after"] == 15
    desk.wait(9.9)
    assert desk.names() == []
    desk.wait(0.2)
    ((event, data),) = desk.events
    assert (event, data["reason"]) == ("#stale", "nothing heard for 15.1 s")
    assert desk.sensor.last() == data


def test_a_gap_that_becomes_longer_and_then_shorter_is_followed() -> None:
    """Stale as late as the longest of the last eight says, and no later."""
    desk = desk_of()
    desk.measure(20.0, 20.1, every_s=5.0)
    desk.measure(20.2, every_s=12.0)
    desk.measure(20.3, every_s=30.0)  # 12 s after the one before
    assert desk.names() == ["#changed"] * 4
    desk.wait(6.1)
    assert desk.names() == ["#stale"]
    desk.measure(*[20.0] * 9, every_s=1.0)
    desk.names()
    assert desk.sensor.info()["stale_after"] == 10
    desk.wait(9.2)
    assert desk.names() == ["#stale"]


def test_what_answers_a_live_read_tells_nothing_of_the_pace() -> None:
    """Else somebody who asks each second would have a slow source be stale in ten."""
    desk = desk_of()
    desk.measure(20.0, 20.0, every_s=60.0)
    for _ in range(20):
        desk.sensor.accept(desk.hear(20.0, asked=desk.clock.monotonic()))
        desk.wait(1.0)
    assert desk.sensor.info()["stale_after"] == 180


def test_a_failed_measurement_is_a_report_too() -> None:
    """It tells of the pace, though not of the value."""
    desk = desk_of()
    desk.measure(None, None, every_s=20.0, fault="no field temprature; seen: temp, hum")
    assert desk.sensor.info()["stale_after"] == 60
    ((_, data),) = desk.events
    assert (data["value"], data["reason"]) == (None, "no field temprature; seen: temp, hum")


def test_an_absence_is_no_gap() -> None:
    """The device was unplugged for a night."""
    desk = desk_of()
    desk.measure(20.0, 20.0, every_s=5.0)
    desk.sensor.link_down("unplugged")
    desk.wait(36000.0)
    desk.up()
    desk.measure(20.0, 20.0, every_s=5.0)
    assert desk.sensor.info()["stale_after"] == 15


def test_another_device_has_a_pace_of_its_own() -> None:
    """Nothing is known of it yet."""
    desk = desk_of()
    desk.measure(20.0, 20.0, every_s=5.0)
    desk.up(identity="0002")
    assert desk.sensor.info()["stale_after"] == 300


@pytest.mark.parametrize(
    ("channel", "options", "stale_after"),
    [
        (SELF_WILLED, {"stale_after": 42}, 42),
        (SELF_WILLED, {"stale_after": 0}, None),
        (replace(SELF_WILLED, interval_s=10.0), {}, 31),
        (Channel("temp"), {}, None),
        (Channel("temp", interval_s=2.0), {}, 7),
    ],
)
def test_the_gaps_count_only_where_nothing_else_is_known(
    channel: Channel, options: dict[str, Any], stale_after: float | None
) -> None:
    """Not against the config, nor against an interval."""
    desk = Desk(TemperatureSensor, channel, **options).up()
    desk.measure(20.0, 20.0, every_s=5.0)
    assert desk.sensor.info()["stale_after"] == stale_after


def test_a_steady_source_is_watched_by_one_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each looks again when its time is up: 8 s after the one before, as the last value is 4 s old then."""
    desk = desk_of()
    timers: list[float] = []
    call_at = desk.dispatcher.call_at

    def count(when: float, action: Callable[[], None]) -> None:
        timers.append(when)
        call_at(when, action)

    monkeypatch.setattr(desk.dispatcher, "call_at", count)
    desk.measure(*[20.0] * 100, every_s=4.0)
    assert len(timers) == 50


def test_who_only_says_again_who_it_is_has_not_reported() -> None:
    """A radio node that is heard each minute does not keep the value of its broken probe alive."""
    desk = Desk(TemperatureSensor).up()
    desk.measure(20.0, every_s=0.0)
    for _ in range(5):
        desk.wait(1.0)
        desk.up()
    assert desk.names() == ["#connect", "#changed", "#stale"]


def test_another_interval_begins_another_silence() -> None:
    """It was heard within the old one; the new one is not over yet."""
    desk = Desk(TemperatureSensor, Channel("temp", interval_s=3600.0)).up()
    desk.measure(20.0, every_s=1800.0)
    desk.up(Channel("temp", interval_s=1.0))
    desk.wait(3.9)
    assert desk.names() == ["#connect", "#changed"]
    desk.wait(0.2)
    assert desk.names() == ["#stale"]
