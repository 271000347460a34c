"""What a person sees of a program's output: the few of a terminal's words that the live table uses."""

from __future__ import annotations

import re

_WORD = re.compile(r"\x1b\[(\?)?([\d;]*)([A-Za-z])|(\x1b.?|\r|\n|[^\x1b\r\n]+)")


class Pane:
    """A terminal of `columns` and `lines`. Characters are one column wide; what is unknown is an error."""

    def __init__(self, columns: int, lines: int) -> None:
        self.main: list[str] = [""]
        """The lines of the usual screen, with all that has scrolled away; without styles."""
        self.styles: set[str] = set()
        """Those that were used."""
        self.alternate = False
        self.cursor = self.wraps = True
        self.resize(columns, lines)

    def resize(self, columns: int, lines: int) -> None:
        """What was there stays where it was, as far as there is room."""
        old = self.lines if hasattr(self, "_cells") else []
        self.columns, self.height = columns, lines
        self._cells = [[" "] * columns for _ in range(lines)]
        for row, text in zip(self._cells, old, strict=False):
            row[: len(text)] = text[:columns]
        self._row = self._column = 0

    @property
    def lines(self) -> list[str]:
        """Of the alternate screen, without blanks at their ends."""
        return ["".join(row).rstrip() for row in self._cells]

    def feed(self, output: str) -> None:
        """More of what the program has written; no word of it may be cut in two."""
        for private, numbers, letter, text in _WORD.findall(output):
            if letter:
                self._word(private, numbers, letter)
            elif self.alternate:
                self._put(text)
            else:
                *done, rest = (self.main[-1] + text.replace("\r", "")).split("\n")
                self.main[-1:] = [*done, rest]

    def _word(self, private: str, numbers: str, letter: str) -> None:
        match private, letter, numbers:
            case "?", "h" | "l", "1049":
                self.alternate = letter == "h"
            case "?", "h" | "l", "25":
                self.cursor = letter == "h"
            case "?", "h" | "l", "7":
                self.wraps = letter == "h"
            case "", "m", _:
                self.styles.add(numbers)
            case "", "J", "2":
                self._cells = [[" "] * self.columns for _ in range(self.height)]
            case "", "K", "":
                self._cells[self._row][self._column :] = [" "] * (self.columns - self._column)
            case "", "H", _:
                row, column = map(int, numbers.split(";"))
                self._row, self._column = min(row, self.height) - 1, min(column, self.columns) - 1
            case _:
                raise AssertionError(f"an unknown word: {private}{numbers}{letter}")

    def _put(self, text: str) -> None:
        assert text.isprintable(), f"what steers the terminal: {text!r}"
        for character in text:
            self._cells[self._row][self._column] = character
            self._column = min(self._column + 1, self.columns - 1)
