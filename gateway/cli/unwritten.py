"""What a running gateway has not written to its history yet: at most `history.window` of it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

import click

import sig
from gateway.cli.client import connection
from gateway.cli.own_gateway import own_token, own_url
from gateway.config import Config
from gateway.event_id import EventId
from gateway.history.rows import Item, Mark, Reading
from gateway.senders import OWN_NAME

WITHIN_S = 1.0
"""A gateway that does not answer in that time is none."""


class Deadline:
    """So many seconds from now."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds; a millisecond at least, as no request takes less."""
        return max(0.001, self._at - time.monotonic())


def unwritten(config: Config, url: str | None, token: str | None, sender: str, unit: str) -> Sequence[Item]:
    """What the gateway at `url` has of the sender; without one, that of the config. Nothing where none
    answers, another one does, or it keeps no history. `unit`: of the readings, if nobody says it."""
    is_named = url is not None
    deadline = Deadline(WITHIN_S)
    with contextlib.suppress(click.ClickException, sig.RequestError):
        where, secret = url or own_url(config), token or (None if is_named else own_token(config))
        with connection(where, secret, within_s=WITHIN_S) as client:
            if not is_named:
                info = client.remoteRequest(OWN_NAME, "info", timeout=deadline.left())
                if not isinstance(info, Mapping) or info.get("name") != config.gateway.name:
                    return ()
            found = client.remoteRequest(OWN_NAME, "history", {"sender": sender}, timeout=deadline.left())
            with contextlib.suppress(sig.RequestError):  # it is not connected, say
                last = client.remoteRequest(sender, "last", timeout=deadline.left())
                unit = str(last["unit"]) if isinstance(last, Mapping) and "unit" in last else unit
            return items(found, sender, unit)
    return ()


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
