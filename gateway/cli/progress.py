"""A bar on standard error, on a terminal: how far a command has come."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

Tell = Callable[[float], None]
"""Takes the part that is done, from 0 to 1."""


@contextlib.contextmanager
def progress(what: str) -> Iterator[Tell]:
    """Gives what is to be told; without a terminal nothing is shown."""
    if not sys.stderr.isatty():
        yield lambda _part: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(Text(what).markup, total=1.0)
        yield lambda part: bar.update(task, completed=part)
