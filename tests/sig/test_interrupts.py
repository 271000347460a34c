"""Ctrl-C, or want of memory, at any line of what sends and reads: the connection works, or is seen to end."""

from __future__ import annotations

import contextlib
import gc
import inspect
import linecache
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import sig
from sig.net.dispatch import Dispatcher, Pool
from sig.net.reading import Reading
from sig.net.writing import Writing
from tests.sig.netkit import Net, eventually, signal_of

PATHS = ("connection", "core", "dispatch", "pending", "reading", "sendorder", "writing")
FILES = {str(Path(sig.__file__).parent / "net" / f"{name}.py") for name in PATHS}
FAULTS = [KeyboardInterrupt, SystemExit, MemoryError, OSError]

Line = tuple[str, int]


class Tracer:
    """Notes the lines of `FILES` that a thread runs, and raises once, at the line it is told to."""

    def __init__(self, at: Line | None = None, error: BaseException | None = None) -> None:
        self.seen: set[Line] = set()
        self._at = at
        self._error = error

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if frame.f_code.co_filename not in FILES:
            return None
        if event == "line":
            here = frame.f_code.co_filename, frame.f_lineno
            self.seen.add(here)
            if here == self._at and self._error is not None:
                error, self._error = self._error, None
                raise error
        return self

    @property
    def has_raised(self) -> bool:
        """Whether the line was come upon."""
        return self._error is None

    def of_threads(self, *runs: Callable[[Any], None]) -> Callable[[FrameType, str, Any], Any]:
        """A trace function of all threads: those are looked at that begin with one of these."""
        codes = {run.__code__ for run in runs}
        mine = threading.local()

        def trace(frame: FrameType, event: str, argument: Any) -> Any:
            if frame.f_code in codes:
                mine.is_looked_at = True
            if frame.f_code.co_filename not in FILES or not getattr(mine, "is_looked_at", False):
                return None
            return self(frame, event, argument)

        return trace

    def run(self, action: Callable[[], None]) -> None:
        """Do that on this thread; what was raised is swallowed, as a program that goes on does."""
        sys.settrace(self)
        try:
            with contextlib.suppress(BaseException):
                action()
        finally:
            sys.settrace(None)


class House:
    """A server with a sender, and a client that can be used."""

    def __init__(self, net: Net) -> None:
        self.net = net
        server = net.server()
        server.addSender("a", ["e"], {"ping": lambda _params: "pong"})
        self.carrier: Any = net.client_carrier(limits=sig.Limits(tick_s=0.05, timeout_s=1.0, handshake_s=2.0))
        self.carrier.auto_reconnect = False
        self.client = sig.ClientRouter(self.carrier)
        self.signal = signal_of(self.client.addRemoteSender("mine", ["e"]), "e")
        self.connect()

    def connect(self) -> None:
        """Have a connection that stands, an older one or a new one."""
        eventually(lambda: self.carrier.isConnected() or self.carrier.connect(self.net.host, self.net.port))

    def use(self) -> None:
        """Some requests and signals."""
        for number in range(3):
            self.client.remoteRequest("a", "ping", timeout=1.0)
            self.signal.trigger(number)

    def works_or_has_ended(self) -> bool:
        """Whether a request is answered; or everybody can see that there is no connection."""
        try:
            return bool(self.client.remoteRequest("a", "ping", timeout=20.0) == "pong")
        except sig.RequestTimeout:
            return not self.carrier.isConnected()
        except sig.NotConnected:
            eventually(lambda: not self.carrier.isConnected())
            return True

    def lines(self) -> list[Line]:
        """Those that `use` runs on its own thread, in one way or another."""
        tracer = Tracer()
        for _ in range(5):
            tracer.run(self.use)
        return sorted(tracer.seen)


@pytest.fixture
def house(tcp: Net) -> Iterator[House]:
    """Over TCP."""
    made = House(tcp)
    yield made
    made.carrier.disconnect()


@pytest.mark.parametrize("fault", FAULTS)
def test_who_calls_and_who_triggers(house: House, fault: type[BaseException]) -> None:
    """On the thread of a script: at each line that it runs of ours."""
    raised = 0
    wedged = []
    for line in house.lines():
        house.connect()
        tracer = Tracer(line, fault())
        tracer.run(house.use)
        raised += tracer.has_raised
        if not house.works_or_has_ended():
            wedged.append(line)
            house.carrier.disconnect()
    assert wedged == []
    assert raised > 100


def read_by(house: House, tracer: Tracer) -> None:
    """Connect, use the connection, and leave, with what the readers of both ends run traced."""
    threading.settrace(tracer.of_threads(Reading._run))
    try:
        house.connect()
        with contextlib.suppress(sig.RequestError):
            house.use()
        house.carrier.disconnect()
    finally:
        threading.settrace(None)


def readers() -> list[str]:
    """The threads that read."""
    return [each.name for each in threading.enumerate() if "-reader" in each.name]


def runners() -> list[str]:
    """The threads that run what users wrote."""
    return [
        each.name for each in threading.enumerate() if "-dispatcher" in each.name or "-worker" in each.name
    ]


def descriptors() -> int:
    """How many this process has."""
    return len(list(Path("/dev/fd").iterdir()))


def may_fail(line: Line) -> bool:
    """Whether a fault there says something. Not at the first lines of a thread, without which there is none;
    nor at a `try`, which does nothing, and which no `try` around it covers; nor at the end of a `with`, where
    Python is about to release a lock."""
    begin = [
        (inspect.getfile(each), inspect.getsourcelines(each)[1] + number)
        for each in (Reading._run, Dispatcher._run, Pool._run, Writing._write)
        for number in range(3)
    ]
    return line not in begin and not linecache.getline(*line).strip().startswith(("try:", "with "))


def brings_about_the_end(line: Line) -> bool:
    """Whether it is of what ends a connection, in the main."""
    return Path(line[0]).stem in ("connection", "reading", "writing")


def lines_read(house: House) -> list[Line]:
    """Those that readers run."""
    tracer = Tracer()
    for _ in range(3):
        read_by(house, tracer)
    eventually(lambda: not readers())  # or they go on noting lines while those are looked through
    return sorted(each for each in tracer.seen if brings_about_the_end(each) and may_fail(each))


@pytest.mark.parametrize("fault", [KeyboardInterrupt, MemoryError])
def test_who_reads(house: House, fault: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    """At each line of a reader's: of that connection nothing is left, and the next one works."""
    # what is raised once all has been done ends the thread, which is about to
    monkeypatch.setattr(threading, "excepthook", lambda _arguments: None)
    house.carrier.disconnect()
    lines = lines_read(house)
    gc.collect()  # what other tests have left is closed now, or may be meanwhile
    files = descriptors()
    raised = 0
    for line in lines:
        tracer = Tracer(line, fault())
        read_by(house, tracer)
        raised += tracer.has_raised
        eventually(lambda: not readers())
        assert descriptors() <= files, line
    house.connect()
    assert house.works_or_has_ended()
    assert house.carrier.isConnected()
    assert raised > 100


class Pair:
    """A client with a sender and listeners of its own, at a server that has both, too."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.server = net.server()
        self.of_server = signal_of(self.server.addSender("a", ["e"], {"ping": lambda _params: "pong"}), "e")
        self.heard_there: list[int] = []
        self.server.addListener(lambda _info, data: self.heard_there.append(data), "mine", "e")

    @contextlib.contextmanager
    def used(self, tracer: Tracer) -> Iterator[Callable[[], bool]]:
        """A new connection, which has been used with what both ends' own threads run traced: all of them but
        the readers. Gives what tells whether it works."""
        threading.settrace(tracer.of_threads(Dispatcher._run, Pool._run, Writing._write))
        try:
            self._connect()
            with contextlib.suppress(sig.RequestError):
                self._use()
        finally:
            threading.settrace(None)
        try:
            yield self._works
        finally:
            self.carrier.disconnect()
            eventually(lambda: not runners())  # of the server's end, too: the next client has the same names

    def _connect(self) -> None:
        self.carrier: Any = self.net.client_carrier(limits=sig.Limits(tick_s=0.05, timeout_s=20.0))
        self.net.carriers.remove(self.carrier)
        self.carrier.auto_reconnect = False
        self.client = sig.ClientRouter(self.carrier)
        self.heard: list[int] = []
        self.heard_there.clear()
        self.heard_back: list[int] = []
        self.client.addRemoteListener(lambda _info, data: self.heard.append(data), "a", "e")
        self.client.addRemoteListener(lambda _info, data: self.heard_back.append(data), "mine", "e")
        mine = self.client.addRemoteSender("mine", ["e"], {"ping": lambda _params: "pong"})
        self.of_client = signal_of(mine, "e")
        self.sent = 0
        eventually(lambda: self.carrier.connect(self.net.host, self.net.port))

    def _use(self) -> None:
        for _ in range(3):  # before signals, while workers read, too
            self.client.remoteRequest("a", "ping")
            self.server.request("mine", "ping")
        self._signal()
        self.client.remoteRequest("a", "ping")

    def _signal(self) -> None:
        for signal in (self.of_server, self.of_client):
            for number in range(self.sent, self.sent + 3):
                signal.trigger(number)
        self.sent += 3

    def _works(self, *, again: bool = True) -> bool:
        """Whether requests are answered both ways, and all signals heard, in order; or it is seen to end.
        Where the line was not reached before, its fault may cost an answer now."""
        try:
            self._use()
        except sig.RequestTimeout:
            return self._has_ended() or (again and self._works(again=False))
        except sig.RemoteError:  # its caller is told; it is raised once
            return self._works()
        except sig.RequestError:  # one end has seen it already
            eventually(self._has_ended)
            return True
        eventually(lambda: self._all_heard() or self._has_ended())
        return self._has_ended() or all(each == list(range(self.sent)) for each in self._inboxes())

    def _all_heard(self) -> bool:
        return all(len(each) >= self.sent for each in self._inboxes())

    def _inboxes(self) -> tuple[list[int], ...]:
        return self.heard, self.heard_there, self.heard_back

    def _has_ended(self) -> bool:
        return not self.carrier.isConnected()


@pytest.fixture
def pair(tcp: Net) -> Pair:
    """Over TCP."""
    return Pair(tcp)


@pytest.mark.parametrize("fault", [SystemExit, MemoryError])
def test_who_runs_what_users_wrote(
    pair: Pair, fault: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each line of a dispatcher's and a pool's own, of both ends."""
    monkeypatch.setattr(threading, "excepthook", lambda _arguments: None)  # as in `test_who_reads`
    tracer = Tracer()
    for _ in range(3):
        with pair.used(tracer) as works:
            assert works()
    lines = sorted(filter(may_fail, tracer.seen))
    raised = 0
    wedged = []
    for line in lines:
        tracer = Tracer(line, fault())
        with pair.used(tracer) as works:
            raised += tracer.has_raised
            if not works():
                wedged.append((Path(line[0]).stem, line[1]))
    assert wedged == []
    assert raised > 30
