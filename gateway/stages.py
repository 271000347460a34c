"""In which order the services start, and stop.

Who listens starts before who speaks, and stops after it. HTTP starts after the links: it is not to hold up
their first values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gateway.service import MARGIN_S, Service

LINKS_S = 1.0 + MARGIN_S
DISPATCHER_S = 0.3 + MARGIN_S
SERVER_S = 0.4

STAGES = (
    (SERVER_S, ("router", "clock", "history", "mqtt", "fleet")),
    (DISPATCHER_S, ("dispatcher",)),
    (LINKS_S, ("links", "http")),
)
"""The services by name, in the order of their start."""


class Stage(NamedTuple):
    """Services that are stopped at the same time, in `within_s` seconds or what is left of all."""

    within_s: float
    services: Sequence[Service]


def stages_of(services: Mapping[str, Service]) -> list[Stage]:
    """Of those that there are, in the order of their start."""
    return [
        Stage(within_s, [services[name] for name in names if name in services]) for within_s, names in STAGES
    ]
