"""Routers of a fleet, each a process of its own, that a test kills, hangs and brings back."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gateway.fleet.declaring import undeclare
from gateway.fleet.session import Settings, close, open_session
from tests.support.ports import free_port

if TYPE_CHECKING:
    import zenoh

UP = "sig/1/north/shed/up"
_PROGRAM = """
import json, sys
from gateway.fleet.relay import Relay
from gateway.fleet.session import Settings
routers, listen = json.loads(sys.argv[1])
relay = Relay(Settings(routers, listen=listen))
relay.open()
print("listening", flush=True)
sys.stdin.read()
relay.close()
"""


class Routers:
    """`count` routers on loopback, each linked with all the others, of two by the later one. End with
    `close`."""

    def __init__(self, count: int) -> None:
        self.endpoints = self._endpoints(count)
        """In zenoh's form."""
        self._processes: dict[int, subprocess.Popen[str]] = {}
        for index in range(count):
            self.start(index)

    @property
    def urls(self) -> list[str]:
        """As people write them."""
        return [each.replace("/", "://") for each in self.endpoints]

    def settings(self, *order: int) -> Settings:
        """Of a client that tries those in that order; of all if none is given."""
        return Settings([self.endpoints[index] for index in order or range(len(self.endpoints))])

    def start(self, index: int) -> None:
        """Begin one, or begin it again; returns when it listens."""
        before, own = self.endpoints[:index], self.endpoints[index]
        program = [sys.executable, "-c", _PROGRAM, json.dumps([before, [own]])]
        process = subprocess.Popen(
            [*self._within(index), *program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        self._processes[index] = process
        assert process.stdout.readline() == "listening\n"

    def pid(self, index: int) -> int | None:
        """Of its process; None if it does not run."""
        process = self._processes.get(index)
        return None if process is None else process.pid

    def kill(self, index: int) -> None:
        """As kill -9 does."""
        self._processes[index].kill()
        self._end(self._processes.pop(index))

    def hang(self, index: int) -> None:
        """It says nothing more, and its connections stay open."""
        self._processes[index].send_signal(signal.SIGSTOP)

    def go_on(self, index: int) -> None:
        """After `hang`."""
        self._processes[index].send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End all."""
        while self._processes:
            self.kill(next(iter(self._processes)))

    def _endpoints(self, count: int) -> list[str]:
        return [f"tcp/127.0.0.1:{free_port()}" for _ in range(count)]

    def _within(self, _index: int) -> Sequence[str]:
        """What a router's program is started by."""
        return ()

    @staticmethod
    def _end(process: subprocess.Popen[str]) -> None:
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


@contextmanager
def routers(count: int) -> Iterator[Routers]:
    """For the length of a test."""
    made = Routers(count)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def client(settings: Settings) -> Iterator[zenoh.Session]:
    """For the length of a with block."""
    session = open_session(settings)
    try:
        yield session
    finally:
        close(session)


@contextmanager
def there(settings: Settings) -> Iterator[None]:
    """A client whose token, UP, others can see."""
    with client(settings) as session:
        token = session.liveliness().declare_token(UP)
        try:
            yield
        finally:
            undeclare(token)


def sees(session: zenoh.Session) -> bool:
    """Whether that token has come to its router."""
    return any(reply.ok is not None for reply in session.liveliness().get(UP, timeout=5.0))
