"""A file that is there whole, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click

ENDING = ".new"
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Takes the place of what is there when the block ends; if the block raises, nothing is left of it.

    It is written beside, under the name with `.new`; one that a kill has left there goes. Raises
    `click.ClickException` for what cannot be written.
    """
    beside = path.with_name(path.name + ENDING)
    try:
        if path.exists() and not path.is_file():
            raise click.ClickException(f"{path} is no file; `-` writes to standard output")
        beside.unlink(missing_ok=True)
        with beside.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        why = "the disk is full" if error.errno in _FULL else error.strerror or str(error)
        raise click.ClickException(f"{path} cannot be written: {why}; nothing of it is left") from None
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


@contextlib.contextmanager
def standard_output() -> Iterator[IO[bytes]]:
    """In its place; what cannot be written there is the command line's affair, as for every command."""
    yield sys.stdout.buffer
