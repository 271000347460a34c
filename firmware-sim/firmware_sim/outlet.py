"""The board's way out: lines through the damage, past stalls, into the port. What is lost is counted."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from firmware_sim.damage import Damager, Reset, Stall, Step, Unplug

MAX_HELD = 65_536
"""Bytes kept during a stall, then sent: some 2,000 lines. What comes on top is lost."""


@dataclass(slots=True)
class LineCounters:
    """What went out since the program started."""

    lines_sent: int = 0
    lines_damaged: int = 0
    bytes_sent: int = 0
    bytes_dropped: int = 0


class Outlet:
    """`write` takes bytes and says how many it took; `happened` hears of a reset or an unplugging."""

    def __init__(self, write: Callable[[bytes], int], happened: Callable[[Reset | Unplug], None]) -> None:
        self._write = write
        self._happened = happened
        self._held: deque[Step] = deque()
        self._held_bytes = 0
        self._until_ns = 0
        self.counters = LineCounters()

    def send(self, lines: list[bytes], damager: Damager, now_ns: int) -> None:
        """Let `lines` go out, damaged as the damager has it, or hold them while stalled."""
        self.counters.lines_sent += len(lines)
        if damager.quiet and not self._held and now_ns >= self._until_ns:
            self.write(b"".join(lines))
            return
        for line in lines:
            steps = damager.line(line)
            self.counters.lines_damaged += steps != [line]
            for step in steps:
                self._hold(step)
        self.release(now_ns)

    def release(self, now_ns: int) -> None:
        """Let go out what is held, unless stalled, up to the next stall, reset or unplugging."""
        if now_ns < self._until_ns:
            return
        pieces: list[bytes] = []
        event: Step = b""
        while self._held:
            step = self._held.popleft()
            if not isinstance(step, bytes):
                event = step
                break
            self._held_bytes -= len(step)
            pieces.append(step)
        self.write(b"".join(pieces))
        match event:
            case Stall(seconds):
                self.stall(now_ns, seconds)
            case Reset() | Unplug():
                self._happened(event)

    def stall(self, now_ns: int, seconds: float) -> None:
        """Hold what is sent, for that long."""
        self._until_ns = now_ns + round(seconds * 1e9)

    def stalled(self, now_ns: int) -> bool:
        """Is it holding now?"""
        return now_ns < self._until_ns

    def next_ns(self) -> int | None:
        """When `release` has something to do; None: when something is sent."""
        return self._until_ns if self._held else None

    def clear(self) -> None:
        """Lose what is held, and end the stall: the board restarts, or its cable is out."""
        self._held.clear()
        self._held_bytes = 0
        self._until_ns = 0

    def write(self, data: bytes) -> None:
        """Write at once, past stalls and damage."""
        if data:
            taken = self._write(data)
            self.counters.bytes_sent += taken
            self.counters.bytes_dropped += len(data) - taken

    def _hold(self, step: Step) -> None:
        size = len(step) if isinstance(step, bytes) else 0
        if self._held_bytes + size > MAX_HELD:
            self.counters.bytes_dropped += size
        else:
            self._held.append(step)
            self._held_bytes += size
