"""What flows: from what parts say of themselves to a status and a sentence."""

from typing import Any

import pytest

from drivers.answers import SensorStatus
from drivers.dispatcher import DispatcherStatus
from drivers.link import LinkState, LinkStatus
from drivers.reading import Reading
from drivers.source import Device
from gateway import health
from gateway.config import LeftOut, Problem
from gateway.history.recorder import Status as HistoryStatus
from gateway.mqtt.status import Status
from gateway.service import Part, State

UP = Part(State.OK, "up")
READING = Reading(23.456789, "°C", 1795329000.0, "good", 7)


def link(
    state: LinkState, reason: str | None = None, devices: tuple[str, ...] = (), **more: Any
) -> LinkStatus:
    them = {name: Device("m", "i", "f", 1, {}, name) for name in devices}
    status = LinkStatus("bus", state, "/dev/x", None, reason, them, None, {}, None, 0, 90.0)
    return LinkStatus(**{**{name: getattr(status, name) for name in LinkStatus.__slots__}, **more})


def sensor(**more: Any) -> SensorStatus:
    return SensorStatus(True, None, READING, 0.4321, 4.0, None)._replace(**more)


def said(part: Part) -> tuple[str, str]:
    return str(part.state), part.message


def of(
    status: SensorStatus, link: Part = UP, absence: str | None = None, unseen: bool = False
) -> tuple[str, str]:
    return said(health.of_sensor(status, link, absence, unseen))


@pytest.mark.parametrize(
    ("state", "reason", "expected"),
    [
        (LinkState.UP, None, ("ok", "up")),
        (LinkState.CLOSED, "the link is closed", ("unknown", "not opened yet")),
        (LinkState.OPENING, None, ("unknown", "being opened")),
        (LinkState.GREETING, None, ("unknown", "asking who is there")),
        (LinkState.GREETING, "no answer", ("failing", "no answer")),
        (LinkState.ABSENT, "plug it in", ("failing", "plug it in")),
        (LinkState.FAILED, "no rights", ("failing", "no rights")),
    ],
)
def test_a_link(state: LinkState, reason: str | None, expected: tuple[str, str]) -> None:
    """Red where it is known why nothing comes; unknown while it begins."""
    part = health.of_link(link(state, reason), 92.5)
    assert said(part) == expected
    assert part.facts == {"state": str(state), "since": 2.5}


def test_a_link_s_words() -> None:
    """How many devices there are, and a warning; what would tell a secret port is not said."""
    assert health.of_link(link(LinkState.UP, None, ("", "b", "a")), 0).message == "up, with 2 devices"
    assert health.of_link(link(LinkState.UP, warning="another board"), 0).message == "up; another board"
    assert health.of_link(link(LinkState.UP), 0).facts["since"] == 0
    part = health.of_link(link(LinkState.ABSENT, "/dev/SECRET"), 0, secret=True)
    assert said(part) == (
        "failing",
        "what is wrong names its port, which the config keeps secret; see the log",
    )


def test_a_sensor_whose_data_flows() -> None:
    """Its value and how old it is; what is suspect flows too, and says why."""
    part = health.of_sensor(sensor(), UP, None, may_be_unseen=False)
    assert said(part) == ("ok", "23.4568 °C, 0.432 s ago; one is expected within 4 s")
    assert part.facts == {"last": READING.as_data(), "age": 0.432, "stale_after": 4.0}
    suspect = sensor(last=READING._replace(quality="suspect", reason="a spike"), age_s=125.0)
    assert of(suspect) == ("ok", "23.4568 °C, 2 min ago, suspect: a spike; one is expected within 4 s")


def test_a_sensor_without_a_value() -> None:
    """Unknown until its time has run out, and it says why."""
    none = sensor(last=None, age_s=None)
    assert of(none) == ("unknown", "no value yet; one is expected within 4 s")
    assert of(none._replace(stale_after=None)) == ("unknown", "no value yet; it has one when it is asked")
    assert of(none._replace(fault="no field temprature")) == ("failing", "no field temprature")
    assert health.of_sensor(none, UP, None, may_be_unseen=False).facts["last"] is None


def test_a_stale_sensor() -> None:
    """The reason, the last value's age, what is expected."""
    stale = sensor(last=READING._replace(quality="stale", reason="nothing heard for 12.0 s"), age_s=12.0)
    assert of(stale) == (
        "failing",
        "nothing heard for 12.0 s; its last value, 23.4568 °C, came 12 s ago; one is expected within 4 s",
    )


def test_a_node_that_sleeps_is_well() -> None:
    """As long as its own time has not run out, however long that is."""
    asleep = sensor(age_s=5400.0, stale_after=3 * 3600.0)
    assert of(asleep) == ("ok", "23.4568 °C, 90 min ago; one is expected within 3 h")
    assert of(sensor(age_s=9000.0, stale_after=None)) == (
        "ok",
        "23.4568 °C, 2.5 h ago; it has one when it is asked",
    )


def test_a_device_that_is_not_there() -> None:
    """Red once it has been there, or should have said something by now; else nobody knows."""
    new = sensor(connected=False, last=None, age_s=None)
    absence = "12 is not there"
    assert of(new, absence=absence, unseen=True) == (
        "unknown",
        "not heard since the start: 12 is not there",
    )
    assert of(new, absence=absence) == ("failing", "12 is not there")
    gone = sensor(connected=False, age_s=60.0)
    assert of(gone, absence=absence, unseen=True) == (
        "failing",
        "12 is not there; its last value, 23.4568 °C, came 60 s ago",
    )


def test_why_a_sensor_is_not_connected() -> None:
    """Its link, its name, its board's channels; for a moment, nothing."""
    down, opening = Part(State.FAILING, "plug it in"), Part(State.UNKNOWN, "being opened")
    away = sensor(connected=False, last=None)
    assert of(away, link=down) == ("failing", "its link: plug it in")
    assert of(away, link=opening) == ("unknown", "its link: being opened")
    assert of(away._replace(problem="no channel humm")) == ("failing", "no channel humm")
    assert of(away) == ("unknown", "its device has just come")


def test_a_device_is_as_its_worst_sensor() -> None:
    """Which is named; the others of its kind are counted, all are there."""
    facts = {"age": 3.0}
    good, other = Part(State.OK, "1 °C", facts), Part(State.OK, "2 °C", {"age": 2.0})
    never = Part(State.UNKNOWN, "no value yet", {"age": None})
    red = Part(State.FAILING, "stale", {"age": 9.0})
    assert said(health.of_device({"a": good, "b": other})) == ("ok", "a: 1 °C (and 1 more)")
    assert said(health.of_device({"a": good, "n": never})) == ("unknown", "n: no value yet")
    part = health.of_device({"a": good, "b": other, "n": never, "r": red})
    assert said(part) == ("failing", "r: stale")
    assert part.facts["heard"] == 2.0
    assert part.facts["sensors"]["a"] == {"status": "ok", "message": "1 °C", "age": 3.0}
    assert list(part.facts["sensors"]) == ["a", "b", "n", "r"]
    assert health.of_device({"n": never}).facts["heard"] is None


def test_the_dispatcher() -> None:
    """Red when its thread has ended, is held, or drops what comes."""
    fine = DispatcherStatus(True, 9.9, 0, 10_000, 3)
    part = health.of_dispatcher(fine)
    assert said(part) == ("ok", "no event waits")
    assert part.facts == {"busy": 9.9, "waiting": 0, "dropped": 3}
    assert health.of_dispatcher(fine._replace(waiting=1)).message == "1 event waits"
    assert said(health.of_dispatcher(fine._replace(busy_s=10.1, waiting=7))) == (
        "failing",
        "a listener has held it for 10 s, 7 events wait; the log names it when it returns",
    )
    assert health.of_dispatcher(fine._replace(waiting=9_999)).state is State.OK
    assert health.of_dispatcher(fine._replace(waiting=10_000)).state is State.FAILING
    assert said(health.of_dispatcher(fine._replace(running=False))) == (
        "failing",
        "its thread has ended, no event waits: start the gateway again",
    )


def test_mqtt() -> None:
    """Unknown until the first try is over."""
    status = Status(
        connected=False,
        failures=0,
        breaks=0,
        clashes=0,
        next_s=0.0,
        unread=2,
        waiting=3,
        answers=0,
        busy=False,
        published=0,
        lost=4,
        problem=None,
        disk=None,
    )
    assert said(health.of_mqtt("h:1", status)) == ("unknown", "connecting to h:1")
    part = health.of_mqtt("h:1", status._replace(problem="Connection refused"))
    assert said(part) == ("failing", "no connection to h:1: Connection refused; 5 events wait")
    assert part.facts == {"connected": False, "waiting": 3, "lost": 4, "left_out": {}}
    up = status._replace(connected=True)
    assert said(health.of_mqtt("h:1", up)) == ("ok", "connected to h:1, 5 events wait")
    part = health.of_mqtt("h:1", up._replace(aside={"a/state": "it ends the connection"}))
    assert said(part) == (
        "failing",
        "connected to h:1, 5 events wait; left out: a/state: it ends the connection",
    )
    assert part.facts["left_out"] == {"a/state": "it ends the connection"}
    part = health.of_mqtt("h:1", up._replace(aside={"a": "no", "b": "no", "c": "no"}))
    assert part.message.endswith("; left out: a: no (and 2 more)")


def test_the_database() -> None:
    """Why it cannot be used."""
    assert said(health.of_database(None)) == ("ok", "can be written")
    assert said(health.of_database("disk full")) == (
        "failing",
        "cannot be used: disk full; what waits is in memory alone",
    )


def test_what_was_left_out() -> None:
    """Is red, with its line."""
    out = LeftOut(("mqtt",), (Problem("c.yaml", 3, "bad", ("mqtt",)), Problem("c.yaml", 4, "b", ("mqtt",))))
    assert said(health.of_left_out(out)) == ("failing", "left out: c.yaml:3: mqtt: bad (and 1 more)")


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ([], "unknown"),
        ([State.OK, State.OK], "ok"),
        ([State.OK, State.UNKNOWN], "unknown"),
        ([State.UNKNOWN, State.FAILING, State.OK], "failing"),
    ],
)
def test_the_whole_is_as_its_worst_part(states: list[State], whole: str) -> None:
    """Red before unknown before well."""
    parts = {f"p{n}": Part(state, "so", {"x": n}) for n, state in enumerate(states)}
    found = health.report(parts)
    assert found["status"] == whole
    assert found["parts"] == {
        name: {"status": str(part.state), "message": "so", "x": part.facts["x"]}
        for name, part in parts.items()
    }


AT = 1_795_329_000_123


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (HistoryStatus(False, None, 0, 0, None), ("unknown", "being opened")),
        (
            HistoryStatus(True, None, 7, 0, None),
            ("ok", "written without times until the clock is set; 7 events wait"),
        ),
        (
            HistoryStatus(True, AT, 1, 0, None),
            ("ok", "written until 2026-11-22T06:30:00.123Z; 1 event waits"),
        ),
        (
            HistoryStatus(True, AT, 2, 0, "disk full"),
            ("failing", "cannot be written: disk full; 2 events wait in memory"),
        ),
        (
            HistoryStatus(False, None, 2, 3, "disk full"),
            ("failing", "cannot be written: disk full; 2 events wait in memory, 3 are lost"),
        ),
    ],
)
def test_history(status: HistoryStatus, expected: tuple[str, str]) -> None:
    """Red while nothing can be written."""
    part = health.of_history(status)
    assert said(part) == expected
    until = None if status.written_until is None else "2026-11-22T06:30:00.123Z"
    assert part.facts == {"written_until": until, "waiting": status.waiting, "lost": status.lost}
