"""Tables and charts on standard output, through rich."""

from __future__ import annotations

from typing import Any

from rich.console import Console


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """A closed pipe is the command line's affair, as for every command; rich would end with 1."""
        raise BrokenPipeError


def console(**options: Any) -> Console:
    """rich's, with these options."""
    return _Console(**options)
