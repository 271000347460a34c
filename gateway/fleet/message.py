"""What a gateway sends: events, pages of events, positions. Pure.

An event is its data as JSON, with what else is known of it in zenoh's attachment: epoch, seq, milliseconds, 1
or 0, sender and event, with a space between two, the names percent-encoded. A page is one JSON object:

    {"events": [[epoch, seq, utc_ms, known, sender, event, data], …],
     "upto": [epoch, seq], "head": [epoch, seq],
     "lost": [[sender, events, first_ms, last_ms, reason], …], "anew": false}
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from gateway.fleet.keys import quoted, unquoted

MOST_EVENTS = 500
"""Of a page."""
MOST_BYTES = 256 * 1024
"""Of a page's events: one that is longer comes alone."""


MOST_DATA = 1 << 20
"""Bytes of an event's data, as sig has it for a message."""


class MessageError(ValueError):
    """What came cannot be understood; the text says what was expected."""


class Position(NamedTuple):
    """Of an event in all that its gateway has ever sent. A gateway counts `seq` from 1 in each `epoch`, and
    begins an epoch, greater than the last, whenever it starts: what it had numbered and not written down when
    it ended must not come again as another."""

    epoch: int
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """Raises MessageError."""
        epoch, dash, seq = text.partition("-")
        if not (dash and _is_number(epoch) and _is_number(seq)):
            raise MessageError(f"expected a position such as 7-1041, got {text[:60]!r}")
        return cls(int(epoch), int(seq))


START = Position(0, 0)
"""Before everything."""


class Event(NamedTuple):
    """An event as its gateway heard it. `data`: JSON, as `gateway.encoding` makes it, with its time in it;
    `utc_ms`: when it was triggered; `known`: whether that gateway's clock was believed then."""

    position: Position
    utc_ms: int
    known: bool
    sender: str
    event: str
    data: str

    @property
    def attachment(self) -> bytes:
        """What travels beside the data."""
        names = f"{quoted(self.sender)} {quoted(self.event)}"
        return f"{self.position.epoch} {self.position.seq} {self.utc_ms} {self.known:d} {names}".encode()


class Lost(NamedTuple):
    """So many events of a sender are not there any more; `sender` is "" where it is not known."""

    sender: str
    events: int
    first_ms: int
    last_ms: int
    reason: str


class Page(NamedTuple):
    """All that there is after the position that was asked for, up to `upto`; `head`: the newest there is.
    `lost`: what should have been among it. `anew`: that position is of no numbering that this gateway knows,
    so it begins with the oldest event there is."""

    events: Sequence[Event]
    upto: Position
    head: Position
    lost: Sequence[Lost] = ()
    anew: bool = False

    def encode(self) -> str:
        """Its JSON."""
        events = ",".join(
            f"[{each.position.epoch},{each.position.seq},{each.utc_ms},{_flag(each.known)},"
            f"{json.dumps(each.sender)},{json.dumps(each.event)},{each.data}]"
            for each in self.events
        )
        rest = {"upto": self.upto, "head": self.head, "lost": list(self.lost), "anew": self.anew}
        return f'{{"events":[{events}],{_encode(rest)[1:]}'

    @classmethod
    def parse(cls, text: str) -> Page:
        """Raises MessageError."""
        page = _decode(text)
        try:
            return cls(
                [_event_of(*each) for each in page["events"]],
                _position(*page["upto"]),
                _position(*page["head"]),
                [_lost(*each) for each in page["lost"]],
                bool(page["anew"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise MessageError(f"expected a page of events, got {text[:60]!r} ({error})") from None


def parse_event(data: str, attachment: str) -> Event:
    """Of a message with one. Raises MessageError."""
    parts = attachment.split(" ")
    if len(parts) != 6 or not all(map(_is_number, parts[:4])):
        raise MessageError(
            "expected epoch, seq, milliseconds, a flag and two names beside an event, "
            f"got {attachment[:60]!r}"
        )
    epoch, seq, utc_ms, known = map(int, parts[:4])
    _decode(data)
    return Event(Position(epoch, seq), utc_ms, bool(known), unquoted(parts[4]), unquoted(parts[5]), data)


def _event_of(epoch: Any, seq: Any, utc_ms: Any, known: Any, sender: Any, event: Any, data: Any) -> Event:
    if type(utc_ms) is not int or not isinstance(sender, str) or not isinstance(event, str):
        raise MessageError("an event's time or name is none")
    return Event(_position(epoch, seq), utc_ms, bool(known), sender, event, _encode(data))


def _position(epoch: Any, seq: Any) -> Position:
    if type(epoch) is not int or type(seq) is not int or epoch < 0 or seq < 0:
        raise MessageError(f"expected a position such as [7, 1041], got {[epoch, seq]!r}")
    return Position(epoch, seq)


def _lost(sender: Any, events: Any, first_ms: Any, last_ms: Any, reason: Any) -> Lost:
    if type(events) is not int or not isinstance(sender, str):
        raise MessageError("a loss does not say of how many events")
    return Lost(sender, events, int(first_ms), int(last_ms), str(reason))


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def _refuse(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


_decode_any = json.JSONDecoder(parse_constant=_refuse).decode


def _decode(text: str) -> Any:
    try:
        return _decode_any(text)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"expected JSON, got {text[:60]!r} ({error})") from None


def _flag(value: object) -> str:
    return "true" if value else "false"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 19 and math.isfinite(int(text))
