"""Why a config is refused: what runs now goes on, untouched."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gateway.config import Config, ConfigError, load, load_usable
from gateway.config.problems import in_order_of_the_file

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.config import LeftOut, Problem

MOST = 200
"""Lines of a refusal: a config of 1,000 sensors may have one mistake in each."""


class RefusedError(Exception):
    """`lines`: a problem each, as `check` says it."""

    def __init__(self, lines: Iterable[str]) -> None:
        every = list(lines)
        more = [f"… and {len(every) - MOST} more"] if len(every) > MOST else []
        self.lines = [*every[:MOST], *more]
        super().__init__("\n".join(self.lines))


def refused(problems: Iterable[Problem]) -> RefusedError:
    """For what is wrong in a file."""
    return RefusedError(str(problem) for problem in problems)


def load_beside(running: Config) -> Config:
    """The file of the config that runs, as it is now.

    Raises RefusedError if it could not be started, or if a part of it would be left out that is not left out
    now: at a start the rest runs without it, and here the old one runs.
    """
    try:
        config = load_usable(running.path)
    except ConfigError as error:
        raise refused(error.problems) from None
    check_left_out(running, config)
    return config


def check_left_out(running: Config, config: Config) -> None:
    """Raises RefusedError for a part that is left out of `config` and not of `running`."""
    known = {out.part for out in running.left_out}
    outs = [out for out in config.left_out if out.part not in known]
    if outs:
        raise refused(_as_check_says(config.path, outs))


def _as_check_says(path: Path, outs: Iterable[LeftOut]) -> Iterable[Problem]:
    """All that is wrong in the file; or why those are left out, where its checks find nothing: somebody
    else's driver fails when it is used."""
    try:
        load(path)
    except ConfigError as error:
        return error.problems
    return in_order_of_the_file(problem for out in outs for problem in out.problems)
