"""What a board is to be brought to: the intervals that sensors want, each channel in use read once, and what
it keeps sent again.

At each hello what is wanted is compared with what the board tells. What differs is asked for a bounded number
of times, then there is one warning: a request or its answer may be lost, and a board may round. What waits is
a set of things to be done, not a log of requests: a board that restarts sixty times has not more to answer
than one that started once.
"""

import logging
import threading
from collections.abc import Callable, Container, Mapping

import sig
from drivers.request import Request
from drivers.source import Device
from drivers.stream.answers import NotYet

logger = logging.getLogger(__name__)

# With one line in five lost on the way there, and one on the way back, eight tries leave 3 in 10,000 undone.
TRIES = 8
# What the board keeps is acknowledged only when it was asked for once: on a line on which a try fails four
# times in ten, one time in 10^12 it is not.
AGAIN_TRIES = 30
# A board that says `busy` to a read, and not when to ask, is asked again then: a DHT22 needs 2 s between two
# measurements.
BUSY_S = 2.0


class Settling:
    """`wanted`: the channels in use and their intervals, see `drivers.source.Keeper`. `reads`: whether a
    channel can be asked for a value; `intervals`: whether the board can be told how often to report.

    `refresh` may be called by any thread, the rest by whoever reads.
    """

    def __init__(
        self,
        link: str,
        wanted: Callable[[], Mapping[str, int | None]],
        *,
        reads: Callable[[str], bool] = lambda _channel: True,
        intervals: bool = True,
    ) -> None:
        self._link = link
        self._wanted = wanted
        self._can_read = reads
        self._sets_intervals = intervals
        self._told: dict[str, int] = {}  # the board's channels, with their intervals in ms
        self._of_device: dict[str, frozenset[str]] = {}
        self._any_channel = False  # whether a device has others, too
        self._given_up: dict[str, int] = {}  # intervals that are not asked for any more, of this boot
        self._again: int | None = None  # how often it was asked what the board keeps; None: it need not be
        self._lock = threading.Lock()  # guards all below, for a few assignments
        self._reads: dict[str, int] = {}  # channels to be read once, and how often that was tried
        self._busy: dict[str, float] = {}  # until when those are not to be asked for
        self._intervals: dict[str, int] = {}  # the same for intervals to be set
        self._tried: dict[str, int] = {}  # tries of those that were answered, until a hello tells them

    @property
    def idle(self) -> bool:
        """Whether nothing waits."""
        return not self._reads and not self._intervals and self._again is None

    def hello(self, device: Device, *, fresh: bool) -> None:
        """The board says what its channels are. `fresh`: it has just come, or started anew."""
        told = {name: round(channel.interval_s * 1000) for name, channel in device.channels.items()}
        mine = {*self._of_device.get(device.name, ()), *told}
        self._of_device[device.name] = frozenset(told)
        self._any_channel |= device.any_channel
        self._told = {**_without(self._told, mine), **told}
        if fresh:
            self._again = 0 if device.kept else None
            self._given_up = _without(self._given_up, mine)
            first = [name for name in self._wanted() if name in told or device.any_channel]
            first = [name for name in first if self._can_read(name)]
            with self._lock:
                self._intervals, self._tried = _without(self._intervals, mine), _without(self._tried, mine)
                self._reads = {**_without(self._reads, mine), **dict.fromkeys(first, 0)}
        self._compare()

    def refresh(self, channel: str) -> None:
        """Read `channel` soon, and see whether its interval is as wanted."""
        if not (channel in self._told or self._any_channel) or not self._can_read(channel):
            return
        with self._lock:
            self._reads = {**self._reads, channel: 0}
        self._compare()

    def measured(self, channel: str) -> None:
        """A value has come, asked for or not."""
        if channel in self._reads:
            with self._lock:
                self._reads = {name: tries for name, tries in self._reads.items() if name != channel}

    def next(self, now: float) -> Request | None:
        """What to ask the board now; values before intervals, and what was tried least comes first."""
        with self._lock:
            self._busy = {name: until for name, until in self._busy.items() if until > now}
            channel, tries = _least(_without(self._reads, self._busy))
            if channel is not None:
                self._reads = _with(self._reads, channel, tries + 1 if tries + 1 < TRIES else None)
                return Request("read", (channel,), own=True)
        if self._again is not None:
            self._again += 1
            if self._again <= AGAIN_TRIES:
                return Request("again", own=True)
            self._again = None
            logger.warning("%s: the board does not say what it keeps: it is not asked on", self._link)
        with self._lock:
            channel, tries = _least(self._intervals)
            if channel is None:
                return None
            self._intervals = _with(self._intervals, channel, tries + 1 if tries < TRIES else None)
        interval = self._wanted().get(channel)
        if interval is None:
            return None  # the sensor that wanted it has gone
        if tries >= TRIES:
            self._give_up(
                channel, interval, f"asked for {interval} ms {TRIES} times, and it does not tell so"
            )
            return None
        return Request("interval", (channel, str(interval)), own=True)

    def answered(self, request: Request, now: float) -> tuple[str, int] | None:
        """An own request was answered, at `now`. Returns a channel and the interval that is in force there
        now, in ms, if that is another than the hello told."""
        if request.verb == "read":
            self._read_answered(request, now)
        if request.verb == "again":
            self._again_answered(request)
        if request.verb != "interval":
            return None
        channel, wanted = request.args[0], int(request.args[1])
        if isinstance(request.error, sig.Busy):
            return None  # "ask again later": as if it had not answered
        with self._lock:
            self._tried[channel] = self._intervals.get(channel, 0)
            self._intervals = _with(self._intervals, channel, None)
        if request.error is not None:
            self._give_up(channel, wanted, f"asked for {wanted} ms, it answered: {request.error}")
            self._see_another_wish(channel, wanted)
            return None
        interval = request.result
        assert isinstance(interval, int)
        told, self._told[channel] = self._told.get(channel), interval
        if interval != wanted:
            self._give_up(channel, wanted, f"asked for {wanted} ms, it chose {interval} ms")
        self._see_another_wish(channel, wanted)
        return None if told == interval else (channel, interval)

    def _again_answered(self, request: Request) -> None:
        """One that does not know it keeps what it keeps to itself."""
        if isinstance(request.error, sig.Busy):
            return
        self._again = None
        if request.error is not None:
            logger.warning("%s: the board does not send what it keeps: %s", self._link, request.error)

    def _read_answered(self, request: Request, now: float) -> None:
        """A refusal is an answer, too, but for "ask again later". Whoever wants a `refresh` since it was
        asked may have come too late for this one: that is still to be done."""
        channel = request.args[0]
        with self._lock:
            if isinstance(request.error, sig.Busy):
                again_s = request.error.again_s if isinstance(request.error, NotYet) else BUSY_S
                self._busy = {**self._busy, channel: now + again_s}
            elif self._reads.get(channel):
                self._reads = _without(self._reads, {channel})

    def _see_another_wish(self, channel: str, asked: int) -> None:
        """What was asked is settled; if something else is wanted by now, that is not."""
        if self._wanted().get(channel) != asked:
            self._compare()

    def _compare(self) -> None:
        """Wanted with told."""
        if not self._sets_intervals:
            return
        for channel, interval in self._wanted().items():
            told = self._told.get(channel)
            given_up = self._given_up.get(channel)
            if told is None or (given_up is not None and given_up == interval):
                continue
            with self._lock:
                if given_up is not None:  # another wish, with all its tries
                    self._given_up = _without(self._given_up, {channel})
                    self._tried.pop(channel, None)
                if interval is None or interval == told:
                    self._intervals = _with(self._intervals, channel, None)
                    self._tried.pop(channel, None)
                elif channel not in self._intervals:
                    # A board may say yes and not do it: then this goes on from there, and ends.
                    self._intervals = {**self._intervals, channel: self._tried.get(channel, 0)}

    def _give_up(self, channel: str, interval: int, why: str) -> None:
        """No more of that wish, which is said once."""
        if self._given_up.get(channel) != interval:
            self._given_up = {**self._given_up, channel: interval}
            told = self._told.get(channel, 0)
            logger.warning("%s: %s reports every %d ms: %s", self._link, channel, told, why)


def _least(tries: Mapping[str, int]) -> tuple[str | None, int]:
    return min(tries.items(), key=lambda item: item[1]) if tries else (None, 0)


def _without(counts: Mapping[str, int], channels: Container[str]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if name not in channels}


def _with(tries: Mapping[str, int], channel: str, value: int | None) -> dict[str, int]:
    rest = {name: count for name, count in tries.items() if name != channel}
    return rest if value is None else {**rest, channel: value}
