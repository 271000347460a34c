"""`senders`: who is there, and what each said last."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sig
from gateway.cli.client import complain, connection, plain, to_json

if TYPE_CHECKING:
    from rich.table import Table

LAST_WITHIN_S = 3.0
"""For the newest readings of all senders together: one that does not answer must not hold up the list."""

PIPE_COLUMNS = 1000
COLUMNS = ("sender", "connected", "last", "time", "quality", "events")


def senders(url: str, token: str | None, *, as_json: bool) -> int:
    """Print a list of `{"sender", "connected", "events", "last"}`, or a table of the same."""
    try:
        with connection(url, token) as client:
            found = _ask(client)
    except sig.RequestError as error:
        return complain(error)
    if as_json:
        print(to_json(found))
    elif not found:
        print("no senders")
    else:
        _print_table(found)
    return 0


def _ask(client: sig.ClientRouter) -> list[dict[str, Any]]:
    deadline = time.monotonic() + LAST_WITHIN_S
    return [
        {
            "sender": sender["sender"],
            "connected": sender["connected"],
            "events": [event["event"] for event in sender.get("events", [])],
            "last": _last(client, sender["sender"], deadline) if sender["connected"] else None,
        }
        for sender in client.listRemoteSenders(list_events=True)
    ]


def _last(client: sig.ClientRouter, sender: str, deadline: float) -> Any:
    """The newest reading; None for a sender that has none, is slow, or does not know `last` (no sensor)."""
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        return None
    try:
        return client.remoteRequest(sender, "last", timeout=remaining)
    except sig.RequestError:
        return None


def _print_table(found: list[dict[str, Any]]) -> None:
    """Into a pipe or a file goes every column, whole; on a terminal, what has room."""
    from rich.console import Console

    if not sys.stdout.isatty():
        Console(width=PIPE_COLUMNS).print(_table(found, COLUMNS))
        return
    console, today = Console(), time.strftime("%Y-%m-%dT", time.gmtime())
    unbounded = console.options.update(width=PIPE_COLUMNS)
    table = _table(found, COLUMNS, today)
    if console.measure(table, options=unbounded).maximum > console.width:
        table = _table(found, COLUMNS[:-1], today)
    console.print(table)


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
            f"{last.get('value')} {last.get('unit', '')}".strip() if last.get("value") is not None else "-"
        )
        when = str(last.get("time", "-"))
        if today and when.startswith(today):
            when = when.removeprefix(today).partition(".")[0] + "Z"
        cells = (
            sender["sender"],
            "yes" if sender["connected"] else "no",
            value,
            when,
            str(last.get("quality", "-")),
            " ".join(sender["events"]) or "-",
        )
        # Text, so that a name with [brackets] is not taken for markup.
        table.add_row(*(Text(plain(cell)) for cell in cells[: len(columns)]))
    return table
