"""MQTT 3.1.1's and 5's packets as values; tests.support.mqtt_codec makes bytes of them. AUTH is left out.

Source: OASIS MQTT Version 5.0 and Version 3.1.1, chapter 3.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

V311, V5 = 4, 5
"""Protocol levels."""
NONE: Mapping[str, Any] = MappingProxyType({})
(CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP) = range(1, 8)
(SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT) = range(8, 15)


class Will(NamedTuple):
    """What the broker says when the connection ends without a goodbye."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    properties: Mapping[str, Any] = NONE


class Connect(NamedTuple):
    """A client's hello. `keepalive` in seconds."""

    version: int
    client_id: str
    clean: bool = True
    keepalive: int = 0
    will: Will | None = None
    user: str | None = None
    password: bytes | None = None
    properties: Mapping[str, Any] = NONE


class Connack(NamedTuple):
    """The broker's answer. `present`: it has kept a session."""

    code: int = 0
    present: bool = False
    properties: Mapping[str, Any] = NONE


class Publish(NamedTuple):
    """A message. `mid`: the packet identifier, for QoS 1 and 2 only."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    dup: bool = False
    mid: int = 0
    properties: Mapping[str, Any] = NONE


class Acknowledge(NamedTuple):
    """`kind`: PUBACK, PUBREC, PUBREL or PUBCOMP. 3.1.1 has neither code nor properties."""

    kind: int
    mid: int
    code: int = 0
    properties: Mapping[str, Any] = NONE


class Subscribe(NamedTuple):
    """`filters`: pairs of a topic filter and its options, the lowest two bits of which are the QoS."""

    mid: int
    filters: tuple[tuple[str, int], ...]
    properties: Mapping[str, Any] = NONE


class Unsubscribe(NamedTuple):
    """Topic filters to forget."""

    mid: int
    filters: tuple[str, ...]
    properties: Mapping[str, Any] = NONE


class Answers(NamedTuple):
    """`kind`: SUBACK or UNSUBACK. A code for each filter; UNSUBACK has none in 3.1.1."""

    kind: int
    mid: int
    codes: tuple[int, ...]
    properties: Mapping[str, Any] = NONE


class Ping(NamedTuple):
    """`kind`: PINGREQ or PINGRESP."""

    kind: int = PINGREQ


class Disconnect(NamedTuple):
    """A goodbye. 3.1.1 has neither code nor properties, and the broker says none there."""

    code: int = 0
    properties: Mapping[str, Any] = NONE


Packet = (
    Connect | Connack | Publish | Acknowledge | Subscribe | Unsubscribe | Answers | Ping | Disconnect
)  # fmt: skip
