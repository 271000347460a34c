"""A chart on this terminal: its size, its characters, its colours."""

from __future__ import annotations

import contextlib
import locale
import os
import shutil
import sys
from collections.abc import Iterator
from typing import NamedTuple

from gateway.history.rows import Series
from gateway.plain import plain
from gateway.plot.canvas import ASCII, BLOCKS, BRAILLE, Charset
from gateway.plot.chart import Frame, Line, chart, dots_across

SIZE = (80, 24)
"""Where nobody says."""
LEAST_COLUMNS, MOST_COLUMNS = 20, 400
PROMPT_LINES = 2
STYLES = {"line": "bold cyan", "band": "cyan", "axis": "dim", "gap": "yellow", "title": "bold"}


class Drawing(NamedTuple):
    """What is known before the history is asked. `columns`: how many of dots there may be."""

    charset: Charset
    width: int
    height: int

    @classmethod
    def of_this_terminal(cls) -> Drawing:
        """Standard output's, be it one or not."""
        width, height = shutil.get_terminal_size(SIZE)
        width = min(max(width, LEAST_COLUMNS), MOST_COLUMNS)
        return cls(_charset(sys.stdout.encoding, os.environ.get("TERM", "")), width, height - PROMPT_LINES)

    @property
    def columns(self) -> int:
        """See above."""
        return dots_across(self.width, self.charset)

    def show(self, sender: str, found: Series, since: int, until: int, now: int, bucket: int) -> None:
        """Print the chart. `found` has a bucket at least, each `bucket` ms wide."""
        found = found._replace(
            unit=plain(found.unit or ""), gaps=[gap._replace(reason=plain(gap.reason)) for gap in found.gaps]
        )
        frame = Frame(plain(sender), since, until, now, bucket, self.width, self.height)
        with _months_of_the_user():
            lines = chart(found, frame, self.charset)
        _print(lines)


def _charset(encoding: str | None, term: str) -> Charset:
    """The finest one that can be said, and that is in the font: the console of Linux has no braille."""
    for charset in (BRAILLE, BLOCKS) if term != "linux" else (BLOCKS,):
        with contextlib.suppress(UnicodeEncodeError, LookupError):
            "".join((*charset.cells, charset.shade, charset.tick, charset.gap)).encode(encoding or "ascii")
            return charset
    return ASCII


@contextlib.contextmanager
def _months_of_the_user() -> Iterator[None]:
    """Months are called as the user's locale has it."""
    before = locale.setlocale(locale.LC_TIME)
    with contextlib.suppress(locale.Error):
        locale.setlocale(locale.LC_TIME, "")
    try:
        yield
    finally:
        locale.setlocale(locale.LC_TIME, before)


def _print(lines: list[Line]) -> None:
    """With colours on a terminal that has them."""
    from rich.text import Text

    from gateway.cli.terminal import console

    screen = console(highlight=False)
    for line in lines:
        text = Text.assemble(*((piece.text, STYLES.get(piece.role, "")) for piece in line))
        screen.print(text, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)
