"""The fields of MQTT's packets: numbers, texts, and the properties of version 5. No I/O.

Source: OASIS MQTT Version 5.0, 1.5 (data representation) and 2.2.2 (properties).
"""

from collections.abc import Mapping
from typing import Any

LARGEST = (1 << 28) - 1
"""Of a variable byte integer: four bytes of seven bits."""
PROPERTIES = {
    0x01: ("PayloadFormatIndicator", 1),
    0x02: ("MessageExpiryInterval", 4),
    0x03: ("ContentType", "text"),
    0x08: ("ResponseTopic", "text"),
    0x09: ("CorrelationData", "binary"),
    0x0B: ("SubscriptionIdentifier", "variable"),
    0x11: ("SessionExpiryInterval", 4),
    0x12: ("AssignedClientIdentifier", "text"),
    0x13: ("ServerKeepAlive", 2),
    0x15: ("AuthenticationMethod", "text"),
    0x16: ("AuthenticationData", "binary"),
    0x17: ("RequestProblemInformation", 1),
    0x18: ("WillDelayInterval", 4),
    0x19: ("RequestResponseInformation", 1),
    0x1A: ("ResponseInformation", "text"),
    0x1C: ("ServerReference", "text"),
    0x1F: ("ReasonString", "text"),
    0x21: ("ReceiveMaximum", 2),
    0x22: ("TopicAliasMaximum", 2),
    0x23: ("TopicAlias", 2),
    0x24: ("MaximumQoS", 1),
    0x25: ("RetainAvailable", 1),
    0x26: ("UserProperty", "pairs"),
    0x27: ("MaximumPacketSize", 4),
    0x28: ("WildcardSubscriptionAvailable", 1),
    0x29: ("SubscriptionIdentifierAvailable", 1),
    0x2A: ("SharedSubscriptionAvailable", 1),
}
"""By identifier: the name, as paho writes it, and the bytes of a number or another kind of value."""
_IDENTIFIERS = {name: (identifier, kind) for identifier, (name, kind) in PROPERTIES.items()}


class MalformedError(ValueError):
    """No packet of MQTT's."""


def variable(number: int) -> bytes:
    """A variable byte integer."""
    if not 0 <= number <= LARGEST:
        raise ValueError(f"expected 0 to {LARGEST}, got {number}")
    found = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        found.append(low | (0x80 if number else 0))
        if not number:
            return bytes(found)


def binary(data: bytes) -> bytes:
    """Two bytes of length, and the data."""
    return len(data).to_bytes(2, "big") + data


def text(value: str) -> bytes:
    """A UTF-8 encoded string."""
    return binary(value.encode())


def properties(values: Mapping[str, Any]) -> bytes:
    """With their length in front. A `UserProperty` is a sequence of pairs of texts."""
    found = b""
    for name, value in values.items():
        identifier, kind = _IDENTIFIERS[name]
        key = bytes([identifier])
        match kind:
            case "pairs":
                found += b"".join(key + text(one) + text(other) for one, other in value)
            case "text":
                found += key + text(value)
            case "binary":
                found += key + binary(value)
            case "variable":
                found += key + variable(value)
            case int():
                found += key + value.to_bytes(kind, "big")
    return variable(len(found)) + found


class Reader:
    """Takes fields from the front. Each raises MalformedError where the bytes are none, or too few."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def take(self, count: int) -> bytes:
        """So many bytes."""
        if count > len(self._data):
            raise MalformedError(f"expected {count} bytes more, got {len(self._data)}")
        found, self._data = self._data[:count], self._data[count:]
        return found

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._data))

    def number(self, size: int) -> int:
        """A number of so many bytes."""
        return int.from_bytes(self.take(size), "big")

    def variable(self) -> int:
        """A variable byte integer, in as few bytes as it needs."""
        found = 0
        for position in range(4):
            byte = self.number(1)
            found |= (byte & 0x7F) << 7 * position
            if byte < 0x80:
                if byte == 0 and position:
                    raise MalformedError("a variable byte integer in more bytes than it needs")
                return found
        raise MalformedError("a variable byte integer of more than four bytes")

    def binary(self) -> bytes:
        """Binary data."""
        return self.take(self.number(2))

    def text(self) -> str:
        """A UTF-8 encoded string, without U+0000."""
        try:
            found = self.binary().decode()
        except UnicodeDecodeError as error:
            raise MalformedError(str(error)) from error
        if "\0" in found:
            raise MalformedError(f"U+0000 in {found!r}")
        return found

    def properties(self) -> dict[str, Any]:
        """By name; each once, but for `UserProperty`, which is a tuple of pairs."""
        inner = Reader(self.take(self.variable()))
        found: dict[str, Any] = {}
        while inner:
            identifier = inner.variable()
            if identifier not in PROPERTIES:
                raise MalformedError(f"property 0x{identifier:02x}")
            name, kind = PROPERTIES[identifier]
            value = inner._value(kind)
            if kind == "pairs":
                value = (*found.get(name, ()), value)
            elif name in found:
                raise MalformedError(f"{name} twice")
            found[name] = value
        return found

    def _value(self, kind: object) -> Any:
        match kind:
            case "pairs":
                return self.text(), self.text()
            case "text":
                return self.text()
            case "binary":
                return self.binary()
            case "variable":
                return self.variable()
            case _:
                assert isinstance(kind, int)
                return self.number(kind)
