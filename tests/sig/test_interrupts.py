"""Ctrl-C, or want of memory, at any line of what sends and reads: the connection works, or is seen to end."""

from __future__ import annotations

import contextlib
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
from sig.net.reading import Reading
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

    def of_readers(self, frame: FrameType, event: str, argument: Any) -> Any:
        """As the trace function of all threads: only those that read are looked at."""
        if frame.f_code.co_filename not in FILES or "-reader" not in threading.current_thread().name:
            return None
        return self(frame, event, argument)

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
    threading.settrace(tracer.of_readers)
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


def descriptors() -> int:
    """How many this process has."""
    return len(list(Path("/dev/fd").iterdir()))


def may_fail(line: Line) -> bool:
    """Whether a fault there says something: of what brings about the end. Not at the first lines of a thread,
    without which there is no reader, nor at the end of a `with`, where Python is about to release a lock.
    """
    _, first = inspect.getsourcelines(Reading._run)
    text = linecache.getline(*line).strip()
    begin = [(inspect.getfile(Reading), first + number) for number in range(3)]
    of_the_end = Path(line[0]).stem in ("connection", "reading", "writing")
    return of_the_end and line not in begin and not text.startswith("with ")


def lines_read(house: House) -> list[Line]:
    """Those that readers run."""
    tracer = Tracer()
    for _ in range(3):
        read_by(house, tracer)
    eventually(lambda: not readers())  # or they go on noting lines while those are looked through
    return sorted(filter(may_fail, tracer.seen))


@pytest.mark.parametrize("fault", [KeyboardInterrupt, MemoryError])
def test_who_reads(house: House, fault: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    """At each line of a reader's: of that connection nothing is left, and the next one works."""
    # what is raised once all has been done ends the thread, which is about to
    monkeypatch.setattr(threading, "excepthook", lambda _arguments: None)
    house.carrier.disconnect()
    lines = lines_read(house)
    files = descriptors()
    raised = 0
    for line in lines:
        tracer = Tracer(line, fault())
        read_by(house, tracer)
        raised += tracer.has_raised
        eventually(lambda: not readers())
        assert descriptors() == files, line
    house.connect()
    assert house.works_or_has_ended()
    assert house.carrier.isConnected()
    assert raised > 100
