"""From lines to fields: what the keys of a link make of them."""

import re
from collections.abc import Sequence

from drivers.stream.text.checksum import unwrap
from drivers.stream.text.csv_lines import CsvParser, default_separator
from drivers.stream.text.fields import Field, UnfitError, numbered
from drivers.stream.text.json_lines import JsonParser
from drivers.stream.text.names import Names
from drivers.stream.text.numbers import Numbers
from drivers.stream.text.pairs import PairsParser
from drivers.stream.text.parser import Parser
from drivers.stream.text.patterns import MAX_TEXT, PatternParser
from drivers.stream.text.splitter import MAX_LINE, Line

FORMATS = ("json", "csv", "pairs")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # as the log of an ESP32 has them


class IgnoredError(UnfitError):
    """A line that the key `ignore` names."""


class Reader:
    """The lines of one opened port, in their order. Its arguments are the keys of the link, parsed: see
    `drivers.stream.text.options`."""

    def __init__(
        self,
        *,
        format: str | None = None,  # noqa: A002 - the key's name
        pattern: Sequence[re.Pattern[str]] | None = None,
        separator: str | None = None,
        header: bool | Sequence[str] = False,
        checksum: str | None = None,
        ignore: Sequence[re.Pattern[str]] | None = None,
        decimal: str = ".",
    ) -> None:
        numbers = Numbers(decimal)
        self.names = Names()
        self._checksum = checksum == "nmea"
        self._ignore = ignore or ()
        self._parser: Parser
        if format == "json":
            self._parser = JsonParser(numbers)
        elif format == "csv":
            self._parser = CsvParser(separator or default_separator(decimal), header, numbers)
        elif format == "pairs":
            self._parser = PairsParser(numbers)
        else:
            self._parser = PatternParser(pattern or (), numbers)

    @property
    def unfinished(self) -> bool:
        """Whether the next line belongs to what has begun: a document over several lines."""
        return self._parser.unfinished

    def read(self, line: Line) -> Sequence[Field]:
        """The fields of a line that are numbers or were before; none where it is a part of what is to come.

        Raises `UnfitError`, of which `DamagedError`, `IgnoredError` and `HalfError` are kinds.
        """
        data = line.data
        if len(data) > MAX_LINE:
            self._parser.forget()
            raise UnfitError(f"expected at most {MAX_LINE} bytes and the end of a line")
        text = decoded(data)
        start = text.strip()[:MAX_TEXT]
        if any(pattern.search(start) for pattern in self._ignore):
            raise IgnoredError("ignored")
        if self._checksum:
            text = decoded(unwrap(data))
        if not text.replace("\t", " ").isprintable():
            self._parser.forget()
            raise UnfitError("expected text, got bytes that are none")
        if not text.strip():
            return ()
        if self._parser.comments and text.lstrip().startswith(("#", "//")):
            raise UnfitError("a comment")
        whole = line.whole or self._checksum
        fields = numbered(self._parser.parse(text) if whole else self._parser.parse_half(text))
        known = [field for field in fields if field.sure or field.name in self.names]
        if fields and not known:
            raise UnfitError("no number in it")
        return known


def decoded(data: bytes) -> str:
    """UTF-8, or else Latin-1, which has a character for each byte. White space stays: it may be columns."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    text = text.replace("\u00a0", " ").strip("\0\ufeff\r\n")
    return _COLOURS.sub("", text) if "\x1b" in text else text
