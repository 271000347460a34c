"""Senders that say why they are not connected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sig


def explaining_sender(reason: Callable[[str], str | None]) -> type[sig.Sender]:
    """A class for the router's senders: requests to a sensor whose link is down say why that is.

    `reason`: by sender's name, why it is not connected; None where nothing is known. Called on any thread.
    """

    class ExplainingSender(sig.Sender):
        def handler(self, method: str) -> tuple[Callable[..., Any], bool]:
            """As `sig.Sender`'s."""
            try:
                return super().handler(method)
            except sig.NotConnected as error:
                why = reason(self.getName())
                if why is None:
                    raise
                raise sig.NotConnected(f"{error}: {why}") from None

    return ExplainingSender
