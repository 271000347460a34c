"""The live side, for the dashboard and the API: a router over all gateways, which shows what is now, while
what was comes to history in its own time."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from gateway.fleet.joining import Joining
from gateway.fleet.router import FleetRouter
from gateway.service import Part
from gateway.service_thread import left_behind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.fleet.session import Settings

logger = logging.getLogger(__name__)

TRY_S = 1.0
"""What a try to connect has. Once connected it comes back by itself."""


class Live:
    """As a service: a thread, `collect-live`, connects the router, and ends. `sites`: as of a FleetRouter."""

    name = "live"

    def __init__(
        self, settings: Settings, sites: Sequence[str], router_of: Callable[..., FleetRouter] = FleetRouter
    ) -> None:
        self.router = router_of(settings, sites=sites)
        self._joining = Joining(
            "collect-live",
            partial(self.router.connect, TRY_S),
            lambda _router: None,
            lambda router: router.disconnect(),
            partial(logger.debug, "live: %s"),  # the consumer says it, too
        )

    def start(self) -> None:
        """See `Service`."""
        self._joining.start()

    def stop(self, within_s: float) -> bool:
        """See `Service`."""
        if not self._joining.stop(within_s):
            left_behind(self.name, within_s)
            return False
        return self.router.disconnect()

    def status(self) -> dict[str, Part]:
        """See `Service`: that there is no connection, the consumer says."""
        return {}
