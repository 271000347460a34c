"""What a connection tells the bridge. Codes are those of MQTT 5, also where the broker speaks 3.1.1."""

from __future__ import annotations

from typing import NamedTuple

UNSUPPORTED_VERSION = 0x84
TAKEN_OVER = 0x8E


class Connected(NamedTuple):
    """The broker has accepted us: so many messages may be in flight, none larger than `max_bytes`."""

    window: int
    max_bytes: int


class Refused(NamedTuple):
    """The broker has not."""

    code: int
    text: str


class Acknowledged(NamedTuple):
    """The broker has answered to a message; `problem` says why it refused it.

    `final`: it would do so again, because of what the message is; else it may take it another time.
    """

    mid: int
    problem: str | None
    final: bool = True


class SubscriptionRefused(NamedTuple):
    """The broker does not let us read this topic."""

    topic: str
    text: str


class Received(NamedTuple):
    """A message."""

    topic: str
    payload: bytes
    retained: bool
    response_topic: str | None
    correlation: bytes | None


class Lost(NamedTuple):
    """The connection has ended; `code` is that of the broker's farewell, 0 without one."""

    code: int
    text: str


Note = Connected | Refused | Acknowledged | SubscriptionRefused | Received | Lost
