"""The senders of a gateway: whose their names are, which are listed, and why one is not connected."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import Any

import sig
from sig.carrier.base import Carrier
from sig.net.session import Session
from sig.sender import Handlers

OWN_NAME = "$gateway"
"""The sender of the gateway itself (`gateway.own_sender`)."""


class GatewayRouter(sig.ServerRouter):
    """A router whose clients may add senders, but none that is called like a sensor or the gateway's own.

    A sensor's sender is not connected while its board is away. Could a client take the name then, listeners
    would get that client's values as the sensor's, and the sensor could not connect when its board is back.
    """

    def __init__(self, carrier: Carrier, sensors: Container[str], class_sender: type[sig.Sender]) -> None:
        super().__init__(carrier, class_sender=class_sender)
        self._sensors = sensors

    def serve(self, carrier: Carrier) -> None:
        """Serve who comes by that one from now on. Those who came by the one before are served on."""
        carrier.bind(self._accept)
        self.carrier = carrier

    def listSenders(self) -> list[sig.Sender]:  # noqa: N802 - the seed's name
        """As `sig.Router`'s, but for the gateway's own."""
        return [sender for sender in super().listSenders() if sender.getName() != OWN_NAME]

    def register_for(
        self, session: Session, name: str, events: Iterable[str] | str | None, requests: Handlers, size: int
    ) -> None:
        """As `sig.ServerRouter`'s; NameError, which the client is told, for a sensor's name."""
        if name == OWN_NAME:
            raise NameError(f"'{name}' is the gateway itself: choose another name")
        if name in self._sensors:
            raise NameError(f"'{name}' is a sensor of this gateway: choose another name")
        super().register_for(session, name, events, requests, size)


def release(router: sig.Router, name: str) -> None:
    """No sensor is called so any more: it is not listed, unless somebody listens to it or has taken the
    name."""
    with router.lock:
        sender = router.getSender(name)
        if sender is not None:
            sender._kept = False
            router.forget(sender)


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
