"""What a board says of readings that it keeps, and what it is told of them (docs/protocol.md, section 7)."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from drivers.stream.sensorline import fields
from drivers.stream.sensorline.fields import MAX_BOOT, MAX_NUMBER, NUMBER, WORD, to_number
from drivers.stream.sensorline.frame import MAX_BODY, LineError

Range = tuple[int, int]
"""Readings by their numbers, the first and the last of them."""


class BoardKept(NamedTuple):
    """`B`: a kept reading; `age_ms`: since it was measured, as far as the board's clocks have run."""

    boot: int
    channel: str
    seq: int
    time_ms: int
    value: float | None
    fault: str | None
    age_ms: int | None


class BoardLost(NamedTuple):
    """`G`: the readings `first` to `last` are lost; `counts`: how many were of which channel, as far as
    known."""

    boot: int
    first: int
    last: int
    counts: tuple[tuple[str, int], ...]


class Holding(NamedTuple):
    """Of the answer to `again`: what the board has of a boot. `first` is `newest` + 1 if that is nothing."""

    boot: int
    first: int
    newest: int


KEPT = fields.pattern(b"B", NUMBER, WORD, NUMBER, NUMBER, fields.VALUE_OR_FAULT, optional=NUMBER)
LOST = re.compile(b" ".join((b"G", NUMBER, NUMBER, NUMBER)) + rb"((?: [!-~]{1,24} [0-9]{1,16})*)")


def kept(match: re.Match[bytes]) -> BoardKept:
    """Of a match of `KEPT`. Raises `LineError`."""
    boot, channel, seq, time_ms, value, fault, age = match.groups()
    return BoardKept(
        to_number(boot, 1, MAX_BOOT),
        channel.decode(),
        to_number(seq, 1, MAX_NUMBER),
        to_number(time_ms, 0, MAX_NUMBER),
        None if value is None else fields.to_value(value),
        None if fault is None else fault.decode(),
        None if age is None else to_number(age, 0, MAX_NUMBER),
    )


def lost(match: re.Match[bytes]) -> BoardLost:
    """Of a match of `LOST`. Raises `LineError`."""
    boot, first, last, counts = match.groups()
    words = counts.decode().split()
    parsed = tuple(
        (channel, fields.parse_number(count, 0, MAX_NUMBER))
        for channel, count in zip(words[::2], words[1::2], strict=True)
    )
    message = BoardLost(
        to_number(boot, 1, MAX_BOOT), to_number(first, 1, MAX_NUMBER), to_number(last, 1, MAX_NUMBER), parsed
    )
    if message.last < message.first:
        raise LineError(f"expected the first reading before the last, got {first!r} to {last!r}")
    return message


def parse_again(answer: Sequence[str]) -> list[Holding]:
    """The answer to `again`; the boot of now comes first. Raises `LineError`."""
    if len(answer) < 3 or len(answer) % 3:
        raise LineError(f"expected boot, first and newest, got {' '.join(answer)!r}")
    holdings = []
    for boot, first, newest in zip(answer[::3], answer[1::3], answer[2::3], strict=True):
        holding = Holding(
            fields.parse_number(boot, 1, MAX_BOOT),
            fields.parse_number(first, 1, MAX_NUMBER),
            fields.parse_number(newest, 0, MAX_NUMBER),
        )
        if holding.first > holding.newest + 1:
            raise LineError(f"expected at most newest + 1 as the first reading, got {' '.join(answer)!r}")
        holdings.append(holding)
    return holdings


def acknowledgement(boot: int, seq: int, again: Iterable[Range]) -> tuple[bytes, int]:
    """The body of a `K`: everything of `boot` up to and with `seq` is safe. Of `again`, readings that did not
    come, it has as many ranges as find room; returns how many that are, too."""
    body, said = f"K {boot} {seq}", 0
    for first, last in again:
        longer = f"{body} {first}" if first == last else f"{body} {first}-{last}"
        if len(longer) > MAX_BODY:
            break
        body, said = longer, said + 1
    return body.encode(), said
