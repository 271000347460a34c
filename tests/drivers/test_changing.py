"""A sensor that gets other options while it is at work. On a desk: no port, a clock of the test's own."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import HumiditySensor, OptionError, TemperatureSensor
from drivers.generic import GenericSensor
from tests.support.desk import Desk


def temperature(*values: float, **options: Any) -> Desk:
    """A temperature sensor that has measured; its events are taken."""
    desk = Desk(TemperatureSensor, **options).up()
    desk.measure(*values)
    desk.names()
    return desk


def test_it_stays_connected() -> None:
    """Nothing is said where nothing is news; `info` has the new options."""
    desk = temperature(21.5, hot=26)
    desk.sensor.change({"hot": 28, "delta": 0.5, "stale_after": 30})
    assert desk.names() == []
    info = desk.sensor.info()
    assert (info["thresholds"], info["stale_after"]) == ({"hot": 28}, 30)
    desk.measure(21.6)
    assert desk.names() == []
    desk.measure(22.1)
    assert desk.names() == ["#changed"]
    assert desk.stats()["received"] == 3


def test_a_wrong_option_changes_nothing() -> None:
    """It goes on as before."""
    desk = temperature(21.5, hot=26)
    with pytest.raises(OptionError, match="cold"):
        desk.sensor.change({"hot": 20, "cold": 25})
    with pytest.raises(OptionError, match="unknown option"):
        desk.sensor.change({"hott": 20})
    assert desk.sensor.info()["thresholds"] == {"hot": 26}
    desk.measure(27)
    assert desk.names() == ["#changed", "hot"]


def test_a_threshold_that_the_value_is_beyond_fires_at_once() -> None:
    """As it does for the first value after a start; one that has fired does not fire again."""
    desk = temperature(25.0, hot=26)
    desk.sensor.change({"hot": 24})
    assert desk.names() == ["hot"]
    desk.sensor.change({"hot": 23})
    desk.measure(25.5)
    assert desk.names() == ["#changed"]
    desk.sensor.change({"hot": 23, "cold": 10})
    desk.measure(9.0, 26.0)
    assert desk.names() == ["#changed", "cold", "#changed", "hot"]


def test_a_threshold_that_the_value_is_below_again_can_fire() -> None:
    """By the new level and hysteresis."""
    desk = temperature(27.0, hot=26)
    desk.sensor.change({"hot": 28, "hysteresis": 0.5})
    desk.measure(28.5)
    assert desk.names() == ["#changed", "hot"]


def test_a_calibration_is_said_at_once() -> None:
    """If by it the value is news; `last` has it in any case."""
    desk = temperature(20.0, delta=1)
    desk.sensor.change({"delta": 1, "offset": 0.5})
    assert desk.names() == []
    last = desk.sensor.last()
    assert last is not None
    assert (last["value"], last["seq"]) == (20.5, 1)
    desk.sensor.change({"delta": 1, "offset": 2})
    assert desk.taken("#changed") == [22.0]
    assert desk.stats()["received"] == 1
    desk.measure(20.5)
    assert desk.names() == []


def test_another_unit_is_said_at_once() -> None:
    """Whatever the deadband says, and thresholds are in it."""
    desk = temperature(20.0, delta=100, hot=19)
    desk.sensor.change({"delta": 100, "show": "F", "hot": 60})
    assert [(event, data["value"], data["unit"]) for event, data in desk.events] == [
        ("#changed", 68.0, "°F"),
        ("hot", 68.0, "°F"),
    ]
    last = desk.sensor.last()
    assert last is not None
    assert (last["unit"], desk.sensor.shown_unit) == ("°F", "°F")


def test_a_deadband_goes_on() -> None:
    """From the value that was published last, and its time."""
    desk = temperature(20.0, delta=1, min_interval=0)
    desk.measure(20.9)
    desk.sensor.change({"delta": 0.5})
    assert desk.taken("#changed") == [20.9]
    desk.sensor.change({"delta": 0.5, "min_interval": 60})
    desk.measure(25.0)
    assert desk.names() == []


@pytest.mark.parametrize(("other", "value"), [({"hot": 30.0}, 22.0), ({"precision": 0}, 22.0)])
def test_an_average_goes_on(other: dict[str, Any], value: float) -> None:
    """It is not begun anew for what does not concern it."""
    desk = Desk(GenericSensor, unit="C", average=60, high=100).up()
    desk.measure(20.0, 24.0)
    desk.names()
    high = other.pop("hot", 100)
    desk.sensor.change({"unit": "C", "average": 60, "high": high, **other})
    desk.measure(22.0)
    last = desk.sensor.last()
    assert last is not None
    assert last["value"] == value


def test_an_average_of_other_values_begins_anew() -> None:
    """What was before the calibration is not mixed with what comes after it."""
    desk = temperature(20.0, 24.0, average=60)
    desk.sensor.change({"average": 60, "offset": 10})
    assert desk.taken("#changed") == [34.0]
    desk.measure(24.0)
    last = desk.sensor.last()
    assert last is not None
    assert last["value"] == 34.0


def test_a_window_for_the_first_time() -> None:
    """And then none any more."""
    desk = temperature(20.0)
    desk.sensor.change({"median": 3})
    desk.measure(30.0, 30.0, 10.0)
    last = desk.sensor.last()
    assert last is not None
    assert last["value"] == 30.0
    desk.sensor.change({})
    last = desk.sensor.last()
    assert last is not None
    assert last["value"] == 10.0


def test_a_spike_guard_knows_the_level() -> None:
    """The good value of before; so no reading is suspect for the want of another."""
    desk = temperature(20.0)
    desk.sensor.change({"spike": 5})
    desk.measure(21.0, 40.0)
    assert [(data["value"], data["quality"]) for _, data in desk.events] == [
        (21.0, "good"),
        (40.0, "suspect"),
    ]
    desk.names()
    desk.sensor.change({"spike": 10})
    desk.measure(22.0)
    assert [data["quality"] for _, data in desk.events] == ["good"]
    desk.names()
    desk.sensor.change({"spike": 10, "offset": 100})
    desk.measure(23.0)
    assert [(data["value"], data["quality"]) for _, data in desk.events] == [(122.0, "good"), (123.0, "good")]


def test_a_spike_in_doubt_is_not_the_level() -> None:
    """What was suspect stays so until others agree."""
    desk = temperature(20.0, 20.0, spike=5)
    desk.measure(40.0)
    desk.sensor.change({"spike": 4})
    desk.measure(20.1)
    assert [data["quality"] for event, data in desk.events if event == "#changed"] == ["suspect", "good"]


def test_a_range_that_leaves_the_value_out() -> None:
    """It is suspect at once, and good again at once."""
    desk = temperature(20.0)
    desk.sensor.change({"range": [0, 10]})
    assert [data["quality"] for _, data in desk.events] == ["suspect"]
    desk.names()
    desk.sensor.change({"range": [0, 30]})
    assert [data["quality"] for _, data in desk.events] == ["good"]


def test_a_value_that_stands_for_none_now() -> None:
    """Stale, with the reason; and it is one again when that is taken back."""
    desk = temperature(20.0, 85.0)
    desk.sensor.change({"invalid": 85})
    ((event, data),) = desk.events
    assert (event, data["value"]) == ("#stale", None)
    assert "stands for no value" in data["reason"]
    desk.names()
    desk.sensor.change({})
    assert desk.taken("#changed") == [85.0]


def test_a_shorter_time_to_be_stale() -> None:
    """From the newest value on, not from the change."""
    desk = temperature(20.0, stale_after=60)
    desk.wait(9.0)
    desk.sensor.change({"stale_after": 20})
    desk.wait(9.9)
    assert desk.names() == []
    desk.wait(0.2)
    assert desk.names() == ["#stale"]
    desk.sensor.change({"stale_after": 100})
    assert desk.taken("#changed") == [20.0]


def test_one_that_is_stale_by_the_new_time() -> None:
    """At once."""
    desk = temperature(20.0, stale_after=60)
    desk.wait(30.0)
    desk.sensor.change({"stale_after": 20})
    assert desk.names() == ["#stale"]
    desk.sensor.change({"stale_after": 25})
    assert desk.names() == []


def test_a_unit_that_the_source_does_not_have() -> None:
    """It leaves the router with the reason, and comes back with the right one."""
    desk = Desk(GenericSensor, unit="C").up()
    desk.measure(20.0)
    desk.names()
    desk.sensor.change({"unit": "hPa"})
    assert desk.names() == ["#disconnect"]
    assert "hPa" in str(desk.sensor.problem)
    desk.sensor.change({"unit": "C"})
    assert desk.names() == ["#connect", "#changed"]
    assert desk.sensor.problem is None


def test_while_the_board_is_away() -> None:
    """It does not come back by that; with the board it has the new options."""
    desk = temperature(20.0, hot=26)
    desk.sensor.link_down("gone")
    desk.names()
    desk.sensor.change({"hot": 19, "show": "K"})
    assert desk.names() == []
    desk.up()
    desk.measure(20.0)
    assert desk.names() == ["#connect", "#changed", "hot"]
    assert Desk(TemperatureSensor).sensor.change({"hot": 5}) is None  # type: ignore[func-returns-value]


def test_an_interval_is_asked_of_the_board(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only if it is another."""
    desk = temperature(20.0)
    asked: list[str] = []
    monkeypatch.setattr(desk.link, "refresh", asked.append)
    desk.sensor.change({"interval": 5})
    desk.sensor.change({"interval": 5, "hot": 30})
    assert asked == ["temp"]
    assert desk.sensor.interval_ms == 5000


def test_a_warning_of_the_link_s_stays() -> None:
    """Its readings are suspect as before."""
    desk = Desk(TemperatureSensor).up(warning="another board")
    desk.measure(20.0)
    desk.names()
    desk.sensor.change({"offset": 1})
    desk.measure(21.0)
    assert {data["reason"] for _, data in desk.events} == {"another board"}


def test_which_may_be_changed() -> None:
    """Not one that makes something of its options by itself."""

    class Own(HumiditySensor):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.mine = options

    class Quiet(HumiditySensor):
        pass

    link = Desk(TemperatureSensor).link
    assert not Own("x", link).changeable
    assert Quiet("x", link).changeable


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "hot": st.sampled_from([15, 25, 35]),
        "cold": st.sampled_from([0, 10]),
        "offset": st.sampled_from([0, 3, -7]),
        "scale": st.sampled_from([1, 2]),
        "show": st.sampled_from(["C", "F", "K"]),
        "median": st.just(3),
        "spike": st.sampled_from([5, 50]),
        "delta": st.sampled_from([0, 2, "10%"]),
        "range": st.sampled_from([[0, 30], [-300, 500]]),
        "invalid": st.just(20),
        "stale_after": st.sampled_from([10, 40]),
        "heartbeat": st.just(3),
    },
)


@given(before=OPTIONS, after=OPTIONS, values=st.lists(st.sampled_from([5, 20, 21, 30, 85]), max_size=6))
def test_in_the_end_it_is_as_one_that_was_made_so(
    before: dict[str, Any], after: dict[str, Any], values: list[float]
) -> None:
    """After a few values what it says of itself and of the newest is the same, whatever it was before."""
    changed, made = Desk(TemperatureSensor, **before).up(), Desk(TemperatureSensor, **after).up()
    changed.measure(*values)
    made.clock.advance(len(values))
    made.seq = changed.seq
    changed.sensor.change(after)
    for desk in (changed, made):
        desk.measure(22.0, 22.0, 22.0, 22.0)
    assert changed.sensor.info() == made.sensor.info()
    assert changed.sensor.last() == made.sensor.last()
    assert changed.sensor.status()._replace(last=None) == made.sensor.status()._replace(last=None)
