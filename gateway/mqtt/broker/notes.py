"""What a connection tells the bridge. Codes are those of MQTT 5, also where the broker speaks 3.1.1."""

from __future__ import annotations

from typing import NamedTuple

from gateway.mqtt.broker.abilities import Abilities

UNSUPPORTED_VERSION = 0x84
TAKEN_OVER = 0x8E


class Connected(NamedTuple):
    """The broker has accepted us: so many messages may be in flight, none of more bytes than `max_bytes` as
    a packet. `oddities`: what the log should say of it."""

    window: int
    max_bytes: int
    abilities: Abilities = Abilities()
    oddities: tuple[str, ...] = ()


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


class Subscribed(NamedTuple):
    """The broker has answered to a subscription, whatever it said of each topic."""

    mid: int


class SubscriptionRefused(NamedTuple):
    """The broker does not let us read this topic."""

    topic: str
    text: str
    code: int = 0x80


class Pong(NamedTuple):
    """The broker has answered to a ping: it has dealt with all that was sent before."""


class Received(NamedTuple):
    """A message."""

    topic: str
    payload: bytes
    retained: bool
    response_topic: str | None
    correlation: bytes | None


class Skipped(NamedTuple):
    """A message that was too large to be read: `size` bytes as a packet."""

    topic: str
    size: int
    retained: bool


class Lost(NamedTuple):
    """The connection has ended; `code` is that of the broker's farewell, 0 without one."""

    code: int
    text: str


Note = (
    Connected | Refused | Acknowledged | Subscribed | SubscriptionRefused | Pong | Received | Skipped | Lost
)


class Ending(NamedTuple):
    """Of a connection that had been accepted, for the broker's part: so many things were in flight; `tested`:
    one, alone, to see whether it is to blame."""

    flight: int = 0
    tested: bool = False
