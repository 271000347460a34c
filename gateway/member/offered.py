"""What a gateway answers to the fleet: who is here, and requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sig
from gateway.overview import Overview


class Offered:
    """`overview`: of `router`'s senders; `about`: what is said of the gateway itself. Any thread."""

    def __init__(
        self, router: sig.Router, overview: Overview, about: Callable[[], Mapping[str, Any]]
    ) -> None:
        self._router = router
        self._overview = overview
        self._about = about

    def answer(self, sender: str, method: str, params: Any, _timeout_s: float) -> Any:
        """Ask a sender here, the gateway's own too; handlers know no time-out. Raises sig.RequestError, and
        whatever a handler raises."""
        return self._router.request(sender, method, params)

    def senders(self) -> dict[str, Any]:
        """What `senders --json` prints, with the names of each one's requests (None: it takes any)."""
        return {
            "gateway": dict(self._about()),
            "senders": [self._with_requests(e) for e in self._overview.all()],
        }

    def _with_requests(self, entry: dict[str, Any]) -> dict[str, Any]:
        sender = self._router.getSender(entry["sender"])
        requests = sender.getRequests() if sender is not None else []
        named = None if requests is None or None in requests else requests
        return {**entry, "requests": named}
