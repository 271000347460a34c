"""`import`: a file of history and events, or a CSV file of others, into the data folder's history.

The file is read twice: every line is checked before anything is written.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

import click

from gateway.cli.check import load_or_explain
from gateway.cli.common import EXIT_USAGE
from gateway.cli.exporting import counted
from gateway.cli.progress import Tell, progress
from gateway.config import Config
from gateway.data_folder import DataFolder, InUseError
from gateway.history.archive import Archive
from gateway.history.rows import Reading
from gateway.history.store import Store
from gateway.history.transfer.incoming import Counting, Counts, Importing
from gateway.history.transfer.reading import BadLine, FileError, Names, records
from gateway.history.transfer.records import MOST_LINE, Record
from gateway.plain import plain
from gateway.recording import FILE
from gateway.storage.schema import StoreError

MOST_PROBLEMS = 20
"""That are told; the rest are counted."""
TELL_EVERY = 1000
"""Lines."""


class Checked(NamedTuple):
    """`old`: readings that are older than the history keeps them."""

    counts: Counts
    bad: int
    old: int


def import_(config_path: Path, path: Path, names: Names, *, skip_bad: bool) -> int:
    """0 if all of it is there now, 1 if nothing of it; with `skip_bad` all but bad lines."""
    config = load_or_explain(config_path, usable=True, warn=False)
    if config is None:
        return EXIT_USAGE
    if config.history is None:
        raise click.ClickException(f"this gateway keeps no history; write in {config.path}: history: {{}}")
    now = round(time.time() * 1000)
    try:
        with _held(config), _opened(path) as file:
            checked = _check(path, file, names, now - _ms(config.history.keep))
            if checked.bad and not skip_bad:
                print(
                    f"{path}: {_lines(checked.bad)} cannot be read, so nothing was imported; "
                    "`--skip-bad` leaves them out",
                    file=sys.stderr,
                )
                return 1
            _import(config, path, file, names, now)
    except FileError as error:
        text = plain(f"{path}: {error}")
        raise (click.UsageError(text) if error.usage else click.ClickException(text)) from None
    except StoreError as error:
        raise click.ClickException(f"the history cannot be written: {error}; run the import again") from None
    skipped = f"; {_lines(checked.bad)} left out" if checked.bad else ""
    print(f"imported from {path}: {counted(checked.counts)}{skipped}")
    if checked.old:
        keep = f"history.keep of {config.path} has them go"
        print(f"{checked.old:,} of the readings are older than is kept: {keep}", file=sys.stderr)
    return 0


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _lines(count: int) -> str:
    return f"{count:,} line{'' if count == 1 else 's'}"


@contextlib.contextmanager
def _held(config: Config) -> Iterator[None]:
    """The data folder is ours. Raises `click.ClickException`."""
    folder = DataFolder(config.data)
    try:
        folder.open()
        status = folder.status()
        if not status.usable:
            raise click.ClickException(status.message)
        yield
    except InUseError as error:
        text = "a gateway runs there: stop it, import, and start it again"
        raise click.ClickException(f"{error.args[0].partition(';')[0]}; {text}") from None
    finally:
        folder.close()


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        if path.exists() and not path.is_file():
            raise click.ClickException(f"{path} is no file; it is read twice, so it has to be one")
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror}") from None


def _check(path: Path, file: IO[bytes], names: Names, kept_from: int) -> Checked:
    """Tell what is wrong."""
    counting = Counting()
    bad = old = seen = 0
    with progress(f"checking {plain(str(path))}") as tell:
        for number, record in records(_raw(path, file, tell), names):
            seen += 1
            if not isinstance(record, BadLine):
                counting.add(record)
                old += isinstance(record, Reading) and record.time < kept_from
                continue
            bad += 1
            if bad <= MOST_PROBLEMS:
                print(plain(f"{path}:{number}: {record.problem}"), file=sys.stderr)
    if bad > MOST_PROBLEMS:
        print(f"and {bad - MOST_PROBLEMS:,} more such lines", file=sys.stderr)
    if not seen:
        raise FileError("expected readings, got an empty file")
    return Checked(counting.counts, bad, old)


def _import(config: Config, path: Path, file: IO[bytes], names: Names, now: int) -> None:
    section = config.history
    assert section is not None
    bounds = {"keep_ms": _ms(section.keep), "keep_events_ms": _ms(section.events), "most_bytes": section.size}
    file.seek(0)
    with contextlib.closing(Store(config.data / FILE, **bounds)) as store:
        store.open()
        with Archive(config.data / FILE) as archive, progress(f"importing {plain(str(path))}") as tell:
            Importing(store, archive, now).add(_good(records(_raw(path, file, tell), names)))


def _good(found: Iterable[tuple[int, Record | BadLine]]) -> Iterator[Record]:
    for _, record in found:
        if not isinstance(record, BadLine):
            yield record


def _raw(path: Path, file: IO[bytes], tell: Tell) -> Iterator[bytes]:
    """Lines, of one that is too long its beginning."""
    size = max(1, path.stat().st_size)
    number = 0
    while line := file.readline(MOST_LINE + 1):
        number += 1
        if number % TELL_EVERY == 0:
            tell(file.tell() / size)
        yield line
        while not line.endswith(b"\n") and len(line) > MOST_LINE:
            line = file.readline(MOST_LINE + 1)
