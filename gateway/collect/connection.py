"""Whether the collector has a router of the fleet, and why not. Pure."""

from __future__ import annotations

import logging

logger = logging.getLogger(__name__)

NOT_YET = "not connected yet"
AWAY = "no router of the fleet is there now; it is tried again and again"


class Connection:
    """`problem`: why there is none; None while there is one. It may be read on any thread."""

    def __init__(self) -> None:
        self.problem: str | None = NOT_YET
        self._routers: set[str] = set()  # that are connected

    def opened(self, problem: str | None) -> None:
        """There is a session, or why it could not be opened."""
        if problem is not None and self.problem != problem:
            logger.error("fleet: %s; it is tried again and again", problem)
        self.problem = problem

    def reached(self, router: str, *, there: bool) -> bool:
        """That one is connected, or is not any more. Whether there is one now."""
        (self._routers.add if there else self._routers.discard)(router)
        if not self._routers:
            self.problem = AWAY
        elif self.problem == AWAY:
            self.problem = None
        return bool(self._routers)
