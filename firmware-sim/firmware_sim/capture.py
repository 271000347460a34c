"""A capture file's lines to what they hold (docs/capture.md). An independent reading of that page; no I/O."""

import re
from typing import NamedTuple

from firmware_sim.sensors import NS

VERSION = "1"
MAX_LINE = 8192
"""Bytes; a writer's longest has some 3,100."""
KEYS = ("link", "port", "baud", "protocol", "start")

_HEADER = re.compile(r"sig-gateway capture (\S+)((?: [a-z_]+=\S*)*)")
_LINE = re.compile(r"\+([0-9]{1,9})(?:\.([0-9]{1,6}))? ([<>])(x?) ([ -~]+)")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.?)")
_SHORT = {"\\": "\\", "n": "\n", "r": "\r", "t": "\t"}
_HEX = re.compile(r"[0-9a-fA-F]{2}(?: [0-9a-fA-F]{2})*")


class CaptureError(ValueError):
    """A line that the format does not have: what was expected, and what is there."""


class Piece(NamedTuple):
    """Bytes that went over the line in one piece, `at_ns` after the start."""

    at_ns: int
    received: bool
    data: bytes


def read_header(line: bytes) -> dict[str, str]:
    """What the first line says, by key; CaptureError."""
    text = _text(line)
    match = _HEADER.fullmatch(text)
    if match is None:
        raise CaptureError(
            f"expected a capture's header, 'sig-gateway capture {VERSION} link=…'; got {text[:60]!r}"
        )
    if match[1] != VERSION:
        raise CaptureError(f"expected version {VERSION}; got {match[1]!r}: take a newer sig-gateway")
    values = dict(item.split("=", 1) for item in match[2].split())
    if missing := [key for key in KEYS if key not in values]:
        raise CaptureError(f"expected {missing[0]}= in the header; got {text[:200]!r}")
    return {key: _unescaped(value).decode("utf-8", "replace") for key, value in values.items()}


def read_line(line: bytes, before_ns: int) -> Piece | None:
    """What a line after the header holds; None for a comment or an empty one. `before_ns`: the time of the
    line before. CaptureError."""
    text = _text(line)
    if not text or text.startswith("#"):
        return None
    match = _LINE.fullmatch(text)
    if match is None:
        raise CaptureError(f"expected '+SECONDS < bytes', '>', '<x' or '>x', or a comment; got {text[:60]!r}")
    at_ns = int(match[1]) * NS + int((match[2] or "0").ljust(9, "0"))
    if at_ns < before_ns:
        raise CaptureError(
            f"expected a time that is not before the line above's; got +{match[1]}.{match[2] or 0}"
        )
    return Piece(at_ns, match[3] == "<", _hexadecimal(match[5]) if match[4] else _unescaped(match[5]))


def _text(line: bytes) -> str:
    line = line.removesuffix(b"\n").removesuffix(b"\r")
    if len(line) > MAX_LINE:
        raise CaptureError(f"expected a line of at most {MAX_LINE} bytes; got a longer one")
    if line.startswith(b"#"):
        return line.decode("utf-8", "replace")
    try:
        return line.decode("ascii")
    except UnicodeDecodeError as err:
        raise CaptureError(f"expected ASCII, other bytes as \\xHH; got byte {line[err.start]:#04x}") from None


def _hexadecimal(text: str) -> bytes:
    if not _HEX.fullmatch(text):
        raise CaptureError(f"expected two digits a byte and a space between; got {text[:60]!r}")
    return bytes.fromhex(text)


def _unescaped(text: str) -> bytes:
    def plain(match: re.Match[str]) -> str:
        code = match[1]
        if code in _SHORT:
            return _SHORT[code]
        if len(code) != 3:
            raise CaptureError(f"expected \\\\, \\n, \\r, \\t or \\xHH; got {match[0]!r}")
        return chr(int(code[1:], 16))

    # A byte stands as the character of its number, until the end.
    return _ESCAPE.sub(plain, text).encode("latin-1")
