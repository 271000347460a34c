"""Lines for a terminal: measured in its cells, cut, wrapped, shortened in the middle, and coloured. Pure."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import TextIO

from rich.cells import cell_len, chop_cells, set_cell_size

Piece = tuple[str, str]
"""Text, and a style of STYLES or none (`""`)."""
Line = Sequence[Piece]

STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "bold red": "1;31"}
COLOURS = ("red", "green", "yellow")
"""Those that NO_COLOR takes away."""
RESET = "\x1b[0m"
CUT = "…"
TAIL_SHARE = 0.4
"""Of what is shortened in the middle, the end has so much: what is wrong comes first, what to do last."""
_PATH = re.compile(r"/[^\s:;,]{8,}([^\s:;,]{8})")
_LONG_PATH = re.compile(r"(/[^\s:;,]{8})[^\s:;,]{8,}([^\s:;,]{14})")


def cells(text: str) -> int:
    """Columns that a terminal needs for `text`."""
    return len(text) if text.isascii() else cell_len(text)


def cut(text: str, width: int) -> str:
    """`text` in at most `width` columns; a mark where its end is missing."""
    if cells(text) <= width:
        return text
    return set_cell_size(text, max(0, width - 1)).rstrip() + CUT if width > 0 else ""


def without_middle(text: str, width: int) -> str:
    """`text` in at most `width` columns: what it begins with, a mark, and most of its end."""
    if cells(text) <= width:
        return text
    if width < 8:
        return cut(text, width)
    tail = int((width - 1) * TAIL_SHARE)
    head = set_cell_size(text, width - 1 - tail).rstrip(f" {CUT}")
    return head + CUT + set_cell_size(text[::-1], tail)[::-1].lstrip(f" {CUT}")


def with_short_paths(text: str) -> str:
    """Long paths without their middle: what comes after them matters more."""
    return _LONG_PATH.sub(r"\1…\2", text)


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` columns, broken between words where that can be."""
    width = max(1, width)
    if cells(text) == len(text):
        return textwrap.wrap(text, width, break_on_hyphens=False) or [""]
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cells(joined) <= width:
            lines[-1] = joined
            continue
        pieces = chop_cells(word, width)
        lines += pieces if lines[-1] else []
        lines[-1:] = pieces if not lines[-1] else lines[-1:]
    return lines


def fitted(text: str, width: int, most: int) -> list[str]:
    """`text` in at most `most` lines of `width` columns: whole, or else with short paths, or shorter ones, or
    else without its middle."""
    for shown in (text, with_short_paths(text), _PATH.sub(rf"{CUT}\1", text)):
        if len(lines := wrapped(shown, width)) <= most:
            return lines
    room = width * most
    while room > width:
        if len(lines := wrapped(without_middle(shown, room), width)) <= most:
            return lines
        room -= 1
    return [without_middle(shown, width)]


def painted(line: Line, *, colours: bool) -> str:
    """The line in the terminal's own words."""
    out = []
    for text, style in line:
        if not text or not style or (style in COLOURS and not colours):
            out.append(text)
        else:
            code = STYLES[style] if colours else STYLES[style].partition(";")[0]
            out.append(f"\x1b[{code}m{text}{RESET}")
    return "".join(out)


def clipped(line: Line, width: int) -> Line:
    """The line in at most `width` columns."""
    shown: list[Piece] = []
    for text, style in line:
        piece = cut(text, width)
        shown.append((piece, style))
        width -= cells(piece)
        if piece != text or width <= 0:
            break
    return shown


def is_terminal(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the cursor can be moved there: not in a file, a pipe, or with TERM=dumb."""
    return stream.isatty() and environ.get("TERM", "") not in ("dumb", "unknown", "")


def has_colours(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether colours are seen there, and wanted (no-color.org)."""
    return is_terminal(stream, environ) and not environ.get("NO_COLOR")
