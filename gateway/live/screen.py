"""The live table on a terminal: sensors above, the tail of the log below.

It lives on the terminal's alternate screen, like an editor: resizing cannot leave debris, and afterwards the
terminal is as it was, with the last table printed once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from gateway.live.rows import Row

_QUALITY_STYLES = {"good": "green", "suspect": "yellow", "stale": "red"}
_STATE_STYLES = {"up": "green", "failed": "red", "absent": "red"}
_LEVEL_STYLES = {logging.WARNING: "yellow", logging.ERROR: "red", logging.CRITICAL: "bold red"}

WIDE = 76
"""Columns from which on the reasons have room."""
NARROW = 44
"""Columns below which only name, value and age are shown."""


class Screen:
    """Draws when told to. `rows` and `log` are asked at each drawing. Use as a context manager."""

    def __init__(
        self,
        title: str,
        rows: Callable[[], list[Row]],
        log: Callable[[], Iterable[tuple[int, str]]],
        console: Console | None = None,
    ) -> None:
        self._title = title
        self._rows = rows
        self._log = log
        self._console = console or Console()
        self._live = Live(console=self._console, screen=True, auto_refresh=False, transient=True)

    def __enter__(self) -> Screen:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()
        self._console.print(self._table())

    def draw(self) -> None:
        """Show the table and the log as they are now."""
        table = self._table()
        height = self._console.height
        used = len(self._console.render_lines(table, pad=False))
        lines = list(self._log())[-max(0, height - used - 1) :] if height - used > 1 else []
        self._live.update(Group(table, *(self._log_line(level, line) for level, line in lines)), refresh=True)

    def _log_line(self, level: int, line: str) -> Text:
        # The date says nothing here: the time of day leaves more room for the words.
        date, t, rest = line.partition("T")
        shown = rest if t and len(date) == 10 and date[:4].isdigit() else line
        style = "dim" if level < logging.WARNING else _LEVEL_STYLES.get(level, "")
        return Text(shown, style=style, no_wrap=True, overflow="ellipsis")

    def _table(self) -> RenderableType:
        width = self._console.width
        table = Table(title=self._title, title_justify="left", expand=width >= WIDE, box=None, pad_edge=False)
        table.add_column("sensor", no_wrap=True, overflow="ellipsis", style="bold", min_width=6)
        table.add_column("value", no_wrap=True, justify="right", min_width=8)
        table.add_column("age", no_wrap=True, justify="right", min_width=4)
        if width >= NARROW:
            table.add_column("quality", no_wrap=True, min_width=7)
            table.add_column("link", no_wrap=True, overflow="ellipsis")
        if width >= WIDE:
            table.add_column("", no_wrap=True, overflow="ellipsis", ratio=1, style="dim")
        for row in self._rows():
            table.add_row(*self._cells(row)[: len(table.columns)])
        return table

    def _cells(self, row: Row) -> list[Text]:
        style = _QUALITY_STYLES.get(row.quality, "")
        state = Text.assemble(row.link, " ", (row.link_state, _STATE_STYLES.get(row.link_state, "yellow")))
        return [
            Text(row.name),
            Text(value_text(row.value, row.unit), style="" if row.quality == "good" else "dim"),
            Text(age_text(row.age_s)),
            Text(row.quality or "-", style=style),
            state,
            Text(row.reason),
        ]


def value_text(value: float | None, unit: str) -> str:
    """`23.18 °C`; a dash without a value."""
    if value is None:
        return "-"
    return f"{value:g} {unit}" if abs(value) < 1e6 else f"{value:.6g} {unit}"


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
