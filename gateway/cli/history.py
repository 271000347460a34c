"""`history`: what a sensor has said, as a table, CSV, JSON or a chart."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

import sig
from gateway.cli.check import load_or_explain
from gateway.cli.client import anywhere, complain, to_json
from gateway.cli.common import EXIT_USAGE
from gateway.cli.over_fleet import check_name, is_fleet
from gateway.cli.past import file_of, nobody, unreadable
from gateway.cli.unwritten import unwritten
from gateway.encoding import decode
from gateway.fleet.keys import Name, parse_name
from gateway.history.answer import POINTS, as_json, csv_lines, series_of
from gateway.history.buckets import width_of
from gateway.history.moments import moment
from gateway.history.rows import Item, Series
from gateway.plain import plain
from gateway.senders import OWN_NAME

if TYPE_CHECKING:
    from gateway.config import Config

TABLE_POINTS = 50
"""A table of a day has a row for each half an hour."""
POINTS_A_COLUMN = 4
"""Of a chart: each of its columns then has the least and the greatest of some."""
EMPTY = 10
"""A chart of which the first tenth is before there was anything begins later, as the page's does."""


class Asked(NamedTuple):
    """What of whom. `url`, `token`: where a gateway runs, None for that of the config. `points`: None for
    what the format takes."""

    sender: str
    since: str
    until: str | None
    points: int | None
    url: str | None
    token: str | None


def history(config_path: Path, asked: Asked, *, form: str, plot: bool) -> int:
    """Print it. `form`: table, csv or json."""
    now = round(time.time() * 1000)
    since, until = span(asked.since, asked.until, now)
    over_fleet = asked.url is not None and is_fleet(asked.url)
    config = None if over_fleet else load_or_explain(config_path, usable=True, warn=False)
    if config is None and not over_fleet:
        return EXIT_USAGE
    if plot:
        from gateway.cli.plotting import Drawing

        drawing = Drawing.of_this_terminal()
        count = drawing.columns * POINTS_A_COLUMN
    else:
        count = asked.points or (TABLE_POINTS if form == "table" else POINTS)
    try:
        if config is None:
            since, found = _of_fleet(asked, since, until, count, only_known=plot)
        else:
            since, found = _found(config, asked, since, until, count, only_known=plot)
    except sig.RequestError as error:
        return complain(error)
    if form == "csv":
        print("\n".join(csv_lines(found)))
    elif form == "json":
        print(to_json(decode(as_json(asked.sender, since, until, found))))
    elif not found.buckets:
        _say_nothing(asked.sender, found)
    elif plot:
        drawing.show(asked.sender, found, since, until, now, width_of(until - since, count))
    else:
        from gateway.cli.history_table import print_table

        print_table(found)
    return 0


def span(since_text: str, until_text: str | None, now: int) -> tuple[int, int]:
    """UTC in ms, from when to when. Raises click's usage error (exit status 2)."""
    try:
        since, until = moment("--since", since_text, now), moment("--until", until_text, now)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if since >= until:
        raise click.UsageError(f"--since: expected a time before --until, got {since_text!r}")
    return since, until


def _found(
    config: Config, asked: Asked, since: int, until: int, count: int, *, only_known: bool
) -> tuple[int, Series]:
    """Since when, and what there is; see `_known`."""
    from gateway.history.archive import Archive
    from gateway.storage.schema import StoreError

    path = file_of(config)
    try:
        with Archive(path) as archive:
            known = {sender.name: sender.unit for sender in archive.senders()}
            more: Sequence[Item] = unwritten(
                config, asked.url, asked.token, asked.sender, known.get(asked.sender, "")
            )
            since, found = _known(
                lambda begin: archive.points(asked.sender, begin, until, count, more),
                since,
                until,
                only_known=only_known,
            )
    except StoreError as error:
        raise unreadable(error) from None
    if found is None:
        raise nobody(asked.sender, known)
    return since, found


def _of_fleet(asked: Asked, since: int, until: int, count: int, *, only_known: bool) -> tuple[int, Series]:
    """The same, as the sender's own gateway answers it. Raises `sig.RequestError`."""
    assert asked.url is not None
    check_name(asked.url, asked.sender)
    gateway, sender = parse_name(asked.sender)
    with anywhere(asked.url, None) as client:

        def points(begin: int) -> Series:
            params = {"sender": sender, "since": begin, "until": until, "points": count}
            try:
                return series_of(client.remoteRequest(str(Name(gateway, OWN_NAME)), "history", params))
            except sig.UnknownSender as error:
                if OWN_NAME in str(error):  # it is no gateway, but a program that offers senders
                    raise sig.UnknownMethod(f"{gateway} keeps no history") from None
                raise
            except ValueError as error:
                raise sig.BadReply(str(error)) from None

        begin, found = _known(points, since, until, only_known=only_known)
    assert found is not None
    return begin, found


def _known(
    points: Callable[[int], Series | None], since: int, until: int, *, only_known: bool
) -> tuple[int, Series | None]:
    """Since when, and what there is since then. `only_known`: if it would begin well before the history does,
    it begins with that."""
    found = points(since)
    first = found.first if found is not None else None
    if only_known and first is not None and (until - since) / EMPTY < first - since < until - since:
        since = first
        found = points(since)
    return since, found


def _say_nothing(sender: str, found: Series) -> None:
    """There are no values in that time."""
    since = "" if found.first is None else f"; its history begins {_local(found.first)}"
    print(plain(f"nothing is known of {sender} in that time{since}"), file=sys.stderr)
    for gap in found.gaps:
        end = "now" if gap.end is None else _local(gap.end)
        print(plain(f"{_local(gap.begin)} to {end}: {gap.reason}"), file=sys.stderr)


def _local(ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(ms / 1000))
