"""A live read of what cannot be asked: it waits for the next value that comes by itself.

Any thread may wait, listeners included; whoever reads the link notes what comes.
"""

import threading
from collections.abc import Callable

import sig
from drivers.gaps import Gaps
from drivers.source import Measurement

# Each waits with a thread of a network peer's, of which there are few.
MAX_WAITING = 64
# Channels whose pace is known; more than a link has.
MAX_CHANNELS = 1024
# What is advised is this much longer than the longest time that was seen.
_AMPLE = 1.5


class _Waiter:
    """Who waits for a value of `channel` that was measured after `since`."""

    __slots__ = ("_done", "channel", "error", "result", "since")

    def __init__(self, channel: str, since: float) -> None:
        self.channel = channel
        self.since = since
        self.result: Measurement | None = None
        self.error: Exception | None = None
        self._done = threading.Lock()  # held until then
        self._done.acquire()

    def wait(self, timeout_s: float) -> bool:
        """False after `timeout_s`."""
        return self._done.acquire(timeout=max(0.0, timeout_s))

    def settle(self, result: Measurement | None, error: Exception | None) -> None:
        """Once, by who took it out of the list."""
        self.result, self.error = result, error
        self._done.release()


class NextValues:
    """`now`: the monotonic clock. `instead`: which channels came, in words, where the one that it is called
    with did not; None where it did, or nothing came; `words`: why it has not come yet, where that is known.
    `measured` and `fail` belong to whoever reads, the rest
    to any thread."""

    def __init__(
        self,
        link: str,
        now: Callable[[], float],
        instead: Callable[[str], str | None] = lambda _channel: None,
        words: Callable[[str], str | None] = lambda _channel: None,
    ) -> None:
        self._link = link
        self._now = now
        self._instead = instead
        self._words = words
        self._opened = now()
        self._lock = threading.Lock()  # guards all below, for a few assignments
        self._waiting: list[_Waiter] = []
        self._ended: str | None = None
        self._gaps: dict[str, Gaps] = {}

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def measured(self, measurement: Measurement) -> None:
        """A value has come, or a failed measurement."""
        channel = measurement.channel
        with self._lock:
            gaps = self._gaps.get(channel)
            if gaps is None and len(self._gaps) < MAX_CHANNELS:
                gaps = self._gaps[channel] = Gaps()
            if gaps is not None:
                gaps.note(measurement.measured)
            if not self._waiting:
                return
            served = [
                waiter
                for waiter in self._waiting
                if waiter.channel == channel and measurement.measured > waiter.since
            ]
            self._waiting = [waiter for waiter in self._waiting if waiter not in served]
        for waiter in served:
            waiter.settle(measurement, None)

    def wait(self, channel: str, deadline: float) -> Measurement:
        """The next measurement of `channel`, newer than now.

        Raises `sig.RequestTimeout` at `deadline` (monotonic), with how often the channel reports and which
        time-out to give, how long it has been silent, or what came instead; `sig.NotConnected` when the link
        goes, `sig.Busy` when `MAX_WAITING` wait already.
        """
        started = self._now()
        waiter = _Waiter(channel, started)
        with self._lock:
            if self._ended is not None:
                raise sig.NotConnected(f"{self._link}: {self._ended}")
            if len(self._waiting) >= MAX_WAITING:
                raise sig.Busy(f"{self._link}: {MAX_WAITING} reads wait for the next value; ask less often")
            self._waiting.append(waiter)
        if not waiter.wait(deadline - started):
            with self._lock:
                late = waiter not in self._waiting
                if not late:
                    self._waiting.remove(waiter)
            if not late:
                raise sig.RequestTimeout(self._too_late(channel, self._now() - started))
            waiter.wait(1.0)  # it is just being told
        if waiter.error is not None:
            raise waiter.error
        assert waiter.result is not None
        return waiter.result

    def fail(self, reason: str, concerns: Callable[[str], bool] = lambda _channel: True) -> None:
        """Those who wait for a channel that it `concerns` get `sig.NotConnected` with `reason`."""
        with self._lock:
            failed = [waiter for waiter in self._waiting if concerns(waiter.channel)]
            self._waiting = [waiter for waiter in self._waiting if waiter not in failed]
        for waiter in failed:
            waiter.settle(None, sig.NotConnected(f"{self._link}: {reason}"))

    def end(self, reason: str) -> None:
        """The same for all, and for everybody who comes later. From any thread."""
        with self._lock:
            self._ended = reason
        self.fail(reason)

    def _too_late(self, channel: str, waited: float) -> str:
        with self._lock:
            gaps = self._gaps.get(channel)
            longest = gaps.longest if gaps is not None else None
            newest = gaps.newest if gaps is not None else None
        now = self._now()
        text = f"{self._link}: {channel} cannot be asked, and no value came within {waited:.1f} s"
        if newest is not None and longest is not None:
            if waited > longest:
                return (
                    f"{text}; it reported every {longest:.3g} s and has been silent for {now - newest:.0f} s"
                )
            advised = max(1.0, _AMPLE * longest)
            return f"{text}; it reports every {longest:.3g} s: give a timeout of {advised:.0f} s or more"
        if newest is not None:
            ago = now - newest
            return f"{text}; it has reported once, {ago:.0f} s ago: give a longer timeout, or use `last`"
        words = self._words(channel)
        if words is not None:
            return f"{text}; {words}"
        instead = self._instead(channel)
        if instead is not None:
            return f"{text}; no value of {channel} yet; seen: {instead}"
        since = f"it has not reported in the {now - self._opened:.0f} s since the link was opened"
        return f"{text}; {since}: give a longer timeout, or `watch` it"
