"""Bytes that take their time."""

from firmware_sim.pace import MAX_WAITING, Pace, byte_ns
from firmware_sim.sensors import NS


class Line:
    """Where the bytes go, and a clock of numbers. Takes `room` bytes of a piece."""

    def __init__(self, nanoseconds: int, room: int = 10**9) -> None:
        self.now = 0
        self.room = room
        self.came: list[tuple[int, bytes]] = []
        self.pace = Pace(self.take, nanoseconds, lambda: self.now)

    def take(self, data: bytes) -> int:
        self.came.append((self.now, data))
        return min(self.room, len(data))

    def at(self, now: int) -> list[tuple[int, bytes]]:
        """What came by then, since the last time."""
        self.now = now
        self.came.clear()
        self.pace.release(now)
        return list(self.came)


def test_a_byte_has_eleven_bits() -> None:
    """As in the guide of Modbus over serial line: 9,600 baud are 1.146 ms a byte; 0 baud none."""
    assert byte_ns(9600) == 11 * NS // 9600 == 1_145_833
    assert byte_ns(0) == 0


def test_without_a_pace_it_goes_out_at_once() -> None:
    """And what there was no room for is the writer's to count."""
    line = Line(0, room=2)
    assert line.pace.write(b"abc") == 2
    assert line.came == [(0, b"abc")]
    assert line.pace.next_ns() is None


def test_one_byte_after_the_other() -> None:
    """The first when its time has passed; several when the caller comes late."""
    line = Line(10)
    assert line.pace.write(b"abcd") == 4
    assert line.pace.next_ns() == 10
    assert line.at(9) == []
    assert line.at(10) == [(10, b"a")]
    assert line.at(39) == [(39, b"bc")]
    assert line.at(40) == [(40, b"d")]
    assert line.pace.next_ns() is None


def test_a_second_piece_waits_for_the_first() -> None:
    """Not longer, and not shorter after a pause."""
    line = Line(10)
    line.pace.write(b"a")
    line.pace.write(b"b")
    assert line.at(20) == [(20, b"ab")]
    line.now = 22
    line.pace.write(b"c")
    assert line.pace.next_ns() == 32
    line.at(100)
    line.pace.write(b"d")
    assert line.pace.next_ns() == 110


def test_what_waits_is_bounded_and_can_be_lost() -> None:
    """The rest is not taken; after `clear` nothing waits."""
    line = Line(10)
    assert line.pace.write(bytes(MAX_WAITING + 5)) == MAX_WAITING
    assert line.pace.write(b"x") == 0
    line.pace.clear()
    assert line.pace.next_ns() is None


def test_what_the_port_did_not_take_is_counted() -> None:
    """It was taken before."""
    line = Line(10, room=1)
    line.pace.write(b"abc")
    line.at(100)
    assert line.pace.dropped == 2
