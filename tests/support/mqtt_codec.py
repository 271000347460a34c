"""MQTT 3.1.1's and 5's packets: bytes in, packets out, and back. No I/O.

Of the tests' own, and of no library that the gateway uses: two implementations check each other. It encodes
what a broker should not say, too: any number as a reason code, any property in any packet.

Source: OASIS MQTT Version 5.0 and Version 3.1.1, chapters 2 and 3. `version`: the level, 4 for 3.1.1.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.support.mqtt_fields import MalformedError, Reader, binary, properties, text, variable
from tests.support.mqtt_packets import (
    CONNACK,
    CONNECT,
    DISCONNECT,
    NONE,
    PINGREQ,
    PINGRESP,
    PUBACK,
    PUBCOMP,
    PUBLISH,
    PUBREC,
    PUBREL,
    SUBACK,
    SUBSCRIBE,
    UNSUBACK,
    UNSUBSCRIBE,
    V5,
    Acknowledge,
    Answers,
    Connack,
    Connect,
    Disconnect,
    Packet,
    Ping,
    Publish,
    Subscribe,
    Unsubscribe,
    Will,
)

FLAGS = {PUBREL: 2, SUBSCRIBE: 2, UNSUBSCRIBE: 2}
"""Of the fixed header; 0 for others, but PUBLISH, which has some of its own."""


class Header(NamedTuple):
    """The fixed header. `size`: of the whole packet, in bytes. `start`: of what follows the header."""

    first: int
    start: int
    size: int


def header(data: bytes | bytearray) -> Header | None:
    """Of the packet at the front of `data`; None while there is too little of it. Raises MalformedError."""
    for end in range(2, 6):
        if len(data) < end:
            return None
        if data[end - 1] < 0x80:
            return Header(data[0], end, end + Reader(bytes(data[1:end])).variable())
    raise MalformedError("a remaining length of more than four bytes")


def encode(packet: Packet, version: int) -> bytes:
    """One packet; a CONNECT has its own `version`."""
    version = packet.version if isinstance(packet, Connect) else version
    kind, flags, body = _body(packet, version)
    return bytes([kind << 4 | flags]) + variable(len(body)) + body


def decode(data: bytes, version: int) -> Packet:
    """One packet, whole, with nothing behind it; a CONNECT has its own `version`. Raises MalformedError."""
    found = header(data)
    if found is None or found.size != len(data):
        raise MalformedError(f"expected one packet, got {len(data)} bytes that are none")
    kind, flags = found.first >> 4, found.first & 0x0F
    if kind != PUBLISH and flags != FLAGS.get(kind, 0):
        raise MalformedError(f"flags {flags} of packet type {kind}")
    reader = Reader(data[found.start :])
    packet = _publish(reader, flags, version) if kind == PUBLISH else _parse(kind, reader, version)
    if reader:
        raise MalformedError(f"{len(reader)} bytes after the end of packet type {kind}")
    return packet


def _body(packet: Packet, version: int) -> tuple[int, int, bytes]:
    """Type, flags and what follows the fixed header."""
    described = properties(packet.properties) if version == V5 and not isinstance(packet, Ping) else b""
    match packet:
        case Connect():
            return CONNECT, 0, _hello(packet, described)
        case Connack(code, present):
            return CONNACK, 0, bytes([present, code]) + described
        case Publish(topic, payload, qos, retain, dup, mid):
            number = mid.to_bytes(2, "big") if qos else b""
            return PUBLISH, dup << 3 | qos << 1 | retain, text(topic) + number + described + payload
        case Acknowledge(kind, mid, code, more):
            reason = bytes([code]) + described if version == V5 and (code or more) else b""
            return kind, FLAGS.get(kind, 0), mid.to_bytes(2, "big") + reason
        case Subscribe(mid, filters):
            wanted = b"".join(text(topic) + bytes([options]) for topic, options in filters)
            return SUBSCRIBE, 2, mid.to_bytes(2, "big") + described + wanted
        case Unsubscribe(mid, names):
            return UNSUBSCRIBE, 2, mid.to_bytes(2, "big") + described + b"".join(map(text, names))
        case Answers(kind, mid, codes):
            told = b"" if kind == UNSUBACK and version != V5 else bytes(codes)
            return kind, 0, mid.to_bytes(2, "big") + described + told
        case Ping(kind):
            return kind, 0, b""
        case Disconnect(code, more):
            return DISCONNECT, 0, bytes([code]) + described if version == V5 and (code or more) else b""


def _hello(packet: Connect, described: bytes) -> bytes:
    will, inner, flags = packet.will, b"", packet.clean << 1
    if will is not None:
        flags |= 1 << 2 | will.qos << 3 | will.retain << 5
        told = properties(will.properties) if packet.version == V5 else b""
        inner = told + text(will.topic) + binary(will.payload)
    if packet.password is not None:
        flags |= 1 << 6
    if packet.user is not None:
        flags |= 1 << 7
    front = text("MQTT") + bytes([packet.version, flags]) + packet.keepalive.to_bytes(2, "big")
    user = b"" if packet.user is None else text(packet.user)
    password = b"" if packet.password is None else binary(packet.password)
    return front + described + text(packet.client_id) + inner + user + password


def _greeting(reader: Reader) -> Connect:
    if (name := reader.text()) != "MQTT":
        raise MalformedError(f"protocol {name!r}")
    version, flags, keepalive = reader.number(1), reader.number(1), reader.number(2)
    if flags & 1 or flags >> 3 & 3 == 3 or (not flags & 4 and flags & 0b111000):
        raise MalformedError(f"connect flags 0x{flags:02x}")
    described = reader.properties() if version == V5 else NONE
    client_id = reader.text()
    will = None
    if flags & 4:
        told = reader.properties() if version == V5 else NONE
        will = Will(reader.text(), reader.binary(), flags >> 3 & 3, bool(flags & 32), told)
    user = reader.text() if flags & 128 else None
    password = reader.binary() if flags & 64 else None
    return Connect(version, client_id, bool(flags & 2), keepalive, will, user, password, described)


def _publish(reader: Reader, flags: int, version: int) -> Publish:
    qos = flags >> 1 & 3
    if qos == 3:
        raise MalformedError("QoS 3")
    topic, mid = reader.text(), reader.number(2) if qos else 0
    if qos and not mid:
        raise MalformedError("packet identifier 0")
    described = reader.properties() if version == V5 else NONE
    return Publish(topic, reader.rest(), qos, bool(flags & 1), bool(flags & 8), mid, described)


def _parse(kind: int, reader: Reader, version: int) -> Packet:
    five = version == V5
    if kind == CONNECT:
        return _greeting(reader)
    if kind == CONNACK:
        present, code = reader.number(1), reader.number(1)
        return Connack(code, bool(present), reader.properties() if five else NONE)
    if kind in {PINGREQ, PINGRESP}:
        return Ping(kind)
    if kind == DISCONNECT:
        return Disconnect(*_reason(reader, five))
    if kind not in {PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK}:
        raise MalformedError(f"packet type {kind}")
    if (mid := reader.number(2)) == 0:
        raise MalformedError("packet identifier 0")
    if kind <= PUBCOMP:
        return Acknowledge(kind, mid, *_reason(reader, five))
    described = reader.properties() if five else NONE
    return _about_filters(kind, mid, described, reader)


def _reason(reader: Reader, five: bool) -> tuple[int, Mapping[str, Any]]:
    """A code and properties, both of which version 5 may leave out; 3.1.1 has none."""
    code = reader.number(1) if five and reader else 0
    return code, reader.properties() if five and reader else NONE


def _about_filters(kind: int, mid: int, described: Mapping[str, Any], reader: Reader) -> Packet:
    if kind in {SUBACK, UNSUBACK}:
        return Answers(kind, mid, tuple(reader.rest()), described)
    if not reader:
        raise MalformedError("no topic filter")
    if kind == UNSUBSCRIBE:
        names = []
        while reader:
            names.append(reader.text())
        return Unsubscribe(mid, tuple(names), described)
    filters = []
    while reader:
        filters.append((reader.text(), reader.number(1)))
    return Subscribe(mid, tuple(filters), described)
