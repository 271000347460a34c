"""When a board starts that has to do with its port being opened. No I/O, no clock."""

from firmware_sim.board import Board

LOOK_NS = 20_000_000
"""How often it is looked whether somebody has the port open: no event tells, see `pty_port`."""
SETTLE_NS = 200_000_000
"""From the opening to the start: programs open a port, then throw away what is in its buffer."""


class Opening:
    """Most boards run from the beginning. One that waits for a listener runs once there was one for a while,
    and one that is reset by an opening does so each time."""

    def __init__(self, board: Board) -> None:
        self._waits = board.waits_for_listener
        self._each_time = board.reset_by_opening
        self._starts_ns: int | None = None
        self.running = False

    def begin(self) -> bool:
        """The board has its power, or is reset: does it run at once?"""
        self._starts_ns = None
        self.running = not self._waits
        return self.running

    def end(self) -> None:
        """The board has no power any more."""
        self._starts_ns = None
        self.running = False

    def look(self, now_ns: int, listening: bool) -> bool:
        """Is it to start now?"""
        if self.running:
            self.running = listening or not self._each_time
            return False
        if not listening:
            self._starts_ns = None
        elif self._starts_ns is None:
            self._starts_ns = now_ns + SETTLE_NS
        elif now_ns >= self._starts_ns:
            self._starts_ns = None
            self.running = True
            return True
        return False

    def next_ns(self, now_ns: int) -> int | None:
        """When to look again; None: there is nothing to see."""
        return now_ns + LOOK_NS if self.looks else None

    @property
    def looks(self) -> bool:
        """Is there anything to see?"""
        return self._each_time or not self.running
