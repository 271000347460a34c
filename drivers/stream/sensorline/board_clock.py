"""From the board's clock to the gateway's."""

# How much faster or slower than true a board's clock may run. A ceramic resonator is within 0.5 %, and a
# sketch that reads a DHT with its interrupts off loses 0.15 % more: 0.65 %. Of a clock that is slower than
# this, each reading seems older than the one before. The price: one that was held up for 10 s is dated at
# most 0.1 s too late.
MAX_DRIFT = 0.01


class BoardClock:
    """Maps milliseconds since the board's start to the gateway's monotonic seconds.

    A line can be late (buffers, USB, a busy machine), never early. So of all differences between arrival and
    the board's time the smallest is nearest to the truth, and a reading that was held up still gets the time
    of its measurement. The estimate rises by `MAX_DRIFT`, so that it follows a board whose clock is slow.
    """

    def __init__(self, board_ms: int, now: float) -> None:
        self._offset = now - board_ms / 1000
        self._updated = now

    def locate(self, board_ms: int, now: float) -> float:
        """The gateway's time of the board's `board_ms`, of which the gateway heard at `now`; never after
        `now`."""
        arrival_offset = now - board_ms / 1000
        risen = self._offset + MAX_DRIFT * (now - self._updated)
        self._offset = min(risen, arrival_offset)
        self._updated = now
        return min(now, board_ms / 1000 + self._offset)  # the sum is rounded, perhaps up
