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
