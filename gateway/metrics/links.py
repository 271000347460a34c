"""Links in numbers, from what they say of themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from drivers.latency import BOUNDS_S, Taken
from drivers.link import Link, LinkState, LinkStatus
from gateway.samples import Family, Sample, Value, counter, gauge, histogram

GOOD = ("lines", "answers", "reads")
"""The counters of the protocols that count what was good: lines and frames that could be read, files."""
ERRORS = (
    "damaged",
    "double",
    "failed",
    "hung",
    "jammed",
    "late",
    "lost",
    "malformed",
    "no_answer",
    "no_number",
    "noise",
    "refused",
    "repeated",
    "restarts",
    "unasked",
    "unknown_channel",
)
"""Those that count what was not. `damaged`: a wrong checksum, or CRC."""


class LinkNow(NamedTuple):
    """One at this moment."""

    status: LinkStatus
    requests: Taken


def now(link: Link) -> LinkNow:
    """As it is."""
    return LinkNow(link.status(), link.latency.taken())


def families(links: Sequence[LinkNow]) -> Iterator[Family]:
    """Of all links."""

    def each(take: Callable[[LinkStatus], Value]) -> list[Sample]:
        return [Sample((("link", link.status.name),), take(link.status)) for link in links]

    def by_cause(link: LinkStatus) -> list[Sample]:
        name, found = ("link", link.name), link.counters
        return [Sample((name, ("cause", cause)), found[cause]) for cause in ERRORS if cause in found]

    yield gauge("link_up", "Whether a device answers on it.", each(lambda link: link.state is LinkState.UP))
    yield gauge("link_devices", "Devices that are there.", each(lambda link: len(link.devices)))
    text = "How often it came up again, after the first time."
    yield counter("link_reconnects_total", text, each(lambda link: link.reconnects))
    text = "Lines, frames or files that could be read."
    yield counter("link_messages_total", text, each(_messages))
    text = "What was no good on the line, by cause; damaged: a wrong checksum or CRC."
    errors = [sample for link in links for sample in by_cause(link.status)]
    yield counter("link_errors_total", text, errors)
    text = "How long the bus was in use, where there is one."
    yield counter("link_bus_busy_seconds_total", text, each(_busy_s))
    text = "Requests that are not answered yet."
    yield gauge("link_waiting_requests", text, each(lambda link: link.waiting))
    yield from _requests(links)


def _requests(links: Sequence[LinkNow]) -> Iterator[Family]:
    taken = [((("link", link.status.name),), link.requests) for link in links]
    text = "How long requests to devices took, most of them live reads, those that failed included."
    yield histogram("request_duration_seconds", text, BOUNDS_S, taken)
    errors = [
        Sample((*labels, ("error", error)), count)
        for labels, requests in taken
        for error, count in requests.errors.items()
    ]
    yield counter("request_errors_total", "Requests to devices that failed, by type of error.", errors)


def _messages(link: LinkStatus) -> int:
    return sum(link.counters.get(name, 0) for name in GOOD)


def _busy_s(link: LinkStatus) -> Value:
    busy_ms = link.counters.get("bus_busy_ms")
    return None if busy_ms is None else busy_ms / 1000
