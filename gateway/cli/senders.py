"""`senders`: who is there, what each said last, and what is to be known about it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sig
from gateway.cli.client import complain, connection, to_json
from gateway.cli.over_fleet import is_fleet
from gateway.cli.whole_fleet import senders_of_fleet
from gateway.decimals import decimals_of, value_text
from gateway.overview import Overview, RemoteSource
from gateway.plain import plain

if TYPE_CHECKING:
    from rich.table import Table

PIPE_COLUMNS = 1000
MARK = "!"
COLUMNS = ("sender", "connected", "last", "time", "quality", "events")


def senders(url: str, token: str | None, *, as_json: bool) -> int:
    """Print what `gateway.overview` has of each sender, or a table of the most of it."""
    try:
        found = senders_of_fleet(url) if is_fleet(url) else _of_gateway(url, token)
    except sig.RequestError as error:
        return complain(error)
    if as_json:
        print(to_json(found))
    elif not found:
        print("no senders")
    else:
        print_table(found)
    return 0


def _of_gateway(url: str, token: str | None) -> list[dict[str, Any]]:
    with connection(url, token) as client:
        overview = Overview(RemoteSource(client))
        try:
            return overview.all()
        finally:
            overview.close(0.0)  # whoever has not answered is not waited for: the connection ends


def print_table(found: list[dict[str, Any]]) -> None:
    """Into a pipe or a file goes every column, whole; on a terminal, what has room. Warnings below, and why
    there never was a value."""
    if not sys.stdout.isatty():
        from gateway.cli.terminal import console

        console(width=PIPE_COLUMNS).print(_table(found, COLUMNS))
    else:
        _print_on_terminal(found)
    for sender in found:
        if sender["warning"] is not None:
            print(plain(f"{MARK} {sender['sender']}: {sender['warning']}"))
        if sender["reason"] is not None and (sender["last"] is None or not sender["connected"]):
            stale = f"{sender['sender']}: stale: " if sender["connected"] else ""
            print(plain(f"{MARK} {stale}{sender['reason']}"))


def _print_on_terminal(found: list[dict[str, Any]]) -> None:
    from gateway.cli.terminal import console

    screen, today = console(), time.strftime("%Y-%m-%dT", time.gmtime())
    unbounded = screen.options.update(width=PIPE_COLUMNS)
    table = _table(found, COLUMNS, today)
    if screen.measure(table, options=unbounded).maximum > screen.width:
        table = _table(found, COLUMNS[:-1], today)
    screen.print(table)


def _number(value: object, decimals: int | None) -> str:
    """As the live table shows it; a sender that is no sensor may say anything. `decimals`: those of the
    source's resolution, if that is known."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value_text(value, decimals_of(value) if decimals is None else decimals)
    return str(value)


def _table(found: list[dict[str, Any]], columns: Sequence[str], today: str = "") -> Table:
    """`today`: the date that says nothing, with it the milliseconds."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column == "last" else "left", no_wrap=True)
    for sender in found:
        last = sender["last"] if isinstance(sender["last"], dict) else {}
        value = (
            f"{_number(last['value'], sender.get('decimals'))} {last.get('unit', '')}".strip()
            if last.get("value") is not None
            else "-"
        )
        when = str(last.get("time", "-"))
        if today and when.startswith(today):
            when = when.removeprefix(today).partition(".")[0] + "Z"
        cells = (
            sender["sender"],
            "yes" if sender["connected"] else "no",
            value,
            when,
            (sender["quality"] or "-") + (f" {MARK}" if sender["warning"] is not None else ""),
            " ".join(sender["events"]) or "-",
        )
        # Text, so that a name with [brackets] is not taken for markup.
        table.add_row(*(Text(plain(cell)) for cell in cells[: len(columns)]))
    return table
