"""What a sensor makes of readings that its board kept, and of what is lost."""

from typing import Any

import pytest

from drivers import TemperatureSensor
from drivers.publisher import MOST_GAPS
from drivers.receipt import Receipt
from drivers.source import Measurement, Missing
from tests.support.desk import Desk


def keeping(**options: Any) -> Desk:
    """A temperature sensor whose board keeps 115 readings; what connects it is taken."""
    desk = Desk(TemperatureSensor, **options).up(kept=115)
    desk.events.clear()
    return desk


def late(desk: Desk, value: float | None, ago_s: float = 60.0, **more: Any) -> None:
    """A kept reading arrives."""
    measured = desk.clock.monotonic() - ago_s
    desk.sensor.accept(Measurement("temp", 41, value, None, measured, late=True, **more))


def test_a_board_that_keeps_readings_has_two_channels_more() -> None:
    """One that does not has none of it."""
    for kept, more in ((0, []), (115, ["#late", "#gap"])):
        desk = Desk(TemperatureSensor).up(kept=kept)
        assert desk.events[0][1]["events"][2:] == ["#changed", "#stale", "cold", "hot", *more]


def test_a_board_with_new_firmware_connects_anew() -> None:
    """It keeps readings from now on, and later no more."""
    desk = Desk(TemperatureSensor).up()
    desk.up(kept=5, boot=8)
    desk.up(kept=5, boot=8)
    desk.up(boot=9)
    assert desk.names() == ["#connect", "#disconnect", "#connect", "#disconnect", "#connect"]


def test_a_late_reading_is_published_with_its_own_time() -> None:
    """The same data as of #changed; it is neither the newest value nor heard of."""
    desk = keeping()
    late(desk, 21.5)
    data = {"value": 21.5, "unit": "°C", "time": "2026-11-22T06:29:00.000Z", "quality": "good", "seq": 41}
    assert desk.events == [("#late", data)]
    assert desk.sensor.last() is None
    assert (desk.stats()["late"], desk.stats()["received"], desk.stats()["published"]) == (1, 0, 1)


def test_a_late_reading_touches_no_filter() -> None:
    """No threshold, no deadband, no spike, no average: what is live goes on as if it had not come."""
    desk = keeping(delta=0.5, hot=26, spike=1, average="30s")
    desk.measure(21.0, 21.0)
    before = desk.taken("#changed")
    late(desk, 84.0)
    late(desk, 20.0)
    assert [(event, data["value"], data["quality"]) for event, data in desk.events] == [
        ("#late", 84.0, "good"),
        ("#late", 20.0, "good"),
    ]
    desk.events.clear()
    desk.measure(21.1)
    assert (before, desk.names()) == ([21.0, 21.0], [])
    assert desk.sensor.last()["value"] == pytest.approx(21.0, abs=0.1)  # type: ignore[index]


def test_a_late_reading_is_calibrated_and_judged_by_its_range() -> None:
    """As a live one is."""
    desk = keeping(offset=1.0, range=[0, 40])
    late(desk, 30.0)
    late(desk, 50.0)
    assert [(data["value"], data["quality"]) for _, data in desk.events] == [
        (31.0, "good"),
        (51.0, "suspect"),
    ]
    assert desk.stats()["suspect"] == 1


def test_doubt_of_its_time_makes_it_suspect() -> None:
    """The reason says why."""
    desk = keeping()
    late(desk, 21.0, doubt="the board restarted since")
    ((event, data),) = desk.events
    assert (event, data["quality"], data["reason"]) == ("#late", "suspect", "the board restarted since")
    assert desk.stats()["suspect"] == 1


def test_a_late_failure_is_counted_only() -> None:
    """That the sensor was ill then is no state of now; what stands for no value is the same."""
    desk = keeping(invalid=[85])
    desk.measure(21.0)
    desk.events.clear()
    late(desk, None)
    late(desk, 85.0)
    assert (desk.events, desk.stats()["late_faults"], desk.stats()["faults"]) == ([], 2, 0)


def test_a_late_reading_ends_no_silence() -> None:
    """Stale stays stale."""
    desk = keeping()
    desk.measure(21.0)
    desk.wait(10.0)
    assert "#stale" in desk.names()
    late(desk, 22.0)
    assert desk.sensor.last()["quality"] == "stale"  # type: ignore[index]
    assert desk.names() == ["#late"]


@pytest.mark.parametrize(("count", "counted"), [(3, 3), (None, 0)])
def test_what_is_lost_is_a_gap(count: int | None, counted: int, caplog: pytest.LogCaptureFixture) -> None:
    """With its times, and how many, where it is known; the log has it, too."""
    desk = keeping()
    now = desk.clock.monotonic()
    desk.sensor.missing(Missing("temp", count, now - 60.0, now - 30.0, "the board had no room"))
    gap = {
        "from": "2026-11-22T06:29:00.000Z",
        "to": "2026-11-22T06:29:30.000Z",
        "count": count,
        "reason": "the board had no room",
    }
    assert desk.events == [("#gap", gap)]
    assert desk.stats()["missing"] == counted
    (said,) = caplog.messages
    lost = "readings" if count is None else f"{count} readings"
    assert said == f"temp: {lost} lost, {gap['from']} to {gap['to']}: the board had no room"


def test_a_gap_says_that_the_machine_s_clock_is_not_believed() -> None:
    """As a reading does."""
    desk = keeping()
    desk.clock.unset = True
    desk.sensor.missing(Missing("temp", 1, 0.0, 1.0, "lost"))
    assert desk.events[0][1]["clock"] == "unset"


def test_a_gap_waits_for_the_sensor_to_be_connected() -> None:
    """The board does not tell it twice; the newest of many are kept."""
    desk = keeping()
    desk.sensor.link_down("gone")
    for count in range(1, MOST_GAPS + 2):
        desk.sensor.missing(Missing("temp", count, 0.0, 1.0, "lost"))
    desk.events.clear()
    desk.up(kept=115)
    assert [event for event, _ in desk.events] == ["#connect"] + ["#gap"] * MOST_GAPS
    assert [data["count"] for _, data in desk.events[1:]] == list(range(2, MOST_GAPS + 2))


@pytest.mark.parametrize(("unit", "safe"), [("C", False), ("bananas", True)])
def test_a_reading_that_a_sensor_drops_is_lost_unless_it_can_make_nothing_of_it(
    unit: str, safe: bool
) -> None:
    """One that has been detached, or whose device has gone, did not judge it; one whose unit does not fit
    never will."""
    desk = Desk(TemperatureSensor)
    channel = desk.channel.__class__("temp", "temperature", unit, 0.1, -40, 85, 1.0)
    desk.up(channel, kept=115)
    desk.sensor.link_down("gone")
    told: list[bool] = []
    receipt = Receipt("24A1", 7, 1, lambda _receipt, safe: told.append(safe))
    desk.sensor.accept(Measurement("temp", 1, 21.0, None, 0.0, receipt=receipt))
    receipt.release()
    assert told == [safe]


@pytest.mark.parametrize("detached", [False, True])
def test_a_reading_that_comes_while_the_name_is_taken_is_lost(detached: bool) -> None:
    """It may be free the next moment; and who takes the place of a sensor that fits may be one that does."""
    desk = Desk(TemperatureSensor)
    if detached:
        desk.up(desk.channel.__class__("temp", "temperature", "bananas", 0.1, -40, 85, 1.0), kept=115)
        desk.sensor.detach()
    else:
        desk.router.addSender("temp", ["x"])
        desk.up(kept=115)
    assert desk.sensor.problem is not None
    told: list[bool] = []
    receipt = Receipt("24A1", 7, 1, lambda _receipt, safe: told.append(safe))
    desk.sensor.accept(Measurement("temp", 1, 21.0, None, 0.0, receipt=receipt))
    receipt.release()
    assert told == [False]


def test_info_says_how_many_readings_the_board_keeps() -> None:
    """Nothing of one that keeps none."""
    assert keeping().sensor.info()["device"]["kept"] == 115
    assert "kept" not in Desk(TemperatureSensor).up().sensor.info()["device"]
