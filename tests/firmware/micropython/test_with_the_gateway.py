"""The board and the gateway's link, on a real pty: neither a restart of the gateway nor a reset of the board
loses a reading. The board's memory outlives its resets, as an ESP32's does."""

import struct
from collections import Counter
from contextlib import suppress
from pathlib import Path

from drivers.link import Link
from drivers.source import Device, Measurement, Missing
from tests.support.micropython_board import NEEDED, MicroPythonBoard
from tests.support.waiting import until

pytestmark = NEEDED


class Taker:
    """Takes a channel, and notes what came."""

    interval_ms = None

    def __init__(self, channel: str, taken: list[Measurement], lost: list[Missing]) -> None:
        self.channel = channel
        self._taken = taken
        self._lost = lost

    def heard(self, measurement: Measurement) -> None:
        """See `Sink`."""

    def missed(self) -> None:
        """See `Sink`."""

    def accept(self, measurement: Measurement) -> None:
        """See `Sink`."""
        self._taken.append(measurement)

    def missing(self, missing: Missing) -> None:
        """See `Sink`."""
        self._lost.append(missing)

    def link_up(self, device: Device, warning: str | None) -> None:
        """See `Sink`."""

    def link_down(self, reason: str) -> None:
        """See `Sink`."""


class Gateway:
    """A link with a taker for each channel; what they got outlives it."""

    def __init__(self, board: MicroPythonBoard) -> None:
        self.taken: list[Measurement] = []
        self.lost: list[Missing] = []
        self._board = board
        self._link: Link | None = None

    def start(self) -> None:
        """Open the port, and have something come."""
        self._link = Link("board", str(self._board.link))
        for channel in ("temp", "hum"):
            self._link.add(Taker(channel, self.taken, self.lost))
        before = len(self.taken)
        self._link.open()
        until(lambda: len(self.taken) >= before + 10)

    def stop(self) -> None:
        """Let go of it."""
        assert self._link is not None
        self._link.close()

    def boots(self) -> dict[int, Counter[int]]:
        """Of each boot how often each number came."""
        found: dict[int, Counter[int]] = {}
        for receipt in [each.receipt for each in list(self.taken)]:
            assert receipt is not None
            found.setdefault(receipt.boot, Counter())[receipt.seq] += 1
        return found

    def has_all(self) -> bool:
        """Of each boot no number lies between two that came."""
        return all(set(seqs) == set(range(1, max(seqs) + 1)) for seqs in self.boots().values())


def kept(memory: Path) -> int:
    """How many readings the board keeps: of the head of its ring."""
    with suppress(struct.error, OSError):  # it is being written
        return int(struct.unpack_from("<H", memory.read_bytes(), 10)[0])
    return 0


def test_nothing_is_lost(tmp_path: Path) -> None:
    """The gateway stops and starts, the board is reset while it listens and while it does not."""
    memory = tmp_path / "memory"
    with MicroPythonBoard(tmp_path, "interval=50", f"memory={memory}") as board:
        gateway = Gateway(board)
        gateway.start()
        gateway.stop()
        until(lambda: kept(memory) >= 30)
        board.reset()
        until(lambda: kept(memory) >= 60)
        gateway.start()
        try:
            board.reset()
            until(lambda: max(gateway.boots()) == 3 and gateway.boots()[3][20] > 0)
            until(lambda: gateway.has_all())
            until(lambda: kept(memory) < 10)
        finally:
            gateway.stop()
        assert sorted(gateway.boots()) == [1, 2, 3]
        assert gateway.lost == []
        assert set(gateway.boots()[2].values()) | set(gateway.boots()[3].values()) == {1}


def test_what_the_ring_has_no_room_for_is_told(tmp_path: Path) -> None:
    """Each reading of a boot that nobody heard comes, or is counted as lost."""
    memory = tmp_path / "memory"
    with MicroPythonBoard(tmp_path, "interval=40", "keeps=60", f"memory={memory}") as board:
        gateway = Gateway(board)
        until(lambda: lost_of(memory) >= 15)
        gateway.start()
        try:
            until(lambda: gateway.lost != [])
            until(lambda: told_and_come(gateway) == max(gateway.boots()[1]))
        finally:
            gateway.stop()
    assert sum(each.count or 0 for each in gateway.lost) >= 15
    assert {each.channel for each in gateway.lost} == {"temp", "hum"}


def told_and_come(gateway: Gateway) -> int:
    """How many readings of the first boot came, or were told as lost."""
    return len(gateway.boots()[1]) + sum(each.count or 0 for each in list(gateway.lost))


def lost_of(memory: Path) -> int:
    """Up to which number the board overwrote what it kept: of its first boot, behind the ring's head."""
    with suppress(struct.error, OSError):
        return int(struct.unpack_from("<I", memory.read_bytes(), 14 + 20)[0])
    return 0
