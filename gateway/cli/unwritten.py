"""What a running gateway has not written to its history yet: at most `history.window` of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import click

import sig
from gateway.cli.client import connection
from gateway.cli.own_gateway import own_token, own_url
from gateway.config import Config
from gateway.data_folder import is_in_use
from gateway.event_id import EventId
from gateway.history.recall import FLUSH_S
from gateway.history.rows import Item, Mark, Reading
from gateway.plain import plain
from gateway.senders import OWN_NAME

T = TypeVar("T")
WITHIN_S = 1.0
"""A gateway that does not answer in that time is none."""
WRITTEN_S = FLUSH_S + WITHIN_S


class Deadline:
    """So many seconds from now."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds; a millisecond at least, as no request takes less."""
        return max(0.001, self._at - time.monotonic())


def unwritten(config: Config, url: str | None, token: str | None, sender: str, unit: str) -> Sequence[Item]:
    """What the gateway at `url` has of the sender; without one, that of the config. Nothing where none
    answers, another one does, or it keeps no history; where one runs, standard error says so. `unit`: of the
    readings, if nobody says it."""
    deadline = Deadline(WITHIN_S)

    def ask(client: sig.ClientRouter) -> Sequence[Item]:
        found = client.remoteRequest(OWN_NAME, "history", {"sender": sender}, timeout=deadline.left())
        known = unit
        with suppress(sig.RequestError):  # it is not connected, say
            last = client.remoteRequest(sender, "last", timeout=deadline.left())
            known = str(last["unit"]) if isinstance(last, Mapping) and "unit" in last else unit
        return items(found, sender, known)

    return _asked(config, url, token, ask) or ()


def have_written(config: Config) -> None:
    """Have the config's gateway write what it has, if it runs; where it does and cannot, standard error says
    so. It does that at most once a second, whoever asks."""

    def ask(client: sig.ClientRouter) -> None:
        client.remoteRequest(OWN_NAME, "history", {"write": True}, timeout=WRITTEN_S)

    _asked(config, None, None, ask)


def _asked(
    config: Config, url: str | None, token: str | None, ask: Callable[[sig.ClientRouter], T]
) -> T | None:
    """What it answers. None where nothing is missing, as none runs, or where that was said."""
    try:
        where, secret = (url, token) if url is not None else (own_url(config), token or own_token(config))
        with connection(where, secret, within_s=WITHIN_S) as client:
            if url is None:
                _be_ours(client, config, where)
            return ask(client)
    except sig.UnknownMethod:  # it keeps no history any more
        return None
    except sig.RequestError as error:
        _say(config, str(error))
    except click.ClickException as error:
        if url is not None or is_in_use(config.data):
            _say(config, error.message.partition("; ")[0])
    return None


def _be_ours(client: sig.ClientRouter, config: Config, where: str) -> None:
    info = client.remoteRequest(OWN_NAME, "info", timeout=WITHIN_S)
    name = info.get("name") if isinstance(info, Mapping) else None
    if name != config.gateway.name:
        raise click.ClickException(f"at {where} is another gateway, {name!r:.80}")


def _say(config: Config, why: str) -> None:
    window = "history.window" if config.history is None else f"{config.history.window:g} s, history.window"
    text = f"what the gateway has not written yet (the last {window}) may be missing: {why}"
    print(plain(text), file=sys.stderr)


def items(found: Any, sender: str, unit: str) -> Sequence[Item]:
    """The rows and marks of an answer, as they were heard; nothing if it is no such answer."""
    try:
        rows: list[Item] = [
            Reading(sender, unit, int(at), float(value), int(quality), None, 0, EventId(int(at), 0))
            for at, value, quality in found["rows"]
        ]
        rows += [Mark(sender, int(at), str(reason)) for at, reason in found["marks"]]
    except (TypeError, ValueError, KeyError, OverflowError):
        return ()
    return sorted(rows, key=lambda row: row.time if isinstance(row, Reading | Mark) else 0)
