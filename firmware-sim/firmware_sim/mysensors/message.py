"""Lines of the MySensors serial API 2.x: `node;child;command;ack;type;payload`, no checksum.

Source: mysensors.org, "Serial Protocol - 2.x"; the numbers from the library's MyMessage.h. A node of its own
kind of numbering: 0 is the gateway, 255 everybody, or one without a number yet; child 255 is the node itself.
"""

from enum import IntEnum
from typing import NamedTuple

MAX_LINE = 100
"""Bytes of the gateway's receive buffer, the end of the line included: longer input is thrown away."""
EVERYBODY = 255
ITSELF = 255


class Command(IntEnum):
    """What kind of message it is."""

    PRESENTATION = 0
    SET = 1
    REQ = 2
    INTERNAL = 3


class Internal(IntEnum):
    """Types of internal messages: those that are understood or said here."""

    BATTERY_LEVEL = 0
    TIME = 1
    VERSION = 2
    ID_REQUEST = 3
    ID_RESPONSE = 4
    CONFIG = 6
    LOG_MESSAGE = 9
    SKETCH_NAME = 11
    SKETCH_VERSION = 12
    REBOOT = 13
    GATEWAY_READY = 14
    HEARTBEAT_REQUEST = 18
    PRESENTATION = 19
    DISCOVER = 20
    DISCOVER_RESPONSE = 21
    HEARTBEAT_RESPONSE = 22
    PING = 24
    PONG = 25
    PRE_SLEEP = 32
    POST_SLEEP = 33


class Sensor(IntEnum):
    """What a child is, as it presents itself."""

    TEMP = 6
    HUM = 7
    LIGHT_LEVEL = 16
    ARDUINO_NODE = 17


class Variable(IntEnum):
    """What a value is. `LIGHT_LEVEL` is percent; `LEVEL` of a light sensor is lux."""

    TEMP = 0
    HUM = 1
    LIGHT_LEVEL = 23
    LEVEL = 37


class Message(NamedTuple):
    """One line. `ack`: 1 where an echo is wanted, and in the echo."""

    node: int
    child: int
    command: int
    ack: int
    type: int
    payload: str = ""

    def line(self) -> bytes:
        """As it goes over the line."""
        return ";".join(str(int(part)) for part in self[:5]).encode() + b";" + self.payload.encode() + b"\n"


def internal(node: int, type_: Internal, payload: str = "") -> Message:
    """An internal message of a node, or to it."""
    return Message(node, ITSELF, Command.INTERNAL, 0, type_, payload)


def parse(line: bytes) -> Message | None:
    """The message of a line without its end; None for rubbish, which a gateway does not answer."""
    parts = line.rstrip(b"\r").split(b";", 5)
    if len(parts) != 6 or not all(part.isdigit() and int(part) <= 255 for part in parts[:5]):
        return None
    node, child, command, ack, type_ = (int(part) for part in parts[:5])
    return Message(node, child, command, ack, type_, parts[5].decode("utf-8", "replace"))


class Lines:
    """Bytes in any pieces in, whole lines out; those too long for the gateway's buffer are forgotten."""

    def __init__(self) -> None:
        self._rest = b""
        self.too_long = 0

    def clear(self) -> None:
        """Forget the line that has begun."""
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completed, without their ends."""
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[: MAX_LINE + 1]  # enough to know that it is too long
        self.too_long += sum(len(line) >= MAX_LINE for line in lines)
        return [line for line in lines if len(line) < MAX_LINE]
