"""All numbers of the gateway at one moment."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from gateway.metrics import process
from gateway.metrics.text import exposition
from gateway.samples import Dropping, Family, Labels, Looping, Measured, Sample, counter, gauge
from gateway.service import Service
from gateway.version import package_version

PREFIX = "sig_gateway_"
_UNPREFIXED = "process_"
"""Those have names that every program's have."""


class Clock(Protocol):
    """What is asked of the house's clock."""

    def utc(self) -> float:
        """Now, in seconds since 1970."""

    def stamp(self, moment: float) -> tuple[float, bool]:
        """The UTC of a moment, and whether that may be wrong."""


class Metrics:
    """`text` may be called on any thread, and waits for nothing: what it asks holds its locks for a few
    assignments. `services`: who is there by now."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        services: Callable[[], Iterable[Service]],
    ) -> None:
        about = {"name": name, "version": package_version(), "python": platform.python_version()}
        self._info: Labels = tuple(about.items())
        self._clock = clock
        self._services = services
        self._started = process.started_at()

    def text(self) -> str:
        """Prometheus' text format, version 0.0.4."""
        return exposition(_joined(self._families()))

    def _families(self) -> Iterator[Family]:
        services = list(self._services())
        yield gauge("build_info", "What runs; always 1.", [Sample(self._info, 1)])
        text = "The gateway's own time, to compare timestamps with."
        yield gauge("time_seconds", text, self._clock.utc())
        yield _dropped({each.name: each.dropped() for each in services if isinstance(each, Dropping)})
        for service in services:
            if isinstance(service, Measured):
                yield from service.families()
        yield self._loops(service for service in services if isinstance(service, Looping))
        start = None if self._started is None else self._clock.stamp(self._started)[0]
        yield from process.families(start)

    def _loops(self, services: Iterable[Looping]) -> Family:
        text = "When a thread's loop went round last; one that waits for something to do does so now."
        found: dict[str, float] = {}
        for service in services:
            found |= service.loops()
        return gauge(
            "loop_timestamp_seconds",
            text,
            [Sample((("loop", loop),), self._clock.stamp(at)[0]) for loop, at in found.items()],
        )


def _dropped(by_cause: Mapping[str, Mapping[str, int]]) -> Family:
    """Every sender has a sample for each cause from the start: a counter that comes with its first loss hides
    that one from `increase`."""
    senders = dict.fromkeys(sender for losses in by_cause.values() for sender in losses)
    samples = [
        Sample((("sender", sender), ("cause", cause)), losses.get(sender, 0))
        for cause, losses in by_cause.items()
        for sender in senders
    ]
    return counter("dropped_total", "Readings and events that were lost within the gateway.", samples)


def _joined(families: Iterable[Family]) -> Iterable[Family]:
    """With their prefix, and one of each name: a name may be there only once."""
    found: dict[str, Family] = {}
    for family in families:
        before = found.get(family.name)
        if before is not None:
            found[family.name] = before._replace(samples=[*before.samples, *family.samples])
            continue
        prefix = "" if family.name.startswith(_UNPREFIXED) else PREFIX
        found[family.name] = family._replace(name=prefix + family.name)
    return found.values()
