"""What waited, with its time as it is known when it is sent."""

import json
from typing import Any

import pytest

from drivers.reading import GOOD, Reading, format_utc
from gateway.clock.wall import DOUBT_S
from gateway.mqtt.outbox.event import Event
from gateway.mqtt.outbox.in_time import head_of_event, head_of_gap
from gateway.mqtt.outbox.store import Gap
from tests.support.fake_clock import START_UTC
from tests.support.fake_machine import FakeMachine, StagedClock

DAY = 86400.0
BEHIND = START_UTC - 8 * DAY


def event(clock: StagedClock, boot: str | None = None) -> Event:
    """A reading that was measured half a second before it was triggered, which is now."""
    at = clock.monotonic()
    utc, unset = clock.stamp(at)
    reading = Reading(1.5, "lx", clock.stamp(at - 0.5)[0], GOOD, 7, unset=unset)
    head = json.dumps(reading.as_data(), separators=(",", ":"))[:-1]
    return Event(1, "lux", "#changed", head, utc, at, "u-1", boot=boot, known=not unset)


def told(head: str) -> tuple[Any, Any]:
    found = json.loads(head + "}")
    return found["time"], found.get("clock")


def behind(boot: str = "boot-a") -> StagedClock:
    machine = FakeMachine(BEHIND, boot=boot)
    machine.client = "ntpd"
    return StagedClock(machine)


def set_right(clock: StagedClock) -> None:
    clock.machine.client = None
    clock.set_wall(clock.machine.wall() + 8 * DAY)
    clock.look()


@pytest.mark.parametrize("boot", [None, "boot-a"])
def test_corrected_once_the_clock_is_set(boot: str | None) -> None:
    """In memory and from disk, of this boot."""
    clock = behind()
    waiting = event(clock, boot)
    assert told(head_of_event(waiting, clock)) == (format_utc(BEHIND - 0.5), "unset")
    assert head_of_event(waiting, clock) is waiting.head
    clock.advance(20)
    set_right(clock)
    assert told(head_of_event(waiting, clock)) == (format_utc(START_UTC - 0.5), None)


def test_what_was_right_stays_as_it_is() -> None:
    """Byte for byte."""
    clock = StagedClock()
    waiting = event(clock)
    clock.advance(20)
    assert head_of_event(waiting, clock) is waiting.head


def test_marked_while_the_clock_is_doubted() -> None:
    """And corrected afterwards, whether it was set right, or wrong and back."""
    clock = StagedClock()
    waiting = event(clock)
    clock.set_wall(START_UTC + 30 * DAY)
    assert told(head_of_event(waiting, clock)) == (format_utc(START_UTC - 0.5), "unset")
    clock.set_wall(START_UTC)
    assert head_of_event(waiting, clock) is waiting.head
    clock.set_wall(START_UTC + 8 * DAY)
    clock.look()
    clock.advance(DOUBT_S + 1)
    assert told(head_of_event(waiting, clock))[1] == "unset"
    clock.look()
    assert told(head_of_event(waiting, clock)) == (format_utc(START_UTC + 8 * DAY - 0.5), None)


def test_of_another_boot() -> None:
    """Corrected if that boot's clock was believed at some time; else it goes with its mark."""
    waiting = event(behind(), "boot-0")
    clock = StagedClock()
    assert head_of_event(waiting, clock) is waiting.head
    clock.found("boot-0", waiting.at + 60, START_UTC + 60, known=True)
    assert told(head_of_event(waiting, clock)) == (format_utc(START_UTC - 0.5), None)


def gap(clock: StagedClock, boot: str) -> Gap:
    at = clock.monotonic()
    utc, unset = clock.stamp(at)
    return Gap(1, "lux", "g-1", utc - 30, utc, 12, "the outbox was full", boot, at, not unset)


def test_gaps() -> None:
    """Both of their times, by one clock; with the mark until it is set."""
    clock = behind()
    waiting, other = gap(clock, "boot-a"), gap(clock, "boot-0")
    found = json.loads(head_of_gap(waiting, clock) + "}")
    assert (found["from"], found["clock"]) == (format_utc(BEHIND - 30), "unset")
    set_right(clock)
    found = json.loads(head_of_gap(waiting, clock) + "}")
    assert found == {
        "from": format_utc(START_UTC - 30),
        "to": format_utc(START_UTC),
        "count": 12,
        "reason": "the outbox was full",
        "time": format_utc(START_UTC),
    }
    assert json.loads(head_of_gap(other, clock) + "}")["clock"] == "unset"
    clock.found("boot-0", 0.0, START_UTC - 1000, known=True)
    assert json.loads(head_of_gap(other, clock) + "}") == found
