"""The history's file in a config's data folder, as commands find it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

import click

from gateway.config import Config
from gateway.plain import plain
from gateway.recording import FILE
from gateway.storage.schema import BROKEN, StoreError, code_of

MOST_NAMES = 20
"""That an error lists."""


def file_of(config: Config) -> Path:
    """Its path; raises click's exception (exit status 1) that says why there is none."""
    path = config.data / FILE
    if path.exists():
        return path
    for out in config.left_out:
        if out.part[0] == "history":
            raise click.ClickException(f"there is no history: the section is {out.reason}")
    if config.history is None:
        raise click.ClickException(f"this gateway keeps no history; write in {config.path}: history: {{}}")
    raise click.ClickException(
        f"there is no history yet in {config.data}; the gateway begins one when it runs: sig-gateway run"
    )


def unreadable(error: StoreError) -> click.ClickException:
    """The error that it cannot be read, with what mends it."""
    broken = isinstance(error.__cause__, Exception) and code_of(error.__cause__) in BROKEN
    hint = (
        "; a gateway that starts keeps what can be read of a damaged one: sig-gateway run" if broken else ""
    )
    return click.ClickException(f"the history cannot be read: {error}{hint}")


def nobody(name: str, known: Iterable[str]) -> click.ClickException:
    """The error that there is no history of that name."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, 1)
    hint = f"did you mean {close[0]}? " if close else ""
    shown = ", ".join(names[:MOST_NAMES]) or "nobody yet"
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return click.ClickException(
        plain(f"there is no history of {name!r}; {hint}there is one of: {shown}{more}")
    )
