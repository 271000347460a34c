"""What the gateway listens to at the broker; where there are no wildcards, to each method by itself.

All of it belongs to the bridge's thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import sig
from gateway.encoding import characters
from gateway.mailbox import MAX_NAME
from gateway.mqtt.topics import Topics

logger = logging.getLogger(__name__)

MOST = 1000
"""Methods that are subscribed to one by one: 250 sensors have as many."""


class Subscriptions:
    """`fixed`: topics without wildcards. `subscribe` sends it; between `up` and `down`."""

    def __init__(
        self, names: Topics, router: sig.Router, fixed: tuple[str, ...], subscribe: Callable[..., None]
    ) -> None:
        self._names = names
        self._router = router
        self._fixed = fixed
        self._subscribe = subscribe
        self._one_by_one = False
        self._done: set[str] = set()
        self._told = False

    def up(self, *, wildcards: bool) -> None:
        """There is a connection."""
        self._one_by_one = not wildcards
        self._done.clear()
        self._subscribe(*([self._names.requests] if wildcards else []), *self._fixed)
        for sender in self._router.listSenders() if self._one_by_one else ():
            self._methods(sender)

    def down(self) -> None:
        """There is none."""
        self._one_by_one = False

    def sender(self, name: str) -> None:
        """One has come, perhaps with methods that it did not have before."""
        sender = self._router.getSender(name) if self._one_by_one else None
        if sender is not None:
            self._methods(sender)

    def _methods(self, sender: sig.Sender) -> None:
        name = characters(sender.getName())
        methods = [characters(method) for method in sender.getRequests() or () if method is not None]
        topics = [self._names.request(name, one) for one in methods if len(name) + len(one) <= MAX_NAME]
        wanted = [topic for topic in topics if topic not in self._done]
        new = wanted[: MOST - len(self._done)]
        self._done.update(new)
        if len(new) < len(wanted) and not self._told:
            self._told = True
            logger.warning(
                "mqtt: the broker has no wildcard subscriptions, and there are more than %d methods to "
                "subscribe to: %s and those that come later cannot be called over MQTT",
                *(MOST, wanted[len(new)]),
            )
        if new:
            self._subscribe(*new)
