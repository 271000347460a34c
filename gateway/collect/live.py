"""The live side: a router over all gateways, for the dashboard and the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sig
from gateway.service import Part

if TYPE_CHECKING:
    from gateway.fleet.session import Settings


class Live:
    """A service round the router."""

    name = "live"

    def __init__(self, settings: Settings, sites: Sequence[str]) -> None:
        self.router = sig.Router()

    def start(self) -> None:
        """See `Service`."""

    def stop(self, within_s: float) -> bool:  # noqa: ARG002
        """See `Service`."""
        return True

    def status(self) -> dict[str, Part]:
        """See `Service`."""
        return {}
