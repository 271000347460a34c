"""Messages: what a line's body says (docs/protocol.md, sections 3, 4 and 7).

Each letter has one regular expression that says everything about its fields, so that a body is either
wholly understood or refused. A field that a later version appended is ignored, an unknown letter is None.
"""

import re
from collections.abc import Callable
from typing import NamedTuple
from zlib import crc32

from drivers.stream.sensorline import kept_messages
from drivers.stream.sensorline.fields import (
    MAX_BOOT,
    MAX_CHANNELS,
    MAX_ID,
    MAX_KEPT,
    MAX_NUMBER,
    NUMBER,
    VALUE,
    VALUE_OR_FAULT,
    WORD,
    parse_number,
    pattern,
    to_number,
    to_value,
)
from drivers.stream.sensorline.frame import LineError
from drivers.stream.sensorline.kept_messages import BoardKept, BoardLost

__all__ = [
    "MAX_BOOT",
    "MAX_NUMBER",
    "Message",
    "parse",
    "parse_number",
    "parse_reading",
    "parse_reading_line",
]


class BoardHello(NamedTuple):
    """`H`: the head of a hello; `channels` lines follow. `time_ms` is the board's clock; `kept`: how many
    readings it keeps."""

    id: int
    version: int
    model: str
    identity: str
    boot: int
    firmware: str
    channels: int
    time_ms: int
    kept: int


class BoardChannel(NamedTuple):
    """`C`: one channel of the hello with the same `id`."""

    id: int
    position: int
    name: str
    kind: str
    unit: str
    resolution: float
    low: float
    high: float
    interval_ms: int


class BoardReading(NamedTuple):
    """`R`: a reading; `value` is None when the sensor failed, `fault` then says how."""

    channel: str
    seq: int
    time_ms: int
    value: float | None
    fault: str | None


class BoardAnswer(NamedTuple):
    """`A`: the answer to request `id`; what `fields` mean depends on what was asked."""

    id: int
    fields: tuple[str, ...]


class BoardError(NamedTuple):
    """`E`: request `id` failed. `again_ms`: when it is worth asking again, of a `busy` that says so."""

    id: int
    code: str
    text: str
    again_ms: int | None = None


class BoardNote(NamedTuple):
    """`D`: a note for whoever debugs the board."""

    text: str


Message = (
    BoardHello | BoardChannel | BoardReading | BoardAnswer | BoardError | BoardNote | BoardKept | BoardLost
)


_HELLO = pattern(b"H", NUMBER, NUMBER, WORD, WORD, NUMBER, WORD, NUMBER, NUMBER, optional=NUMBER)
_CHANNEL = pattern(b"C", NUMBER, NUMBER, WORD, WORD, WORD, VALUE, VALUE, VALUE, NUMBER)
_READING = pattern(b"R", WORD, NUMBER, NUMBER, VALUE_OR_FAULT)
# Nearly every line that arrives is an ordinary reading, and this understands it in one step.
_READING_LINE = re.compile(
    rb"\$(R ([!-#%-)+-~]{1,24}) ([1-9][0-9]{0,14}) (0|[1-9][0-9]{0,14}) (-?[0-9]{1,8}(?:\.[0-9]{1,7})?))"
    rb"\*([0-9A-F]{8})\r?"
)
_ANSWER = re.compile(rb"A " + NUMBER + rb"((?: [!-~]+)*)")
_ERROR = re.compile(rb"E " + NUMBER + rb" " + WORD + rb"(?: ([ -~]*[!-~]))?")
_AGAIN = re.compile(rb"(0|[1-9][0-9]{0,7}) ms\b")  # how a text of `busy` may begin
_NOTE = re.compile(rb"D ([ -~]*[!-~])")


def parse(body: bytes) -> Message | None:
    """The message in a checked body; None for a letter of a newer version.

    Raises `LineError` for a body that breaks the protocol's rules.
    """
    parser = _PARSERS.get(body[:1])
    if parser is None or body[1:2] not in (b" ", b""):
        if body.startswith(b" ") or body.endswith(b" ") or b"  " in body or not body.isascii():
            raise LineError(f"expected fields separated by single spaces, got {body!r}")
        return None
    pattern, build = parser
    match = pattern.fullmatch(body)
    if match is None:
        raise LineError(f"not the fields of a {chr(body[0])} line: {body!r}")
    return build(match)


def parse_reading_line(line: bytes) -> BoardReading | None:
    """The reading in a whole line, if it is an ordinary one: undamaged, with a value, and no field of a later
    version. None says nothing: `unframe` and `parse` then tell what the line is.
    """
    match = _READING_LINE.fullmatch(line)
    if match is None:
        return None
    body, channel, seq, time_ms, value, digits = match.groups()
    if int(digits, 16) != crc32(body):
        return None
    return BoardReading(channel.decode(), int(seq), int(time_ms), float(value), None)


def parse_reading(fields: tuple[str, ...]) -> BoardReading:
    """A reading as the answer to `read` carries it. Raises `LineError`."""
    match = _READING.fullmatch(" ".join(("R", *fields)).encode())
    if match is None:
        raise LineError(f"that is no reading: {' '.join(fields)!r}")
    return _reading(match)


def _hello(match: re.Match[bytes]) -> BoardHello:
    hello_id, version, model, identity, boot, firmware, channels, time_ms, kept = match.groups()
    return BoardHello(
        to_number(hello_id, 0, MAX_ID),
        to_number(version, 1, MAX_NUMBER),
        model.decode(),
        identity.decode(),
        to_number(boot, 1, MAX_BOOT),
        firmware.decode(),
        to_number(channels, 1, MAX_CHANNELS),
        to_number(time_ms, 0, MAX_NUMBER),
        0 if kept is None else to_number(kept, 0, MAX_KEPT),
    )


def _channel(match: re.Match[bytes]) -> BoardChannel:
    hello_id, index, name, kind, unit, resolution, low, high, interval = match.groups()
    return BoardChannel(
        to_number(hello_id, 0, MAX_ID),
        to_number(index, 0, MAX_CHANNELS - 1),
        name.decode(),
        kind.decode(),
        unit.decode(),
        to_value(resolution),
        to_value(low),
        to_value(high),
        to_number(interval, 0, MAX_NUMBER),
    )


def _reading(match: re.Match[bytes]) -> BoardReading:
    channel, seq, time_ms, value, fault = match.groups()
    return BoardReading(
        channel.decode(),
        to_number(seq, 1, MAX_NUMBER),
        to_number(time_ms, 0, MAX_NUMBER),
        None if value is None else to_value(value),
        None if fault is None else fault.decode(),
    )


def _answer(match: re.Match[bytes]) -> BoardAnswer:
    request_id, fields = match.groups()
    return BoardAnswer(to_number(request_id, 1, MAX_ID), tuple(fields.decode().split()))


def _error(match: re.Match[bytes]) -> BoardError:
    request_id, code, text = match.groups()
    again = _AGAIN.match(text or b"") if code == b"busy" else None
    again_ms = None if again is None else int(again[1])
    return BoardError(to_number(request_id, 1, MAX_ID), code.decode(), (text or b"").decode(), again_ms)


def _note(match: re.Match[bytes]) -> BoardNote:
    return BoardNote(match[1].decode())


_PARSERS: dict[bytes, tuple[re.Pattern[bytes], Callable[[re.Match[bytes]], Message]]] = {
    b"R": (_READING, _reading),
    b"A": (_ANSWER, _answer),
    b"E": (_ERROR, _error),
    b"H": (_HELLO, _hello),
    b"C": (_CHANNEL, _channel),
    b"D": (_NOTE, _note),
    b"B": (kept_messages.KEPT, kept_messages.kept),
    b"G": (kept_messages.LOST, kept_messages.lost),
}
