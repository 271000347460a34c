"""What keeps the network going: numbers, settings, time, names, batteries, sleep. Command 3 of the protocol."""

import calendar
import time
from collections.abc import Callable

from drivers.stream.conversation import Event, Note, Send
from drivers.stream.mysensors.message import BROADCAST, INTERNAL, Message, MessageError, encode
from drivers.stream.mysensors.network import Network
from drivers.stream.mysensors.nodes import GATEWAY, Node
from drivers.stream.mysensors.types import LAST_INTERNAL, Internal

# Smart sleep tells by itself when a node listens from 2.2 on; before that, its heartbeat does.
SMART_SLEEP = (2, 2)
DISCOVERS = (2, 0)
# The clock of a machine that starts without one stands at 1970, or at its image's date: no answer is better
# than that one. 2024-01-01T00:00:00Z.
LEAST_UTC = 1_704_067_200.0
LONGEST_NOTE = 120
ALL_GIVEN = "all 254 node numbers are given; a new node gets none (see docs/mysensors.md, Numbers)"


class Housekeeping:
    """Answers what nodes ask, and notes what they say of themselves. For the thread that reads.

    `utc`: seconds since 1970, asked only when a node asks for the time.
    """

    def __init__(self, network: Network, utc: Callable[[], float]) -> None:
        self._network = network
        self._utc = utc
        self._discover_wanted = True
        self._told_all_given = False
        self.version = ""
        """The gateway's, once it has said it."""
        self._handlers: dict[int, Callable[[Message, Node, float, list[Event]], None]] = {
            Internal.BATTERY_LEVEL: self._nothing,  # a value: the conversation's
            Internal.TIME: self._on_time,
            Internal.VERSION: self._on_version,
            Internal.CONFIG: self._on_config,
            Internal.LOG_MESSAGE: self._on_words,
            Internal.DEBUG: self._on_words,
            Internal.LOCKED: self._on_locked,
            Internal.SKETCH_NAME: self._on_sketch_name,
            Internal.SKETCH_VERSION: self._on_sketch_version,
            Internal.GATEWAY_READY: self._on_ready,
            Internal.HEARTBEAT_RESPONSE: self._on_heartbeat,
            Internal.PING: self._on_ping,
            Internal.REGISTRATION_REQUEST: self._on_registration,
            Internal.PRE_SLEEP: self._on_pre_sleep,
            Internal.POST_SLEEP: self._on_post_sleep,
        }

    def take(self, message: Message, node: Node, now: float, events: list[Event]) -> bool:
        """Whether that is of use. Raises `MessageError` for a type that there is not."""
        if message.type > LAST_INTERNAL:
            raise MessageError(f"type: expected an internal type up to {LAST_INTERNAL}, got {message.type}")
        handler = self._handlers.get(message.type)
        if handler is None or message.ack:
            return False
        handler(message, node, now, events)
        return True

    def give_id(self, message: Message, events: list[Event]) -> None:
        """A node without a number asks for one. What it put into the child's place, it wants to see again."""
        number = self._network.give_id()
        if number is not None:
            events.append(_answer(message, Internal.ID_RESPONSE, str(number)))
        elif not self._told_all_given:
            self._told_all_given = True
            events.append(Note(ALL_GIVEN))

    def is_gateway(self, version: str, now: float, events: list[Event]) -> None:
        """The gateway has said its version."""
        gateway = self._network.node(GATEWAY)
        if not gateway.up or version != gateway.library:
            self.version = gateway.library = version
            gateway.known = True
            self._network.rise(gateway, now, events)
        if self._discover_wanted and version_of(version) >= DISCOVERS:
            self._discover_wanted = False
            events.append(_internal(BROADCAST, BROADCAST, Internal.DISCOVER_REQUEST))

    def _nothing(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        pass

    def _on_time(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        """Local seconds since 1970, as other controllers answer: a sketch shows them on a clock."""
        utc = self._utc()
        if utc >= LEAST_UTC:
            events.append(_answer(message, Internal.TIME, str(calendar.timegm(time.localtime(utc)))))

    def _on_version(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        if node.number == GATEWAY:
            self.is_gateway(message.payload, now, events)

    def _on_config(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        events.append(_answer(message, Internal.CONFIG, "M"))

    def _on_words(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        events.append(Note(message.payload[:LONGEST_NOTE]))

    def _on_locked(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        events.append(Note(f"node {node.number} has locked itself: {message.payload[:LONGEST_NOTE]}"))

    def _on_sketch_name(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        if node.sketch != message.payload:
            node.sketch = message.payload
            node.ask_anew()
            self._tell(node, now, events)

    def _on_sketch_version(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        if node.version != message.payload:
            node.version = message.payload
            node.ask_anew()
            self._tell(node, now, events)

    def _on_ready(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        """The gateway has started: it will say its version, and then be told to look who is there."""
        self._discover_wanted = True
        if self.version:
            self.is_gateway(self.version, now, events)

    def _on_heartbeat(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        if node.number != GATEWAY and (0,) < version_of(node.library) < SMART_SLEEP:
            self._sleeps(node, now)
            self._network.awake(node, events)

    def _on_ping(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        events.append(_answer(message, Internal.PONG, "1"))  # one hop

    def _on_registration(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        """Only a gateway with MY_REGISTRATION_CONTROLLER leaves that to us: whoever asks is welcome."""
        events.append(_answer(message, Internal.REGISTRATION_RESPONSE, "1"))

    def _on_pre_sleep(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        """It listens for a moment before it sleeps; the payload says for how many milliseconds."""
        self._sleeps(node, now)
        self._network.awake(node, events)

    def _on_post_sleep(self, message: Message, node: Node, now: float, events: list[Event]) -> None:
        """It has woken, and is about to measure: it listens again before it sleeps."""
        self._sleeps(node, now)

    def _sleeps(self, node: Node, now: float) -> None:
        if not node.sleeps:
            node.sleeps = True
            self._network.changed(now)

    def _tell(self, node: Node, now: float, events: list[Event]) -> None:
        self._network.changed(now)
        if node.up:
            self._network.rise(node, now, events)


def version_of(text: str) -> tuple[int, ...]:
    """`2.3.2` or `2.4.0-alpha` as (2, 3) and (2, 4); (0,) for what is none."""
    parts = text.split(".")[:2]
    return tuple(int(part) for part in parts) if all(part.isdecimal() for part in parts) else (0,)


def _internal(node: int, child: int, kind: Internal, payload: str = "") -> Send:
    return Send(encode(Message(node, child, INTERNAL, 0, kind, payload)))


def _answer(message: Message, kind: Internal, payload: str) -> Send:
    return _internal(message.node, message.child, kind, payload)
