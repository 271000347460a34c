"""The dispatcher, as a service."""

from __future__ import annotations

from collections.abc import Iterator

from drivers.dispatcher import Dispatcher
from gateway import health
from gateway.samples import Family, counter, gauge
from gateway.service import Part


class Dispatching:
    """The thread that runs the listeners of all links."""

    name = "dispatcher"

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    def start(self) -> None:
        """See `Service`."""
        self._dispatcher.start()

    def stop(self, within_s: float) -> bool:
        """See `Service`."""
        return self._dispatcher.stop(within_s)

    def status(self) -> dict[str, Part]:
        """See `Service`."""
        return {"dispatcher": health.of_dispatcher(self._dispatcher.status())}

    def families(self) -> Iterator[Family]:
        """See `Measured`."""
        status = self._dispatcher.status()
        text = "Readings and news that wait for listeners."
        yield gauge("dispatcher_queue_events", text, status.waiting)
        yield gauge("dispatcher_queue_max_events", "The most that may wait.", status.capacity)
        text = "Readings that found no room there."
        yield counter("dispatcher_dropped_readings_total", text, status.dropped)

    def loops(self) -> dict[str, float]:
        """See `Looping`."""
        return {"dispatcher": self._dispatcher.turned}
