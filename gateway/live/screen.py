"""The live table on a terminal: sensors above, the tail of the log below.

It lives on the terminal's alternate screen, like an editor: resizing cannot leave debris, and afterwards the
terminal is as it was, with the last table printed once.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from gateway.live.table import Row, value_text
from gateway.plain import plain

_QUALITY_STYLES = {"good": "green", "suspect": "yellow", "stale": "red"}
_STATE_STYLES = {"up": "green", "failed": "red", "absent": "red"}
_LEVEL_STYLES = {logging.WARNING: "yellow", logging.ERROR: "red", logging.CRITICAL: "bold red"}

# Columns of the terminal from which on there is room for the quality, the link, and reasons.
QUALITY, LINK, REASON = 36, 52, 80
LOG_LINES = 2
"""What the log keeps of a terminal that has too few lines for all sensors."""
FAULTS = 3
"""Of what is left then for sensors and faults, the faults have one line in so many, and one at least."""

WIDE = 120
"""Columns from which on reasons have room for whole paths."""
_LONG_PATH = re.compile(r"(/[^\s:;,]{8})[^\s:;,]{8,}([^\s:;,]{14})")


class Screen:
    """Draws when told to. `rows`, `log` and `faults` (what is wrong with the whole, a line each) are asked at
    each drawing. Use as a context manager."""

    def __init__(
        self,
        title: str,
        subtitle: str,
        rows: Callable[[], list[Row]],
        log: Callable[[], list[tuple[int, str]]],
        faults: Callable[[], list[str]] = list,
        console: Console | None = None,
    ) -> None:
        words = (title, "bold"), ("  " + subtitle, "dim")
        self._title = Text.assemble(*words, no_wrap=True, overflow="ellipsis")
        self._rows = rows
        self._log = log
        self._faults = faults
        self._console = console or Console()
        self._live = Live(console=self._console, screen=True, auto_refresh=False)

    def __enter__(self) -> Screen:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()
        self._console.print(Group(self._table(self._rows()), *self._fault_lines(self._faults())))

    def draw(self) -> None:
        """Show the table and the log as they are now."""
        height, rows = self._console.height, self._rows()
        room = height - LOG_LINES - 4
        faults = self._fault_lines(self._faults(), max(1, room // FAULTS))
        room = max(1, room - len(faults))
        hidden = len(rows) - room if len(rows) > room + 1 else 0
        parts: list[RenderableType] = [self._title, *faults, Text()]
        parts.append(self._table(rows[: len(rows) - hidden]))
        if hidden:
            words = f"… and {hidden} more; `sig-gateway senders` lists all"
            parts.append(Text(words, style="dim", no_wrap=True, overflow="ellipsis"))
        parts.append(Text())
        used = len(faults) + len(rows) - hidden + (5 if hidden else 4)
        parts += self._newest_of_log(height - used)
        self._live.update(Group(*parts), refresh=True)

    def _fault_lines(self, faults: list[str], room: int | None = None) -> list[Text]:
        """As many as fit into `room` lines, and how many there are more."""
        shown = faults if room is None or len(faults) <= room else faults[: room - 1]
        lines = [
            line if self._console.width >= WIDE else with_short_paths(line) for line in map(plain, shown)
        ]
        if more := len(faults) - len(shown):
            and_more = f"… and {more} more" if shown else f"{more} parts of the config are"
            lines.append(f"{and_more} left out; `sig-gateway check` lists all")
        return [Text(line, style="red", no_wrap=True, overflow="ellipsis") for line in lines]

    def _newest_of_log(self, room: int) -> list[Text]:
        """The last log lines, as many as fit into `room` lines; a long one takes several, or else is cut."""
        shown: list[Text] = []
        for level, line in reversed(self._log()):
            left = room - len(shown)
            if left <= 0:
                break
            text = _log_line(level, line, self._console.width)
            wrapped = text.wrap(self._console, self._console.width, no_wrap=False, overflow="fold")
            shown += [text] if len(wrapped) > left else reversed(wrapped)
        return shown[::-1]

    def _table(self, rows: list[Row]) -> RenderableType:
        width = self._console.width
        table = Table(box=None, pad_edge=False, expand=width >= REASON, header_style="dim")
        table.add_column("sensor", no_wrap=True, overflow="ellipsis", min_width=6)
        table.add_column("value", no_wrap=True, justify="right")
        table.add_column("", no_wrap=True)
        table.add_column("age", no_wrap=True, justify="right", min_width=5)
        if width >= QUALITY:
            table.add_column("quality", no_wrap=True, min_width=7)
        if width >= LINK:
            table.add_column("link", no_wrap=True, overflow="ellipsis")
        if width >= REASON:
            table.add_column("", no_wrap=True, overflow="ellipsis", ratio=1, style="dim")
        for row in rows:
            table.add_row(*_cells(row, width)[: len(table.columns)])
        return table


def _cells(row: Row, width: int) -> list[Text]:
    style = _QUALITY_STYLES.get(row.quality, "")
    state = Text.assemble(plain(row.link), " ", (row.link_state, _STATE_STYLES.get(row.link_state, "yellow")))
    return [
        Text(plain(row.name), style="bold"),
        Text(value_text(row.value, row.decimals), style="" if row.quality == "good" else style),
        Text(plain(row.unit)),
        Text(age_text(row.age_s)),
        Text(row.quality or "-", style=style),
        state,
        Text(plain(row.reason if width >= WIDE else with_short_paths(row.reason))),
    ]


def _log_line(level: int, line: str, width: int) -> Text:
    # The date says nothing here: the time of day leaves more room for the words.
    date, t, rest = line.partition("T")
    shown = plain(rest if t and len(date) == 10 and date[:4].isdigit() else line)
    if len(shown) > width:
        shown = with_short_paths(shown)
    style = "dim" if level < logging.WARNING else _LEVEL_STYLES.get(level, "")
    return Text(shown, style=style, no_wrap=True, overflow="ellipsis")


def with_short_paths(text: str) -> str:
    """Long paths without their middle: what comes after them matters more."""
    return _LONG_PATH.sub(r"\1…\2", text)


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
