"""Lines that are columns: `40.10,21.50`, `OK<TAB>40.1<TAB><TAB>21.5`, `$21.50,40.10#`, `H,40.1,21.5,`.

A line with another number of columns than those before it does not fit: it has lost a part, or two have run
into each other, and the values would be in the wrong columns. Three such lines in a row, and the sketch
means it.

A header may lack its beginning: a board that resets when its port is opened prints it at once, before anybody
can tell whether something came before it. Then only its first name may be wrong, and matches no channel; or
whole columns are missing, which the first line of values shows.
"""

from collections.abc import Sequence

from drivers.stream.text.fields import MAX_FIELDS, Field, UnfitError, numbered
from drivers.stream.text.numbers import Numbers
from drivers.stream.text.parser import Parser

# What sketches put at a line's ends for those who look for its beginning and end.
_MARKS = {"": "#;", "$": "#;", "@": "#;", "!": "#;", "<": ">", "[": "]", "(": ")"}
_MEANT = 3


class CsvParser(Parser):
    """A field's name is its column's number, from 1, and with a header also the name that is there.

    `header`: True: the first line of words has the names; or the names. `separator`: one character; a space
    is any white space.
    """

    def __init__(self, separator: str, header: bool | Sequence[str], numbers: Numbers) -> None:
        self._separator = separator
        self._numbers = numbers
        self._awaits_header = header is True
        self.comments = not self._awaits_header  # `# Temperature,Humidity` is a header, too
        self._names: Sequence[str] = [] if isinstance(header, bool) else distinct(header)
        self._half = False  # the names' line may lack its beginning
        self._width = 0  # of the lines so far
        self._other_width, self._others = 0, 0

    def parse(self, text: str) -> Sequence[Field]:
        """See `Parser`."""
        comment, cells = self._split(text)
        values = [self._numbers.read(cell) for cell in cells]
        if not any(value.sure for value in values) and self._is_header(cells):
            return ()
        if comment:
            raise UnfitError("a comment")
        fields = [Field(str(number), *value) for number, value in enumerate(values, 1)]
        if any(value.sure for value in values):
            self._check_width(cells)
        elif len(cells) != self._width:
            raise UnfitError("no number in it")
        fields += [Field(name, *value) for name, value in zip(self._names, values, strict=False)]
        return fields

    def parse_half(self, text: str) -> Sequence[Field]:
        """See `Parser`: no fields, of what can only be the header.

        Of two equal names the first may be the end of another: `intemp,temp`, cut, is `temp,temp`.
        """
        _, cells = self._split(text)
        words = all(map(self._is_word, cells)) and len(set(cells)) == len(cells)
        if not words or not self._is_header(cells):
            return super().parse_half(text)
        self._half = True
        return ()

    def _split(self, text: str) -> tuple[bool, list[str]]:
        """Whether the line is a comment, and its columns."""
        text = text.strip(" " if self._separator == "\t" else " \t")
        comment = text.startswith(("#", "//"))
        return comment, self._cells(text.lstrip("#/ \t") if comment else text)

    def _cells(self, text: str) -> list[str]:
        separator = self._separator
        mark = text[:1] if text[:1] in _MARKS and text[:1] != separator else ""
        text = text[len(mark) :]
        if text[-1:] in tuple(_MARKS[mark]) and text[-1:] != separator:
            text = text[:-1]
        cells = text.split() if separator == " " else text.split(separator)
        if len(cells) > MAX_FIELDS:
            raise UnfitError(f"expected at most {MAX_FIELDS} columns, got {len(cells)}")
        return [cell.strip().strip('"') for cell in cells]

    def _is_word(self, cell: str) -> bool:
        return any(map(str.isalpha, cell)) and not self._numbers.read(cell).sure

    def _is_header(self, cells: list[str]) -> bool:
        """Whether these words are the header. Once lines of values came after one, only the same is."""
        if not self._awaits_header or not all(cells):
            return False
        names = distinct(cells)
        if self._names and self._width:
            if not (self._half and _is_end_of(self._names, names)):
                return names == self._names
        elif self._width and len(names) != self._width:
            return False
        self._names, self._half = names, False
        return True

    def _check_width(self, cells: list[str]) -> None:
        width = len(cells)
        named = len(self._names)
        if named and width != named and not (width == named + 1 and not cells[-1]):
            if not self._half or self._width:
                raise UnfitError(f"expected the header's {named} columns, got {width}")
            self._names, self._half = [], False  # columns are missing, or it was no header
        if width in (self._width, self._other_width):
            self._others = 0 if width == self._width else self._others + 1
        else:
            self._other_width, self._others = width, 1
        if self._width and width != self._width and self._others < _MEANT:
            raise UnfitError(f"expected {self._width} columns as before, got {width}")
        self._width = width


def default_separator(decimal: str) -> str:
    """What separates columns where no key says it."""
    return ";" if decimal == "," else ","


def distinct(names: Sequence[str]) -> list[str]:
    return [field.name for field in numbered(Field(name, None) for name in names)]


def _is_end_of(half: Sequence[str], names: Sequence[str]) -> bool:
    """Whether `half` may be what is left of `names`."""
    return names[1:] == half[1:] and names[0].endswith(half[0])
