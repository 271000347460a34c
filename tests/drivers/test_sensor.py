"""Sensors: from measurements to events, and the requests. On a desk: no port, a clock of the test's own."""

import json
import logging
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sig
from drivers import HumiditySensor, LightSensor, OptionError, Sensor, TemperatureSensor
from drivers.dispatcher import CAPACITY
from drivers.sensor import CONFIRMING_READS
from drivers.source import Channel, Device, Measurement
from tests.support.desk import TEMP, Desk, board_with

HUM = Channel("hum", "humidity", "%", 0.1, 0.0, 100.0, 1.0)
LUX = Channel("lux", "light", "lx", 1.0, 0.0, 65535.0, 1.0)


def temperature(**options: Any) -> Desk:
    """A temperature sensor whose board is up; its #connect is taken."""
    desk = Desk(TemperatureSensor, **options).up()
    assert desk.names() == ["#connect"]
    return desk


def test_a_sensor_is_listed_before_its_board_is_there() -> None:
    """Listed, not connected: so that somebody who asks is told what is wrong."""
    desk = Desk(TemperatureSensor)
    sender = desk.router.getSender("temp")
    assert sender is not None
    assert not sender.isConnected()
    with pytest.raises(sig.NotConnected):
        desk.router.request("temp", "read")


def test_it_connects_with_the_product_s_events_and_requests() -> None:
    """In their order."""
    desk = Desk(TemperatureSensor).up()
    events = ["#connect", "#disconnect", "#changed", "#stale", "cold", "hot"]
    assert desk.events == [("#connect", {"events": events, "requests": ["read", "last", "info", "stats"]})]


def test_the_first_reading_is_published_whatever_it_is() -> None:
    """With the data that the product promises, and no other."""
    desk = temperature(delta=5)
    desk.measure(21.5)
    assert desk.events == [
        (
            "#changed",
            {"value": 21.5, "unit": "°C", "time": "2026-11-22T06:30:00.000Z", "quality": "good", "seq": 1},
        )
    ]


def test_status() -> None:
    """Whether it is connected, its newest reading with its age, what is expected, why there is none."""
    desk = Desk(TemperatureSensor)
    assert desk.sensor.status() == (False, None, None, None, None, None)
    desk.up()
    assert desk.sensor.status() == (True, None, None, None, 4.0, None)
    desk.wait(4.0)
    assert desk.sensor.status().fault == "nothing heard for 4.0 s"
    desk.measure(20.0, every_s=0.5)
    status = desk.sensor.status()
    assert (status.last and status.last.as_data(), status.age_s) == (desk.sensor.last(), 0.5)
    assert status.fault is None
    desk.wait(5.0)
    status = desk.sensor.status()
    assert (status.last and status.last.quality, status.age_s) == ("stale", 5.5)
    desk.up(Channel("temp", "humidity", "%"), boot=8)
    status = desk.sensor.status()
    assert not status.connected
    assert "humidity" in str(status.problem)


def test_the_deadband_holds() -> None:
    """A heartbeat, a least interval and a step are in test_filters."""
    desk = temperature(delta=0.1)
    desk.measure(21.5, 21.55, 21.6, 21.5)
    assert desk.taken("#changed") == [21.5, 21.6, 21.5]
    assert (desk.stats()["received"], desk.stats()["published"]) == (4, 3)


def test_a_relative_deadband_near_zero() -> None:
    """5 % of nothing: a lux more or less is news, a flicker below the resolution is not."""
    desk = Desk(LightSensor, LUX, delta="5%").up()
    desk.measure(0.0, 0.4, 0.9, 1.0, 0.5, 0.0)
    assert desk.taken("#changed") == [0.0, 1.0, 0.0]


def test_heartbeat_min_interval_and_step_are_measured_in_board_time() -> None:
    """By when values were measured, not by when the dispatcher had time for them."""
    desk = temperature(delta=0.1, min_interval=10, step=5, heartbeat=60)
    desk.measure(20.0, 21.0, 26.0, *[26.0] * 57)
    assert desk.taken("#changed") == [20.0, 26.0]
    desk.measure(*[26.0] * 5)
    assert desk.taken("#changed") == [26.0]


def test_a_heartbeat_of_two_intervals_takes_two_readings() -> None:
    """The board's own interval, of its hello, says how near is near enough."""
    desk = temperature(heartbeat=2)
    desk.measure(*[20.0] * 5, every_s=0.996)
    assert desk.taken("#changed") == [20.0] * 3


def test_a_stale_reading_tells_of_damaged_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """The board may well report, on a bad cable or with a wrong checksum."""
    desk = temperature()
    desk.measure(20.0)
    monkeypatch.setattr(desk.link, "dropped_since_reading", {"temp": 5}.get)
    desk.wait(3.5)
    assert desk.events[-1][1]["reason"] == "nothing heard for 4.5 s; 5 damaged lines since"
    assert desk.sensor.last() == desk.events[-1][1]
    monkeypatch.setattr(desk.link, "dropped_since_reading", {"temp": 1}.get)
    assert desk.sensor.last()["reason"].endswith("; 1 damaged line since")  # type: ignore[index]


def test_calibration_and_units() -> None:
    """°F to °C, then scale, then offset; the unit is the sensor's."""
    desk = Desk(TemperatureSensor, replace(TEMP, unit="F", low=-40, high=300), scale=2, offset=0.5).up()
    desk.measure(212.0)
    assert desk.events[1][1]["value"] == 200.5
    assert desk.events[1][1]["unit"] == "°C"


def test_thresholds_fire_once_on_crossing() -> None:
    """And again after the value came back by the hysteresis."""
    desk = temperature(cold=18, hot=26, hysteresis=0.5)
    desk.measure(20, 26, 27, 25.6, 26, 25.5, 26, 18, 17, 18.4, 18, 18.5, 18)
    names = [(name, data["value"]) for name, data in desk.events if name != "#changed"]
    assert names == [("hot", 26), ("hot", 26), ("cold", 18), ("cold", 18)]


def test_a_threshold_fires_though_the_deadband_holds_the_value_back() -> None:
    """The two have nothing to do with each other."""
    desk = temperature(delta=10, hot=26)
    desk.measure(25.9, 26.0)
    assert desk.names() == ["#changed", "hot"]


def test_a_first_value_beyond_a_threshold_fires() -> None:
    """After #changed."""
    desk = temperature(hot=26)
    desk.measure(30)
    assert desk.names() == ["#changed", "hot"]


def test_a_reconnect_does_not_fire_a_threshold_again() -> None:
    """It has been crossed once; but the value is published again."""
    desk = temperature(hot=26)
    desk.measure(30)
    desk.sensor.link_down("unplugged")
    desk.up()
    desk.measure(30)
    assert desk.names() == ["#changed", "hot", "#disconnect", "#connect", "#changed"]


def test_suspect_values_are_published_as_such_and_fire_no_threshold() -> None:
    """With the reason; the good value after them is news again, though it is the same as before."""
    desk = temperature(range=[-20, 50], hot=26, delta=1)
    desk.measure(20.0, 80.0, 80.1, 20.0)
    qualities = [(data["value"], data["quality"], data.get("reason")) for _, data in desk.events]
    assert qualities == [
        (20.0, "good", None),
        (80.0, "suspect", "outside the plausible range, -20 to 50"),
        (20.0, "good", None),
    ]
    assert desk.stats()["suspect"] == 2


def test_spikes_are_suspect_until_three_agree() -> None:
    """The new level is then good, without more ado."""
    desk = temperature(spike=5)
    desk.measure(20, 20, 40, 20, 40, 40, 40)
    assert [(data["value"], data["quality"]) for _, data in desk.events] == [
        (20, "suspect"),
        (20, "good"),
        (40, "suspect"),
        (20, "good"),
        (40, "suspect"),
        (40, "good"),
    ]


def asked_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The channels that the sensor has the link read, as it asks."""
    asked: list[str] = []
    monkeypatch.setattr(desk.link, "refresh", asked.append)
    return asked


def test_a_power_on_value_is_suspect_and_fires_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """85, then twice the truth: never `hot`; the board is asked at once for what confirms the first value."""
    desk = temperature(spike=5, hot=26)
    asked = asked_again(desk, monkeypatch)
    desk.measure(85.0, 21.5, 21.5)
    readings = [(name, data["value"], data["quality"], data.get("reason")) for name, data in desk.events]
    assert readings == [
        ("#changed", 85.0, "suspect", "first value, not yet confirmed"),
        ("#changed", 21.5, "suspect", "not yet confirmed: 21.5 after 85, more than 5 away"),
        ("#changed", 21.5, "good", None),
    ]
    assert asked == ["temp", "temp"]
    desk.measure(60.0, 21.5)
    assert asked == ["temp", "temp"]


def test_a_first_value_that_is_confirmed_fires_its_threshold() -> None:
    """Late, but not never: an automation must learn of it."""
    desk = temperature(spike=5, hot=26)
    desk.measure(30.0)
    assert desk.names() == ["#changed"]
    desk.measure(30.0)
    assert desk.names() == ["#changed", "hot"]


@pytest.mark.parametrize("how", ["reconnect", "restart", "both"])
def test_the_first_value_after_a_reconnect_or_a_restart_is_unconfirmed(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sensor may have been switched on just now. But `hot` does not fire again for what it was before."""
    desk = temperature(spike=5, hot=26)
    desk.measure(30.0, 30.0)
    asked = asked_again(desk, monkeypatch)
    if how != "restart":
        desk.sensor.link_down("unplugged")
    desk.up(boot=7 if how == "reconnect" else 8)
    desk.names()
    desk.measure(85.0, 30.0, 30.0)
    assert [(name, data["quality"]) for name, data in desk.events] == [
        ("#changed", "suspect"),
        ("#changed", "suspect"),
        ("#changed", "good"),
    ]
    assert asked == ["temp", "temp"]


def test_a_hello_in_between_changes_no_trust() -> None:
    """The same board says who it is, as it is asked to now and then."""
    desk = temperature(spike=5)
    desk.measure(20.0, 20.0)
    desk.names()
    desk.up()
    desk.measure(21.0)
    assert [data["quality"] for _, data in desk.events] == ["good"]


def test_a_board_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values that never agree would have it read as fast as it answers. Without `spike` nobody asks."""
    desk = temperature(spike=5)
    asked = asked_again(desk, monkeypatch)
    desk.measure(*[20.0, 40.0] * 10)
    assert len(asked) == CONFIRMING_READS
    other = temperature(range=[0, 10])
    asked = asked_again(other, monkeypatch)
    other.measure(20.0, 40.0)
    assert asked == []


def test_a_live_read_is_no_more_confirmed_than_the_stream() -> None:
    """What answers it is judged with what has been heard so far."""
    desk = temperature(spike=5)
    first = desk.hear(20.0, asked=desk.clock.monotonic())
    assert desk.sensor.read()["reason"] == "first value, not yet confirmed"
    desk.sensor.accept(first)
    assert desk.sensor.read()["quality"] == "suspect"
    desk.wait(1.0)
    desk.hear(20.1, asked=desk.clock.monotonic())
    assert desk.sensor.read()["quality"] == "good"


@pytest.mark.parametrize("unplugged", [True, False])
def test_another_board_begins_anew(unplugged: bool) -> None:
    """Spike guard, deadband and thresholds: what was true of one board says nothing about another."""
    desk = temperature(spike=5, hot=26, delta=1, heartbeat=1000)
    desk.measure(30.0, 30.0)
    if unplugged:
        desk.sensor.link_down("unplugged")
    desk.up(identity="0002")
    desk.names()
    desk.measure(30.1, 30.1)
    assert [(name, data["quality"]) for name, data in desk.events] == [
        ("#changed", "suspect"),
        ("#changed", "good"),
        ("hot", "good"),
    ]


def test_another_board_s_first_value_is_published_whatever_it_is() -> None:
    """Though it is within the deadband of the other board's last one."""
    desk = temperature(delta=1)
    desk.measure(20.0)
    desk.up(identity="0002")
    desk.measure(20.1)
    assert desk.taken("#changed") == [20.0, 20.1]


def test_the_value_of_another_board_is_not_the_last_one() -> None:
    """Neither for `last` nor for a read that allows an age, nor in a #stale."""
    desk = temperature(invalid=-127)
    desk.hear(-18.0, asked=desk.clock.monotonic())
    desk.measure(-18.0)
    desk.up(identity="0002")
    assert desk.sensor.last() is None
    with pytest.raises(sig.NotConnected):
        desk.sensor.read({"max_age": 60})
    desk.measure(-127.0)
    assert desk.sensor.last() is None
    assert desk.events[-1][0] == "#stale"
    assert desk.events[-1][1]["value"] is None
    desk.measure(21.0)
    assert desk.sensor.last()["value"] == 21.0  # type: ignore[index]


def test_a_value_heard_before_the_other_board_was_announced_counts_once_it_is_taken() -> None:
    """The thread that reads is ahead of the dispatcher's."""
    desk = temperature()
    desk.measure(-18.0)
    early = desk.hear(21.0)
    desk.wait(0.1)
    desk.up(identity="0002")
    assert desk.sensor.last() is None
    desk.sensor.accept(early)
    assert desk.sensor.last()["value"] == 21.0  # type: ignore[index]


def test_no_value_of_a_board_with_a_warning_is_good() -> None:
    """Each is suspect with the warning as its reason, no threshold fires, and `info` shows it."""
    text = "board 0002 answers where 0001 did; write identity: 0002"
    desk = Desk(TemperatureSensor, hot=26).up(identity="0001")
    desk.measure(20.0)
    desk.up(identity="0002", warning=text)
    assert desk.sensor.info()["warning"] == text
    desk.names()
    desk.measure(30.0, 31.0, 1000.0)
    assert [(name, data["quality"], data["reason"]) for name, data in desk.events] == [
        ("#changed", "suspect", text)
    ] * 3
    desk.hear(30.0, asked=desk.clock.monotonic())
    assert desk.sensor.read()["reason"] == text
    assert desk.sensor.last()["reason"] == text  # type: ignore[index]
    desk.up(identity="0001")
    assert (desk.sensor.info()["warning"], desk.sensor.last()) == (None, None)
    desk.names()
    desk.measure(30.0)
    assert desk.names() == ["#changed", "hot"]


def test_a_warning_asks_for_no_confirmation(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other value would make it go away."""
    desk = Desk(TemperatureSensor, spike=5).up(warning="another board")
    asked = asked_again(desk, monkeypatch)
    desk.measure(20.0, 20.0)
    assert asked == []


def test_last_says_of_a_reading_what_listeners_were_told() -> None:
    """The same data, however often it is asked, and though the spike guard has moved on."""
    desk = temperature(spike=5)
    desk.measure(20.0, 20.0)
    assert desk.sensor.last() == desk.events[-1][1]
    for _ in range(3):
        desk.measure(40.0, every_s=0.1)
        desk.clock.set_wall(desk.clock.utc() + 0.0004)
        last = desk.sensor.last()
        assert last is not None
        assert (last["seq"], last["quality"]) == (desk.seq, "good" if desk.seq == 5 else "suspect")


def test_last_is_the_newest_heard_though_the_dispatcher_is_busy() -> None:
    """It was heard, not yet published."""
    desk = temperature()
    desk.measure(20.0)
    desk.hear(21.0)
    last = desk.sensor.last()
    assert last is not None
    assert (last["value"], last["seq"]) == (21.0, 2)


def test_last_is_none_before_the_first_value() -> None:
    """Also when all that came was a fault."""
    desk = temperature()
    assert desk.sensor.last() is None
    desk.measure(None, fault="the board reports 'absent' instead of a value")
    assert desk.sensor.last({"anything": "goes"}) is None


def test_why_there_never_was_a_value() -> None:
    """`info` has it, as `last` cannot; until there is one, or the board is there anew."""
    desk = temperature()
    assert desk.sensor.info()["fault"] is None
    desk.measure(None, fault="no field temprature")
    assert (desk.sensor.last(), desk.sensor.info()["fault"]) == (None, "no field temprature")
    desk.measure(21.5)
    desk.measure(None, fault="the wire is off")
    assert desk.sensor.info()["fault"] is None
    desk = temperature()
    desk.wait(4.1)
    assert desk.sensor.info()["fault"] == "nothing heard for 4.1 s"
    desk.sensor.link_down("unplugged")
    desk.up()
    assert desk.sensor.info()["fault"] is None


def test_silence_makes_a_value_stale_once() -> None:
    """After three intervals and a second; the time stays that of the measurement."""
    desk = temperature()
    desk.measure(21.5, every_s=0.0)
    assert desk.names() == ["#changed"]
    desk.wait(3.9)
    assert desk.names() == []
    assert desk.sensor.last()["quality"] == "good"  # type: ignore[index]
    desk.wait(0.2)
    ((event, data),) = desk.events
    assert event == "#stale"
    assert data == {
        "value": 21.5,
        "unit": "°C",
        "time": "2026-11-22T06:30:00.000Z",
        "quality": "stale",
        "seq": 1,
        "reason": "nothing heard for 4.1 s",
    }
    assert desk.sensor.last() == data
    desk.wait(100)
    desk.wait(100)
    assert desk.names() == ["#stale"]
    assert desk.stats()["stale"] == 1


def test_the_same_value_after_staleness_is_news() -> None:
    """Unchanged and unheard are different things; and silence after it is stale again."""
    desk = temperature(delta=1)
    desk.measure(21.5)
    desk.wait(10)
    desk.measure(21.5)
    desk.wait(10)
    assert desk.names() == ["#changed", "#stale", "#changed", "#stale"]


def test_a_board_that_never_reports_is_stale_without_a_value() -> None:
    """So nobody takes a sender that is connected for one that works."""
    desk = temperature()
    desk.wait(4.1)
    ((event, data),) = desk.events
    assert (event, data["value"], data["seq"], data["quality"]) == ("#stale", None, 0, "stale")


def test_a_fault_is_stale_with_the_board_s_word() -> None:
    """Once; the value after it is news."""
    desk = temperature()
    desk.measure(21.5)
    desk.measure(None, None, fault="the board reports 'absent' instead of a value")
    stale = desk.events[-1][1]
    assert (stale["value"], stale["reason"]) == (21.5, "the board reports 'absent' instead of a value")
    assert desk.sensor.last() == stale
    desk.measure(21.5)
    assert desk.names() == ["#changed", "#stale", "#changed"]
    assert desk.stats()["faults"] == 2


def test_an_invalid_value_is_a_failed_measurement() -> None:
    """As it came, before unit and scale: counted as a fault, stale with a reason, never the last value."""
    desk = Desk(
        TemperatureSensor, replace(TEMP, unit="F", low=-40, high=300), invalid=[-127, 185], scale=2, hot=26
    ).up()
    desk.measure(50.0, 185.0, -127.0)
    last = desk.sensor.last()
    assert desk.names() == ["#connect", "#changed", "#stale"]
    assert (last["value"], last["quality"], last["seq"]) == (20.0, "stale", 1)  # type: ignore[index]
    assert last["reason"] == "the board says -127, which stands for no value (`invalid`)"  # type: ignore[index]
    assert (desk.stats()["received"], desk.stats()["faults"], desk.stats()["suspect"]) == (3, 2, 0)
    desk.measure(50.0)
    assert desk.names() == ["#changed"]


def test_an_invalid_value_fails_a_live_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """And does not answer one that allows an age, or another that waits."""
    desk = temperature(invalid=85)
    desk.measure(21.5)
    desk.hear(85.0, asked=desk.clock.monotonic())
    answer = Measurement("temp", 3, 85.0, None, desk.clock.monotonic(), desk.clock.monotonic())

    def request(verb: str, channel: str, timeout_s: float, unless: Callable[[], object]) -> object:
        return unless() or answer

    monkeypatch.setattr(desk.link, "request", request)
    assert desk.sensor.read({"max_age": 5})["value"] == 21.5
    with pytest.raises(sig.RequestError, match="temp: the board says 85, which stands for no value"):
        desk.sensor.read()
    assert (desk.stats()["reads"], desk.stats()["failed_reads"]) == (2, 1)


def test_nothing_is_invalid_by_default() -> None:
    """85 °C and -127 are values like any other unless the config says otherwise."""
    desk = temperature()
    desk.measure(85.0)
    assert desk.names() == ["#changed"]


def test_stale_after_can_be_set_and_switched_off() -> None:
    """0 switches it off."""
    desk = temperature(stale_after="10min")
    desk.measure(21.5)
    desk.wait(598)
    assert desk.names() == ["#changed"]
    desk.wait(2)
    assert desk.names() == ["#stale"]
    never = temperature(stale_after=0)
    never.measure(21.5)
    never.wait(1e7)
    assert never.names() == ["#changed"]


def test_a_channel_that_only_answers_is_never_stale() -> None:
    """There is no interval to be late for."""
    desk = Desk(TemperatureSensor, replace(TEMP, interval_s=0.0)).up()
    desk.measure(21.5)
    desk.wait(1e6)
    assert desk.names() == ["#connect", "#changed"]
    assert desk.sensor.last()["quality"] == "good"  # type: ignore[index]


def test_a_shorter_interval_is_watched_at_once() -> None:
    """A board that reported every hour, then every second: stale after 4 s, not 3 hours."""
    desk = Desk(TemperatureSensor, replace(TEMP, interval_s=3600.0)).up()
    desk.measure(21.5)
    desk.up(TEMP)
    desk.wait(4.1)
    assert desk.names() == ["#connect", "#changed", "#stale"]
    desk.measure(21.5)
    desk.wait(3.1)
    desk.wait(4 * 3600)
    assert desk.names() == ["#changed", "#stale"]


def test_a_flapping_link_is_watched_by_one_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it comes and goes within one interval; and by none when it stays away."""
    desk = Desk(TemperatureSensor)
    timers: list[float] = []
    call_at = desk.dispatcher.call_at

    def count(when: float, action: Callable[[], None]) -> None:
        timers.append(when - desk.clock.monotonic())
        call_at(when, action)

    monkeypatch.setattr(desk.dispatcher, "call_at", count)
    for _ in range(100):
        desk.up()
        desk.sensor.link_down("flapping")
    desk.up()
    assert timers == [4.0]
    desk.wait(4.1)
    assert desk.names()[-1] == "#stale"
    assert len(timers) == 2
    desk.sensor.link_down("gone")
    desk.wait(1000)
    assert desk.names() == ["#disconnect"]
    assert len(timers) == 2


def test_a_reconnect_gives_the_board_time_to_report() -> None:
    """However long it was away: silence is counted from its return, and no #stale comes right after it."""
    desk = temperature()
    desk.measure(21.5)
    desk.sensor.link_down("gone")
    desk.wait(60)
    desk.names()
    desk.up()
    desk.wait(3.9)
    assert desk.names() == ["#connect"]
    desk.wait(0.2)
    assert desk.names() == ["#stale"]


def test_a_stale_value_is_stale_again_after_a_reconnect() -> None:
    """What was measured before the loss is still the newest value."""
    desk = temperature()
    desk.measure(21.5)
    desk.sensor.link_down("gone")
    desk.wait(60)
    desk.up()
    last = desk.sensor.last()
    assert last is not None
    assert last["quality"] == "stale"
    desk.wait(4.1)
    assert desk.names() == ["#changed", "#disconnect", "#connect", "#stale"]


def test_measurements_that_find_the_sender_disconnected_are_counted() -> None:
    """They were queued when the link went down."""
    desk = temperature()
    desk.sensor.link_down("gone")
    desk.measure(21.5)
    desk.sensor.missed()
    assert desk.names() == ["#disconnect"]
    assert desk.stats()["dropped"] == 2


@pytest.mark.parametrize(
    ("channel", "text"),
    [
        (replace(TEMP, name="tmp"), "board 24A16057F685 has no channel 'temp'; it has tmp"),
        (replace(TEMP, kind="humidity"), "channel 'temp' measures humidity, not temperature"),
        (replace(TEMP, unit="R"), "channel 'temp' is in 'R'; expected C or F or K, or use driver: generic"),
    ],
)
def test_a_board_that_does_not_fit(channel: Channel, text: str, caplog: pytest.LogCaptureFixture) -> None:
    """The sender does not connect, or disconnects; the log says why once, the sensor all the time."""
    desk = temperature()
    desk.sensor.link_up(board_with(channel))
    assert desk.names() == ["#disconnect"]
    assert caplog.text.count(text) == 1
    desk.sensor.link_down("unplugged")
    desk.sensor.link_up(board_with(channel))
    assert caplog.text.count(text) == 1
    assert text in (desk.sensor.problem or "")
    desk.up(TEMP)
    assert desk.names() == ["#connect"]
    assert desk.sensor.problem is None


def test_that_it_fits_at_last_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """With what was wrong; a sensor that fits from the start says nothing."""
    caplog.set_level(logging.INFO)
    desk = temperature().up()
    assert caplog.text == ""
    desk.up(replace(TEMP, kind="humidity"))
    desk.up(TEMP)
    desk.up(TEMP)
    text = "temp: connected; it was not, as channel 'temp' measures humidity, not temperature"
    assert caplog.text.count(text) == 1


def test_another_sender_of_that_name_is_an_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Once, without a traceback; the other one is left alone."""
    desk = Desk(TemperatureSensor)
    other = desk.router.addSender("temp", ["x"])
    desk.up()
    desk.up()
    desk.measure(21.5)
    assert desk.names() == ["#connect"]
    (record,) = caplog.records
    assert (record.levelno, record.exc_info) == (logging.ERROR, None)
    assert "temp: another sender of that name is connected" in caplog.text
    assert (desk.sensor.problem or "").startswith("another sender of that name is connected")
    assert other.isConnected()
    desk.sensor.link_down("gone")
    assert other.isConnected()
    other.remove()
    desk.up()
    assert desk.names() == ["#disconnect", "#connect"]
    assert desk.sensor.problem is None


def test_a_sensor_whose_name_was_taken_gets_it_as_soon_as_it_is_free() -> None:
    """Without a hello or any other news of the board; whoever gave it up is not held up."""
    desk = Desk(TemperatureSensor, replace(TEMP, interval_s=0.0))
    other = desk.router.addSender("temp", ["x"])
    desk.up(warning="another board")
    desk.names()
    other.remove()
    assert desk.names() == ["#disconnect"]
    assert desk.dispatcher.depth == 1
    desk.dispatch()
    assert (desk.names(), desk.sensor.problem) == (["#connect"], None)
    assert desk.sensor.info()["warning"] == "another board"
    desk.measure(21.5)
    assert desk.names() == ["#changed"]


def test_a_name_that_is_taken_again_is_waited_for_again() -> None:
    """However often; and one try waits, not as many as there were chances."""
    desk = Desk(TemperatureSensor)
    for _ in range(3):
        other = desk.router.addSender("temp", ["x"])
        desk.up()
        other.remove()
        other = desk.router.addSender("temp", ["x"])
        other.remove()
        other = desk.router.addSender("temp", ["x"])
        assert desk.dispatcher.depth == 1
        desk.dispatch()
        assert (desk.sensor.problem or "").startswith("another sender of that name is connected")
        assert other.isConnected()
        other.remove()
        desk.dispatch()
        assert desk.sensor.problem is None
        desk.sensor.link_down("gone")


@pytest.mark.parametrize("why", ["gone", "detached", "unfit", "connected"])
def test_a_name_is_waited_for_only_while_it_is_wanted(why: str) -> None:
    """Not for a board that is gone or does not fit, nor by a sensor that is detached or has it."""
    desk = Desk(TemperatureSensor)
    other = desk.router.addSender("temp", ["x"])
    desk.up()
    if why == "gone":
        desk.sensor.link_down("gone")
    elif why == "detached":
        desk.sensor.detach()
    elif why == "unfit":
        desk.up(replace(TEMP, kind="humidity"))
    else:
        other.remove()
        desk.dispatch()
        desk.sensor.link_down("gone")
        other = desk.router.addSender("temp", ["x"])
    other.remove()
    assert desk.dispatcher.depth == 0
    assert not other.isConnected()


def test_a_try_that_is_not_wanted_any_more_does_nothing() -> None:
    """The board went between the name's freedom and the try."""
    desk = Desk(TemperatureSensor)
    other = desk.router.addSender("temp", ["x"])
    desk.up()
    other.remove()
    desk.sensor.link_down("gone")
    desk.dispatch()
    assert not other.isConnected()


def test_a_name_that_became_free_in_the_same_moment_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the try that failed and the listening."""
    desk = Desk(TemperatureSensor)
    other = desk.router.addSender("temp", ["x"])
    listen = desk.router.addListener

    def free_first(*args: Any, **kwargs: Any) -> bool:
        other.remove()
        return listen(*args, **kwargs)

    monkeypatch.setattr(desk.router, "addListener", free_first)
    desk.up()
    assert desk.sensor.problem is None
    assert desk.names()[-1] == "#connect"


def test_detach_leaves_the_router() -> None:
    """And later news of the link do nothing."""
    desk = temperature()
    desk.sensor.detach()
    assert desk.names() == ["#disconnect"]
    desk.up()
    desk.measure(21.5)
    desk.sensor.detach()
    assert desk.names() == []


def test_a_listener_may_detach_the_sensor_that_calls_it() -> None:
    """The threshold behind the #changed then fires nothing."""
    desk = temperature(hot=26)
    desk.router.addListener(lambda info, data: desk.sensor.detach(), event="#changed")
    desk.measure(30)
    assert desk.names() == ["#changed", "#disconnect"]
    assert desk.stats()["published"] == 1


def test_info_is_what_the_sensor_is() -> None:
    """Exactly this."""
    desk = temperature(cold=18, hot=26, hysteresis="10%", range=[-20, 50], delta=0.1)
    assert desk.sensor.info() == {
        "kind": "temperature",
        "unit": "°C",
        "raw": None,
        "link": "board",
        "port": "/dev/none",
        "device": {"path": None, "model": "test-board", "identity": "24A16057F685", "boot": 7},
        "firmware": "1.0",
        "channel": {
            "name": "temp",
            "unit": "C",
            "resolution": 0.01,
            "range": [-40.0, 85.0],
            "interval": 1.0,
        },
        "thresholds": {"cold": 18.0, "hot": 26.0},
        "stale_after": 4.0,
        "warning": None,
        "fault": None,
        "options": {
            "offset": 0.0,
            "scale": 1.0,
            "range": (-20.0, 50.0),
            "delta": "0.1",
            "min_interval": 0.0,
            "heartbeat": 0.0,
            "hysteresis": "10%",
        },
    }


def test_info_has_what_the_device_says_of_itself() -> None:
    """A node's battery, say."""
    desk = Desk(TemperatureSensor)
    desk.up(about={"battery": "87 %"})
    assert desk.sensor.info()["device"]["battery"] == "87 %"


def test_info_before_the_board_was_there() -> None:
    """All of it, with None for what only the board knows."""
    info = Desk(TemperatureSensor).sensor.info()
    assert info["device"] == {"path": None, "model": None, "identity": None, "boot": None}
    assert info["channel"] == {
        "name": "temp",
        "unit": None,
        "resolution": None,
        "range": None,
        "interval": None,
    }
    assert (info["firmware"], info["stale_after"], info["thresholds"]) == (None, None, {})


def test_stats_are_the_sensor_s_and_the_link_s_counters() -> None:
    """Exactly these."""
    assert temperature().stats() == {
        "received": 0,
        "published": 0,
        "suspect": 0,
        "clamped": 0,
        "faults": 0,
        "stale": 0,
        "dropped": 0,
        "reads": 0,
        "failed_reads": 0,
        "late": 0,
        "late_faults": 0,
        "missing": 0,
        "link": {"state": "closed", "reason": "the link is closed", "dropped": None},
        "dispatcher": {"waiting": 0, "dropped": 0},
    }


def test_stats_show_what_the_dispatcher_had_no_room_for() -> None:
    """Nobody runs its queue here, so what is posted waits."""
    desk = temperature()
    for number in range(CAPACITY + 3):
        desk.dispatcher.post(print, number)
    assert desk.stats()["dispatcher"] == {"waiting": CAPACITY, "dropped": 3}


def test_a_read_of_a_closed_link_fails_with_its_reason() -> None:
    """And is counted."""
    desk = temperature()
    with pytest.raises(sig.NotConnected, match="board: the link is closed"):
        desk.sensor.read()
    assert (desk.stats()["reads"], desk.stats()["failed_reads"]) == (1, 1)


def test_a_young_enough_value_answers_a_read() -> None:
    """By its time of measurement; without `max_age` it never does, be it of this very moment."""
    desk = temperature()
    desk.hear(21.5)
    with pytest.raises(sig.NotConnected):
        desk.sensor.read()
    desk.measure(21.5)
    assert desk.sensor.read({"max_age": 5})["value"] == 21.5
    for params in (None, {"max_age": 0.9}):
        with pytest.raises(sig.NotConnected):
            desk.sensor.read(params)


def test_a_value_that_is_stale_answers_no_read() -> None:
    """However old it may be: the board has fallen silent, and is asked."""
    desk = temperature()
    desk.measure(21.5, every_s=4.0)
    assert desk.sensor.read({"max_age": 60})["value"] == 21.5
    desk.wait(0.1)
    assert desk.sensor.last()["quality"] == "stale"  # type: ignore[index]
    with pytest.raises(sig.NotConnected):
        desk.sensor.read({"max_age": 60})


def test_a_live_value_asked_for_since_answers_a_read_too() -> None:
    """Somebody else asked the board in the same moment: then it need not be asked again."""
    desk = temperature()
    desk.hear(22.0, asked=desk.clock.monotonic())
    assert desk.sensor.read()["value"] == 22.0
    desk.wait(0.001)
    with pytest.raises(sig.NotConnected):
        desk.sensor.read()


def test_bad_params_are_refused_before_anything_else() -> None:
    """As for every request."""
    with pytest.raises(sig.BadParams):
        temperature().sensor.read({"maxage": 5})


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"scale": 0}, "scale"),
        ({"cold": 26, "hot": 18}, "cold"),
        ({"cold": 18, "hot": 18}, "cold"),
        ({"cold": 18, "hot": 19, "hysteresis": 1}, "hysteresis"),
        ({"cold": 18, "hot": 26, "hysteresis": "50%"}, "hysteresis"),
        ({"dry": 5}, "dry"),
        ({"delta": "x"}, "delta"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], option: str) -> None:
    """By the constructor, with the option's name."""
    with pytest.raises(OptionError) as caught:
        Desk(TemperatureSensor, **options)
    assert caught.value.option == option


@pytest.mark.parametrize(
    ("driver", "channel", "low", "high"),
    [(HumiditySensor, HUM, "dry", "wet"), (LightSensor, LUX, "dark", "bright")],
)
def test_the_other_drivers(driver: type[Sensor], channel: Channel, low: str, high: str) -> None:
    """Each fires its own events."""
    desk = Desk(driver, channel, **{low: 10, high: 50}).up()
    desk.measure(30, 50, 10)
    assert desk.names() == ["#connect", "#changed", "#changed", high, "#changed", low]


def test_fog_is_wet() -> None:
    """A hygrometer that says 101.7 % is set to 100, which is good, fires `wet`, and is counted."""
    desk = Desk(HumiditySensor, HUM, wet=95).up()
    desk.measure(90.0, 101.7, 102.4)
    events = [(name, data["value"], data["quality"]) for name, data in desk.events if name != "#connect"]
    assert events == [("#changed", 90.0, "good"), ("#changed", 100.0, "good"), ("wet", 100.0, "good")]
    assert (desk.stats()["clamped"], desk.stats()["suspect"]) == (2, 0)
    assert desk.sensor.last()["value"] == 100.0  # type: ignore[index]


def test_a_live_read_is_clamped_and_not_counted_twice() -> None:
    """It is the same value, whoever asks for it first; what is counted is what listeners got."""
    desk = Desk(HumiditySensor, HUM, offset=3).up()
    measurement = desk.hear(99.5, asked=desk.clock.monotonic())
    assert desk.sensor.read()["value"] == 100.0
    assert desk.stats()["clamped"] == 0
    desk.sensor.accept(measurement)
    assert desk.sensor.read()["value"] == 100.0
    assert desk.stats()["clamped"] == 1


@pytest.mark.parametrize(
    ("driver", "channel", "options", "raw", "quality"),
    [
        (HumiditySensor, HUM, {}, 101.0, "good"),
        (HumiditySensor, HUM, {"clamp": False}, 101.0, "suspect"),
        (HumiditySensor, HUM, {"clamp": True}, 106.0, "suspect"),
        (TemperatureSensor, replace(TEMP, low=-1000), {}, -273.16, "suspect"),
        (TemperatureSensor, replace(TEMP, low=-1000), {"clamp": True}, -273.16, "suspect"),
        (LightSensor, replace(LUX, low=-5), {"clamp": True}, -1.0, "suspect"),
        (LightSensor, LUX, {}, 0.0, "good"),
    ],
)
def test_what_cannot_be_is_not_good(
    driver: type[Sensor], channel: Channel, options: dict[str, Any], raw: float, quality: str
) -> None:
    """Each kind has its limits; humidity alone is clamped unless the config says otherwise."""
    desk = Desk(driver, channel, **options).up()
    desk.measure(raw)
    assert desk.events[-1][1]["quality"] == quality


def test_a_fourth_kind_is_a_few_lines() -> None:
    """What a driver has to say, and no more."""

    class PressureSensor(Sensor):
        kind = "pressure"
        unit = "hPa"
        units = {"Pa": lambda pascal: pascal / 100}
        low_event = "storm"
        high_event = "fine"

    channel = Channel("baro", "pressure", "Pa", 1.0, 30000, 110000, 1.0)
    desk = Desk(PressureSensor, channel, storm=980).up()
    desk.measure(101325, 97900)
    assert desk.taken("#changed", "storm") == [1013.25, 979.0, 979.0]


def test_a_channel_of_another_name() -> None:
    """The sender's name and the channel's need not be the same; the interval wanted is in milliseconds."""
    desk = Desk(TemperatureSensor)
    sensor = TemperatureSensor("attic", desk.link, channel="temp", interval="2.5s")
    assert (sensor.name, sensor.channel, sensor.interval_ms) == ("attic", "temp", 2500)
    assert desk.sensor.interval_ms is None


def test_a_wall_clock_that_jumps_changes_no_age() -> None:
    """Ages are monotonic; the next reading has the new time."""
    desk = temperature()
    desk.measure(20.0)
    desk.clock.set_wall(desk.clock.utc() + 1e8)
    desk.measure(21.0)
    assert desk.names() == ["#changed", "#changed"]
    assert desk.sensor.last()["time"].startswith("2030-01")  # type: ignore[index]


def plain(**options: Any) -> Desk:
    """A temperature sensor on a source that says neither what nor in which unit it measures."""
    desk = Desk(TemperatureSensor, Channel("temp", resolution=0.1), **options).up()
    assert desk.names() == ["#connect"]
    return desk


def test_everything_is_in_the_unit_that_is_shown() -> None:
    """Thresholds, offset, delta, spike, range; the reading's unit, and `info`."""
    desk = plain(show="F", unit="C", hot=75, offset=-0.5, delta=1, range=[0, 100])
    desk.measure(20.0, 20.3, 24.2, 40.0)
    events = [(name, data["value"], data["unit"], data["quality"]) for name, data in desk.events]
    assert events == [
        ("#changed", 67.5, "°F", "good"),
        ("#changed", 75.06, "°F", "good"),
        ("hot", 75.06, "°F", "good"),
        ("#changed", 103.5, "°F", "suspect"),
    ]
    assert (desk.sensor.info()["unit"], desk.sensor.info()["raw"]) == ("°F", 40.0)
    assert desk.sensor.last()["unit"] == "°F"  # type: ignore[index]


def test_below_absolute_zero_is_less_than_can_be_in_each_unit() -> None:
    """The limits go along with what is shown."""
    for show, zero in (("C", -273.15), ("F", -459.67), ("K", 0.0)):
        desk = plain(show=show)
        desk.measure(-273.15, -273.2)
        (_, good), (_, suspect) = desk.events
        assert (good["value"], good["quality"]) == (zero, "good")
        assert suspect["reason"].startswith(f"less than temperature can be, {zero:g}")


def test_a_stale_value_that_never_was_has_the_unit_that_is_shown() -> None:
    """So that nobody has to guess what the null is of."""
    desk = plain(show="K")
    desk.measure(None, fault="no field temp")
    assert (desk.events[0][1]["value"], desk.events[0][1]["unit"]) == (None, "K")


def test_calibration_by_points() -> None:
    """Takes the place of the unit's conversion; `info` shows what the source said."""
    desk = plain(unit="F", calibrate=[[32.9, 0.0], [211.1, 100.0]])
    desk.measure(32.9, 122.0, 211.1)
    assert desk.taken("#changed") == [0.0, 50.0, 100.0]
    assert desk.sensor.info()["raw"] == 211.1
    assert desk.sensor.info()["options"]["calibrate"] == ((32.9, 0.0), (211.1, 100.0))
    assert json.loads(json.dumps(desk.sensor.info()))["options"]["calibrate"] == [[32.9, 0.0], [211.1, 100.0]]


def test_a_calibrated_value_has_the_digits_that_its_steepness_asks_for() -> None:
    """An ADC's count is a step of 0.0977: two digits and one more."""
    channel = Channel("temp", resolution=1.0)
    desk = Desk(TemperatureSensor, channel, calibrate=[[0, 0], [1023, 100]]).up()
    desk.measure(512)
    assert desk.taken("#changed") == [50.049]


def test_invalid_comes_first_and_spikes_before_the_median() -> None:
    """What is no value is not calibrated; what is suspect is not in the median."""
    desk = plain(invalid=85, calibrate=[[0, 10], [100, 110]], spike=5, median=3)
    desk.measure(20, 20, 80, 21, 85, 21)
    assert [(name, data["value"], data["quality"]) for name, data in desk.events] == [
        ("#changed", 30, "suspect"),
        ("#changed", 30, "good"),
        ("#changed", 90, "suspect"),
        ("#changed", 30.5, "good"),
        ("#stale", 30.5, "stale"),
        ("#changed", 31, "good"),
    ]


def test_what_is_clamped_is_what_goes_into_the_average() -> None:
    """The limit, not the value beyond it."""
    desk = Desk(HumiditySensor, HUM, average="10s").up()
    desk.measure(99.0, 104.0)
    assert desk.taken("#changed") == [99.0, 99.5]


def test_thresholds_see_what_is_published() -> None:
    """A single spike is no alarm with a median."""
    desk = plain(median=3, hot=50)
    desk.measure(20, 20, 80, 20, 80, 80)
    assert desk.names() == ["#changed", "#changed", "hot"]


def test_a_live_read_goes_through_the_median_and_leaves_no_trace() -> None:
    """Also when it is asked again and again."""
    desk = plain(median=3)
    desk.measure(20, 21)
    measurement = desk.hear(90, asked=desk.clock.monotonic())
    assert [desk.sensor.read()["value"] for _ in range(3)] == [21, 21, 21]
    assert desk.sensor.last()["value"] == 21  # type: ignore[index]
    desk.sensor.accept(measurement)
    assert desk.sensor.read()["value"] == 21
    desk.measure(20)
    assert desk.taken("#changed") == [20, 20.5, 21]


@pytest.mark.parametrize("how", ["restart", "another", "reconnect", "silence", "fault"])
def test_what_begins_a_median_anew(how: str) -> None:
    """Values of before are of another time, or of another board."""
    desk = Desk(TemperatureSensor, replace(TEMP, interval_s=1.0), median=5).up()
    desk.measure(20.0, 20.0, 20.0)
    if how == "restart":
        desk.up(boot=8)
    elif how == "another":
        desk.up(identity="0002")
    elif how == "reconnect":
        desk.sensor.link_down("unplugged")
        desk.up()
    elif how == "silence":
        desk.wait(10.0)
    else:
        desk.measure(None, fault="the wire is off")
    desk.names()
    desk.measure(30.0)
    assert desk.taken("#changed") == [30.0]


def test_a_hello_in_between_keeps_the_median() -> None:
    """The same board says who it is, as it is asked to now and then."""
    desk = temperature(median=5)
    desk.measure(20.0, 20.0, 20.0)
    desk.up()
    desk.measure(30.0)
    assert desk.taken("#changed") == [20.0]


def test_a_value_that_is_no_number_is_a_failed_measurement() -> None:
    """Not a reading that no JSON can hold."""
    desk = plain()
    desk.measure(20.0, math.nan, math.inf)
    assert desk.names() == ["#changed", "#stale"]
    assert desk.stats()["faults"] == 2
    assert desk.sensor.info()["raw"] is None
    assert "is no value" in desk.sensor.last()["reason"]  # type: ignore[index]
    json.dumps([desk.sensor.last(), desk.sensor.info()], allow_nan=False)


def test_a_device_that_may_have_any_channel() -> None:
    """The sensor connects, and is stale until the channel comes."""
    desk = Desk(TemperatureSensor)
    desk.sensor.link_up(Device("text", "", "", 0, {}, any_channel=True))
    assert desk.names() == ["#connect"]
    desk.measure(None, fault="no field temprature; seen: temp, hum")
    assert desk.names() == ["#stale"]
    desk.measure(21.5)
    assert desk.taken("#changed") == [21.5]
    assert desk.sensor.info()["device"] == {"path": None, "model": "text", "identity": "", "boot": 0}


def test_a_named_device_without_the_channel() -> None:
    """Is called by its name."""
    desk = Desk(TemperatureSensor)
    desk.sensor.link_up(Device("node", "", "2.3", 0, {"12/0": replace(TEMP, name="12/0")}, "12"))
    assert desk.sensor.problem == "device 12 has no channel 'temp'; it has 12/0"


_NUMBERS = st.floats(-1e100, 1e100)
_OPTIONS = {
    "offset": _NUMBERS,
    "scale": _NUMBERS.filter(bool),
    "show": st.sampled_from(["C", "F", "K"]),
    "unit": st.sampled_from(["C", "F", "K"]),
    "calibrate": st.lists(
        st.tuples(st.floats(-1e100, 1e100), st.floats(-1e100, 1e100)), min_size=2, max_size=4
    ),
    "range": st.just([-5, 50]),
    "clamp": st.booleans(),
    "spike": st.floats(0, 100) | st.just("5%"),
    "median": st.sampled_from([3, 5]),
    "average": st.floats(0.1, 100),
    "delta": st.floats(0, 10) | st.just("5%"),
    "hot": _NUMBERS,
    "invalid": st.just([85, -127]),
}


@settings(deadline=None)
@given(
    st.fixed_dictionaries({}, optional=_OPTIONS),
    st.floats(0, 1e6),
    st.lists(st.none() | st.floats() | st.floats(-200, 200), max_size=20),
)
def test_any_value_makes_readings_that_json_can_hold(
    options: dict[str, Any], resolution: float, values: list[float | None]
) -> None:
    """Whatever a source says, and whatever the config makes of it, if it is accepted."""
    try:
        desk = Desk(TemperatureSensor, Channel("temp", resolution=resolution), **options).up()
    except OptionError:
        return
    for value in values:
        desk.measure(value)
        json.dumps([desk.sensor.last(), desk.sensor.info()], allow_nan=False)
    json.dumps(desk.events, allow_nan=False)


def test_who_says_at_last_who_it_is_was_not_another_before() -> None:
    """Its values count on; one that said another thing before is another."""
    desk = temperature(median=5)
    for identity, median in (("", 20.0), ("0001", 25.0), ("0002", 30.0)):
        desk.up(identity=identity)
        desk.names()
        desk.measure(20.0 if identity == "" else 30.0)
        assert desk.sensor.last()["value"] == median  # type: ignore[index]
