"""The shape of the config's `fleet` section."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gateway.config.fields import Name, Section, field
from gateway.config.reach import Certificates, Routers
from gateway.config.sizes import Size
from gateway.config.spans import Span
from gateway.naming import CHARACTERS

LEAST_SIZE, MOST_SIZE = 10**6, 1000 * 10**9


class FleetSection(Section):
    """`fleet`: which fleet this gateway belongs to. Its name there is `gateway.name`."""

    site: Name = field(
        ...,
        "Where this gateway is: the first part of its senders' names in the fleet, `SITE/GATEWAY/SENDER`.",
        f"a name of {CHARACTERS}",
        "north",
        quote=True,
        name=True,
    )
    routers: Routers
    tls: Certificates
    consumers: list[Name] = field(
        ["collector"],
        "Who is to have every event: what one of them has not confirmed is kept. `[]`: nobody, so nothing "
        "is written to the disk; the newest are in memory.",
        "a list of names, as in the `collect.name` of each",
        "[collector]",
    )
    keep: Annotated[Span, Field(ge=60)] = field(
        604800.0,
        "How long an event is kept that not all have confirmed.",
        "a time span from 60s, such as 7d; a number is seconds",
        "7d",
    )
    size: Annotated[Size, Field(ge=LEAST_SIZE, le=MOST_SIZE)] = field(
        100 * 10**6,
        "How much of the disk they take at most; beyond it, the oldest go, and are told as lost.",
        "a size from 1MB to 1000GB, such as 100MB; a number is bytes",
        "100MB",
    )
    loss_window: Annotated[Span, Field(ge=0.1, le=60)] = field(
        5.0,
        "What a kill or a power cut may lose of the events that not all have confirmed; what is confirmed in "
        "this time is never written.",
        "a time span from 100ms to 60s; a number is seconds",
        "5s",
    )
