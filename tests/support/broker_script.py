"""What a scripted broker does at which packet, and what it has seen of all its connections. No I/O.

`Script` says it; `Broker` is what the connections (tests.support.broker_session) share.
"""

import enum
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from tests.support.mqtt_packets import NONE, V5, V311, Connect, Disconnect, Publish

NO_RETAIN, NO_QOS = 0x9A, 0x9B
MAX_QOS = 1


class Reply(NamedTuple):
    """The usual answer, with a code (any number) and properties such as `ReasonString`."""

    code: int = 0
    properties: Mapping[str, Any] = NONE


class Instead(enum.Enum):
    """What may come instead of an answer; a Disconnect may, too."""

    SILENCE = "silence"
    HANG_UP = "hang up"


Answer = Reply | Disconnect | Instead
UNACCEPTABLE_VERSION = Reply(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """How the broker behaves; `dataclasses.replace` makes another of one."""

    versions: Container[int] = (V311, V5)
    other_versions: Answer = UNACCEPTABLE_VERSION
    """The answer to a CONNECT of another version, in 3.1.1's form."""
    connack: Callable[[Connect], Answer] = lambda connect: Reply()
    """A Reply with a code is a refusal, and the end."""
    abilities: Mapping[str, Any] = field(default_factory=dict)
    """Properties of CONNACK such as `RetainAvailable`. The broker keeps to them; 3.1.1 is not told."""
    puback: Callable[[Publish], Answer] = lambda message: Reply()
    """Asked about QoS 0, too, where only an end shows. What is not answered, or with 0x80 or more, goes to
    nobody; in 3.1.1 the code is not sent."""
    suback: Callable[[str, int], Answer] = lambda topic, qos: Reply(qos)
    """For each topic filter, and the QoS that it could have."""
    max_packet: int = 1 << 28
    """Bytes of the largest packet that it takes, whatever `abilities` say aloud."""
    too_large: Answer = Instead.HANG_UP
    """At the header of such a packet; but a Reply is PUBACK's code, after the whole packet, as Mosquitto 2.0
    does it, and 3.1.1 gets a PUBACK like any other."""
    close_after: int | None = None
    """Hang up instead of answering this packet of a connection; CONNECT is number 1."""

    @property
    def limit(self) -> int:
        """Bytes of the largest packet."""
        told: int = self.abilities.get("MaximumPacketSize", self.max_packet)
        return min(told, self.max_packet)

    def about_will(self, hello: Connect) -> int:
        """The code that refuses its will, or 0."""
        if hello.will is None:
            return 0
        if hello.will.retain and not self.abilities.get("RetainAvailable", 1):
            return NO_RETAIN
        return NO_QOS if hello.will.qos > self.abilities.get("MaximumQoS", MAX_QOS) else 0


class Receiver(Protocol):
    """A connection that has been accepted."""

    def deliver(self, message: Publish, *, own: bool = False) -> None:
        """Pass it on, if it has subscribed to its topic. `own`: it has come from there."""

    def end(self, goodbye: Disconnect | None = None) -> None:
        """Hang up."""


@dataclass(slots=True)
class Broker:
    """What all connections share. Its lists only grow, but for `receivers`."""

    script: Script = field(default_factory=Script)
    """May be replaced at any time; holds from the next packet."""
    connects: list[Connect] = field(default_factory=list)
    """Each CONNECT, whatever became of it."""
    received: list[Publish] = field(default_factory=list)
    """Each message of a client, whatever became of it, but what was too large."""
    taken: list[Publish] = field(default_factory=list)
    """Those that were passed on, and wills."""
    too_large: list[int] = field(default_factory=list)
    """The sizes of packets over the limit."""
    subscribed: list[str] = field(default_factory=list)
    """Topic filters that were granted."""
    violations: list[str] = field(default_factory=list)
    """What no client may do, and what one of MQTT 5 has done though CONNACK had told it."""
    retained: dict[str, Publish] = field(default_factory=dict)
    receivers: dict[Receiver, str] = field(default_factory=dict)
    """Their client ids."""

    def route(self, message: Publish, origin: Receiver | None = None) -> None:
        """Keep it if it is to be retained, and pass it on."""
        message = message._replace(dup=False, mid=0, properties=_end_to_end(message.properties))
        self.taken.append(message)
        if message.retain:
            self.retained.pop(message.topic, None)
            if message.payload:
                self.retained[message.topic] = message
        for receiver in tuple(self.receivers):
            receiver.deliver(message, own=receiver is origin)


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a topic filter covers a topic."""
    if topic.startswith("$") and topic_filter[:1] in {"+", "#"}:
        return False
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if wanted[-1] == "#":
        wanted.pop()
        levels = levels[: len(wanted)]
    return len(wanted) == len(levels) and all(
        one in {"+", level} for one, level in zip(wanted, levels, strict=True)
    )


def _end_to_end(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """Those of a message that are not for the one connection only."""
    return {name: value for name, value in properties.items() if name != "TopicAlias"}
