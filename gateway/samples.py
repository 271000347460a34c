"""What the parts of the gateway say of themselves in numbers. `gateway.metrics` makes Prometheus' text of it.

A service says so with methods that it has or has not: `families`, `dropped`, `loops`; see `Measured`,
`Dropping`, `Looping`. Names are as https://prometheus.io/docs/practices/naming/ has them, without the prefix
that all have in common: base units (`_seconds`, `_bytes`), `_total` for what only grows,
`_timestamp_seconds` for when something was, as an age would be old when it is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from drivers.latency import Taken

COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"

Labels = tuple[tuple[str, str], ...]
"""Names and values; a tuple, so that their text can be found again at the next scrape."""
NO_LABELS: Labels = ()
Value = float | None
"""None: there is none now, and no sample."""


class Sample(NamedTuple):
    """A number. `suffix`: of its family's name, for a histogram's."""

    labels: Labels
    value: Value
    suffix: str = ""


class Family(NamedTuple):
    """Numbers of one meaning. No two samples have the same labels and suffix."""

    name: str
    kind: str
    help: str
    samples: Sequence[Sample]


@runtime_checkable
class Measured(Protocol):
    """A service with numbers of its own."""

    def families(self) -> Iterable[Family]:
        """As they are now. From any thread; waits for nothing. Where several services have a family of one
        name, such as `disk_written_bytes_total{part}`, their samples are put together."""


@runtime_checkable
class Dropping(Protocol):
    """A service that readings or events may be lost on the way to; its name is the cause."""

    @property
    def name(self) -> str:
        """The service's."""

    def dropped(self) -> Mapping[str, int]:
        """How many, by sender, since the start. From any thread; waits for nothing."""


@runtime_checkable
class Looping(Protocol):
    """A service with threads that go round."""

    def loops(self) -> Mapping[str, float]:
        """When (monotonic) each went round last, by the thread's name; one that sleeps and can be woken does
        so now. From any thread; waits for nothing."""


def gauge(name: str, text: str, value: Value | Iterable[Sample]) -> Family:
    """What goes up and down; a single number, or some with labels."""
    return Family(name, GAUGE, text, _samples(value))


def counter(name: str, text: str, value: Value | Iterable[Sample]) -> Family:
    """What only grows while the process lives."""
    return Family(name, COUNTER, text, _samples(value))


def histogram(name: str, text: str, bounds: Sequence[float], taken: Iterable[tuple[Labels, Taken]]) -> Family:
    """How many were within each of the `bounds`."""
    samples: list[Sample] = []
    for labels, each in taken:
        within = list(accumulate(each.counts))
        for bound, count in zip((*map(str, bounds), "+Inf"), within, strict=True):
            samples.append(Sample((*labels, ("le", bound)), count, "_bucket"))
        samples += Sample(labels, each.sum_s, "_sum"), Sample(labels, within[-1], "_count")
    return Family(name, HISTOGRAM, text, samples)


def _samples(value: Value | Iterable[Sample]) -> Sequence[Sample]:
    if value is None or isinstance(value, int | float):
        return (Sample(NO_LABELS, value),)
    return list(value)


def disk_written(part: str, written: int | None) -> Family:
    """Bytes that a part has written to the disk since the start; None where the system does not tell."""
    text = "Bytes written to the disk, as the kernel counts them, without the file system's own."
    return counter("disk_written_bytes_total", text, [Sample((("part", part),), written)])
