"""Which keys would read these lines? A guess for a person to look at; a link's config is explicit.

It tries what there is, with the very parsers of the protocol, and takes what reads most.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drivers.options import parse_options
from drivers.stream.readable import is_readable
from drivers.stream.text.fields import UnfitError
from drivers.stream.text.foreign import foreign_protocol
from drivers.stream.text.options import OPTIONS
from drivers.stream.text.reader import Reader, decoded
from drivers.stream.text.skeletons import patterns_for
from drivers.stream.text.splitter import Line

# More do not make a guess better, and each costs a dozen attempts: the newest sixty of a common length.
_MOST_BYTES = 4096
# In the order in which they are preferred where they read equally much.
_PLAIN: Sequence[Mapping[str, Any]] = (
    {"format": "pairs"},
    {"format": "pairs", "decimal": ","},
    {"format": "csv", "separator": "\t"},
    {"format": "csv", "separator": ";", "decimal": ","},
    {"format": "csv", "separator": ";"},
    {"format": "csv"},
    {"format": "csv", "separator": "|"},
    {"format": "csv", "separator": " "},
)


@dataclass(frozen=True, slots=True)
class Shape:
    """A guess. `format_options`: keys of a link as a config has them. `fields`: the newest number of each
    channel. `example`: the newest line that they read."""

    format_options: dict[str, Any]
    fields: dict[str, float]
    example: str

    def __str__(self) -> str:
        """As in a config's one-line form: `format: csv, separator: "\\t"`."""
        return ", ".join(f"{key}: {_shown(value)}" for key, value in self.format_options.items())


@dataclass(frozen=True, slots=True)
class _Attempt:
    shape: Shape
    lines: int
    """How many it read."""
    values: int
    """How many numbers were in them."""


def guess(lines: Sequence[bytes], half: bytes = b"") -> Shape | None:
    """The keys that read most of `lines`, which are as they came, with their ends or without; None if nothing
    does, or they are of another protocol, or no text. `half`: the line before them, whose beginning may be
    missing: it may still be their header."""
    lines = _newest(lines)
    if not any(is_readable(line) for line in lines) or foreign_protocol(lines) is not None:
        return None
    checked = _attempt({"format": "csv", "checksum": "nmea"}, lines)
    checksum = {"checksum": "nmea"} if 2 * checked.lines > len(lines) else {}
    document = _attempt({"format": "json", **checksum}, lines)
    if document.lines:
        return document.shape
    texts = [decoded(line) for line in lines]
    attempts = [_attempt({**keys, **checksum}, lines) for keys in _PLAIN if _may_be(keys, texts)]
    best = max(attempts, key=lambda attempt: (attempt.lines, attempt.values), default=None)
    patterns = [] if checksum else patterns_for(texts)
    if patterns:
        matched = _attempt({"pattern": patterns[0] if len(patterns) == 1 else patterns}, lines)
        if matched.lines and (best is None or 2 * best.lines < matched.lines):
            return matched.shape
    if best is None or not best.lines:
        return None
    return _with_header(best, lines, half).shape


def _newest(lines: Sequence[bytes]) -> Sequence[bytes]:
    """Those that are not blank, as many as have no more than `_MOST_BYTES`."""
    newest: list[bytes] = []
    left = _MOST_BYTES
    for line in reversed(lines):
        left -= len(line)
        if left < 0:
            break
        if line.strip():
            newest.append(line)
    return newest[::-1]


def _may_be(keys: Mapping[str, Any], texts: Sequence[str]) -> bool:
    """Whether trying makes sense. Words between spaces are no columns, and every line is one column."""
    separator = keys.get("separator")
    if separator == " ":
        return not any(character.isalpha() for character in texts[-1])
    return separator is None or any(separator in text for text in texts)


def _with_header(attempt: _Attempt, lines: Sequence[bytes], half: bytes) -> _Attempt:
    """The same with the columns' names, if a line has them."""
    keys = attempt.shape.format_options
    if keys["format"] != "csv":
        return attempt
    named = _attempt({**keys, "header": True}, lines, half)
    fields = {name: value for name, value in named.shape.fields.items() if not name.isdecimal()}
    if not fields or named.lines < attempt.lines:
        return attempt
    shape = Shape(named.shape.format_options, fields, named.shape.example)
    return _Attempt(shape, named.lines, named.values)


def _attempt(keys: Mapping[str, Any], lines: Sequence[bytes], half: bytes = b"") -> _Attempt:
    parsed = parse_options(OPTIONS, keys)
    reader = Reader(**{name: parsed[name] for name in parsed if name not in ("ask", "terminator")})
    fields: dict[str, float] = {}
    example, read, values = "", 0, 0
    for line in [Line(half, whole=False), *(Line(line, whole=True) for line in lines)]:
        try:
            found = reader.read(line)
        except UnfitError:
            continue
        numbers = {field.name: field.value for field in found if field.value is not None}
        if numbers:
            fields |= numbers
            example, read, values = decoded(line.data).strip(), read + 1, values + len(numbers)
    return _Attempt(Shape(dict(keys), fields, example), read, values)


def _shown(value: object) -> str:
    """A value as YAML reads it; its quoted texts are JSON's, but for a word."""
    if isinstance(value, str) and re.fullmatch("[a-z]+", value):
        return value
    return json.dumps(value, ensure_ascii=False)
