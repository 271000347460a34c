"""What `/metrics` tells of the fleet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gateway.collect.member import Member
from gateway.samples import Family, Sample, counter, gauge


class Counts(NamedTuple):
    """Since the start: live events that were let go, messages that were not understood."""

    let_go: int
    not_understood: int


def families(members: Sequence[Member], counts: Counts) -> Iterator[Family]:
    """See `Measured`."""
    told = [((("gateway", member.name),), member.told()) for member in members]

    def each(key: str) -> list[Sample]:
        return [Sample(labels, facts[key]) for labels, facts in told]

    yield gauge("fleet_gateway_up", "Whether the gateway is there.", each("up"))
    yield gauge("fleet_gateway_heard_timestamp_seconds", "When an event of it came last.", each("heard"))
    text = "Events that it has and that are not kept here yet."
    yield gauge("fleet_gateway_waiting_events", text, each("waiting"))
    text = "What its clock is ahead of the collector's."
    yield gauge("fleet_gateway_clock_ahead_seconds", text, each("clock_ahead"))
    yield counter("fleet_events_total", "Events that were taken.", each("events"))
    text = "Events that the gateway could not keep until they were taken."
    yield counter("fleet_lost_events_total", text, each("lost"))
    text = "Live events that were let go for want of room, and come again."
    yield counter("fleet_let_go_events_total", text, counts.let_go)
    text = "Messages that could not be understood."
    yield counter("fleet_not_understood_total", text, counts.not_understood)
