"""Dots, and the characters that show them. Pure.

A character shows a few dots of its own. Where the line goes through it, it shows the line alone; where only
the band is, a shade: so the two are told apart without colours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Charset(NamedTuple):
    """`across`, `down`: how many dots a character has. `cells`: the character of each set of dots, by the sum
    of `bits`, which are those of the dots by row; `shade`: the band. The rest draws axes: `gap` is what an
    axis is where a gap is; `more` ends a text that was cut."""

    across: int
    down: int
    bits: Sequence[Sequence[int]]
    cells: Sequence[str]
    shade: str
    upright: str
    tick: str
    corner: str
    level: str
    mark: str
    gap: str
    more: str


_AXES = {"upright": "│", "tick": "┤", "corner": "└", "level": "─", "mark": "┬", "gap": "╌", "more": "…"}
BRAILLE = Charset(
    2,
    4,
    ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80)),
    [chr(0x2800 + number) for number in range(256)],
    "░",
    **_AXES,
)
BLOCKS = Charset(1, 2, ((1,), (2,)), " ▀▄█", "░", **(_AXES | {"gap": "·"}))
"""What the console of a Linux machine has in its font."""
ASCII = Charset(1, 1, ((1,),), " *", ":", "|", "+", "+", "-", "+", ".", "~")
CHARSETS: Mapping[str, Charset] = {"braille": BRAILLE, "blocks": BLOCKS, "ascii": ASCII}


class Canvas:
    """So many characters wide and high. Dots are counted from the left and from the top."""

    def __init__(self, charset: Charset, width: int, height: int) -> None:
        self._charset = charset
        self.dots_across, self.dots_down = width * charset.across, height * charset.down
        self._line = [[0] * width for _ in range(height)]
        self._band = [[0] * width for _ in range(height)]

    def line(self, x: int, top: int, bottom: int) -> None:
        """The line, in that column, from dot to dot."""
        self._set(self._line, x, top, bottom)

    def band(self, x: int, top: int, bottom: int) -> None:
        """The band, likewise."""
        self._set(self._band, x, top, bottom)

    def _set(self, cells: list[list[int]], x: int, top: int, bottom: int) -> None:
        across, down = self._charset.across, self._charset.down
        for y in range(top, bottom + 1):
            cells[y // down][x // across] |= self._charset.bits[y % down][x % across]

    def rows(self) -> list[list[tuple[str, str]]]:
        """Of each row the characters: each with `line`, `band` or nothing."""
        return [
            [self._cell(line, band) for line, band in zip(lines, bands, strict=True)]
            for lines, bands in zip(self._line, self._band, strict=True)
        ]

    def _cell(self, line: int, band: int) -> tuple[str, str]:
        if line:
            return self._charset.cells[line], "line"
        dots = self._charset.across * self._charset.down
        # half of a character's dots: less would have the band wider than it is
        return (self._charset.shade, "band") if 2 * band.bit_count() >= dots else (" ", "")
