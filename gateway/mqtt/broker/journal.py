"""What the log says about connections.

A problem is logged once: again only when it is another one, or after a connection that held; in a clash with
another client of our id, after one that held for far longer. What the broker cannot do, or forbids, once.
"""

from __future__ import annotations

import logging

from gateway.mqtt.broker.complaints import Complaints
from gateway.mqtt.broker.target import Target
from gateway.mqtt.broker.versions import Versions

logger = logging.getLogger(__name__)

MAX_TOLD = 10
"""Different problems that are logged between two good connections."""


class Journal:
    """Of the connections to one broker."""

    def __init__(self, target: Target, versions: Versions) -> None:
        self._target = target
        self._versions = versions
        self._quiet = False
        """The connection is one of many: say that there is one once it holds."""
        self._told = Complaints(logger, MAX_TOLD)
        self._remarks = Complaints(logger, MAX_TOLD)

    def connected(self, *, quiet: bool) -> None:
        """There is a connection. `quiet`: not the first after others have broken."""
        self._quiet = quiet
        if not quiet:
            self._announce("connected to %s, %s")

    def steady(self) -> None:
        """It holds."""
        if self._quiet:
            self._quiet = False
            self._announce("the connection to %s holds again, %s")
        self._told.clear()

    def other_version(self) -> None:
        """The broker refuses MQTT 5."""
        logger.info("mqtt: %s does not speak MQTT 5: going on with 3.1.1", self._target.name)

    def failed(self, problem: str) -> None:
        """There is no connection."""
        self._tell(f"mqtt: no connection to {self._target.name}: {problem}; trying again until there is")

    def lost(self, text: str) -> None:
        """There is none any more; not worth a line if there was another problem already."""
        if not self._told:
            self._tell(f"mqtt: lost the connection to {self._target.name}: {text}; events wait in the outbox")

    def breaks_again(self, text: str, *, maybe_a_rival: bool) -> None:
        """It does not hold."""
        hint = (
            f". If another client has our id {self._target.client_id!r}, give one of the two another "
            "gateway.name or mqtt.client_id"
        )
        again = f"mqtt: the connection to {self._target.name} breaks again and again ({text}); trying on"
        self._tell(again + hint * maybe_a_rival)

    def taken_over(self, text: str | None) -> None:
        """Another client has our id; `text`: why the connection ended, where it did not say that itself."""
        who = "another client has" if text is None else f"{text}; the other gateway of our name seems to have"
        self._tell(
            f"mqtt: lost the connection to {self._target.name}: {who} taken our id "
            f"{self._target.client_id!r}: do two gateways have one name? Give one of them another "
            "gateway.name, or another mqtt.client_id. Until then this one comes back more and more rarely; "
            "events wait in the outbox"
        )

    def double(self) -> None:
        """Another gateway has our name."""
        logger.error(
            "mqtt: %s: another gateway of our name publishes on our topics (client id %r): "
            "give one of the two another gateway.name",
            *(self._target.name, self._target.client_id),
        )

    def remark(self, text: str) -> None:
        """Of what the broker cannot do."""
        self._remarks.tell(logging.WARNING, f"mqtt: {self._target.name}: {text}")

    def unreadable(self, topic: str, text: str) -> None:
        """A subscription was refused."""
        what = f"does not let us read {topic}: {text}; give the user the right to"
        self._remarks.tell(logging.ERROR, f"mqtt: {self._target.name} {what}")

    def _announce(self, text: str) -> None:
        """There is a connection; if it speaks another version than it should, why."""
        guess = self._versions.guess
        logger.info(f"mqtt: {text}", self._target.name, f"{self._versions.name}{guess and ': ' + guess}")
        self._told.clear()

    def _tell(self, text: str) -> None:
        self._told.tell(logging.WARNING, text)
