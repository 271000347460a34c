"""The sensors' lines: columns that keep their places, as many as the terminal has room for, and each reason
whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from gateway.decimals import value_text
from gateway.live.lines import Line, Piece, cells, cut, fitted
from gateway.live.table import UP, Rank, Row
from gateway.plain import plain

# Columns of the terminal from which on there is room for the quality, the link, and the limits.
QUALITY, LINK, LIMITS = 36, 52, 76
NAME_SHARE = 4
"""Names keep one in so many of the columns, and LEAST_NAME, where others want them; then links are cut."""
LEAST_NAME = 6
INDENT = "  "
REASON_LINES = 2
_QUALITIES = {"good": "green", "suspect": "yellow", "stale": "red"}
_STATES = {"up": "green", "failed": "red", "absent": "red"}


class Column(NamedTuple):
    """`width` in cells."""

    title: str
    width: int
    right: bool = False


class Sheet:
    """The lines of `rows`, for a terminal of `width` columns."""

    def __init__(self, rows: Sequence[Row], width: int) -> None:
        self._rows = rows
        self._width = width
        titles = _titles(rows, width)
        self._cells = [_cells(row, titles) for row in rows]
        self._columns = _columns(titles, self._cells, width)
        self._room = width - sum(column.width for column in self._columns) - 2 * len(self._columns)

    def header(self) -> Line:
        """The titles."""
        titles = _pieces([(column.title, "") for column in self._columns], self._columns)
        return [("".join(text for text, _ in titles), "dim")]

    def blocks(self, order: Sequence[int]) -> Iterator[list[Line]]:
        """The lines of each row, of the rows in this order. A reason that several in a row have is below the
        last of them."""
        following = [_own_reason(self._rows[index]) for index in order[1:]]
        for index, next_reason in zip(order, [*following, ""], strict=True):
            line = _pieces(self._cells[index], self._columns)
            reason = _own_reason(self._rows[index])
            if not reason:
                yield [line]
            elif cells(reason) <= self._room:
                yield [[*line, ("  " + reason, "dim")]]
            elif reason == next_reason:
                yield [line]
            else:
                below = fitted(reason, self._width - len(INDENT), REASON_LINES)
                yield [line, *([(INDENT + text, "dim")] for text in below)]

    def lines(self) -> list[Line]:
        """Those of all rows, in their order."""
        return [line for block in self.blocks(range(len(self._rows))) for line in block]


def age_text(age_s: float | None) -> str:
    """`0.4 s`, `12 s`, `5 min`, `3 h`, `2 d`; a dash without one."""
    if age_s is None:
        return "-"
    if age_s < 10:
        return f"{age_s:.1f} s"
    for unit, seconds, limit in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172800)):
        if age_s < limit:
            return f"{int(age_s // seconds)} {unit}"
    return f"{int(age_s // 86400)} d"


def _own_reason(row: Row) -> str:
    """Why a link is down is said once, above: not with each of its sensors."""
    return plain(row.reason) if row.link_state == UP else ""


def _titles(rows: Sequence[Row], width: int) -> list[str]:
    """Of the columns that have room, and something to say."""
    titles = ["sensor", "value", "", "age"]
    if width >= QUALITY:
        titles.append("quality")
    if width >= LIMITS and any(row.limits for row in rows):
        titles.append("limits")
    if width >= LINK:
        titles.append("link")
    return titles


def _cells(row: Row, titles: Collection[str]) -> list[Piece]:
    style = _QUALITIES.get(row.quality, "")
    mark = "! " if row.rank <= Rank.UNSURE and "quality" not in titles else ""
    pieces = [
        (mark + plain(row.name), "bold"),
        (value_text(row.value, row.decimals), "" if row.quality == "good" else style),
        (plain(row.unit), ""),
        (age_text(row.age_s), ""),
    ]
    if "quality" in titles:
        beyond = [limit.event for limit in row.limits if limit.crossed and "limits" not in titles]
        pieces.append((plain(beyond[0]), "yellow") if beyond else (row.quality or "-", style))
    if "limits" in titles:
        pieces.append(_limits(row))
    if "link" in titles:
        pieces.append((f"{plain(row.link)} {row.link_state}", _STATES.get(row.link_state, "yellow")))
    return pieces


def _limits(row: Row) -> Piece:
    """All of them; one that is crossed alone, and marked."""
    crossed = [f"! {limit.event} {limit.value:g}" for limit in row.limits if limit.crossed]
    if crossed:
        return plain(" ".join(crossed)), "yellow"
    return plain(", ".join(f"{limit.event} {limit.value:g}" for limit in row.limits)), "dim"


def _columns(titles: Sequence[str], rows: Sequence[Sequence[Piece]], width: int) -> list[Column]:
    columns = []
    for index, title in enumerate(titles):
        needed = max([cells(title), *(cells(row[index][0]) for row in rows)])
        columns.append(Column(title, needed, right=title in ("value", "age")))
    columns[3] = columns[3]._replace(width=max(6, columns[3].width))
    over = sum(column.width for column in columns) + 2 * len(columns) - 3 - width
    name = columns[0].width
    if over > 0:
        columns[0] = columns[0]._replace(width=max(LEAST_NAME, width // NAME_SHARE, name - over))
        columns[0] = columns[0]._replace(width=min(name, columns[0].width))
    return columns


def _pieces(pieces: Sequence[Piece], columns: Sequence[Column]) -> Line:
    line: list[Piece] = []
    for index, ((text, style), column) in enumerate(zip(pieces, columns, strict=True)):
        shown = cut(text, column.width)
        space = " " * (column.width - cells(shown))
        gap = "" if index == 0 else " " if column.title == "" else "  "
        before, after = (gap + space, "") if column.right else (gap, space)
        line += [(before, ""), (shown, style), (after, "")]
    return line
