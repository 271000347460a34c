"""What `network` compares: one module each, with `serve`, `Peer`, and `missing`."""

import importlib
from collections.abc import Callable, Iterable
from typing import Any, Protocol

# The order of the tables: the limit first.
NAMES = ("raw", "sig", "nats", "zmq", "mqtt")

Data = dict[str, Any]
SENDER, EVENT = "temp", "#changed"


class Peer(Protocol):
    """A client, in a process of its own."""

    def publish(self, events: Iterable[Data]) -> None:
        """Send events, as fast as it takes them."""

    def listen(self, callback: Callable[[Data], None]) -> None:
        """Have `callback` called with each event, on whatever thread; returns at once."""

    def request(self, count: int) -> list[float]:
        """Seconds that each of so many requests took, one after the other."""

    def respond(self) -> None:
        """Answer requests with their parameters; returns once it does."""


class Kind(Protocol):
    """A module of this package."""

    Peer: Callable[[int], Peer]

    def missing(self) -> str:
        """What has to be installed before it can run, or ""."""

    def serve(self) -> None:
        """Be the process in the middle: listen on 127.0.0.1, print the port and the id of the process that
        listens, and run for ever.
        """


def kind(name: str) -> Kind:
    """The module of that name."""
    found: Any = importlib.import_module(f"benchmarks.peers.{name}_peer")
    return found  # type: ignore[no-any-return]
