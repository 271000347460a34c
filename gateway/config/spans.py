"""Time spans in the config: one parser, that of the drivers' options, whatever section they are in."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator


def _parse(value: object) -> float:
    from drivers.options import parse_duration  # the drivers cost time, and few sections have such a key

    return parse_duration(value)


AS_SPAN = BeforeValidator(_parse)
Span = Annotated[float, AS_SPAN]
"""Seconds, from what docs/configuration.md says under "Time spans"."""

_UNITS = {"d": 86400, "h": 3600, "min": 60}


def written(seconds: float) -> str:
    """As somebody would write it: `400d`, `90s`, `0.5s`."""
    for unit, size in _UNITS.items():
        if seconds and seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:.15g}s"
