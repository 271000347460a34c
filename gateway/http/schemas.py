"""What comes and goes over HTTP, as models: the document of the API is made of them, and nothing else is.

Answers are not validated on their way out: the tests do that, for each operation.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Time = Annotated[
    str, Field(description="RFC 3339, UTC, with milliseconds", examples=["2026-11-22T06:30:00.123Z"])
]


class Model(BaseModel):
    """The base of all."""

    model_config = ConfigDict(extra="allow")


class Reading(Model):
    """A value, when it was measured, and whether it can be trusted."""

    value: float | None
    unit: str
    time: Time
    quality: Literal["good", "suspect", "stale"]
    seq: int | None = None
    reason: str | None = Field(None, description="why the quality is not good")
    clock: Literal["unset"] | None = Field(
        None, description="there where the machine's clock was not known to be right"
    )


class SenderEntry(Model):
    """One sender, as in the list."""

    sender: str
    connected: bool
    events: list[str]
    last: Reading | Any = Field(description="the newest known reading; null if there never was one")
    quality: str | None
    reason: str | None = Field(description="why the value is not good, or the sender not connected")
    warning: str | None = Field(description="why the device may be another one than is meant")
    kind: str | None = None
    link: str | None = None
    thresholds: dict[str, float] = Field(default_factory=dict)
    decimals: int | None = None


class SenderDetail(SenderEntry):
    """One sender, with what it says of itself."""

    info: Any = None
    stats: Any = None


class Point(Model):
    """One reading, or a bucket of several: the last of them, the least, the greatest, the mean by time."""

    time: Time
    value: float
    min: float
    max: float
    mean: float
    count: int


class Gap(Model):
    """Nothing is known of the value in that time."""

    from_: Time = Field(alias="from")
    to: Time | None = Field(description="null: it lasts")
    reason: str


class History(Model):
    """What a sensor has said. Between two points the value holds; only gaps end that."""

    sender: str
    unit: str | None
    since: Time
    until: Time
    first: Time | None = Field(description="since when there is history of this sender")
    points: list[Point]
    gaps: list[Gap]


class Answered(Model):
    """A request's response."""

    status: Literal["ok"]
    response: Any


class Failure(Model):
    """Why there is no response."""

    status: Literal["error"]
    error: str
    message: str


class Part(Model):
    """Whether data flows through a part of the gateway, and the sentence that a person needs."""

    status: Literal["ok", "unknown", "failing"]
    message: str


class Health(Model):
    """Whether data flows."""

    status: Literal["ok", "unknown", "failing"]
    parts: dict[str, Part]


class GatewayInfo(Model):
    """The gateway itself: who it is, and its links with their devices and counters."""

    name: str
    version: str
    uptime: float = Field(description="seconds")
    links: dict[str, Any]
    health: Health


class FleetGateway(Model):
    """One gateway of a fleet, as a collector sees it."""

    gateway: str = Field(description="`site/gateway`, as the names of its senders begin")
    site: str
    name: str
    up: bool
    since: Time | None = Field(description="when it came, or went, last; null: not since the collector began")
    heard: Time | None = Field(description="when an event of it came last")
    last_event: Time | None = Field(description="when the newest event that is kept was")
    version: str | None
    uptime: float | None = Field(description="seconds, as it said last")
    clock: Any = Field(None, description="what it says of its clock")
    clock_ahead: float | None = Field(description="seconds that its clock is ahead of the collector's")
    senders: int
    connected: int = Field(description="so many of its senders are")
    stored: str = Field(description="how far its events are kept, EPOCH-SEQ")
    newest: str = Field(description="the newest event that it is known to have")
    waiting: int = Field(description="events that it has and that are not kept yet")
    events: int = Field(description="taken since the collector began")
    lost: int = Field(description="that it could not keep until they were taken, since then")
    problem: str | None = Field(None, description="what is wrong with it though it is there; null: nothing")


class Login(Model):
    """What a browser says to get a cookie."""

    model_config = ConfigDict(extra="forbid", strict=True)

    token: str


class StreamEvent(Model):
    """The data of each event of the stream, as JSON."""

    sender: str
    event: str
    data: Any
