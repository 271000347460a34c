"""How long a channel may say nothing before its value is stale, and the timer that looks out for it."""

from collections.abc import Callable

from drivers.clock import Clock
from drivers.dispatcher import Dispatcher
from drivers.gaps import Gaps
from drivers.source import Channel, Measurement

# Silence for three intervals and a second (a lost line, a late one, the time of transport) is staleness.
STALE_INTERVALS = 3
STALE_GRACE_S = 1.0


class Silence:
    """`configured`: seconds, 0 for never, None for what the channel says: its interval, or that it reports by
    itself, when the gaps between its measurements tell. `heard_at`: when the
    newest measurement was made (monotonic). `tell` is called with the seconds of a silence that is too long,
    again each time it has lasted once more, as long as somebody is `listening`.

    For the dispatcher's thread, `stale_after` for any.
    """

    def __init__(
        self,
        configured: float | None,
        *,
        heard_at: Callable[[], float],
        listening: Callable[[], bool],
        tell: Callable[[float], None],
        clock: Clock,
        dispatcher: Dispatcher,
    ) -> None:
        self._configured = configured
        self._heard_at = heard_at
        self._listening = listening
        self._tell = tell
        self._clock = clock
        self._dispatcher = dispatcher
        self._channel: Channel | None = None
        self._gaps = Gaps()
        self.learning = False
        """Whether measurements are to be noted."""
        self._since = 0.0  # when the device came: what was before is no silence of its own
        self._timer: object | None = None
        self._due = 0.0  # when the timer is

    @property
    def stale_after(self) -> float | None:
        """Seconds of silence after which the value is stale; None when the device only answers requests."""
        if self._configured is not None:
            return self._configured or None
        channel = self._channel
        if channel is None:
            return None
        if channel.interval_s:
            return STALE_INTERVALS * channel.interval_s + STALE_GRACE_S
        return self._gaps.stale_after if channel.unannounced else None

    def change(self, configured: float | None) -> None:
        """Another span from now on. Call `begin` after it, if the device is there."""
        self._configured = configured

    def begin(self, channel: Channel, *, fresh: bool, another: bool) -> None:
        """The device is there. `fresh`: it was not, or has started anew; `another`: it is not the one before.
        Silence is counted from now on then, or if it says another thing of the channel; one that only says
        again who it is has said nothing of the channel. Call `look` when somebody listens."""
        if fresh or channel != self._channel:
            self._since = self._clock.monotonic()
        self._channel = channel
        self.learning = channel.unannounced and not channel.interval_s and self._configured is None
        if another:
            self._gaps = Gaps()

    def end(self) -> None:
        """The device is gone; its silence until it is back tells nothing of how often it reports."""
        self._gaps.interrupted()

    def note(self, measurement: Measurement) -> None:
        """A measurement, while `learning`. What answers a live read tells nothing either."""
        if measurement.asked is not None:
            return
        self._gaps.note(measurement.measured)
        if self._timer is not None and measurement.measured + self._gaps.stale_after < self._due:
            self.look()

    def look(self) -> None:
        """Tell if it is time, and look again when it might be.

        A device that said hello again may report more often than before: then an earlier timer takes over,
        and the old one finds that it is not wanted any more.
        """
        stale_after = self.stale_after
        if not self._listening() or stale_after is None:
            self._timer = None
            return
        now = self._clock.monotonic()
        heard = max(self._since, self._heard_at())
        due = heard + stale_after
        if due <= now:
            self._tell(now - heard)
            due = now + stale_after
        if self._timer is None or not now < self._due <= due:
            self._timer, self._due = timer, due = object(), due
            self._dispatcher.call_at(due, lambda: self._run_out(timer))

    def _run_out(self, timer: object) -> None:
        if timer is self._timer:
            self.look()
