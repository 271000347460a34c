"""What a link needs of a protocol, and what a protocol tells a link.

A `Conversation` turns bytes into events and requests into bytes. It does no I/O, starts no thread and
reads no clock: the link passes the time in (seconds, monotonic). So every protocol can be tested with
bytes alone, and a new one is a module with a class `Conversation`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class Channel:
    """One quantity that a board measures. `resolution`, `low`, `high` are in `unit`; `interval_s` is
    the time between two readings, 0 when the board only answers requests."""

    name: str
    kind: str
    unit: str
    resolution: float
    low: float
    high: float
    interval_s: float


@dataclass(frozen=True, slots=True)
class Board:
    """Who is at the other end of a link. `boot` differs at each start of the board."""

    model: str
    identity: str
    firmware: str
    boot: int
    channels: dict[str, Channel]

    def same_device(self, other: "Board") -> bool:
        """Whether `other` is this board with the same channels, perhaps after a restart."""
        return self.identity == other.identity and self.channels == other.channels


class Measurement(NamedTuple):
    """A value as the board measured it. `value` is in the channel's unit, None when the sensor failed
    (`fault` then says how). `measured` is the gateway's monotonic time of the measurement. `asked` is
    when a live read was sent that this answers, and None for one that the board sent by itself."""

    channel: str
    seq: int
    value: float | None
    fault: str | None
    measured: float
    asked: float | None = None


class Hello(NamedTuple):
    """The board has said who it is; readings count from here on."""

    board: Board


class Reply(NamedTuple):
    """The answer to request `id`; `result` is a `Measurement` for `read`, else what the verb returns."""

    id: int
    result: object


class Refusal(NamedTuple):
    """Request `id` failed at the board: `code` as in the protocol, `text` for a person."""

    id: int
    code: str
    text: str


class Note(NamedTuple):
    """Words from the board for whoever debugs it."""

    text: str


class HelloWanted(NamedTuple):
    """The conversation cannot go on, or is not sure, without asking the board for a hello."""

    reason: str


class Dropped(NamedTuple):
    """A line that was of no use: why, and its bytes."""

    reason: str
    line: bytes

    def __str__(self) -> str:
        return f"{self.reason}: {escaped(self.line)}"


def escaped(data: bytes) -> str:
    """Bytes of unknown origin for a person: in quotes, what is not printable as `\\x1b`, cut short."""
    return repr(data[:_SHOWN_BYTES])[1:] + ("…" if len(data) > _SHOWN_BYTES else "")


_SHOWN_BYTES = 80

Event = Measurement | Hello | Reply | Refusal | Note | HelloWanted


class Conversation(Protocol):
    """One protocol over one opened port, from the first byte to the last.

    `counters` counts what was good (`lines`), `damaged`, `malformed`, lost, …; `dropped` is the newest line
    that was damaged or malformed. The reader thread alone writes both.
    """

    counters: Counter[str]
    dropped: Dropped | None

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        """The events that `data`, received at `now`, completes. Never raises, whatever the bytes."""

    def request(self, request_id: int, verb: str, args: Sequence[str], now: float) -> bytes:
        """The bytes that carry a request, sent at `now`.

        Verbs that every protocol has: `hello`, `ping`, `read CHANNEL`, `interval CHANNEL MS`.
        Raises `ValueError` when an argument cannot be said in this protocol.
        """
