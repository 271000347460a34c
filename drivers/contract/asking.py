"""Who takes a channel in a test of the contract, and who asks."""

from collections.abc import Callable
from typing import NamedTuple

from drivers.clock import boottime
from drivers.contract.waiting import until
from drivers.link import Link
from drivers.source import Device, Measurement, Missing

# Longer than anything that a test waits for: a request that ends only by its time-out fails the test.
NEVER_S = 60.0


class Asked(NamedTuple):
    """A request: when it was made (monotonic), and what it returned or raised."""

    called: float
    outcome: object


def read(link: Link, channel: str, timeout_s: float) -> Asked:
    """A live read of the channel."""
    return asked(lambda: link.request("read", channel, timeout_s=timeout_s))


def asked(request: Callable[[], object]) -> Asked:
    """Any request."""
    called = boottime()
    try:
        return Asked(called, request())
    except Exception as error:  # noqa: BLE001 - the tests say which it may be
        return Asked(called, error)


class Taker:
    """A sink: keeps what comes. `then` is called once, in the next `accept`."""

    interval_ms = None

    def __init__(self, channel: str, link: Link) -> None:
        self.channel = channel
        self.measurements: list[Measurement] = []
        self.ups = self.downs = 0
        self.up = False
        self.then: Callable[[], object] = lambda: None
        self._link = link

    def wait_for(self, count: int, within_s: float) -> None:
        """Until so many measurements have come."""
        what = f"measurement {count} of {self.channel}, after {len(self.measurements)}"
        until(lambda: len(self.measurements) >= count, within_s, what, self._link)

    def heard(self, _measurement: Measurement, /) -> None:
        """See `drivers.sink.Sink`; `accept` is enough here."""

    def missed(self) -> None:
        """The same."""

    def accept(self, measurement: Measurement, /) -> None:
        """See `drivers.sink.Sink`."""
        self.measurements.append(measurement)
        then, self.then = self.then, lambda: None
        then()

    def missing(self, _missing: Missing, /) -> None:
        """See `Sink`."""

    def link_up(self, _device: Device, _warning: str | None, /) -> None:
        """See `drivers.sink.Sink`."""
        self.ups += 1
        self.up = True

    def link_down(self, _reason: str, /) -> None:
        """See `drivers.sink.Sink`."""
        self.downs += 1
        self.up = False
