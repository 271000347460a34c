"""What a broker can do, as far as the gateway needs it and MQTT lets a broker do without it."""

from __future__ import annotations

from typing import Any, NamedTuple

from gateway.mqtt.broker import packets
from gateway.mqtt.broker.packets import Properties, number


class Abilities(NamedTuple):
    """By default all of them. `qos`: the highest that it takes of us, who use 1."""

    retain: bool = True
    qos: int = 1
    wildcards: bool = True

    @classmethod
    def of(cls, properties: Properties) -> Abilities:
        """As CONNACK tells them."""
        return cls(
            retain=bool(number(properties, packets.RETAIN, 1)),
            qos=min(1, number(properties, packets.MAXIMUM_QOS, 1)),
            wildcards=bool(number(properties, packets.WILDCARDS, 1)),
        )

    def without(self, code: int) -> Abilities:
        """The same, but for what a reason code says that it cannot do."""
        return self._replace(**_UNSUPPORTED.get(code, {}))

    def both(self, other: Abilities) -> Abilities:
        """What both have."""
        return Abilities(
            self.retain and other.retain, min(self.qos, other.qos), self.wildcards and other.wildcards
        )

    def remarks(self) -> list[str]:
        """What is different with this broker, for the log."""
        found = []
        if not self.retain:
            found.append(
                "it keeps no retained messages: states are sent unretained, and again when Home Assistant "
                "starts; who subscribes later waits for the next ones"
            )
        if self.qos < 1:
            found.append(
                "it takes QoS 0 only: messages are sent so, and an answer to a ping counts as their "
                "acknowledgement"
            )
        if not self.wildcards:
            found.append(
                "it has no wildcard subscriptions: each method of each sender is subscribed to by itself"
            )
        return found


ALL = Abilities()

_UNSUPPORTED: dict[int, dict[str, Any]] = {
    0x9A: {"retain": False},
    0x9B: {"qos": 0},
    0xA2: {"wildcards": False},
}


def oddities(properties: Properties, client_id: str) -> list[str]:
    """What is odd in a CONNACK, for the log."""
    found = []
    if properties.get(packets.RECEIVE_MAXIMUM) == 0:
        found.append("it says that it takes 0 messages at a time, which MQTT forbids; it gets one at a time")
    assigned = packets.words(properties, packets.CLIENT_ID)
    if assigned and assigned != client_id:
        found.append(f"it calls us {assigned!r} in place of the client id {client_id!r}")
    return found
