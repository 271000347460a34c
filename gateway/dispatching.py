"""The dispatcher, as a service."""

from __future__ import annotations

from drivers.dispatcher import Dispatcher
from gateway import health
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
