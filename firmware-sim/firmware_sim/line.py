"""Lines of sensorline: fields to bytes, bytes to fields (docs/protocol.md, sections 1 and 2).

    line = "$" body "*" crc LF

The CRC-32 is the one of zlib. A body is fields of visible ASCII but `$` and `*`, one space between them.
A receiver collects up to LF and lets the line begin at the last `$` of what it collected.
"""

import re
from zlib import crc32

from firmware_sim.errors import LineError

MAX_BODY = 148
MAX_LINE = 160
"""Bytes: "$", 148 of body, "*", 8 of checksum, CR, LF."""
MAX_NUMBER = 2**53 - 1
MAX_WORD = 24

_FIELD = r"[!-#%-)+-~]+"  # 0x21 to 0x7E without 0x24 ($) and 0x2A (*)
_BODY = re.compile(f"{_FIELD}(?: {_FIELD})*")
_CHECKSUM = re.compile(rb"[0-9A-F]{8}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")
_VALUE = re.compile(r"-?([0-9]+)(?:\.([0-9]+))?")
_MAX_DIGITS = 15


def encode(body: str) -> bytes:
    """The line of `body`, LF included; LineError when the protocol has no such line."""
    if len(body) > MAX_BODY or not _BODY.fullmatch(body):
        raise LineError(
            f"line body {body!r}: expected 1 to {MAX_BODY} bytes 0x20 to 0x7E without '$' and '*', one space "
            f"between fields; got {len(body)}"
        )
    return b"$%b*%08X\n" % (data := body.encode("ascii"), crc32(data))


def decode(line: bytes) -> str | None:
    """The body of what came before an LF, or None when it is damaged."""
    line = line.removesuffix(b"\r")
    start = line.rfind(b"$")
    star = len(line) - 9
    if start < 0 or star <= start or line[star] != ord("*"):
        return None
    body, checksum = line[start + 1 : star], line[star + 1 :]
    if not _CHECKSUM.fullmatch(checksum) or int(checksum, 16) != crc32(body):
        return None
    text = body.decode("latin-1")
    return text if len(text) <= MAX_BODY and _BODY.fullmatch(text) else None


def is_word(text: str) -> bool:
    """Is `text` a word: 1 to 24 allowed bytes, no space?"""
    return len(text) <= MAX_WORD and " " not in text and _BODY.fullmatch(text) is not None


def is_value(text: str) -> bool:
    """Is `text` a value: decimal, at most 15 digits, no exponent?"""
    match = _VALUE.fullmatch(text)
    return match is not None and len(match[1]) + len(match[2] or "") <= _MAX_DIGITS


def number(text: str) -> int | None:
    """The number that `text` is, or None: decimal, no sign, no leading zeros, at most 2^53 - 1."""
    if not _NUMBER.fullmatch(text) or (value := int(text)) > MAX_NUMBER:
        return None
    return value


class LineReader:
    """Bytes in any pieces in, bodies out; holds at most 159 bytes between two calls."""

    def __init__(self) -> None:
        self._rest = b""
        self.damaged = 0

    def clear(self) -> None:
        """Forget the line that has begun."""
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """The bodies of the lines that `data` completed."""
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-(MAX_LINE - 1) :]
        bodies = []
        for line in lines:
            body = decode(line)
            if body is not None:
                bodies.append(body)
            elif line:
                self.damaged += 1
        return bodies
