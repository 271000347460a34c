"""What tests over a connection share: servers and clients of every carrier, listeners one can wait for."""

from __future__ import annotations

import queue
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import sig
from sig.carrier.local import LocalCarrier
from sig.carrier.tcpclient import CarrierTCPClient
from sig.carrier.tcpserver import CarrierTCPServer
from tests.support.waiting import DEADLINE_S

# Far more than anything here takes, for a machine that does a lot else.
WAIT_S = DEADLINE_S
KINDS = ("local", "tcp", "tcp6", "tls", "unix")


class Inbox:
    """A listener that puts what it hears into a queue."""

    def __init__(self) -> None:
        self.queue: queue.Queue[tuple[dict[str, Any], Any]] = queue.Queue()

    def __call__(self, info: dict[str, Any], data: Any) -> None:
        self.queue.put((info, data))

    def get(self) -> tuple[str, str, Any]:
        """The next event: sender, event, data."""
        info, data = self.queue.get(timeout=WAIT_S)
        return info["sender"], info["event"], data

    def data(self, count: int) -> list[Any]:
        """The data of the next events."""
        return [self.get()[2] for _ in range(count)]


def eventually(holds: Callable[[], object], timeout_s: float = WAIT_S) -> None:
    """Wait for what nobody announces."""
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold"
        pause.wait(0.005)


def threads_called(name: str) -> list[str]:
    """The threads that run, and whose names begin with that."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(name)]


class Logged:
    """A logger that keeps the texts, and tells when one comes."""

    def __init__(self) -> None:
        self.texts: queue.Queue[str] = queue.Queue()
        self.trace = self.debug = self.info = self.warning = self.error = self.critical = self.texts.put

    def wait_for(self, part: str) -> str:
        """The next text that has `part` in it."""
        while True:
            text = self.texts.get(timeout=WAIT_S)
            if part in text:
                return text


@dataclass
class Net:
    """Servers and clients of one kind; `close` ends them all."""

    kind: str
    folder: Path
    limits: sig.Limits = field(default_factory=sig.Limits)
    options: dict[str, Any] = field(default_factory=dict)
    host: str = "localhost"
    port: int = 0
    carriers: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        # There are Pythons that have no wheel of what it needs.
        self.authority = pytest.importorskip("trustme").CA() if self.kind == "tls" else None
        if self.kind == "unix":
            self.host = f"unix:{self.folder / 'sig.sock'}"
        if self.kind == "tcp6":
            self.host = "::1"

    def server_carrier(self, **options: Any) -> Any:
        options = {"limits": self.limits, **self.options, **options}
        if self.kind == "local":
            return LocalCarrier(**options)
        if self.authority is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.authority.issue_cert("localhost").configure_cert(context)
            options["ssl_context"] = context
        return CarrierTCPServer(**options)

    def client_carrier(self, **options: Any) -> Any:
        options = {"limits": self.limits, **self.options, **options}
        if self.kind == "local":
            carrier: Any = LocalCarrier(**options)
        elif self.authority is not None:
            context = ssl.create_default_context()
            self.authority.configure_trust(context)
            carrier = CarrierTCPClient(ssl_context=context, **options)
        else:
            carrier = CarrierTCPClient(**options)
        self.carriers.append(carrier)
        return carrier

    def server(self, **options: Any) -> sig.ServerRouter:
        """A server that listens, on a port of its own the first time, on the same one after that."""
        carrier = self.server_carrier(**options)
        router = sig.ServerRouter(carrier)
        assert carrier.start(self.host, self.port)
        self.port = carrier.address[1]
        self.carriers.append(carrier)
        return router

    def client(self, **options: Any) -> sig.ClientRouter:
        """A connected client."""
        carrier = self.client_carrier(**options)
        router = sig.ClientRouter(carrier)
        assert carrier.connect(self.host, self.port)
        return router

    def close(self) -> None:
        for carrier in self.carriers:
            if hasattr(carrier, "disconnect"):
                carrier.disconnect()
        for carrier in self.carriers:
            if hasattr(carrier, "stop"):
                carrier.stop()


def signal_of(sender: sig.Sender, event: str) -> sig.Signal:
    """The signal, which has to be there."""
    signal = sender.getSignal(event)
    assert signal is not None
    return signal


def in_turn(*steps: Callable[[], Any]) -> Callable[..., Any]:
    """A listener or handler that does these things, whatever it is called with; returns the last result."""

    def run(*_args: Any) -> Any:
        return [step() for step in steps][-1]

    return run


def leave(router: sig.ClientRouter) -> None:
    """Disconnect a client."""
    carrier: Any = router.carrier
    carrier.disconnect()


def stop(router: sig.ServerRouter) -> None:
    """Stop a server."""
    carrier: Any = router.carrier
    carrier.stop()
