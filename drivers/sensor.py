"""A sensor: the shared base of all drivers. From a channel's measurements to a sender on the router.

    measurement -> calibrate, limits, plausible range, spikes -> deadband -> #changed
                                                              -> thresholds -> cold, hot, …
    silence     -> #stale

A driver is a subclass that says what it measures; see `temperature.py`.

Three kinds of thread meet here. The one that reads notes the newest measurement. The dispatcher's judges,
publishes and watches for silence. Any other calls the requests: `read`, `last`, `info`, `stats`.
"""

import logging
import math
import threading
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import sig
from drivers.errors import OptionError
from drivers.filters import Deadband, SpikeGuard, Threshold
from drivers.judge import NO_LIMITS, Judge
from drivers.link import Link
from drivers.name_watch import NameWatch
from drivers.options import Option, parse_options
from drivers.publisher import Publisher
from drivers.read_params import ReadParams
from drivers.reading import GOOD, STALE, SUSPECT, Reading
from drivers.sensor_options import COMMON_OPTIONS, threshold_options
from drivers.source import Channel, Device, Measurement

logger = logging.getLogger(__name__)

# Silence for three intervals and a second (a lost line, a late one, the time of transport) is staleness.
STALE_INTERVALS = 3
STALE_GRACE_S = 1.0
# How often the board is asked for a value that confirms the first one. If none of them does, the next are
# waited for: a board that is asked as fast as it answers would do nothing else.
CONFIRMING_READS = 3
COUNTERS = ("received", "suspect", "clamped", "faults", "dropped", "reads", "failed_reads")


class Sensor:
    """One channel of one board as a sender.

    `name`: the sender's. `channel`: the board's channel, by default called like the sensor. `options`: see
    `option_table()`; values as in a config file. Raises `OptionError` for an unknown option or a wrong value.

    Subclasses set `kind`, `unit`, `units` (the board's units and how to convert each), `low_event`,
    `high_event`; where there are any, `limits`, the least and the most that such a value can be, and
    `clamps`, the default of the option `clamp`.
    """

    kind: ClassVar[str]
    unit: ClassVar[str]
    units: ClassVar[Mapping[str, Callable[[float], float]]]
    low_event: ClassVar[str]
    high_event: ClassVar[str]
    limits: ClassVar[tuple[float, float]] = NO_LIMITS
    clamps: ClassVar[bool] = False

    def __init__(self, name: str, link: Link, channel: str | None = None, **options: object) -> None:
        parsed = parse_options(self.option_table(), options)
        self.check_options(parsed)
        self.name = name
        self.channel = channel or name
        self._options = parsed
        self._link = link
        self._clock = link.clock
        self._router: sig.Router | None = None
        # Written by whoever reads the link (one thread at a time), one assignment each; read by all.
        self._newest: Measurement | None = None
        self._newest_value: Measurement | None = None
        self._live: Measurement | None = None
        self._lock = threading.Lock()  # guards the judge and the counters; no user code runs under it
        self._accepted: tuple[Measurement, Reading] | None = None  # the last one judged in its turn
        self._invalid: tuple[float, ...] = parsed["invalid"] or ()
        self._another_since = -math.inf  # when another board was found than before
        self._judge = Judge(
            parsed["offset"],
            parsed["scale"],
            parsed["range"],
            SpikeGuard(parsed["spike"]),
            limits=self.limits,
            clamp=self.clamps if parsed["clamp"] is None else parsed["clamp"],
            kind=self.kind,
        )
        self._counters = dict.fromkeys(COUNTERS, 0)
        # Written by the dispatcher's thread alone.
        self._problem: str | None = None
        self._board: Device | None = None
        self._up_since = 0.0
        self._confirming_reads = 0  # how many are left
        self._watch: object | None = None  # the timer that looks out for silence
        self._watch_due = 0.0
        self._deadband = Deadband(
            parsed["delta"], parsed["min_interval"], parsed["step"], parsed["heartbeat"]
        )
        thresholds = {
            event: Threshold(parsed[event], parsed["hysteresis"], rising=rising)
            for event, rising in ((self.low_event, False), (self.high_event, True))
            if parsed[event] is not None
        }
        events = [self.low_event, self.high_event]
        self._publisher = Publisher(name, events, self._deadband, thresholds)
        self._name_watch = NameWatch(name, link.dispatcher, self._try_again)

    @classmethod
    def option_table(cls) -> dict[str, Option]:
        """Every option that this driver takes, by name."""
        return {**COMMON_OPTIONS, **threshold_options(cls.low_event, cls.high_event, cls.unit)}

    @classmethod
    def check_options(cls, parsed: Mapping[str, Any]) -> None:
        """What single options cannot know. Raises `OptionError`."""
        if parsed["scale"] == 0:
            raise OptionError("scale", "expected a number other than 0")
        low, high, hysteresis = parsed[cls.low_event], parsed[cls.high_event], parsed["hysteresis"]
        if low is None or high is None:
            return
        if low >= high:
            raise OptionError(cls.low_event, f"expected less than {cls.high_event} ({high:g}), got {low:g}")
        if low + hysteresis.at(low) >= high or high - hysteresis.at(high) <= low:
            raise OptionError(
                "hysteresis", f"expected less than the distance from {low:g} to {high:g}, got {hysteresis}"
            )

    @property
    def interval_ms(self) -> int | None:
        """The reporting interval wanted of the board, None for the board's own."""
        interval: float | None = self._options["interval"]
        return None if interval is None else round(interval * 1000)

    @property
    def problem(self) -> str | None:
        """Why this sensor is not connected though its board was there: the board does not have what it needs,
        or its name is taken. From any thread."""
        return self._problem

    def attach(self, router: sig.Router) -> None:
        """Be a sender on `router` whenever the board is there. Until then the sender is listed, not
        connected."""
        self._router = router
        router.getSender(self.name, create=True)
        self._link.add(self)

    def detach(self) -> None:
        """Leave the router. Call it when the link is closed, or on the dispatcher's thread."""
        self._link.remove(self)
        self._disconnect()
        self._router = None

    # Whoever reads the link

    def heard(self, measurement: Measurement) -> None:
        """See `Sink`. So `last` knows the newest value even while a listener holds up the dispatcher."""
        self._newest = measurement
        if measurement.value is not None and measurement.value not in self._invalid:
            self._newest_value = measurement
            if measurement.asked is not None:
                self._live = measurement

    def missed(self) -> None:
        """See `Sink`."""
        self._count("dropped")

    # The dispatcher's thread

    def link_up(self, board: Device, warning: str | None = None) -> None:
        """See `Sink`: connect to the router, if the board has what this sensor needs.

        `warning`: why this board's values are not to be trusted (it is another than before, say). As long as
        there is one, each reading is suspect with it as the reason, and no threshold fires.
        """
        if self._router is None:
            return  # detached a moment ago
        with self._lock:
            self._judge.warning = warning
        problem = self._unfit(board)
        if problem is None:
            problem = self._use(board, self._router)
        else:
            self._disconnect()
        if problem is not None and problem != self._problem:  # a board may say hello often
            logger.error("%s: %s", self.name, problem)
        elif problem is None and self._problem is not None:
            logger.info("%s: connected; it was not, as %s", self.name, self._problem)
        self._problem = problem

    def _use(self, board: Device, router: sig.Router) -> str | None:
        """Be connected, with what the board says of the channel; returns why not, if not."""
        channel = board.channels[self.channel]
        before, self._board = self._board, board
        another = before is not None and before.identity != board.identity
        restarted = before is None or another or before.boot != board.boot
        self._up_since = self._clock.monotonic()
        if another:
            self._publisher.begin_anew()
        with self._lock:
            if another:
                self._accepted, self._another_since = None, self._up_since
            if restarted or not self._publisher.connected:
                self._judge.begin_anew()
                self._confirming_reads = CONFIRMING_READS
            self._deadband.resolution = self._judge.use(channel, self.units[channel.unit])
        self._deadband.interval = channel.interval_s
        problem = None
        if not self._publisher.connected:
            problem = self._publisher.connect(router, self._requests())
            if (
                problem is not None
            ):  # the name is taken: from now on we hear when it is free, if it is not by now
                self._name_watch.start(router)
                problem = self._publisher.connect(router, self._requests())
            if problem is None:
                self._name_watch.stop()
        self._watch_silence(self._watch)
        return problem

    def _try_again(self) -> None:
        """The name is free, and the board still there."""
        if self._board is not None:
            self.link_up(self._board, self._judge.warning)

    def _disconnect(self) -> None:
        self._name_watch.stop()
        self._publisher.disconnect()

    def link_down(self, reason: str) -> None:
        """See `Sink`: disconnect from the router."""
        logger.debug("%s: disconnected: %s", self.name, reason)
        self._disconnect()

    def accept(self, measurement: Measurement) -> None:
        """See `Sink`: judge and publish."""
        if not self._publisher.connected:
            self._count("dropped")
            return
        raw = measurement.value
        if raw is None or raw in self._invalid:
            self._count("received", "faults")
            self._publisher.take_stale(self._stale_reading(_fault(measurement)))
            return
        with self._lock:
            value, reason, clamped = self._judge.judge(raw)
            self._judge.take(value, reason)
            reading = self._reading(measurement, value, reason)
            self._accepted = measurement, reading
            self._counters["received"] += 1
            if reason is not None:
                self._counters["suspect"] += 1
            if clamped:
                self._counters["clamped"] += 1
            confirm = reason is not None and self._judge.wants_another
        if confirm and self._confirming_reads:
            self._confirming_reads -= 1
            self._link.refresh(self.channel)
        self._publisher.take(reading, measurement.measured)

    def _watch_silence(self, watch: object | None) -> None:
        """Publish `#stale` when it is time, and look again when it might be.

        `watch`: the timer that calls. A board that said hello again may report more often than before: then
        an earlier timer takes over, and the old one finds that it is not wanted any more.
        """
        if watch is not self._watch:
            return
        stale_after = self._stale_after()
        if not self._publisher.connected or stale_after is None:
            self._watch = None
            return
        now = self._clock.monotonic()
        newest = self._newest
        heard = max(self._up_since, newest.measured if newest else 0.0)
        due = heard + stale_after
        if due <= now:
            self._publisher.take_stale(self._stale_reading(self._silence(now - heard)))
            due = now + stale_after
        if self._watch is None or not now < self._watch_due <= due:
            self._watch, self._watch_due = watch, due = object(), due
            self._link.dispatcher.call_at(due, lambda: self._watch_silence(watch))

    def _unfit(self, board: Device) -> str | None:
        channel = board.channels.get(self.channel)
        if channel is None:
            return (
                f"board {board.identity} has no channel {self.channel!r}; it has {', '.join(board.channels)}"
            )
        if channel.kind != self.kind:
            return (
                f"channel {self.channel!r} measures {channel.kind}, not {self.kind}; "
                "choose another driver or channel"
            )
        if channel.unit not in self.units:
            return f"channel {self.channel!r} is in {channel.unit!r}; expected {' or '.join(self.units)}"
        return None

    # Any thread: the requests

    def _requests(self) -> dict[str | None, Callable[[Any], Any]]:
        return {"read": self.read, "last": self.last, "info": self.info, "stats": self.stats}

    def read(self, params: object = None) -> dict[str, Any]:
        """Ask the board now; returns a reading's data. `params`: see `ReadParams`.

        Raises `sig.NotConnected`, `sig.RequestTimeout`, `sig.Busy`, `sig.BadParams`, and `sig.RequestError`
        when the board's sensor failed.
        """
        max_age, timeout = ReadParams.parse(params)
        oldest = self._clock.monotonic() - max_age

        def recent() -> Measurement | None:
            """What would answer this request too: asked for since, or, if age is allowed, measured since."""
            live, newest = self._own(self._live), self._own(self._newest_value)
            if live is not None and live.asked is not None and live.asked >= oldest:
                return live
            return newest if max_age and newest is not None and newest.measured >= oldest else None

        self._count("reads")
        try:
            measurement = recent() or self._link.request(
                "read", self.channel, timeout_s=timeout, unless=recent
            )
            return self._judged(measurement).as_data()
        except sig.RequestError:
            self._count("failed_reads")
            raise

    def last(self, _params: object = None) -> dict[str, Any] | None:
        """The newest known reading's data, stale if it is; None if there has never been one. At once."""
        newest, valued = self._own(self._newest), self._own(self._newest_value)
        if newest is None or valued is None:
            return None
        if newest.value is None or newest.value in self._invalid:
            return self._stale_reading(_fault(newest)).as_data()
        stale_after = self._stale_after()
        silence = self._clock.monotonic() - valued.measured
        if stale_after is not None and silence > stale_after:
            return self._stale_reading(self._silence(silence)).as_data()
        return self._judged(valued).as_data()

    def info(self, _params: object = None) -> dict[str, Any]:
        """What this sensor is: kind, unit, link, device, channel, thresholds, options."""
        board, status = self._board, self._link.status()
        channel: Channel | None = board.channels.get(self.channel) if board else None
        options = {name: value for name, value in self._options.items() if value is not None}
        return {
            "kind": self.kind,
            "unit": self.unit,
            "link": self._link.name,
            "port": status.port,
            "device": {
                "path": status.device,
                "model": board.model if board else None,
                "identity": board.identity if board else None,
                "boot": board.boot if board else None,
            },
            "firmware": board.firmware if board else None,
            "channel": {
                "name": self.channel,
                "unit": channel.unit if channel else None,
                "resolution": channel.resolution if channel else None,
                "range": [channel.low, channel.high] if channel else None,
                "interval": channel.interval_s if channel else None,
            },
            "thresholds": {
                event: options.pop(event) for event in (self.low_event, self.high_event) if event in options
            },
            "stale_after": self._stale_after(),
            "warning": self._judge.warning,
            "options": {
                name: value if isinstance(value, int | float | tuple) else str(value)
                for name, value in options.items()
            },
        }

    def stats(self, _params: object = None) -> dict[str, Any]:
        """Counters since the start: the sensor's own, its link's under `link`, and under
        `dispatcher` what waits there and what was dropped."""
        status, dispatcher = self._link.status(), self._link.dispatcher
        with self._lock:
            counters: dict[str, Any] = dict(self._counters)
        counters |= {"published": self._publisher.published, "stale": self._publisher.stale}
        return {
            **counters,
            "link": {"state": str(status.state), "reason": status.reason, **status.counters},
            "dispatcher": {"waiting": dispatcher.depth, "dropped": dispatcher.dropped},
        }

    # Any thread

    def _count(self, *names: str) -> None:
        with self._lock:
            for name in names:
                self._counters[name] += 1

    def _own(self, measurement: Measurement | None) -> Measurement | None:
        """A measurement that was heard, if it is this board's; if it may be that of the board before, the
        last one that is known not to be."""
        if measurement is None or measurement.measured > self._another_since:
            return measurement
        accepted = self._accepted  # in their turn come those of this board only
        return accepted[0] if accepted is not None else None

    def _judged(self, measurement: Measurement) -> Reading:
        raw = measurement.value
        if raw is None or raw in self._invalid:
            raise sig.RequestError(f"{self.name}: {_fault(measurement)}; check the sensor and its wiring")
        with self._lock:
            if self._accepted is not None and self._accepted[0] is measurement:
                return self._accepted[1]  # what listeners got: the spike guard has moved on since
            value, reason, _ = self._judge.judge(raw)
        # The news of another board may still be behind a listener that takes its time.
        return self._reading(measurement, value, self._link.warning(self.channel) or reason)

    def _reading(self, measurement: Measurement, value: float, reason: str | None) -> Reading:
        utc = self._clock.utc() - (self._clock.monotonic() - measurement.measured)
        return Reading(value, self.unit, utc, SUSPECT if reason else GOOD, measurement.seq, reason)

    def _stale_reading(self, reason: str) -> Reading:
        """The newest value, marked stale; without one, a reading with the value None."""
        valued = self._own(self._newest_value)
        if valued is None:
            return Reading(None, self.unit, self._clock.utc(), STALE, 0, reason)
        return self._judged(valued)._replace(quality=STALE, reason=reason)

    def _silence(self, seconds: float) -> str:
        dropped = self._link.dropped_since_reading(self.channel)
        damage = f"; {dropped} damaged line{'s' if dropped > 1 else ''} since" if dropped else ""
        return f"nothing heard for {seconds:.1f} s{damage}"

    def _stale_after(self) -> float | None:
        """Seconds of silence after which the value is stale; None when the board only answers requests."""
        stale_after: float | None = self._options["stale_after"]
        if stale_after is not None:
            return stale_after or None
        channel = self._board.channels.get(self.channel) if self._board else None
        if channel is None or not channel.interval_s:
            return None
        return STALE_INTERVALS * channel.interval_s + STALE_GRACE_S


def _fault(measurement: Measurement) -> str:
    """Why a measurement is none: the board says so, or says what `invalid` names."""
    if measurement.value is None:
        return measurement.fault or "the measurement failed"
    return f"the board says {measurement.value:g}, which stands for no value (`invalid`)"
