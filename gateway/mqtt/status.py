"""How a bridge fares, for whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Status(NamedTuple):
    """How a bridge fares."""

    connected: bool
    """The broker has accepted us."""
    failures: int
    """Tries and short connections in a row that have failed."""
    breaks: int
    """Connections in a row that broke soon after they were made."""
    clashes: int
    """How often another client of our id has thrown us out, since there was peace."""
    next_s: float
    """Seconds until the next try, or the next look at the connection; infinite while a try is under way."""
    unread: int
    """Events that the bridge has not taken yet."""
    waiting: int
    """Events that it has, and the broker has not."""
    answers: int
    """Answers to requests that have not been sent yet."""
    busy: bool
    """Something waits for its acknowledgement, or to be sent."""
    published: int
    """Events that the broker has, since the start."""
    lost: int
    """Events dropped since the start."""
    problem: str | None
    """Why the broker has not accepted us; None if it has, or the first try is not over."""
    disk: str | None
    """Why the outbox cannot be written; None while it can."""
    size: int = 0
    """Bytes that the events on disk take."""
    written: int | None = None
    """Bytes that were written to the disk, since the start; None where the system does not tell."""
    turned: float = 0.0
    """When (monotonic) the loop went round last; now while it sleeps, as it can be woken."""
    aside: Mapping[str, str] = {}
    """What the broker does not take, by topic or `subscription to` a topic, and why: what is too large for
    it, ends the connection, or is refused. At most 100."""
