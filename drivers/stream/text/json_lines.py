"""JSON, a document a line or over several lines: `{"humidity": 40.10}`, or what serializeJsonPretty prints.

A document begins with a line that begins with `{` or `[`. Where one is not finished, and a line begins, not
indented, with a bracket that cannot be a part of it, the board has started anew, and so does the document.
"""

import json
import math
import re
from collections.abc import Iterator, Sequence

from drivers.stream.text.fields import Field, UnfitError
from drivers.stream.text.numbers import Numbers, Value, no_value
from drivers.stream.text.parser import Parser

# Four times the longest line; pretty-printing makes a document two to three times as long.
MAX_DOCUMENT = 8192
MAX_DEPTH = 16
# Brackets, and what may stand between them: outside of texts, no other characters matter here.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]|[^\s"{}\[\]]|"')
# What C prints for a float that is no number; JSON has no word for it. Texts match, and stay as they are.
_NO_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|[+-]?\b(?i:nan|inf|infinity|ovf)\b')


class JsonParser(Parser):
    """A field's name is its way into the document: `sensorData.temperature`, `list.0.value`."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._lines: list[str] = []
        self._size = 0
        self._open: list[str] = []
        self._last = ""  # its newest bracket, text or character

    @property
    def unfinished(self) -> bool:
        """See `Parser`."""
        return bool(self._lines)

    def parse(self, text: str) -> Sequence[Field]:
        """See `Parser`. The last line of a document has all its fields."""
        indented, text = text[0] in " \t", text.strip()
        anew = text[0] in "{[" and not indented and self.unfinished and not self._may_nest()
        if anew or not self.unfinished:
            self.forget()
            if text[0] not in "{[":
                raise UnfitError("expected a line that begins with { or [")
        self._lines.append(text)
        self._size += len(text) + 1
        if self._size > MAX_DOCUMENT:
            self.forget()
            raise UnfitError(f"expected a document of at most {MAX_DOCUMENT} characters")
        try:
            self._follow(text)
        except UnfitError:
            self.forget()
            raise
        if self._open:
            return ()
        document = "\n".join(self._lines)
        self.forget()
        return self._fields(document)

    def parse_half(self, text: str) -> Sequence[Field]:
        """See `Parser`. A document that is whole is no half of another: that one's end would follow it."""
        text = text.strip()
        try:
            return self._fields(text) if text[0] in "{[" else super().parse_half(text)
        except UnfitError:
            return super().parse_half(text)

    def _may_nest(self) -> bool:
        """Whether a bracket may open here: after a name's colon, or in a list."""
        return self._last == ":" or (self._open[-1] == "[" and self._last in ("[", ","))

    def _follow(self, text: str) -> None:
        for match in _TOKEN.finditer(text):
            piece = match[0]
            if piece in ("{", "["):
                self._open.append(piece)
            elif piece in ("}", "]"):
                if not self._open or self._open.pop() != {"}": "{", "]": "["}[piece]:
                    raise UnfitError(f"a {piece} that closes nothing")
            elif piece == '"':
                raise UnfitError("a text that does not end")
            self._last = piece
        if len(self._open) > MAX_DEPTH:
            raise UnfitError(f"expected at most {MAX_DEPTH} brackets in each other")

    def forget(self) -> None:
        """See `Parser`."""
        self._lines, self._size, self._open, self._last = [], 0, [], ""

    def _fields(self, text: str) -> Sequence[Field]:
        fields: list[Field] = []
        while text:
            document, text = _document(text)
            fields += self._flattened(document, ())
        return fields

    def _flattened(self, value: object, way: tuple[str, ...]) -> Iterator[Field]:
        if len(way) > MAX_DEPTH:
            raise UnfitError(f"expected at most {MAX_DEPTH} brackets in each other")
        if isinstance(value, dict):
            for name, inner in value.items():
                yield from self._flattened(inner, (*way, name))
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                yield from self._flattened(inner, (*way, str(number)))
        else:
            yield Field(".".join(way), *self._value(value))

    def _value(self, value: object) -> Value:
        """`true` is 1, `false` is 0; a text may be a number with its unit: `"40.10 %"`."""
        if isinstance(value, str):
            return self._numbers.read(value)
        if value is None:
            return no_value("null")
        number = float(value) if isinstance(value, int | float) else math.nan
        return Value(number) if math.isfinite(number) else no_value(str(number))


def _document(text: str) -> tuple[object, str]:
    """The first document, and the rest: two are in a line where the LF between them was lost."""
    for attempt in (text, _NO_NUMBER.sub(_as_json, text)):
        try:
            document, end = _DECODER.raw_decode(attempt)
        except (ValueError, RecursionError) as error:
            problem = str(error)
        else:
            rest = attempt[end:].lstrip()
            if rest and rest[0] not in "{[":
                raise UnfitError("expected nothing behind the document")
            return document, rest
    raise UnfitError(f"no JSON: {problem}")


def _as_json(match: re.Match[str]) -> str:
    return match[0] if match[0].startswith('"') else "NaN"


_DECODER = json.JSONDecoder(parse_int=float)
