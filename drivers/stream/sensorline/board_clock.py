"""From the board's clock to the gateway's."""

from bisect import bisect_left

# How much faster or slower than true a board's clock may run. A ceramic resonator is within 0.5 %, and a
# sketch that reads a DHT with its interrupts off loses 0.15 % more: 0.65 %. Of a clock that is slower than
# this, each reading seems older than the one before. The price: one that was held up for 10 s is dated at
# most 0.1 s too late.
MAX_DRIFT = 0.01
# The clock's course is remembered as points, at least so far apart, and at most so many: then every other is
# forgotten. What lies between two of them is found to much better than the 1 % of an outage.
POINT_MS = 30_000
MOST_POINTS = 64
# A drift is known when it was watched for so long: two lines that were 20 ms late make 0.01 % of it.
WATCHED_MS = 300_000
# More than the drift allows, by so much, and the clock stood still in between.
PAUSE_S = 2.0


class BoardClock:
    """Maps milliseconds since the board's start to the gateway's monotonic seconds, for one boot.

    A line can be late (buffers, USB, a busy machine), never early. So of all differences between arrival and
    the board's time the smallest is nearest to the truth, and a reading that was held up still gets the time
    of its measurement. The estimate rises by `MAX_DRIFT`, so that it follows a board whose clock is slow.
    """

    def __init__(self, board_ms: int, now: float) -> None:
        self._offset = now - board_ms / 1000
        self._updated = now
        self._newest_ms = board_ms
        self._points: list[tuple[int, float]] = []  # the board's time, and the offset then

    def resume(self, board_ms: int, now: float) -> None:
        """The board says hello again: begin anew, as its clock may be worse than `MAX_DRIFT`, or have paused;
        what was heard before is remembered."""
        self._remember()
        self._offset = now - board_ms / 1000
        self._updated = now
        self._newest_ms = max(self._newest_ms, board_ms)

    def locate(self, board_ms: int, now: float) -> float:
        """The gateway's time of the board's `board_ms`, of which the gateway heard at `now`; never after
        `now`."""
        arrival_offset = now - board_ms / 1000
        risen = self._offset + MAX_DRIFT * (now - self._updated)
        self._offset = min(risen, arrival_offset)
        self._updated = now
        if board_ms > self._newest_ms:
            self._newest_ms = board_ms
            if not self._points or board_ms - self._points[-1][0] >= POINT_MS:
                self._remember()
        return min(now, board_ms / 1000 + self._offset)  # the sum is rounded, perhaps up

    @property
    def newest_ms(self) -> int:
        """The latest that the board said. One that says less has begun anew."""
        return self._newest_ms

    @property
    def started(self) -> float:
        """When (monotonic) the board started, as far as is known."""
        return self._course()[0][1]

    @property
    def drift(self) -> float | None:
        """How many seconds it loses in each; None where it was not watched long enough."""
        course = self._course()
        (first_ms, first), (last_ms, last) = course[0], course[-1]
        return (last - first) * 1000 / (last_ms - first_ms) if last_ms - first_ms >= WATCHED_MS else None

    def place(self, board_ms: int, now: float, drift: float | None = None) -> tuple[float, str | None]:
        """The gateway's time of a kept reading, of which the gateway heard long after its measurement, at
        `now`; never after `now`. And why it may be wrong by more than 0.2 s, or, where lines were heard on
        one side of it only, by 1 % of the time to them more; else None. `drift`: the board's, for that."""
        course = self._course()
        index = bisect_left(course, (board_ms, -1e300))
        doubt = None
        if 0 < index < len(course):
            (low_ms, low), (high_ms, high) = course[index - 1], course[index]
            part = (board_ms - low_ms) / (high_ms - low_ms)
            offset = low + part * (high - low)
            stood = abs(high - low) - MAX_DRIFT * (high_ms - low_ms) / 1000
            if stood > PAUSE_S:
                doubt = f"the board's clock stood still meanwhile: the time may be wrong by {stood:.0f} s"
        else:
            near_ms, offset = course[0] if index == 0 else course[-1]
            own = self.drift
            offset += ((drift or 0.0) if own is None else own) * (board_ms - near_ms) / 1000
        return min(now, board_ms / 1000 + offset), doubt

    def _course(self) -> list[tuple[int, float]]:
        """The points, and where the clock is now."""
        here = self._newest_ms, self._offset
        return [*(point for point in self._points if point[0] < self._newest_ms), here]

    def _remember(self) -> None:
        if self._points and self._points[-1][0] >= self._newest_ms:
            self._points.pop()
        self._points.append((self._newest_ms, self._offset))
        if len(self._points) > MOST_POINTS:
            self._points = [*self._points[: MOST_POINTS // 2 : 2], *self._points[MOST_POINTS // 2 :]]
