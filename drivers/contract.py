"""What every kind of source has to keep to, as tests. For whoever makes one.

    from drivers.contract import Rig, SourceContract

    class TestMySource(SourceContract):
        @contextmanager
        def rig(self) -> Iterator[Rig]:
            with MyDevice() as device:
                yield device

pytest collects the tests of the subclass; without pytest, call its `test_…` methods one by one. Each takes a
rig of its own, has a deadline for all that it waits for, and says what it waited for when it fails.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, Protocol, cast

import sig
from drivers.errors import LinkLostError, PortNotFoundError
from drivers.link import Link, LinkState, LinkStatus
from drivers.source import Device, Keeper, Measurement, Session, Source

THREADS = 16
REQUESTS = 5
# Longer than anything that a test waits for: a request that ends only by its time-out fails the test.
NEVER_S = 60.0


class Rig(Protocol):
    """A source and what is at its other end, for one test. Plugged in from the start."""

    channel: str
    """A channel that can be measured."""
    can_read: bool
    """Whether a live read can be asked of it."""

    def source(self) -> Source:
        """A new source onto the device. It opens nothing."""

    def measure(self) -> None:
        """Have the device deliver a value soon."""

    def plug(self) -> None:
        """Plug the device in again. From any thread, as the next one."""

    def unplug(self) -> None:
        """The device vanishes. Both are not called where `unpluggable` is False."""


class SourceContract:
    """See the module. Spans are in seconds: a slow source may write longer ones into its subclass."""

    unpluggable = True
    """Whether the device can be unplugged."""
    tells_presence = True
    """Whether `presence` sees an unplug, and not only that whatever was opened fails."""
    noticed_s = 5.0
    """An unplug is noticed, and whoever waits for an answer told of it, within so long."""
    up_s = 20.0
    """A device that is there is up within so long, whatever was before."""
    closed_s = 5.0
    """A link is closed within so long."""

    def rig(self) -> AbstractContextManager[Rig]:
        """The one thing to provide."""
        raise NotImplementedError("rig() makes the source that is to be tested, and its device")

    # Opening and closing

    def test_a_new_source_has_opened_nothing(self) -> None:
        """Closing it is harmless, once and twice."""
        with self._prepared() as rig:
            with nothing_left(within_s=0.0):
                source = rig.source()
            source.close()
            source.close()
            assert source.where, "`where` is empty: it is what a person calls the source"

    def test_it_opens_again_after_closing(self) -> None:
        """`end` and `close`, once or twice, leave nothing that keeps it from opening."""
        with self._prepared() as rig:
            source = rig.source()
            keeper = Link("contract", source=source)
            for _ in range(2):
                session = source.open(keeper)
                try:
                    devices = session.greet(threading.Event())
                    assert rig.channel in {name for device in devices for name in device.channels}, devices
                    assert session.where, "`where` is empty: it is what was opened"
                finally:
                    session.end("closed by the test")
                    session.end("closed by the test")
                    source.close()
                    source.close()
                session.wake()

    def test_it_stops_when_it_is_told_to(self) -> None:
        """In the greeting with `LinkLostError`, in `run` by returning; `wake` makes it look."""
        with self._prepared() as rig:
            source = rig.source()
            session = source.open(Link("contract", source=source))
            stopping = threading.Event()
            try:
                session.greet(stopping)
                running = threading.Thread(target=session.run, args=(stopping,), name="contract-run")
                running.start()
                stopping.set()
                session.wake()
                running.join(self.closed_s)
                assert not running.is_alive(), f"`run` went on for {self.closed_s:g} s after `stopping`"
                try:
                    session.greet(stopping)
                except LinkLostError:
                    pass
                else:
                    raise AssertionError("`greet` did not raise LinkLostError though `stopping` is set")
            finally:
                stopping.set()
                session.end("closed by the test")
                source.close()

    def test_presence_tells_one_device_from_the_next(self) -> None:
        """It stays as it is while nothing happens, is None without a device, and another for another."""
        if not (self.unpluggable and self.tells_presence):
            return
        with self._prepared() as rig:
            source = rig.source()
            session = source.open(Link("contract", source=source))
            try:
                first = source.presence()
                assert first is not None, "presence is None though the device is there"
                assert source.presence() == first, "presence changes by itself"
                rig.unplug()
                assert source.presence() is None, f"presence is {source.presence()!r} after an unplug"
                rig.plug()
                second = source.presence()
                assert second not in (None, first), (
                    f"presence was {first!r}, and is {second!r} after a replug"
                )
            finally:
                session.end("closed by the test")
                source.close()

    # Measuring and asking

    def test_measurements_arrive(self) -> None:
        """At those who take the channel, in order, and not in the future."""
        with self._prepared() as rig, self._linked(rig) as (_, taker):
            for count in (1, 2, 3):
                rig.measure()
                taker.wait_for(count, self.noticed_s)
            seen = [measurement.measured for measurement in taker.measurements]
            assert seen == sorted(seen), f"not in the order of measurement: {seen}"
            assert seen[-1] <= time.monotonic(), "measured in the future"

    def test_a_listener_may_ask_back(self) -> None:
        """A read from inside the callback is answered, or fails; it does not wait for itself."""
        with self._prepared() as rig, self._linked(rig) as (link, taker):
            outcomes: list[object] = []
            taker.then = lambda: outcomes.append(_read(link, rig.channel, NEVER_S))
            rig.measure()
            _until(lambda: outcomes, self.noticed_s, "the answer to a read from inside a callback", link)
            self._check(rig, outcomes, "a read from inside a callback")

    def test_requests_from_many_threads(self) -> None:
        """Each ends with its answer, or one of `sig`'s errors."""
        with self._prepared() as rig, self._linked(rig) as (link, _):
            outcomes: list[object] = []

            def ask() -> None:
                outcomes.extend(_read(link, rig.channel, self.up_s) for _ in range(REQUESTS))

            with _running([ask] * THREADS, 2 * self.up_s, "all requests' end", link):
                pass
            assert len(outcomes) == THREADS * REQUESTS, (
                f"{len(outcomes)} requests of {THREADS * REQUESTS} ended"
            )
            self._check(rig, outcomes, "a read")
            assert link.status().waiting == 0, f"{link.status().waiting} requests are said to wait still"

    def test_what_cannot_be_asked_is_refused(self) -> None:
        """A verb and a channel that there are not: an error of `sig`'s, soon, and the link stays up."""
        with self._prepared() as rig, self._linked(rig) as (link, _):
            for verb, args in (("no-such-verb", ()), ("read", ("no-such-channel",))):
                outcome = _outcome(partial(link.request, verb, *args, timeout_s=NEVER_S))
                assert isinstance(outcome, sig.RequestError), (
                    f"{verb}: a sig error was expected, got {outcome!r}"
                )
            assert link.status().state is LinkState.UP, link.status()

    # Unplugging

    def test_an_unplug_while_opening(self) -> None:
        """Noticed, and the link is up again with the device."""
        self._unplugged_before("open")

    def test_an_unplug_while_greeting(self) -> None:
        """Noticed, and the link is up again with the device."""
        self._unplugged_before("greet")

    def test_an_unplug_on_coming_up(self) -> None:
        """Noticed, and the link is up again with the device."""
        self._unplugged_before("run")

    def test_an_unplug_while_up(self) -> None:
        """Those who take its channels hear of it; with the device they are told, and measure again."""
        if not self.unpluggable:
            return
        with self._prepared() as rig, self._linked(rig) as (link, taker):
            rig.unplug()
            self._down(link)
            _until(lambda: taker.downs, self.noticed_s, "a sink's link_down", link)
            rig.plug()
            self._up(link)
            _until(lambda: taker.ups >= 2, self.noticed_s, "a sink's second link_up", link)
            before = len(taker.measurements)
            rig.measure()
            taker.wait_for(before + 1, self.noticed_s)

    def test_a_quick_replug(self) -> None:
        """Out and in before anybody looks: the next values arrive all the same."""
        if not self.unpluggable:
            return
        with self._prepared() as rig, self._linked(rig) as (link, taker):
            rig.unplug()
            rig.plug()
            _until(lambda: taker.ups >= 2, self.up_s, "a sink's second link_up", link)
            self._up(link)
            before = len(taker.measurements)
            rig.measure()
            taker.wait_for(before + 1, self.noticed_s)

    def test_an_unplug_while_requests_wait(self) -> None:
        """All of them fail with `sig.NotConnected`, long before their time is up."""
        if not (self.unpluggable and self._can_read()):
            return
        with self._prepared() as rig, self._linked(rig) as (link, _):
            asked, ends = threading.Semaphore(0), []

            def ask() -> None:
                while isinstance(outcome := _read(link, rig.channel, NEVER_S), Measurement):
                    asked.release()
                ends.append(outcome)

            with _running([ask] * THREADS, self.noticed_s + self.up_s, "the waiting requests' end", link):
                for _ in range(THREADS):
                    assert asked.acquire(timeout=self.up_s), f"no answer in {self.up_s:g} s: {link.status()}"
                rig.unplug()
                _until(lambda: len(ends) == THREADS, self.noticed_s, "the waiting requests' end", link)
            wrong = [end for end in ends if not isinstance(end, sig.NotConnected)]
            assert not wrong, f"sig.NotConnected was expected after an unplug, got {wrong}"
            rig.plug()
            self._up(link)

    # A source with a defect: what raises is ours, the rest is the source's

    def test_it_is_opened_again_after_open_has_raised(self) -> None:
        """Foreign exceptions on opening: the link lives, and comes up."""
        self._survives("open")

    def test_it_is_opened_again_after_presence_has_raised(self) -> None:
        """The same, on asking whether it is there."""
        self._survives("presence")

    def test_it_is_opened_again_after_greet_has_raised(self) -> None:
        """The same, in the greeting."""
        self._survives("greet")

    def test_it_is_opened_again_after_run_has_raised(self) -> None:
        """The same, while it runs."""
        self._survives("run")

    def test_it_is_opened_again_after_end_has_raised(self) -> None:
        """The same, at the end of a session."""
        self._survives("end")

    def test_it_is_opened_again_after_close_has_raised(self) -> None:
        """The same, on closing: the link is closed, and can be opened again."""
        with self._prepared() as rig:
            faults = _Faults("close")
            link = Link("contract", source=_Between(rig.source(), faults.hooks))
            for _ in _FOREIGN:
                self._up_and_closed(link)
            assert not faults.left, "close was not called"

    # What the tests above share

    @contextmanager
    def _prepared(self) -> Iterator[Rig]:
        with nothing_left(), self.rig() as rig:
            yield rig

    @contextmanager
    def _linked(self, rig: Rig) -> Iterator[tuple[Link, "_Taker"]]:
        """A link that is up, and who takes the rig's channel."""
        link = Link("contract", source=rig.source())
        taker = _Taker(rig.channel, link)
        link.add(taker)
        with self._opened(link):
            self._up(link)
            _until(lambda: taker.ups, self.noticed_s, "a sink's link_up", link)
            yield link, taker

    @contextmanager
    def _opened(self, link: Link) -> Iterator[None]:
        link.open()
        try:
            yield
        finally:
            closing = threading.Thread(target=link.close, name="contract-close", daemon=True)
            closing.start()
            closing.join(self.closed_s)
            assert not closing.is_alive(), (
                f"the link is not closed after {self.closed_s:g} s: {link.status()}"
            )
        assert link.status().state is LinkState.CLOSED, link.status()

    def _up_and_closed(self, link: Link) -> None:
        with self._opened(link):
            self._up(link)

    def _up(self, link: Link) -> None:
        _until(lambda: link.status().state is LinkState.UP, self.up_s, "a link that is up", link)

    def _down(self, link: Link) -> None:
        _until(lambda: _is_down(link.status()), self.noticed_s, "an unplug to be noticed", link)

    def _unplugged_before(self, step: str) -> None:
        if not self.unpluggable:
            return
        with self._prepared() as rig:
            unplugged = threading.Event()

            def unplug() -> None:
                if not unplugged.is_set():
                    rig.unplug()
                    unplugged.set()

            link = Link("contract", source=_Between(rig.source(), {step: unplug}))
            with self._opened(link):
                assert unplugged.wait(self.up_s), f"the link did not come to {step}: {link.status()}"
                self._down(link)
                rig.plug()
                self._up(link)

    def _survives(self, step: str) -> None:
        with self._prepared() as rig:
            faults = _Faults(step)
            link = Link("contract", source=_Between(rig.source(), faults.hooks))
            with self._opened(link):
                _until(lambda: not faults.left, self.up_s, f"{step} to be called again and again", link)
                self._up(link)

    def _can_read(self) -> bool:
        with self.rig() as rig:
            return rig.can_read

    def _check(self, rig: Rig, outcomes: Sequence[object], what: str) -> None:
        for outcome in outcomes:
            if isinstance(outcome, Measurement):
                assert rig.can_read, f"{what} was answered with {outcome} though can_read is False"
                assert outcome.channel == rig.channel, f"{what} of {rig.channel} was answered with {outcome}"
                assert outcome.asked is not None, (
                    f"the answer to {what} says not when it was asked: {outcome}"
                )
            else:
                assert isinstance(outcome, sig.RequestError), (
                    f"{what}: a sig error was expected, got {outcome!r}"
                )
        answered = any(isinstance(outcome, Measurement) for outcome in outcomes)
        assert answered or not rig.can_read, f"no answer at all to {what}: {outcomes[-1]!r}"


class _Taker:
    """A sink: keeps what comes. `then` is called in each `accept`."""

    interval_ms = None

    def __init__(self, channel: str, link: Link) -> None:
        self.channel = channel
        self.measurements: list[Measurement] = []
        self.ups = self.downs = 0
        self.then: Callable[[], object] = lambda: None
        self._link = link

    def wait_for(self, count: int, within_s: float) -> None:
        """Until so many measurements have come."""
        what = f"measurement {count} of {self.channel}, after {len(self.measurements)}"
        _until(lambda: len(self.measurements) >= count, within_s, what, self._link)

    def heard(self, _measurement: Measurement, /) -> None:
        """See `drivers.sink.Sink`; `accept` is enough here."""

    def missed(self) -> None:
        """The same."""

    def accept(self, measurement: Measurement, /) -> None:
        """See `drivers.sink.Sink`."""
        self.measurements.append(measurement)
        then, self.then = self.then, lambda: None
        then()

    def link_up(self, _device: Device, _warning: str | None, /) -> None:
        """See `drivers.sink.Sink`."""
        self.ups += 1

    def link_down(self, _reason: str, /) -> None:
        """See `drivers.sink.Sink`."""
        self.downs += 1


_Hooks = Mapping[str, Callable[[], None]]
# Not of this package: what a library, the system or a defect may raise.
_FOREIGN = (TypeError("foreign"), OSError("foreign"), RuntimeError("foreign"))


class _Faults:
    """Raises each of `_FOREIGN` once in `step`; `hooks` also see to it that the link comes there."""

    def __init__(self, step: str) -> None:
        self.left = list(_FOREIGN)
        self.hooks: dict[str, Callable[[], None]] = {step: self.next}
        if step == "presence":
            self.hooks["open"] = lambda: self._unless_done(PortNotFoundError("not there, says the test"))
        elif step == "end":
            self.hooks["run"] = lambda: self._unless_done(LinkLostError("lost, says the test"))

    def next(self) -> None:
        """The step is taken."""
        if self.left:
            raise self.left.pop(0)

    def _unless_done(self, error: Exception) -> None:
        if self.left:
            raise error


class _Between:
    """A source with `hooks` by the name of a step: called before it, but after `end` and `close`, so that
    what was opened is closed by then."""

    def __init__(self, source: Source, hooks: _Hooks) -> None:
        self.where = source.where
        self._source = source
        self._hooks = hooks

    def open(self, keeper: Keeper) -> Session:
        """See `Source`."""
        _call(self._hooks, "open")
        return cast("Session", _SessionBetween(self._source.open(keeper), self._hooks))

    def presence(self) -> object:
        """See `Source`."""
        _call(self._hooks, "presence")
        return self._source.presence()

    def close(self) -> None:
        """See `Source`."""
        self._source.close()
        _call(self._hooks, "close")

    def device_of(self, channel: str) -> str:
        """See `Source`."""
        return self._source.device_of(channel)


class _SessionBetween:
    """A session with hooks; all else is the real one's."""

    def __init__(self, session: Session, hooks: _Hooks) -> None:
        self._session = session
        self._hooks = hooks

    def greet(self, stopping: threading.Event) -> Sequence[Device]:
        """See `Session`."""
        _call(self._hooks, "greet")
        return self._session.greet(stopping)

    def run(self, stopping: threading.Event) -> None:
        """See `Session`."""
        _call(self._hooks, "run")
        self._session.run(stopping)

    def end(self, reason: str) -> None:
        """See `Session`."""
        self._session.end(reason)
        _call(self._hooks, "end")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


def _call(hooks: _Hooks, step: str) -> None:
    if step in hooks:
        hooks[step]()


def _is_down(status: LinkStatus) -> bool:
    """Whether the link knows that nobody is there."""
    return status.state in (LinkState.ABSENT, LinkState.FAILED)


def _outcome(request: Callable[[], object]) -> object:
    """What it returns, or raises."""
    try:
        return request()
    except Exception as error:  # noqa: BLE001 - the tests say which it may be
        return error


def _read(link: Link, channel: str, timeout_s: float) -> object:
    return _outcome(lambda: link.request("read", channel, timeout_s=timeout_s))


def _until(condition: Callable[[], object], within_s: float, what: str, link: Link) -> None:
    deadline = time.monotonic() + within_s
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {within_s:g} s in vain for {what}; the link: {link.status()}")
        pause.wait(0.005)


@contextmanager
def _running(jobs: Sequence[Callable[[], None]], within_s: float, what: str, link: Link) -> Iterator[None]:
    """Threads, that end by themselves within so long."""
    threads = [threading.Thread(target=job, name="contract-asks", daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    yield
    _until(lambda: not any(thread.is_alive() for thread in threads), within_s, what, link)


@contextmanager
def nothing_left(within_s: float = 5.0) -> Iterator[None]:
    """Fails when, so long afterwards, a thread or a file descriptor is there that was not before."""
    threads, descriptors = set(threading.enumerate()), _descriptors()
    yield
    deadline = time.monotonic() + within_s
    pause = threading.Event()
    while True:
        left = [thread.name for thread in threading.enumerate() if thread not in threads]
        opened = {number: name for number, name in _descriptors().items() if descriptors.get(number) != name}
        if not (left or opened):
            return
        assert time.monotonic() <= deadline, f"left behind: threads {left}, descriptors {opened}"
        pause.wait(0.005)


def _descriptors() -> dict[int, str]:
    found = {}
    for entry in os.listdir("/proc/self/fd"):  # noqa: PTH208 - iterdir would hold one itself while we look
        try:
            found[int(entry)] = os.readlink(f"/proc/self/fd/{entry}")  # noqa: PTH115 - as above
        except OSError:
            continue  # the one that listed the folder
    return found
