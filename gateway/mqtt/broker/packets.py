"""What a broker answers, read from the packet itself: bytes in, plain values out; no I/O.

paho knows the reason codes of its own tables and ends the connection at any other, Mosquitto's PUBACK 0x95
among them, and at a property that it finds forbidden. Here every code is read, and so are reason strings and
server references, which say what to do. Source: MQTT 5.0 (OASIS, 2019), sections 2.2.2, 2.4, 3.2, 3.4, 3.9,
3.14; MQTT 3.1.1, sections 3.2 and 3.9.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

PUBLISH, CONNACK, PUBACK, SUBACK, PINGRESP, DISCONNECT = 0x30, 0x20, 0x40, 0x90, 0xD0, 0xE0
"""The first byte of a packet, without its flags."""
QOS = 0x06
"""Its bits in the first byte of a PUBLISH."""
FAILED = 0x80
"""Reason codes from here on are errors."""

SERVER_KEEP_ALIVE, CLIENT_ID, SERVER, REASON = 0x13, 0x12, 0x1C, 0x1F
RECEIVE_MAXIMUM, MAXIMUM_QOS, RETAIN, MAXIMUM_PACKET, WILDCARDS = 0x21, 0x24, 0x25, 0x27, 0x28
"""Properties."""

_NUMBERS = {
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), 1),
    **dict.fromkeys((0x13, 0x21, 0x22, 0x23), 2),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), 4),
}
"""Bytes of the properties that are numbers."""
_TEXTS = frozenset({0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F})
_PAIR = 0x26
_NUMBER_OF_ANY_LENGTH = 0x0B
LONGEST_TEXT = 200
"""Characters of a broker's words that are shown."""

_NAMES = {
    0x80: "Unspecified error",
    0x81: "Malformed packet",
    0x82: "Protocol error",
    0x83: "Implementation specific error",
    0x84: "Unsupported protocol version",
    0x85: "Client identifier not valid",
    0x86: "Bad user name or password",
    0x87: "Not authorized",
    0x88: "Server unavailable",
    0x89: "Server busy",
    0x8A: "Banned",
    0x8B: "Server shutting down",
    0x8C: "Bad authentication method",
    0x8D: "Keep alive timeout",
    0x8E: "Session taken over",
    0x8F: "Topic filter invalid",
    0x90: "Topic name invalid",
    0x91: "Packet identifier in use",
    0x92: "Packet identifier not found",
    0x93: "Receive maximum exceeded",
    0x94: "Topic alias invalid",
    0x95: "Packet too large",
    0x96: "Message rate too high",
    0x97: "Quota exceeded",
    0x98: "Administrative action",
    0x99: "Payload format invalid",
    0x9A: "Retain not supported",
    0x9B: "QoS not supported",
    0x9C: "Use another server",
    0x9D: "Server moved",
    0x9E: "Shared subscriptions not supported",
    0x9F: "Connection rate exceeded",
    0xA0: "Maximum connect time",
    0xA1: "Subscription identifiers not supported",
    0xA2: "Wildcard subscriptions not supported",
}
_OF_3_1_1 = {1: 0x84, 2: 0x85, 3: 0x88, 4: 0x86, 5: 0x87}
"""The codes of a CONNACK of MQTT 3.1.1, in those of 5."""

Properties = Mapping[int, int | bytes]
"""By identifier; of those that may come more than once, the last."""


class Answer(NamedTuple):
    """To a message: its id, and what became of it."""

    mid: int
    code: int
    text: str


class Subscribed(NamedTuple):
    """To a subscription: one code for each topic of it."""

    mid: int
    codes: bytes
    properties: Properties


def connack(packet: bytes, version: int) -> tuple[int, Properties]:
    """(reason code of MQTT 5, properties). Raises ValueError if it is none."""
    if len(packet) < 2:
        raise ValueError(f"a CONNACK of {len(packet)} bytes, expected 2 or more")
    code = packet[1]
    if code and (version < 5 or code < FAILED):  # an older broker answers a version 5 with its own codes
        return _OF_3_1_1.get(code, FAILED), {}
    return code, properties(packet, 2)[0] if version >= 5 else {}


def puback(packet: bytes) -> Answer:
    """Of MQTT 5 or older. Raises ValueError."""
    mid = _mid(packet)
    code = packet[2] if len(packet) > 2 else 0
    found = properties(packet, 3)[0] if len(packet) > 3 else {}
    return Answer(mid, code, text(code, found))


def suback(packet: bytes, version: int) -> Subscribed:
    """Raises ValueError."""
    found, at = properties(packet, 2) if version >= 5 else ({}, 2)
    return Subscribed(_mid(packet), bytes(packet[at:]), found)


def disconnect(packet: bytes) -> tuple[int, str]:
    """(reason code, text) of MQTT 5's. Raises ValueError."""
    code = packet[0] if packet else 0
    return code, text(code, properties(packet, 1)[0] if len(packet) > 1 else {})


def text(code: int, found: Properties) -> str:
    """What a code means, and what the broker says to it."""
    name = _NAMES.get(code, f"reason code 0x{code:02X}" if code else "it said goodbye")
    reason, server = _words(found, REASON), _words(found, SERVER)
    return name + (f" ({reason})" if reason else "") + (f"; it names another server: {server}" * bool(server))


def properties(packet: bytes, at: int) -> tuple[Properties, int]:
    """What begins at `at` with its length, and where it ends. Raises ValueError where it is cut short, or of
    a kind of which the length is not known."""
    length, at = _varying(packet, at)
    end = at + length
    if end > len(packet):
        raise ValueError(f"properties of {length} bytes, in a packet that has {len(packet) - at} left")
    found: dict[int, int | bytes] = {}
    while at < end:
        kind, at = packet[at], at + 1
        if kind in _NUMBERS:
            found[kind], at = int.from_bytes(packet[at : at + _NUMBERS[kind]]), at + _NUMBERS[kind]
        elif kind in _TEXTS:
            found[kind], at = _text(packet, at)
        elif kind == _NUMBER_OF_ANY_LENGTH:
            found[kind], at = _varying(packet, at)
        elif kind == _PAIR:
            at = _text(packet, _text(packet, at)[1])[1]
        else:
            raise ValueError(f"property 0x{kind:02X}, which MQTT 5 does not have")
    if at != end:
        raise ValueError(f"properties that end {at - end} bytes behind their end")
    return found, end


def number(found: Properties, kind: int, default: int) -> int:
    """A property that is a number."""
    value = found.get(kind, default)
    return value if isinstance(value, int) else default


def words(found: Properties, kind: int) -> str:
    """A property that is a text, as it is; "" if it is not there."""
    value = found.get(kind, b"")
    return value.decode(errors="replace") if isinstance(value, bytes) else ""


def _words(found: Properties, kind: int) -> str:
    """For the log: on one line, and not too long."""
    return " ".join(words(found, kind).split())[:LONGEST_TEXT]


def _mid(packet: bytes) -> int:
    if len(packet) < 2:
        raise ValueError(f"an answer of {len(packet)} bytes, expected 2 or more")
    return int.from_bytes(packet[:2])


def _text(packet: bytes, at: int) -> tuple[bytes, int]:
    end = at + 2 + int.from_bytes(packet[at : at + 2])
    return bytes(packet[at + 2 : end]), end


def _varying(packet: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in (0, 7, 14, 21):
        if at >= len(packet):
            raise ValueError("a length that is cut short")
        byte, at = packet[at], at + 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a length of more than four bytes")
