"""A message as the bytes of MQTT's PUBLISH packet. Pure, no I/O. Source: MQTT 5.0 and 3.1.1 (OASIS), sections
2.2.3 and 3.3.

paho's own way there keeps an account of each message for resending, with a lock and a condition to wait on.
Here that is the outbox's business, so it would be most of what a message costs.
"""

from __future__ import annotations

from gateway.mqtt.broker.packets import PUBLISH

LONGEST_TOPIC = 65535
LONGEST = (1 << 28) - 1
"""Bytes of the largest packet that MQTT knows, but for its head."""
NO_PROPERTIES = b"\0"
_CORRELATION = b"\x09"


def publish(
    topic: bytes, payload: bytes, mid: int, *, qos: int, retain: bool = False, properties: bytes = b""
) -> bytes:
    """The packet. `mid`: its id, of no account with QoS 0. `properties`: with MQTT 5 there are some, or
    NO_PROPERTIES. Raises ValueError for a topic or a size that MQTT does not know."""
    if not topic or len(topic) > LONGEST_TOPIC or b"+" in topic or b"#" in topic:
        raise ValueError(f"a topic may not be empty, have + or #, or more than {LONGEST_TOPIC} bytes")
    rest = 2 + len(topic) + 2 * qos + len(properties) + len(payload)
    if rest > LONGEST:
        raise ValueError(f"a message of {rest} bytes, and MQTT has {LONGEST} at most")
    return b"%c%b%b%b%b%b%b" % (
        PUBLISH | qos << 1 | retain,
        _length(rest),
        len(topic).to_bytes(2),
        topic,
        mid.to_bytes(2) if qos else b"",
        properties,
        payload,
    )


def size(topic: bytes, payload: bytes, *, qos: int, properties: int = 0) -> int:
    """Bytes of that packet; of its properties the number."""
    rest = 2 + len(topic) + 2 * qos + properties + len(payload)
    return rest + (2 if rest < 1 << 7 else 3 if rest < 1 << 14 else 4 if rest < 1 << 21 else 5)


def correlated(correlation: bytes) -> bytes:
    """Properties: the correlation data of an answer."""
    text = _CORRELATION + len(correlation).to_bytes(2) + correlation
    return _length(len(text)) + text


def _length(number: int) -> bytes:
    """As seven bits a byte, the low ones first."""
    if number < 1 << 7:
        return bytes((number,))
    if number < 1 << 14:
        return bytes((number & 0x7F | 0x80, number >> 7))
    return bytes((number & 0x7F | 0x80,)) + _length(number >> 7)
