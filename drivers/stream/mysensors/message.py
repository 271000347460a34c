"""One line of the serial API and its six fields: `node;child;command;ack;type;payload`.

There is no checksum: what can be checked is that each field is a number that it may be.
"""

import re
from typing import NamedTuple

from drivers.stream.conversation import escaped

BROADCAST = 255
"""The node that has no number yet, or all nodes; as a child: the node itself."""

PRESENTATION, SET, REQ, INTERNAL, STREAM = range(5)
"""The commands."""

# A gateway's own lines are cut at 120 bytes (MY_SERIAL_OUTPUT_SIZE, MY_GATEWAY_MAX_SEND_LENGTH), but some
# sketches make these larger; twice that, CR included.
MAX_LINE = 240
# Longer than a gateway waits in the middle of a line, and shorter than an Arduino's boot loader, which takes
# 1 to 2 s: what comes first after so long is the beginning of a line.
QUIET_S = 1.0
# The gateway takes 100 bytes with the end of a C string (MY_GATEWAY_MAX_RECEIVE_LENGTH); it throws away more.
MAX_SENT = 99

_FIELDS = (("node", 255), ("child", 255), ("command", STREAM), ("ack", 1), ("type", 255))
_DIGITS = re.compile(rb"[0-9]{1,3}")


class MessageError(ValueError):
    """A line is none of the protocol's, or says something that it does not allow."""


class Message(NamedTuple):
    """A line's fields. `child` 255 is the node itself. `ack` 1: an echo, the copy of a message of ours."""

    node: int
    child: int
    command: int
    ack: int
    type: int
    payload: str = ""


def parse(line: bytes) -> Message:
    """The fields of a line whose LF has been taken off. The payload may hold `;`, and be in UTF-8 or Latin-1.

    Raises `MessageError`.
    """
    if len(line) > MAX_LINE:
        raise MessageError(f"expected at most {MAX_LINE} bytes, got {len(line)}")
    fields = line.removesuffix(b"\r").split(b";", 5)
    if len(fields) < 6:
        raise MessageError(f"expected node;child;command;ack;type;payload, got {len(fields)} fields")
    numbers = []
    for (name, most), text in zip(_FIELDS, fields[:5], strict=True):
        if _DIGITS.fullmatch(text) is None or int(text) > most:
            raise MessageError(f"{name}: expected a number from 0 to {most}, got {escaped(text)}")
        numbers.append(int(text))
    node, child, command, ack, kind = numbers
    return Message(node, child, command, ack, kind, _text(fields[5]))


def encode(message: Message) -> bytes:
    """The line that carries a message, LF included.

    Raises `MessageError` for one that no gateway takes: more than 99 bytes, or a payload of several lines.
    """
    if not message.payload.isprintable():
        raise MessageError(f"payload: expected printable characters, got {message.payload!r}")
    *numbers, payload = message
    line = ";".join((*map(str, numbers), payload)).encode() + b"\n"
    if len(line) > MAX_SENT:
        raise MessageError(f"expected at most {MAX_SENT} bytes, as a gateway takes no more, got {len(line)}")
    return line


def _text(payload: bytes) -> str:
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        text = payload.decode("latin-1")
    return text if text.isprintable() else "".join(one if one.isprintable() else "\ufffd" for one in text)


class LineReceiver:
    """Collects bytes and cuts them into lines. Between calls it keeps at most `MAX_LINE` + 1 bytes.

    What comes first after the opening of a port may lack its beginning, and `2;0;1;0;0;20.5` is a line, too:
    a value of another node than `12;0;1;0;0;20.5`.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._heard: float | None = None
        self.whole = False
        """Whether the beginning of the next line was seen: a line ended before it, or nothing came for
        `QUIET_S`."""

    def look(self, now: float) -> None:
        """The port was open at `now`, and nothing came."""
        if self._heard is None:
            self._heard = now

    def receive(self, data: bytes, now: float) -> list[bytes]:
        """The lines that `data`, received at `now`, completes, unchecked, without their LF. One that is too
        long stays so, and is refused when it is parsed. Who takes them sets `whole`."""
        if not self.whole:
            if self._heard is not None and now - self._heard >= QUIET_S:
                self._rest, self.whole = b"", True
            self._heard = now
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[: MAX_LINE + 1]
        return lines
