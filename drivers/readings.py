"""From measurements to readings: the judge and what evens out its values, for several threads; counters."""

import threading
from typing import NamedTuple

from drivers.clock import Clock
from drivers.heard import Heard
from drivers.judge import Judge
from drivers.published import Quality
from drivers.quantity import Convert
from drivers.reading import GOOD, STALE, SUSPECT, Reading
from drivers.smoothing import Smoothing
from drivers.source import Channel, Measurement

MOVED_S = 0.05
"""Two looks at the clock differ by less, however busy the machine is, and no setting of it matters less."""
# `late`: that their device kept; `late_faults`: those of them that have no value; `missing`: that nobody will
# ever have, as far as their number is known.
COUNTERS = (
    "received",
    "suspect",
    "clamped",
    "faults",
    "dropped",
    "reads",
    "failed_reads",
    "late",
    "late_faults",
    "missing",
)


class Rules(NamedTuple):
    """How values are judged. `alike`: what is measured has the values that it had by the rules before, so
    that those may be compared; `same_window`: they are evened out in the same window. `channel`: what the
    device says of it, with `convert` from its unit; None if that is not known, or does not fit."""

    unit: str
    judge: Judge
    smoothing: Smoothing | None
    alike: bool
    same_window: bool
    channel: Channel | None
    convert: Convert


class Readings:
    """A sensor's readings, in `unit`. From any thread; what may change the stream's memory (`use`, `accept`,
    `fail`, `begin_anew`, `interrupted`) from the dispatcher's alone."""

    def __init__(
        self, unit: str, clock: Clock, heard: Heard, judge: Judge, smoothing: Smoothing | None
    ) -> None:
        self.unit = unit
        """Of the readings."""
        self._clock = clock
        self._heard = heard
        self._lock = threading.Lock()  # guards the judge and the counters; no user code runs under it
        self._judge = judge
        self._smoothing = smoothing
        self._counters = dict.fromkeys(COUNTERS, 0)

    @property
    def warning(self) -> str | None:
        """Why no value of this device is to be trusted."""
        return self._judge.warning

    @warning.setter
    def warning(self, text: str | None) -> None:
        with self._lock:
            self._judge.warning = text

    def change(self, rules: "Rules") -> None:
        """Go on by other rules. The newest reading is judged anew by them, as far as it can be."""
        with self._lock:
            judge, smoothing = self._judge, self._smoothing
            self._judge, self._smoothing, self.unit = rules.judge, rules.smoothing, rules.unit
            self._judge.go_on_for(judge, alike=rules.alike)
            if rules.same_window and smoothing is not None and self._smoothing is not None:
                self._smoothing.go_on_for(smoothing)
            if rules.channel is not None:
                self._judge.use(rules.channel, rules.convert)
                if self._smoothing is not None:
                    self._smoothing.decimals = self._judge.decimals
            self._heard.accepted = self._judged_anew(rules)

    def _judged_anew(self, rules: "Rules") -> tuple[Measurement, Reading] | None:
        """What was accepted last, by the new rules; None where they do not take it, or the device that it
        came from is not known. With the lock."""
        accepted = self._heard.accepted
        if accepted is None or rules.channel is None or self._heard.failed(accepted[0].value):
            return None
        measurement, reading = accepted
        raw = measurement.value
        assert raw is not None
        if reading.quality == GOOD:
            self._judge.trust(raw)
        value, reason, _ = self._judge.judge(raw)
        if self._smoothing is not None:
            if rules.same_window and reading.value is not None:  # it is in the window already
                value = self._smoothing.rounded(reading.value)
            else:
                value = self._smoothing.peek(value, reason, measurement.measured)
        return measurement, self._reading(measurement, value, reason)

    def use(self, channel: Channel, convert: Convert) -> float:
        """See `Judge.use`."""
        with self._lock:
            resolution = self._judge.use(channel, convert)
            if self._smoothing is not None:
                self._smoothing.decimals = self._judge.decimals
            return resolution

    def begin_anew(self) -> None:
        """What comes next may be of another device, or of one that was just switched on."""
        with self._lock:
            self._judge.begin_anew()
            self._reset()

    def interrupted(self) -> None:
        """The value has become stale: what comes next is not to be mixed with what was before."""
        with self._lock:
            self._reset()

    def fail(self) -> None:
        """A measurement in turn that has no value."""
        self.count("received", "faults")
        self.interrupted()

    def _reset(self) -> None:
        if self._smoothing is not None:
            self._smoothing.reset()

    def accept(self, measurement: Measurement, raw: float) -> tuple[Reading, bool]:
        """The reading of the next measurement in turn, and whether another is wanted to confirm it."""
        with self._lock:
            value, reason, clamped = self._judge.judge(raw)
            self._judge.take(value, reason)
            if self._smoothing is not None:
                value = self._smoothing.take(value, reason, measurement.measured)
            reading = self._reading(measurement, value, reason)
            self._heard.accepted = measurement, reading
            self._counters["received"] += 1
            if reason is not None:
                self._counters["suspect"] += 1
            if clamped:
                self._counters["clamped"] += 1
            return reading, reason is not None and self._judge.wants_another

    def of(self, measurement: Measurement, raw: float, warning: str | None) -> Reading:
        """The reading of any measurement, judged by what the stream has taught so far. `warning`: what the
        link knows already, though its news may still be on their way."""
        with self._lock:
            accepted = self._heard.accepted
            if accepted is not None and accepted[0] is measurement:
                # What listeners got, as the spike guard has moved on since; but its time as it is known now.
                return self._in_time(accepted[1], measurement.measured)
            value, reason, _ = self._judge.judge(raw)
            if self._smoothing is not None:
                value = self._smoothing.peek(value, reason, measurement.measured)
            return self._reading(measurement, value, warning or reason)

    def late(self, measurement: Measurement, raw: float) -> Reading:
        """The reading of a measurement that its device kept: judged by itself, and nothing learnt of it."""
        with self._lock:
            value, reason, clamped = self._judge.judge(raw, in_turn=False)
            self._counters["late"] += 1
            if reason or measurement.doubt:
                self._counters["suspect"] += 1
            if clamped:
                self._counters["clamped"] += 1
            return self._reading(measurement, value, reason or measurement.doubt)

    def never(self, reason: str) -> Reading:
        """The reading of a sensor that never had a value."""
        utc, unset = self._clock.stamp(self._clock.monotonic())
        return Reading(None, self.unit, utc, STALE, 0, reason, unset)

    def count(self, *names: str, number: int = 1) -> None:
        """So many more of each."""
        with self._lock:
            for name in names:
                self._counters[name] += number

    @property
    def counters(self) -> dict[str, int]:
        """A copy of them."""
        with self._lock:
            return dict(self._counters)

    def _in_time(self, reading: Reading, measured: float) -> Reading:
        """With another time, if the machine's clock has been set since, or is not believed any more."""
        utc, unset = self._clock.stamp(measured)
        if unset == reading.unset and abs(utc - reading.utc) < MOVED_S:
            return reading
        return reading._replace(utc=utc, unset=unset)

    def _reading(self, measurement: Measurement, value: float, reason: str | None) -> Reading:
        utc, unset = self._clock.stamp(measurement.measured)
        quality: Quality = SUSPECT if reason else GOOD
        return Reading(value, self.unit, utc, quality, measurement.seq, reason, unset)
