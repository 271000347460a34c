"""The outlet: what goes out when, and what is lost."""

from firmware_sim.damage import Damager, Reset, Unplug
from firmware_sim.faults import parse_faults
from firmware_sim.outlet import MAX_HELD, Outlet
from firmware_sim.sensors import NS

QUIET = Damager(parse_faults("none"), "1")
LINE = b"a line of a board\n"


class Wire:
    """Takes up to `room` bytes a write; hears of events."""

    def __init__(self, room: int = 1 << 20) -> None:
        self.data = b""
        self.room = room
        self.events: list[Reset | Unplug] = []
        self.outlet = Outlet(self._take, self.events.append)

    def _take(self, data: bytes) -> int:
        self.data += data[: self.room]
        return min(len(data), self.room)


def test_lines_go_out_together() -> None:
    """Without faults, lines go out at once and are counted."""
    wire = Wire()
    wire.outlet.send([LINE, LINE], QUIET, 0)
    assert wire.data == 2 * LINE
    assert wire.outlet.counters.lines_sent == 2
    assert wire.outlet.counters.bytes_sent == 2 * len(LINE)
    assert wire.outlet.next_ns() is None


def test_what_the_port_does_not_take_is_lost() -> None:
    """There is no flow control: the rest is counted, not kept."""
    wire = Wire(room=5)
    wire.outlet.send([LINE], QUIET, 0)
    wire.outlet.release(NS)
    assert wire.data == LINE[:5]
    assert wire.outlet.counters.bytes_dropped == len(LINE) - 5


def test_a_stall_delays() -> None:
    """During a stall lines are kept, afterwards sent in order."""
    wire = Wire()
    wire.outlet.stall(0, 1.0)
    wire.outlet.send([b"first\n"], QUIET, 0)
    assert wire.data == b""
    assert wire.outlet.stalled(NS - 1)
    assert wire.outlet.next_ns() == NS
    wire.outlet.release(NS - 1)
    assert wire.data == b""
    wire.outlet.send([b"second\n"], QUIET, NS)
    assert wire.data == b"first\nsecond\n"
    assert not wire.outlet.stalled(NS)


def test_what_is_held_is_bounded() -> None:
    """A stall keeps 64 KiB; what comes on top is lost and counted."""
    wire = Wire()
    wire.outlet.stall(0, 1.0)
    wire.outlet.send([LINE] * 10_000, QUIET, 0)
    wire.outlet.release(NS)
    assert MAX_HELD - len(LINE) < len(wire.data) <= MAX_HELD
    assert wire.outlet.counters.bytes_dropped == 10_000 * len(LINE) - len(wire.data)


def test_a_stall_in_mid_line() -> None:
    """The line's rest and the lines after it follow when the stall is over, each with a stall of its own."""
    wire = Wire()
    stalling = Damager(parse_faults("stall=1:2"), "1")
    wire.outlet.send([LINE, LINE], stalling, 0)
    assert LINE.startswith(wire.data)
    wire.outlet.release(2 * NS)
    assert (2 * LINE).startswith(wire.data)
    assert len(wire.data) >= len(LINE)
    wire.outlet.release(4 * NS)
    assert wire.data == 2 * LINE
    assert wire.outlet.counters.lines_damaged == 2


def test_events_are_told() -> None:
    """A reset and an unplugging are somebody else's to carry out."""
    for spec, event in (("reset=1", Reset()), ("unplug=1:3", Unplug(3.0))):
        wire = Wire()
        wire.outlet.send([LINE, LINE], Damager(parse_faults(spec), "1"), 0)
        assert wire.events == [event]
        assert len(wire.data) <= len(LINE)
        wire.outlet.clear()
        wire.outlet.release(NS)
        assert wire.events == [event]


def test_clear_loses_what_is_held_and_ends_the_stall() -> None:
    """After a reset nothing of before comes out."""
    wire = Wire()
    wire.outlet.stall(0, 5.0)
    wire.outlet.send([b"old\n"], QUIET, 0)
    wire.outlet.clear()
    wire.outlet.send([b"new\n"], QUIET, 1)
    assert wire.data == b"new\n"
