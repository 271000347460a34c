"""`export`: history and events into a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import click

from gateway.cli.check import load_or_explain
from gateway.cli.common import EXIT_USAGE
from gateway.cli.new_file import new_file, standard_output
from gateway.cli.past import file_of, nobody, unreadable
from gateway.cli.progress import Tell, progress
from gateway.cli.unwritten import have_written
from gateway.history.archive import Archive
from gateway.history.moments import moment
from gateway.history.transfer.incoming import Counting, Counts
from gateway.history.transfer.outgoing import Wanted, exported
from gateway.history.transfer.writing import FORMATS
from gateway.plain import plain
from gateway.storage.schema import StoreError

STANDARD_OUTPUT = Path("-")
SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}
BLOCK = 1 << 16
"""Characters that are written at once."""


def export(
    config_path: Path,
    path: Path,
    *,
    since: str | None,
    until: str | None,
    names: Sequence[str],
    form: str | None,
) -> int:
    """Write `path` anew; `-` is standard output. `form`: csv or jsonl, None for what the name says."""
    now = round(time.time() * 1000)
    wanted = _wanted(since, until, names, now)
    form = form or _form(path)
    config = load_or_explain(config_path, usable=True, warn=False)
    if config is None:
        return EXIT_USAGE
    history = file_of(config)
    have_written(config)
    try:
        with Archive(history) as archive:
            known = {sender.name for sender in archive.senders()}
            for name in names:
                if name not in known:
                    raise nobody(name, known)
            there = standard_output() if path == STANDARD_OUTPUT else new_file(path)
            with there as file, progress(f"exporting to {plain(str(path))}") as tell:
                counts = _write(archive, wanted, now, form, file, tell)
    except StoreError as error:
        raise unreadable(error) from None
    print(f"exported {counted(counts)}", file=sys.stderr)
    return 0


def counted(counts: Counts) -> str:
    """`5 readings, 1 gap and 2 events of 3 sensors`."""
    parts = [(counts.readings, "reading"), (counts.gaps, "gap"), (counts.events, "event")]
    words = [_number(*part) for part in parts]
    if counts.untimed:
        words.append(f"{counts.untimed} of no known time")
    return f"{', '.join(words[:-1])} and {words[-1]} of {_number(len(counts.senders), 'sender')}"


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _wanted(since: str | None, until: str | None, names: Sequence[str], now: int) -> Wanted:
    try:
        begin = None if since is None else moment("--since", since, now)
        end = None if until is None else moment("--until", until, now)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if begin is not None and begin >= (now if end is None else end):
        raise click.UsageError(f"--since: expected a time before --until, got {since!r}")
    return Wanted(begin, end, frozenset(names) or None)


def _form(path: Path) -> str:
    if path == STANDARD_OUTPUT:
        return "jsonl"
    form = SUFFIXES.get(path.suffix.lower())
    if form is None:
        raise click.UsageError(
            f"FILE: expected a name that ends with .csv or .jsonl, or --format; got {path}"
        )
    return form


def _write(archive: Archive, wanted: Wanted, now: int, form: str, file: IO[bytes], tell: Tell) -> Counts:
    head, line = FORMATS[form]
    block, size = [head], 0
    counting = Counting()
    for record in exported(archive, wanted, now, tell):
        counting.add(record)
        block.append(line(record))
        size += len(block[-1])
        if size >= BLOCK:
            file.write("".join(block).encode())
            block, size = [], 0
    file.write("".join(block).encode())
    file.flush()
    return counting.counts
