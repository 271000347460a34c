"""What is typed for options that are more than a word."""

from __future__ import annotations

import math
import unicodedata
from typing import Any

import click


class Name(click.ParamType):  # type: ignore[type-arg]
    """A sender's name, as the config has it: ü is one character, however the terminal sends it."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002
        """See `click.ParamType`."""
        return unicodedata.normalize("NFC", str(value))


class Seconds(click.ParamType):  # type: ignore[type-arg]
    """A number of seconds, or a time span as in the config: `5`, `0.5`, `5s`, `500ms`, `2min`."""

    name = "seconds"

    def __init__(self, least: float, most: float = math.inf) -> None:
        self._least = least
        self._most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """See `click.ParamType`."""
        seconds = value if isinstance(value, float) else _parsed(str(value))
        if seconds is None:
            write = _mended(str(value))
            hint = "" if write is None else f"; write {write}"
            self.fail(f"expected seconds, or a time span such as 5s or 2min, got {value!r}{hint}", param, ctx)
        if not self._least <= seconds <= self._most:
            most = "" if self._most == math.inf else f" to {self._most:g}"
            self.fail(f"expected seconds from {self._least:g}{most}, got {value!r}", param, ctx)
        return seconds


def _parsed(text: str) -> float | None:
    """None for what is neither, and for nan and infinity, which no clock ever reaches."""
    try:
        seconds = float(text)
    except ValueError:
        from drivers.options import parse_duration  # where a span is written, and no number

        try:
            return parse_duration(text)
        except ValueError:
            return None
    return seconds if math.isfinite(seconds) else None


def _mended(text: str) -> str | None:
    from gateway.config.mending import mended

    return mended(
        text, lambda value: isinstance(value, int | float | str) and _parsed(str(value)) is not None
    )
