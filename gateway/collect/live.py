"""The live side, for the dashboard and the API: a router over all gateways, which shows what is now, while
what was comes to history in its own time."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from gateway.fleet.router import FleetRouter
from gateway.fleet.session import FleetError
from gateway.service import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.fleet.session import Settings

logger = logging.getLogger(__name__)

TRY_S, PAUSE_S = 1.0, 2.0
"""What a try to connect has, and between two of them. Once connected it comes back by itself."""


class Live:
    """As a service: a thread, `collect-live`, connects the router, and ends. `sites`: as of a FleetRouter."""

    name = "live"

    def __init__(
        self, settings: Settings, sites: Sequence[str], router_of: Callable[..., FleetRouter] = FleetRouter
    ) -> None:
        self.router = router_of(settings, sites=sites)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """See `Service`."""
        if self._thread is None:
            thread = threading.Thread(target=self._connect, name="collect-live", daemon=True)
            thread.start()
            self._thread = thread

    def stop(self, within_s: float) -> bool:
        """See `Service`."""
        thread = self._thread
        if thread is None:
            return True
        self._stopping.set()
        thread.join(within_s)
        if thread.is_alive():
            logger.warning("stopping: live did not stop within %g s and is left behind", within_s)
            return False
        self._thread = None
        return self.router.disconnect()

    def status(self) -> dict[str, Part]:
        """See `Service`: that there is no connection, the consumer says."""
        return {}

    def _connect(self) -> None:
        told = ""
        while not self._stopping.is_set():
            try:
                self.router.connect(TRY_S)
            except (FleetError, ImportError) as error:
                logger.debug("live: %s", error)
            except Exception as error:
                if repr(error) != told:
                    told = repr(error)
                    logger.exception("live: it cannot connect, and tries again; please report this")
            else:
                return
            self._stopping.wait(PAUSE_S)
