"""A sensor's history as a table: a row for each time, and one for each gap, in words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.decimals import decimals_of, value_text
from gateway.history.buckets import MINUTE, Gap
from gateway.history.rows import Series
from gateway.plain import plain
from gateway.plot.chart import span_words

if TYPE_CHECKING:
    from rich.table import Table

PIPE_COLUMNS = 1000
HEADERS = ("value", "min", "max", "mean", "count")
LEAST_WORDS = 24
"""Columns of a terminal in which gaps are told: `no value for 1 h 20 min`."""
# What goes first where a terminal has no room for all.
LESS = (HEADERS, ("value", "min", "max", "count"), ("value", "min", "max"), ("value",))


def print_table(found: Series) -> None:
    """Into a pipe goes all of it; on a terminal, what has room."""
    from gateway.cli.terminal import console

    if not sys.stdout.isatty():
        console(width=PIPE_COLUMNS).print(_table(found, HEADERS, PIPE_COLUMNS))
        return
    screen = console()
    unbounded = screen.options.update(width=PIPE_COLUMNS)
    least = LEAST_WORDS if found.gaps else 0
    for headers in LESS:
        room = screen.width - screen.measure(_table(found, headers, 0), options=unbounded).maximum
        if room >= least:
            break
    screen.print(_table(found, headers, max(0, room)))


def _table(found: Series, headers: tuple[str, ...], room: int) -> Table:
    """`room`: columns for what is said of gaps."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("time", no_wrap=True)
    for header in headers:
        table.add_column(header, no_wrap=True, justify="right")
    table.add_column("", no_wrap=True)
    for at, cells, words in _rows(found, headers):
        said = Text(plain(words) if room else "")
        said.truncate(max(1, room), overflow="ellipsis")
        table.add_row(
            *(Text(cell) for cell in (at, *map(plain, cells))), said, style="yellow" if words else ""
        )
    return table


def _rows(found: Series, headers: tuple[str, ...]) -> Iterator[tuple[str, list[str], str]]:
    """The time, the cells of `headers`, and what is to be said."""
    unit = f" {found.unit}" if found.unit else ""
    decimals = max(decimals_of(value) for bucket in found.buckets for value in bucket[1:4])
    layout = _layout(found)
    rows: list[tuple[int, int, list[str], str]] = []
    for bucket in found.buckets:
        cells = {
            "value": value_text(bucket.value, decimals) + unit,
            "min": value_text(bucket.min, decimals),
            "max": value_text(bucket.max, decimals),
            "mean": value_text(bucket.mean, decimals),
            "count": str(bucket.readings),
        }
        rows.append((bucket.time, 0, [cells[header] for header in headers], ""))
    none = ["-", *[""] * (len(headers) - 1)]
    rows += [(gap.begin, 1, none, _words(gap)) for gap in found.gaps]
    for ms, _, cells_of, words in sorted(rows, key=lambda row: row[:2]):
        yield datetime.fromtimestamp(ms / 1000).astimezone().strftime(layout), cells_of, words


def _words(gap: Gap) -> str:
    if gap.end is None:
        return f"no value since: {gap.reason}"
    return f"no value for {span_words(gap.end - gap.begin)}: {gap.reason}"


def _layout(found: Series) -> str:
    """Local time, as exact as the buckets; with the offset where a clock is put back or on between."""
    times = [bucket.time for bucket in found.buckets]
    exact = any(time % MINUTE for time in times)
    offsets = {datetime.fromtimestamp(time / 1000).astimezone().utcoffset() for time in (times[0], times[-1])}
    return f"%Y-%m-%d %H:%M{':%S' if exact else ''}{'%z' if len(offsets) > 1 else ''}"
