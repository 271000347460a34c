"""What a sensor has heard of its channel last, known at once whatever the dispatcher is busy with."""

import math
from collections.abc import Sequence

from drivers.options import ABSURD
from drivers.reading import Reading
from drivers.source import Measurement


class Heard:
    """The newest measurements of a channel. `invalid`: what the source says when it has no value.

    `note` belongs to whoever reads the link (one thread at a time), `begin_anew` to the dispatcher's thread;
    each is a few assignments, one for each attribute. The rest is for any thread.
    """

    def __init__(self, invalid: Sequence[float]) -> None:
        self._invalid = tuple(invalid)
        self._newest: Measurement | None = None
        self._newest_value: Measurement | None = None
        self._live: Measurement | None = None
        self._another_since = -math.inf  # when another device was found than before
        self.accepted: tuple[Measurement, Reading] | None = None
        """The last one judged in its turn, and what came of it. Written under the lock of `Readings`."""

    def note(self, measurement: Measurement) -> None:
        """The newest measurement."""
        self._newest = measurement
        if not self.failed(measurement.value):
            self._newest_value = measurement
            if measurement.asked is not None:
                self._live = measurement

    def change(self, invalid: Sequence[float]) -> None:
        """Other values stand for none from now on, and did so before. On the dispatcher's thread."""
        self._invalid = tuple(invalid)
        if self._newest is not None and not self.failed(self._newest.value):
            self._newest_value = self._newest
        elif self._newest_value is not None and self.failed(self._newest_value.value):
            self._newest_value = None
        if self._live is not None and self.failed(self._live.value):
            self._live = None

    def begin_anew(self, now: float) -> None:
        """Another device was found at `now`: what was measured until then is none of its values."""
        self.accepted, self._another_since = None, now

    @property
    def newest(self) -> Measurement | None:
        """The newest measurement, failed or not."""
        return self._own(self._newest)

    @property
    def newest_value(self) -> Measurement | None:
        """The newest that has a value."""
        return self._own(self._newest_value)

    @property
    def newest_time(self) -> float:
        """When the newest one was measured, of whichever device; 0 before there is one."""
        return self._newest.measured if self._newest is not None else 0.0

    def recent(self, oldest: float, *, or_measured: bool) -> Measurement | None:
        """A value that was asked for at `oldest` or later; with `or_measured`, one measured since will do."""
        live, newest = self._own(self._live), self.newest_value
        if live is not None and live.asked is not None and live.asked >= oldest:
            return live
        return newest if or_measured and newest is not None and newest.measured >= oldest else None

    def failed(self, raw: float | None) -> bool:
        """Whether that stands for no value."""
        # nan is not within anything
        return raw is None or raw in self._invalid or not -ABSURD < raw < ABSURD

    def _own(self, measurement: Measurement | None) -> Measurement | None:
        """A measurement that was heard, if it is this device's; if it may be that of the one before, the last
        one that is known not to be."""
        if measurement is None or measurement.measured > self._another_since:
            return measurement
        accepted = self.accepted  # in their turn come those of this device only
        return accepted[0] if accepted is not None else None


def fault_of(measurement: Measurement) -> str:
    """Why a measurement is none: the device says so, or says what is no number, or what `invalid` names."""
    if measurement.value is None:
        return measurement.fault or "the measurement failed"
    if not abs(measurement.value) < ABSURD:
        return f"the board says {measurement.value:g}, which is no value"
    return f"the board says {measurement.value:g}, which stands for no value (`invalid`)"
