"""What a sensor answers when it is asked: `read`, `last`, `info`, `stats`. From any thread."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import sig
from drivers import description
from drivers.heard import Heard, fault_of
from drivers.link import Link
from drivers.read_params import ReadParams
from drivers.reading import STALE, Reading
from drivers.readings import Readings
from drivers.silence import Silence
from drivers.source import Channel, Device, Measurement


class SensorStatus(NamedTuple):
    """How a sensor fares. `connected`: its device is there, and has what it needs; if not that, `problem`
    says why. `last`: its newest reading, as it is judged by now; `age_s`: the seconds since its value was
    measured; `stale_after`: after how many of them it is stale, None where no value is expected unasked.
    `fault`: why there never was one."""

    connected: bool
    problem: str | None
    last: Reading | None
    age_s: float | None
    stale_after: float | None
    fault: str | None


class Answers:
    """The answers of the sensor called `name`, on a link's `channel`."""

    def __init__(
        self, name: str, link: Link, channel: str, heard: Heard, readings: Readings, silence: Silence
    ) -> None:
        self._name = name
        self._link = link
        self._clock = link.clock
        self._channel = channel
        self._heard = heard
        self._readings = readings
        self._silence = silence
        self.device: Device | None = None
        """Who measures; written by the dispatcher's thread alone, as the next one."""
        self.measured: Channel | None = None
        """What the device says of the channel."""
        self._missing: str | None = None

    def begin_anew(self) -> None:
        """The device is there again: nothing was said of it yet. On the dispatcher's thread."""
        self._missing = None

    def read(self, params: object) -> Reading:
        """See `Sensor.read`."""
        max_age, timeout = ReadParams.parse(params)
        oldest = self._clock.monotonic() - max_age

        def recent() -> Measurement | None:
            """What would answer this request too: asked for since, or, if age is allowed, measured since."""
            return self._heard.recent(max(oldest, self._fresh_since()), or_measured=max_age > 0)

        self._readings.count("reads")
        try:
            return self._judged(
                recent() or self._link.request("read", self._channel, timeout_s=timeout, unless=recent)
            )
        except sig.RequestError:
            self._readings.count("failed_reads")
            raise

    def _fresh_since(self) -> float:
        """What was measured earlier is stale by now (monotonic)."""
        stale_after = self._silence.stale_after
        return -math.inf if stale_after is None else self._clock.monotonic() - stale_after

    @property
    def fault(self) -> str | None:
        """Why there never was a value, once `#stale` has said so."""
        return self._missing if self._heard.newest_value is None else None

    def standing(self, *, connected: bool, problem: str | None) -> SensorStatus:
        """See `Sensor.status`."""
        valued = self._heard.newest_value
        age_s = self._clock.monotonic() - valued.measured if valued is not None else None
        return SensorStatus(connected, problem, self.last(), age_s, self._silence.stale_after, self.fault)

    def last(self) -> Reading | None:
        """See `Sensor.last`."""
        newest, valued = self._heard.newest, self._heard.newest_value
        if newest is None or valued is None:
            return None
        if self._heard.failed(newest.value):
            return self.stale(fault_of(newest))
        stale_after = self._silence.stale_after
        silence = self._clock.monotonic() - valued.measured
        if stale_after is not None and silence > stale_after:
            return self.silent(silence)
        return self._judged(valued)

    def info(self, kind: str, options: Mapping[str, Any], thresholds: tuple[str, ...]) -> dict[str, Any]:
        """See `Sensor.info`. `thresholds` are the names of those among the `options`."""
        newest = self._heard.newest
        shown = description.of_options(options)
        return {
            "kind": kind,
            "unit": self._readings.unit,
            "raw": description.finite(newest.value if newest is not None else None),
            **description.of_device(self._link.status(), self.device),
            "channel": description.of_channel(self._channel, self.measured),
            "thresholds": {event: shown.pop(event) for event in thresholds if event in shown},
            "stale_after": self._silence.stale_after,
            "warning": self._readings.warning,
            "fault": self.fault,
            "options": shown,
        }

    def stats(self, published: Mapping[str, int]) -> dict[str, Any]:
        """See `Sensor.stats`. `published` are the publisher's."""
        traffic = description.of_traffic(self._link.status(), self._link.dispatcher)
        return {**self._readings.counters, **published, **traffic}

    def stale(self, reason: str) -> Reading:
        """The newest value, marked stale; without one, a reading with the value None, which `info` explains
        from then on, as `last` has nothing to show. That only on the dispatcher's thread."""
        valued = self._heard.newest_value
        if valued is None:
            self._missing = reason
            return self._readings.never(reason)
        return self._judged(valued)._replace(quality=STALE, reason=reason)

    def silent(self, seconds: float) -> Reading:
        """The same, as nothing was heard for so long."""
        dropped = self._link.dropped_since_reading(self._channel)
        damage = f"; {dropped} damaged line{'s' if dropped > 1 else ''} since" if dropped else ""
        return self.stale(f"nothing heard for {seconds:.1f} s{damage}")

    def _judged(self, measurement: Measurement) -> Reading:
        raw = measurement.value
        if raw is None or self._heard.failed(raw):
            text = f"{self._name}: {fault_of(measurement)}; check the sensor, its wiring and its config"
            raise sig.RequestError(text)
        return self._readings.of(measurement, raw, self._link.warning(self._channel))
