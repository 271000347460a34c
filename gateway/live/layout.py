"""The live table's lines for a terminal of any size. Pure.

    name, and how the whole does           one or two lines
    what is wrong                          a sentence each, as many as a third of the room holds
    the sensors                            all; or the worst first, and how many more there are
    the newest of the log                  what is left, and LOG_LINES at least

On a low terminal the lines between them go first.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import NamedTuple

from gateway.live.lines import Line, Piece, cells, clipped, cut, fitted, with_short_paths, wrapped
from gateway.live.rows import Sheet
from gateway.live.table import Rank, Row
from gateway.live.whole import Whole
from gateway.plain import plain

LOG_LINES = 2
"""What the log keeps of a terminal that has too few lines for all sensors."""
FAULTS = 3
"""Of what is left then for sensors and faults, the faults have one line in so many, and one at least."""
LOW = 14
"""Below so many lines there are none between the parts, and one for the whole."""
LOWEST = 6
"""Below so many lines there is no log."""
GAP = "   "
LAST_LOG_LINES = 10
"""What of the log stays on the terminal at the end."""
_LEVELS = {logging.WARNING: "yellow", logging.ERROR: "red", logging.CRITICAL: "bold red"}
LogLine = tuple[int, str]


class Picture(NamedTuple):
    """What is to be seen at one moment. `log`: level and line, the newest last."""

    name: str
    whole: Whole
    rows: Sequence[Row]
    log: Sequence[LogLine]


def layout(picture: Picture, width: int, height: int) -> list[Line]:
    """At most `height` lines of at most `width` columns."""
    low = height < LOW
    between: list[Line] = [] if low else [()]
    lines = [*_head(picture, width, 1 if low else 2)]
    log_lines = LOG_LINES if height >= LOWEST else 0
    room = height - len(lines) - 2 * len(between) - log_lines - 1
    faults = _fault_lines(picture.whole.faults, width, max(1, room // FAULTS))
    lines += faults
    lines += between
    sheet = Sheet(picture.rows, width)
    lines.append(sheet.header())
    lines += _sensors(sheet, picture.rows, width, max(1, room - len(faults)))
    if (left := height - len(lines) - len(between)) > 0 and height >= LOWEST:
        lines += between
        lines += _newest(picture.log, width, left)
    return [clipped(line, width) for line in lines[:height]]


def farewell(picture: Picture, width: int) -> list[Line]:
    """What stays on the terminal: the sensors, what is wrong, the last of the log; as long as that is."""
    sheet = Sheet(picture.rows, width)
    lines = [sheet.header(), *sheet.lines()]
    lines += [[(line, style)] for text, style in picture.whole.faults for line in wrapped(text, width)]
    return [*lines, (), *log_lines(picture.log, width)]


def log_lines(log: Sequence[LogLine], width: int) -> list[Line]:
    """The newest of the log, whole."""
    lines: list[Line] = []
    for level, text in log[-LAST_LOG_LINES:]:
        lines += [[(line, _level_style(level))] for line in wrapped(plain(text), width)]
    return lines


def _head(picture: Picture, width: int, most: int) -> list[Line]:
    """The name and as many pieces as have room, what is not well before the rest."""
    name = cut(plain(picture.name), width)
    pieces = [piece for piece in picture.whole.pieces if piece[1] in ("red", "yellow")]
    pieces += [piece for piece in picture.whole.pieces if piece not in pieces]
    lines: list[list[Piece]] = [[(name, "bold")]]
    used = cells(name)
    for text, style in pieces:
        shown = plain(text)
        if used + len(GAP) + cells(shown) > width:
            if len(lines) == most:
                continue  # a shorter one may have room
            lines.append([])
            used = -len(GAP)
        lines[-1] += [(GAP if lines[-1] else "", ""), (shown, style)]
        used += len(GAP) + cells(shown)
    return [line for line in lines if line]


def _fault_lines(faults: Sequence[Piece], width: int, room: int) -> list[Line]:
    """As many as have room, of two lines at most if all of them have, else of one; and how many more."""
    two = [[(line, style)] for text, style in faults for line in fitted(text, width, 2)]
    if len(two) <= room:
        return list(two)
    shown = list(faults) if len(faults) <= room else list(faults)[: room - 1]
    lines: list[Line] = [[(fitted(text, width, 1)[0], style)] for text, style in shown]
    if more := len(faults) - len(shown):
        words = f"… and {more} more" if shown else f"{more} things are wrong"
        lines.append([(fitted(f"{words}; `sig-gateway health` tells all", width, 1)[0], "red")])
    return lines


def _sensors(sheet: Sheet, rows: Sequence[Row], width: int, room: int) -> list[Line]:
    """All in their order; or, where that is too much, the worst first and a line that counts the others."""
    if len(rows) <= room and len(lines := sheet.lines()) <= room:
        return lines
    worst = sorted(range(len(rows)), key=lambda index: rows[index].rank)
    shown: list[list[Line]] = []
    for block in sheet.blocks(worst):
        room -= len(block)
        if room < 1:
            break
        shown.append(block)
    others = [rows[index] for index in worst[len(shown) :]]
    return [*(line for block in shown for line in block), [(_others(others, width), "dim")]]


def _others(rows: Sequence[Row], width: int) -> str:
    """`… and 12 more, all well`."""
    ill = sum(row.rank <= Rank.UNSURE for row in rows)
    beyond = sum(row.rank is Rank.BEYOND for row in rows)
    said = [f"{ill} not well"] if ill else []
    said += [f"{beyond} beyond a limit"] if beyond else []
    text = f"… and {len(rows)} more, {', '.join(said) or 'all well'}"
    longer = f"{text}; `sig-gateway senders` lists all"
    return longer if cells(longer) <= width else text


def _newest(log: Sequence[LogLine], width: int, room: int) -> list[Line]:
    """The last log lines, as many as fit into `room` lines; a long one takes several, or is shortened."""
    shown: list[Line] = []
    for level, line in reversed(log):
        left = room - len(shown)
        if left <= 0:
            break
        text = _time_of_day(plain(line))
        if cells(text) > width:
            text = with_short_paths(text)
        shown += [[(part, _level_style(level))] for part in reversed(fitted(text, width, left))]
    return shown[::-1]


def _time_of_day(line: str) -> str:
    """The date says nothing here: without it there is more room for the words."""
    date, t, rest = line.partition("T")
    return rest if t and len(date) == 10 and date[:4].isdigit() else line


def _level_style(level: int) -> str:
    return "dim" if level < logging.WARNING else _LEVELS.get(level, "")
