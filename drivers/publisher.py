"""The publishing half of a sensor: what of its readings becomes an event, on a sender that comes and goes.

All of it belongs to the dispatcher's thread.
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import sig
from drivers import published
from drivers.filters import Deadband, Threshold
from drivers.reading import GOOD, STALE, Reading

logger = logging.getLogger(__name__)

CHANGED = "#changed"
STALE_EVENT = "#stale"
LATE = "#late"
GAP = "#gap"
# Of gaps that come while the sender is not there, so many wait for it: three minutes of a bad line.
MOST_GAPS = 16


class Publisher:
    """`thresholds`: by the event that each fires. `published` and `stale` count what was triggered."""

    def __init__(
        self,
        name: str,
        threshold_events: list[str],
        deadband: Deadband,
        thresholds: Mapping[str, Threshold],
    ) -> None:
        self._name = name
        self._events = [CHANGED, STALE_EVENT, *threshold_events]
        self._deadband = deadband
        self._thresholds = thresholds
        self.published = 0
        self.stale = 0
        self.keeps = False
        """Whether the sender has the events of a device that keeps its readings."""
        self._sender: sig.Sender | None = None
        self._signals: dict[str, sig.Signal] = {}
        self._gaps: deque[published.Gap] = deque(maxlen=MOST_GAPS)  # that nobody could be told of yet
        self._quality: str | None = None  # of the last reading published on this connection

    @property
    def connected(self) -> bool:
        """Whether the sender is on the router."""
        return self._sender is not None

    def connect(
        self,
        router: sig.Router,
        requests: Mapping[str | None, Callable[[Any], Any]],
        *,
        keeps: bool = False,
    ) -> str | None:
        """Put the sender on the router, or return why it cannot be there. The next reading is published,
        whatever it is. `keeps`: its device keeps readings, so that there may be late ones and gaps."""
        self._quality = None
        self._deadband.reset()
        self.keeps = keeps
        events = [*self._events, LATE, GAP] if keeps else self._events
        try:
            sender = router.addSender(self._name, events, dict(requests))
        except NameError:
            return "another sender of that name is connected; rename one of the two"
        self._sender = sender
        self._signals = {event: signal for event in events if (signal := sender.getSignal(event))}
        while self._gaps and GAP in self._signals:
            self.gap(self._gaps.popleft())
        return None

    def begin_anew(self) -> None:
        """Another board is there: the next reading is published whatever it is, and thresholds may fire for
        it."""
        self._quality = None
        self._deadband.reset()
        for threshold in self._thresholds.values():
            threshold.reset()

    def change(self, deadband: Deadband, thresholds: Mapping[str, Threshold], *, alike: bool) -> None:
        """Go on with others. `alike`: what is published is in the same unit as before; if not, the next
        reading is published whatever it is, and thresholds may fire for it."""
        if alike:
            deadband.go_on_for(self._deadband)
            for event, threshold in thresholds.items():
                if event in self._thresholds:
                    threshold.go_on_for(self._thresholds[event])
        else:
            self._quality = None
        self._deadband, self._thresholds = deadband, thresholds

    def disconnect(self) -> None:
        """Take the sender off the router; nothing happens if it is not there."""
        sender, self._sender = self._sender, None
        self._signals = {}
        if sender is not None:
            sender.remove()

    def take(self, reading: Reading, measured: float) -> None:
        """A good or suspect reading, measured at `measured` (monotonic): publish it if it is news, fire
        thresholds.

        A change of quality is news too. A suspect value fires no threshold.
        """
        value = reading.value
        assert value is not None
        if reading.quality != self._quality or self._deadband.passes(value, measured):
            self._quality = reading.quality
            self._deadband.take(value, measured)
            self._publish(CHANGED, reading)
        if reading.quality == GOOD:
            for event, threshold in self._thresholds.items():
                if threshold.crossed(value):
                    self._publish(event, reading)

    def take_stale(self, reading: Reading) -> None:
        """The reading has become stale; published once, until another comes."""
        if self._quality == STALE:
            return
        self._quality = STALE
        logger.warning("%s: stale: %s", self._name, reading.reason)
        self.stale += 1
        self._publish(STALE_EVENT, reading)

    def late(self, reading: Reading) -> None:
        """A reading that its device kept: it is no state, and no news to any filter."""
        self._publish(LATE, reading)

    def gap(self, gap: published.Gap) -> None:
        """Readings that nobody will ever have: told now, or when the sender is there, as its device does not
        tell it again."""
        if GAP in self._signals:
            lost = "readings" if gap["count"] is None else f"{gap['count']} readings"
            logger.warning(
                "%s: %s lost, %s to %s: %s", self._name, lost, gap["from"], gap["to"], gap["reason"]
            )
            self._trigger(GAP, gap)
        else:
            self._gaps.append(gap)

    def _publish(self, event: str, reading: Reading) -> None:
        self._trigger(event, reading.as_data())

    def _trigger(self, event: str, data: published.Reading | published.Gap) -> None:
        signal = self._signals.get(event)
        if signal is not None:  # else a listener disconnected the sender a moment ago, on this thread
            self.published += 1
            signal.trigger(data)
