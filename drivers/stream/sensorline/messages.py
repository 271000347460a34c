"""Messages: what a line's body says (docs/protocol.md, sections 2 to 4).

Each letter has one regular expression that says everything about its fields, so that a body is either
wholly understood or refused. A field that a later version appended is ignored, an unknown letter is None.
"""

import re
from collections.abc import Callable
from typing import NamedTuple
from zlib import crc32

from drivers.stream.sensorline.frame import LineError

MAX_NUMBER = 2**53 - 1
MAX_ID = 65535
MAX_BOOT = 2**32 - 1
MAX_CHANNELS = 64

_WORD = rb"([!-~]{1,24})"
_NUMBER = rb"(0|[1-9][0-9]{0,15})"
_VALUE = rb"(-?[0-9]+(?:\.[0-9]+)?)"
_MORE = rb"(?: [ -~]*[!-~])?"  # fields of a later version
_MAX_DIGITS = 15


class BoardHello(NamedTuple):
    """`H`: the head of a hello; `channels` lines follow. `time_ms` is the board's clock."""

    id: int
    version: int
    model: str
    identity: str
    boot: int
    firmware: str
    channels: int
    time_ms: int


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
    """`E`: request `id` failed."""

    id: int
    code: str
    text: str


class BoardNote(NamedTuple):
    """`D`: a note for whoever debugs the board."""

    text: str


Message = BoardHello | BoardChannel | BoardReading | BoardAnswer | BoardError | BoardNote


def _compile(*fields: bytes) -> re.Pattern[bytes]:
    return re.compile(b" ".join(fields) + _MORE)


_HELLO = _compile(b"H", _NUMBER, _NUMBER, _WORD, _WORD, _NUMBER, _WORD, _NUMBER, _NUMBER)
_CHANNEL = _compile(b"C", _NUMBER, _NUMBER, _WORD, _WORD, _WORD, _VALUE, _VALUE, _VALUE, _NUMBER)
_READING = _compile(b"R", _WORD, _NUMBER, _NUMBER, rb"(?:" + _VALUE + rb"|!([!-~]{1,24}))")
# Nearly every line that arrives is an ordinary reading, and this understands it in one step.
_READING_LINE = re.compile(
    rb"\$(R ([!-#%-)+-~]{1,24}) ([1-9][0-9]{0,14}) (0|[1-9][0-9]{0,14}) (-?[0-9]{1,8}(?:\.[0-9]{1,7})?))"
    rb"\*([0-9A-F]{8})\r?"
)
_ANSWER = re.compile(rb"A " + _NUMBER + rb"((?: [!-~]+)*)")
_ERROR = re.compile(rb"E " + _NUMBER + rb" " + _WORD + rb"(?: ([ -~]*[!-~]))?")
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


def parse_number(field: str, low: int, high: int) -> int:
    """A number field from `low` to `high`. Raises `LineError`."""
    if re.fullmatch(_NUMBER, field.encode()) is None:
        raise LineError(f"not a number: {field!r}")
    return _number(field.encode(), low, high)


def _number(field: bytes, low: int, high: int) -> int:
    number = int(field)
    if not low <= number <= high:
        raise LineError(f"expected a number from {low} to {high}, got {number}")
    return number


def _value(field: bytes) -> float:
    # Only a long field can have too many digits: the two other characters are '-' and '.'.
    if len(field) > _MAX_DIGITS and len(field.replace(b".", b"").replace(b"-", b"")) > _MAX_DIGITS:
        raise LineError(f"expected at most {_MAX_DIGITS} digits, got {field!r}")
    return float(field)


def _hello(match: re.Match[bytes]) -> BoardHello:
    hello_id, version, model, identity, boot, firmware, channels, time_ms = match.groups()
    return BoardHello(
        _number(hello_id, 0, MAX_ID),
        _number(version, 1, MAX_NUMBER),
        model.decode(),
        identity.decode(),
        _number(boot, 1, MAX_BOOT),
        firmware.decode(),
        _number(channels, 1, MAX_CHANNELS),
        _number(time_ms, 0, MAX_NUMBER),
    )


def _channel(match: re.Match[bytes]) -> BoardChannel:
    hello_id, index, name, kind, unit, resolution, low, high, interval = match.groups()
    return BoardChannel(
        _number(hello_id, 0, MAX_ID),
        _number(index, 0, MAX_CHANNELS - 1),
        name.decode(),
        kind.decode(),
        unit.decode(),
        _value(resolution),
        _value(low),
        _value(high),
        _number(interval, 0, MAX_NUMBER),
    )


def _reading(match: re.Match[bytes]) -> BoardReading:
    channel, seq, time_ms, value, fault = match.groups()
    return BoardReading(
        channel.decode(),
        _number(seq, 1, MAX_NUMBER),
        _number(time_ms, 0, MAX_NUMBER),
        None if value is None else _value(value),
        None if fault is None else fault.decode(),
    )


def _answer(match: re.Match[bytes]) -> BoardAnswer:
    request_id, fields = match.groups()
    return BoardAnswer(_number(request_id, 1, MAX_ID), tuple(fields.decode().split()))


def _error(match: re.Match[bytes]) -> BoardError:
    request_id, code, text = match.groups()
    return BoardError(_number(request_id, 1, MAX_ID), code.decode(), (text or b"").decode())


def _note(match: re.Match[bytes]) -> BoardNote:
    return BoardNote(match[1].decode())


_PARSERS: dict[bytes, tuple[re.Pattern[bytes], Callable[[re.Match[bytes]], Message]]] = {
    b"R": (_READING, _reading),
    b"A": (_ANSWER, _answer),
    b"E": (_ERROR, _error),
    b"H": (_HELLO, _hello),
    b"C": (_CHANNEL, _channel),
    b"D": (_NOTE, _note),
}
