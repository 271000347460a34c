"""What the API asks of the rest of the gateway, and all that it knows of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import sig
    from gateway.event_id import EventId
    from gateway.feed import Feed
    from gateway.history.rows import Kept, Series


class History(Protocol):
    """Answers on any thread, and waits for no writer. Errors of its own become `failed`."""

    def since(self, after: EventId, limit: int) -> Sequence[Kept] | None:
        """At most so many events after that one, in order, and those too that are not written yet; None if
        it does not reach back so far."""

    def points(self, sender: str, since_ms: int, until_ms: int, points: int) -> Series | None:
        """At most so many, for a chart of that time; None for a sender of which it has nothing."""


class Metrics(Protocol):
    """What `/metrics` answers."""

    def text(self) -> str:
        """Prometheus' text format, version 0.0.4. From any thread; waits for nothing."""


class Overview(Protocol):
    """Who is there; see `gateway.overview`. `gateway`: those of that gateway of a fleet alone."""

    def all(self, *, gateway: str | None = None) -> list[dict[str, Any]]: ...
    def one(self, name: str) -> dict[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class Fleet:
    """Of a collector: `gateways`: how each fares; `overview`: their senders. For any thread, waiting for
    nothing but `overview.one`."""

    gateways: Callable[[], list[dict[str, Any]]]
    overview: Overview


@dataclass(frozen=True, slots=True)
class Context:
    """`health` and `info`: what the gateway's own sender answers; `known`: what one that is not connected
    would answer to `info`, None where nobody knows; for any thread, they wait for nothing. `history`:
    what is kept by now, None where nothing is; `metrics`: None where there is none; `fleet`: None where it is
    a gateway."""

    router: sig.Router
    feed: Feed
    health: Callable[[], Mapping[str, Any]]
    info: Callable[[], Mapping[str, Any]]
    history: Callable[[], History | None] = lambda: None
    metrics: Metrics | None = None
    known: Callable[[str], Any] = lambda _sender: None
    fleet: Fleet | None = None
