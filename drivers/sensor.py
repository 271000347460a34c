"""A sensor: the shared base of all drivers. From a channel's measurements to a sender on the router.

    measurement -> invalid -> unit, calibration, limits, plausible range, spikes -> median or average
                -> deadband -> #changed
                -> thresholds -> cold, hot, …
    silence     -> #stale
    what the device kept -> invalid -> unit, calibration, limits, plausible range -> #late
    what it lost         -> #gap

A driver is a subclass that says what it measures; see `temperature.py`.

Three kinds of thread meet here. The one that reads notes the newest measurement. The dispatcher's judges,
publishes and watches for silence. Any other calls the requests: `read`, `last`, `info`, `stats`.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import sig
from drivers import published
from drivers.answers import Answers, SensorStatus
from drivers.changing import rules_of, same
from drivers.clock import UNSET
from drivers.filters import deadband_of, thresholds_of
from drivers.heard import Heard, fault_of
from drivers.judge import judge_of
from drivers.link import Link
from drivers.name_watch import NameWatch
from drivers.options import Option, parse_options
from drivers.publisher import Publisher
from drivers.quantity import NO_LIMITS, Convert, Quantity, Shown, channel_of, no_channel
from drivers.reading import STALE, format_utc
from drivers.readings import Readings
from drivers.sensor_options import (
    COMMON_OPTIONS,
    check_filters,
    check_thresholds,
    threshold_options,
    unit_options,
)
from drivers.silence import Silence
from drivers.smoothing import smoothing_of
from drivers.source import Channel, Device, Measurement, Missing

logger = logging.getLogger(__name__)

# How often the board is asked for a value that confirms the first one. If none of them does, the next are
# waited for: a board that is asked as fast as it answers would do nothing else.
CONFIRMING_READS = 3


class Sensor:
    """One channel of one board as a sender.

    `name`: the sender's. `channel`: the board's channel, by default called like the sensor. `options`: see
    `option_table()`; values as in a config file. Raises `OptionError` for an unknown option or a wrong value.

    Subclasses set `kind`, `unit`, `units` (the board's units and how to convert each), `low_event`,
    `high_event`; where there are any, `limits`, the least and the most that such a value can be, `clamps`,
    the default of the option `clamp`, and `shows`, the units to choose from for what is published, of which
    the first is `unit`.
    """

    kind: ClassVar[str]
    unit: ClassVar[str]
    units: ClassVar[Mapping[str, Convert]]
    shows: ClassVar[Mapping[str, Shown]] = {}
    low_event: ClassVar[str]
    high_event: ClassVar[str]
    limits: ClassVar[tuple[float, float]] = NO_LIMITS
    clamps: ClassVar[bool] = False

    def __init__(self, name: str, link: Link, channel: str | None = None, **options: object) -> None:
        parsed = parse_options(self.option_table(), options, also=("channel",))
        self.check_options(parsed)
        self.name = name
        self.channel = channel or name
        self._options = parsed
        self._link = link
        self._clock = link.clock
        self._router: sig.Router | None = None
        self._quantity = self.quantity(parsed)
        self._heard = Heard(parsed["invalid"] or ())
        self._readings = Readings(
            self._quantity.unit,
            link.clock,
            self._heard,
            judge_of(parsed, self._quantity, clamps=self.clamps),
            smoothing_of(parsed, self._quantity.precision),
        )
        # Written by the dispatcher's thread alone.
        self._problem: str | None = None
        self._unfit = False  # whether the sensor can make nothing of what the device says
        self._there = False  # whether the device is
        self._confirming_reads = 0  # how many are left
        self._deadband = deadband_of(parsed)
        thresholds = thresholds_of(parsed, self.low_event, self.high_event)
        self._publisher = Publisher(name, [self.low_event, self.high_event], self._deadband, thresholds)
        self._silence = Silence(
            parsed["stale_after"],
            heard_at=lambda: self._heard.newest_time,
            listening=lambda: self._publisher.connected,
            tell=self._fall_silent,
            clock=link.clock,
            dispatcher=link.dispatcher,
        )
        self._answers = Answers(name, link, self.channel, self._heard, self._readings, self._silence)
        self._name_watch = NameWatch(name, link.dispatcher, self._try_again)

    @classmethod
    def option_table(cls) -> dict[str, Option]:
        """Every option that this driver takes, by name."""
        unit = f"{cls.unit} or what `show` says" if cls.shows else cls.unit or "its `unit`"
        return {
            **COMMON_OPTIONS,
            **unit_options(cls.units, cls.shows),
            **threshold_options(cls.low_event, cls.high_event, unit),
        }

    @classmethod
    def check_options(cls, parsed: Mapping[str, Any]) -> None:
        """What single options cannot know. Raises `OptionError`."""
        check_filters(parsed)
        check_thresholds(parsed, cls.low_event, cls.high_event)

    @classmethod
    def quantity(cls, parsed: Mapping[str, Any]) -> Quantity:
        """What is measured, by the options, which are right."""
        quantity = Quantity(cls.kind, cls.unit, cls.units, parsed.get("unit"), cls.limits)
        show = parsed.get("show")
        return quantity if show is None else quantity.shown_in(show, cls.shows[show])

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

    @property
    def shown_unit(self) -> str:
        """Of what is published."""
        return self._quantity.unit

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
        self._heard.note(measurement)

    def missed(self) -> None:
        """See `Sink`."""
        self._readings.count("dropped")

    # The dispatcher's thread

    def link_up(self, board: Device, warning: str | None = None) -> None:
        """See `Sink`: connect to the router, if the board has what this sensor needs.

        `warning`: why this board's values are not to be trusted (it is another than before, say). As long as
        there is one, each reading is suspect with it as the reason, and no threshold fires.
        """
        if self._router is None:
            return  # detached a moment ago
        self._there = True
        self._readings.warning = warning
        channel = channel_of(board, self.channel)
        problem = no_channel(board, self.channel) if channel is None else self._quantity.unfit(channel)
        self._unfit = problem is not None
        if channel is None or problem is not None:
            self._disconnect()
        else:
            problem = self._use(board, channel, self._router)
        if problem is not None and problem != self._problem:  # a board may say hello often
            logger.error("%s: %s", self.name, problem)
        elif problem is None and self._problem is not None:
            logger.info("%s: connected; it was not, as %s", self.name, self._problem)
        self._problem = problem

    def _use(self, board: Device, channel: Channel, router: sig.Router) -> str | None:
        """Be connected, with what the board says of the channel; returns why not, if not."""
        before = self._answers.device
        self._answers.device, self._answers.measured = board, channel
        keeps = board.kept > 0
        if self._publisher.connected and self._publisher.keeps != keeps:
            self._publisher.disconnect()  # it has another firmware; a sender's events do not change
        # One that says at last who it is was not another before.
        another = before is not None and before.identity not in ("", board.identity)
        fresh = before is None or another or before.boot != board.boot or not self._publisher.connected
        self._silence.begin(channel, fresh=fresh, another=another)
        if another:
            self._publisher.begin_anew()
            self._heard.begin_anew(self._clock.monotonic())
        if fresh:
            self._readings.begin_anew()
            self._answers.begin_anew()
            self._confirming_reads = CONFIRMING_READS
        self._deadband.resolution = self._readings.use(channel, self._quantity.convert(channel))
        self._deadband.interval = channel.interval_s
        problem = None
        if not self._publisher.connected:
            problem = self._publisher.connect(router, self._requests(), keeps=keeps)
            if problem is not None:
                # The name is taken: from now on we hear when it is free, if it is not by now.
                self._name_watch.start(router)
                problem = self._publisher.connect(router, self._requests(), keeps=keeps)
            if problem is None:
                self._name_watch.stop()
        self._silence.look()
        return problem

    def _try_again(self) -> None:
        """The name is free, and the board still there."""
        if self._answers.device is not None:
            self.link_up(self._answers.device, self._readings.warning)

    def _disconnect(self) -> None:
        self._name_watch.stop()
        self._publisher.disconnect()
        self._silence.end()

    def link_down(self, reason: str) -> None:
        """See `Sink`: disconnect from the router."""
        logger.debug("%s: disconnected: %s", self.name, reason)
        self._there = False
        self._disconnect()

    def accept(self, measurement: Measurement) -> None:
        """See `Sink`: judge and publish."""
        if not self._publisher.connected:
            self._drop(measurement)
            return
        raw = measurement.value
        if measurement.late:
            self._accept_late(measurement, raw)
            return
        if self._silence.learning:
            self._silence.note(measurement)
        if raw is None or self._heard.failed(raw):
            self._readings.fail()
            self._publisher.take_stale(self._answers.stale(fault_of(measurement)))
            return
        reading, confirm = self._readings.accept(measurement, raw)
        if confirm and self._confirming_reads:
            self._confirming_reads -= 1
            self._link.refresh(self.channel)
        self._publisher.take(reading, measurement.measured)

    def _drop(self, measurement: Measurement) -> None:
        """One that comes while the sensor is not connected: its device goes, its name is taken, or another
        takes its place. It is not safe, but where the sensor can make nothing of what the device says."""
        self._readings.count("dropped")
        if measurement.receipt is not None and not (self._unfit and self._router is not None):
            measurement.receipt.hold()
            measurement.receipt.lose()

    def _accept_late(self, measurement: Measurement, raw: float | None) -> None:
        if raw is None or self._heard.failed(raw):
            self._readings.count("late_faults")  # that it was ill then is no state of now
            return
        self._publisher.late(self._readings.late(measurement, raw))

    def missing(self, missing: Missing) -> None:
        """See `Sink`."""
        self._readings.count("missing", number=missing.count or 0)
        (since, unset), (until, unset_until) = map(self._clock.stamp, (missing.first, missing.last))
        gap: published.Gap = {
            "from": format_utc(since),
            "to": format_utc(until),
            "count": missing.count,
            "reason": missing.reason,
        }
        if unset or unset_until:
            gap["clock"] = UNSET
        self._publisher.gap(gap)

    @property
    def changeable(self) -> bool:
        """Whether `change` may be called: not for a driver that makes something of its options by itself."""
        return type(self).__init__ is Sensor.__init__

    def change(self, options: Mapping[str, object]) -> None:
        """Go on with other options, all that are to be, without a disconnect: what was published, fired and
        learned is known still, where it has a meaning by the new ones. What is known of the value is said at
        once, if by them it is news. Raises `OptionError`; then nothing has changed.
        """
        parsed = parse_options(self.option_table(), options)
        self.check_options(parsed)
        before, self._options = self._options, parsed
        self._quantity = quantity = self.quantity(parsed)
        self._heard.change(parsed["invalid"] or ())
        rules = rules_of(before, parsed, quantity, self._answers.measured, clamps=self.clamps)
        alike = rules.unit == self._readings.unit
        self._readings.change(rules)
        self._silence.change(parsed["stale_after"])
        self._deadband = deadband_of(parsed)
        thresholds = thresholds_of(parsed, self.low_event, self.high_event)
        self._publisher.change(self._deadband, thresholds, alike=alike)
        device = self._answers.device
        if not self._there or device is None:
            return
        self.link_up(device, self._readings.warning)
        self._say_what_is_known()
        if not same(before, parsed, "interval"):
            self._link.refresh(self.channel)  # has it compared with the board's

    def _say_what_is_known(self) -> None:
        """Of the newest measurement, by the options as they are now."""
        newest, valued = self._heard.newest, self._heard.newest_value
        if newest is None or not self._publisher.connected:
            return
        if self._heard.failed(newest.value):
            self._publisher.take_stale(self._answers.stale(fault_of(newest)))
            return
        reading = self._answers.last()
        if reading is None or valued is None:
            return
        if reading.quality == STALE:
            self._publisher.take_stale(reading)
        else:
            self._publisher.take(reading, valued.measured)

    def _fall_silent(self, seconds: float) -> None:
        self._readings.interrupted()
        self._publisher.take_stale(self._answers.silent(seconds))

    # Any thread: the requests

    def _requests(self) -> dict[str | None, Callable[[Any], Any]]:
        return {"read": self.read, "last": self.last, "info": self.info, "stats": self.stats}

    def read(self, params: object = None) -> published.Reading:
        """Ask the board now; returns a reading's data. `params`: see `ReadParams`.

        Raises `sig.NotConnected`, `sig.RequestTimeout`, `sig.Busy`, `sig.BadParams`, and `sig.RequestError`
        when the board's sensor failed.
        """
        return self._answers.read(params).as_data()

    def last(self, _params: object = None) -> published.Reading | None:
        """The newest known reading's data, stale if it is; None if there has never been one. At once."""
        reading = self._answers.last()
        return reading.as_data() if reading is not None else None

    def info(self, _params: object = None) -> dict[str, Any]:
        """What this sensor is: kind, unit, link, device, channel, thresholds, options; and what the source
        said last, before all of them (`raw`); why `#stale` said that there never was a value (`fault`)."""
        return self._answers.info(self.kind, self._options, (self.low_event, self.high_event))

    def status(self) -> SensorStatus:
        """How this sensor fares now."""
        return self._answers.standing(connected=self._publisher.connected, problem=self._problem)

    def stats(self, _params: object = None) -> dict[str, Any]:
        """Counters since the start: the sensor's own, its link's under `link`, and under
        `dispatcher` what waits there and what was dropped."""
        return self._answers.stats(self._published())

    @property
    def counters(self) -> dict[str, int]:
        """The sensor's own, since the start: those of `stats` that it shares with nobody."""
        return {**self._readings.counters, **self._published()}

    def _published(self) -> dict[str, int]:
        return {"published": self._publisher.published, "stale": self._publisher.stale}
