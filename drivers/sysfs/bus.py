"""A bus: what one thread reads, one file after another, and what is said when that thread hangs.

Strategy: the thread takes a live request, if one waits; else the next channel of the round, if its moment has
come; else it waits. The session's thread looks at it now and then (`watch`): a read that takes too long is
left behind with its thread, and another thread goes on with the rest (`drivers.sysfs.turns`). When a second
read hangs beside the first, it is the bus that hangs: nothing is read any more until one of the two returns.
"""

import collections
import itertools
import logging
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import cast

import sig
from drivers.live_requests import LiveRequests
from drivers.source import Measurement
from drivers.sysfs.asking import Outcome, ask
from drivers.sysfs.bulk import Bulk
from drivers.sysfs.left import Left, bus_hangs, read_hangs
from drivers.sysfs.live_read import LiveRead, refusal
from drivers.sysfs.probe import Probe
from drivers.sysfs.rounds import Rounds
from drivers.sysfs.surroundings import Surroundings
from drivers.sysfs.turns import Turn, Turns

logger = logging.getLogger(__name__)

COUNTERS = ("reads", "failed", "conversions", "hung", "returned")


class Bus:
    """See the module. `exchange` and `hasten` may be called by any thread; `want`, `watch` and `end` by the
    session's. `path`, `name`, `master`: see `Chip`."""

    def __init__(self, around: Surroundings, path: str, name: str, master: str) -> None:
        keeper = around.keeper
        self._around = around
        self._name = name
        self._link = keeper.name
        self._clock = keeper.clock
        self._bulk = Bulk(keeper.name, master, around.files) if master else None
        self._live = LiveRequests(keeper.name)
        self._seqs: dict[str, itertools.count[int]] = collections.defaultdict(itertools.count)
        self.counters = collections.Counter(dict.fromkeys(COUNTERS, 0))
        self._turns = Turns(
            path,
            f"sysfs-{keeper.name}-{name}",
            keeper.clock,
            around.left,
            around.longest_read_s(converts=bool(master)),
            self._step,
            self.counters,
        )
        # Guards all below, for a few assignments, and tells the thread to look.
        self._news = self._turns.news
        self._rounds = Rounds(around.every_s)
        self._wanted: dict[str, Probe] = {}
        self._batch: collections.deque[str] = collections.deque()
        self._convert_first = False
        self._converted = False  # the rest of the batch has its values waiting
        self._woken = False
        self._hang_told = -around.every_s

    @property
    def waiting(self) -> int:
        """How many live requests are not answered yet."""
        return self._live.waiting

    # Any thread

    def exchange(self, probe: Probe, timeout_s: float, unless: Callable[[], object | None] | None) -> object:
        """A live read: its `Measurement`. Raises as `drivers.source.Session.exchange` does."""
        if (why := self._hangs(probe)) is not None:
            raise sig.RequestError(f"{self._link}: {why}")
        return self._live.exchange(LiveRead(probe, unless), timeout_s, self._wake)

    def hasten(self, channel: str) -> None:
        """Have a channel that is wanted read as soon as may be."""
        with self._news:
            self._rounds.hasten(channel)
        self._wake()

    def _wake(self) -> None:
        with self._news:
            self._woken = True
            if self._wanted or self._live.waiting:
                self._turns.begin()
            self._news.notify_all()

    # The session's thread

    def want(self, probes: Mapping[str, Probe]) -> None:
        """Read these from now on, by their channels. A channel whose probe is another one begins anew."""
        with self._news:
            if probes == self._wanted:
                return
            for channel, probe in probes.items():
                if self._wanted.get(channel, probe) != probe:
                    self._rounds.forget(channel)
            self._wanted = dict(probes)
            self._rounds.want(probes, self._clock.monotonic())
        self._wake()

    def watch(self, now: float) -> None:
        """Leave behind a thread that hangs, have another go on, and say what cannot be measured for it."""
        given_up = self._turns.give_up(now)
        if given_up is not None:
            self._say_given_up(given_up, now)
        with self._news:
            if self._wanted or self._live.waiting:
                self._turns.begin()
        why = bus_hangs(self._name, self._turns.left(), now)
        if why is not None and not self._turns.busy:
            self._say_bus_hangs(why, now)

    def end(self, reason: str) -> None:
        """Let everybody who waits fail with `reason`, and end the thread; one that hangs is left behind."""
        self._live.end(reason)
        self._turns.end()

    def _say_given_up(self, left: Left, now: float) -> None:
        logger.warning(
            "%s: a read of %s has not returned for %.0f s, and is left to itself; the rest of %s is read on",
            *(self._link, left.path, now - left.since, self._name),
        )
        with self._news:
            concerned = [probe for probe in self._wanted.values() if probe.folder == left.path]
        why = read_hangs(left, now)
        for probe in concerned:
            self._tell(probe.channel, Outcome(None, why, now))
        self._live.settle(refusal(sig.RequestError(f"{self._link}: {why}")))

    def _say_bus_hangs(self, why: str, now: float) -> None:
        """As often as a measurement would fail."""
        while self._live.take(now):
            self._live.settle(refusal(sig.RequestError(f"{self._link}: {why}")))
        if now - self._hang_told < self._around.every_s:
            return
        self._hang_told = now
        with self._news:
            channels = list(self._wanted)
        for channel in channels:
            self._tell(channel, Outcome(None, why, now))

    # The bus's thread; `_hangs` and `_tell` are for all

    def _step(self, turn: Turn) -> None:
        now = self._clock.monotonic()
        with self._news:
            converted = self._converted and bool(self._batch)
            due = bool(self._batch) or self._rounds.next_due <= now
        # A value that waits since a common conversion is older than the request: it is fetched first.
        requests = () if converted else self._live.take(now, job_due=due)
        if requests:
            self._answer(turn, cast("LiveRead", requests[0]))
        elif (channel := self._next(now)) is not None:
            if self._convert_first:
                self._convert(turn)
            with self._news:
                probe = self._wanted.get(channel)
            if probe is not None:
                self._poll(turn, probe)

    def _next(self, now: float) -> str | None:
        """A channel whose moment has come, or None after a wait for that, or for whoever wakes."""
        with self._news:
            if not self._batch:
                self._batch.extend(self._rounds.due(now))
                self._converted = False
                several = len(self._batch) > 1
                self._convert_first = several and self._bulk is not None and self._bulk.possible
            if self._batch:
                return self._batch.popleft()
            if not self._woken and not self._turns.ended:
                self._news.wait(min(max(0.0, self._rounds.next_due - now), threading.TIMEOUT_MAX))
            self._woken = False
            return None

    def _convert(self, turn: Turn) -> None:
        self._convert_first = False
        if self._bulk is not None:
            with self._turns.reading(turn, self._bulk.path):
                converted = self._bulk.convert(lambda seconds: self._turns.pause(turn, seconds))
            self._converted = converted
            self.counters["conversions"] += converted

    def _poll(self, turn: Turn, probe: Probe) -> None:
        started = self._clock.monotonic()
        outcome = self._outcome(turn, probe)
        now = self._clock.monotonic()
        with self._news:
            if outcome.value is not None:
                self._rounds.succeeded(probe.channel, now)
            else:
                self._rounds.failed(probe.channel, now, now - started)
        if outcome.gone:
            self._around.look_soon()
        else:
            self._tell(probe.channel, outcome)

    def _answer(self, turn: Turn, request: LiveRead) -> None:
        """It, and all that were taken with it, as they are for the same channel."""
        probe = request.probe
        outcome = self._outcome(turn, probe)
        if outcome.gone:
            self._around.look_soon()
            self._live.settle(refusal(sig.NotConnected(f"{self._link}: {probe.device} is gone")))
            return
        measurement = self._tell(probe.channel, outcome, request.sent)
        self._live.settle(lambda _request: measurement)
        if outcome.value is not None:
            with self._news:
                self._rounds.succeeded(probe.channel, self._clock.monotonic())

    def _outcome(self, turn: Turn, probe: Probe) -> Outcome:
        """Raises `GivenUpError`."""
        if (why := self._hangs(probe)) is not None:
            return Outcome(None, why, self._clock.monotonic())
        with self._turns.reading(turn, probe.folder):
            pause = partial(self._turns.pause, turn)
            return ask(probe, self._around.files, self._clock, pause)

    def _hangs(self, probe: Probe) -> str | None:
        """Why a chip is not read now, if a read of it, or the whole bus, hangs."""
        now, left = self._clock.monotonic(), self._turns.left()
        for each in left:
            if each.path == probe.folder:
                return read_hangs(each, now)
        return bus_hangs(self._name, left, now)

    def _tell(self, channel: str, outcome: Outcome, asked: float | None = None) -> Measurement:
        self.counters["reads"] += 1
        self.counters["failed"] += outcome.value is None
        seq = next(self._seqs[channel])
        measurement = Measurement(channel, seq, outcome.value, outcome.fault, outcome.measured, asked)
        self._around.keeper.measured(measurement)
        return measurement
