"""What keeps the network going: numbers, settings, time, names, sleep. Command 3 of the protocol."""

import calendar
import time
from collections.abc import Callable

from drivers.stream.conversation import Event, Note, Send
from drivers.stream.mysensors.message import BROADCAST, INTERNAL, Message, encode
from drivers.stream.mysensors.network import Network
from drivers.stream.mysensors.nodes import GATEWAY, Heard
from drivers.stream.mysensors.types import Internal

# Smart sleep tells by itself when a node listens from 2.2 on; before that, its heartbeat does.
SMART_SLEEP = (2, 2)
DISCOVERS = (2,)
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
        self._handlers: dict[int, Callable[[Heard], None]] = {
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

    def take(self, heard: Heard) -> bool:
        """Whether that is of use."""
        handler = self._handlers.get(heard.message.type)
        if handler is None:
            return False
        handler(heard)
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

    def _on_time(self, heard: Heard) -> None:
        """Local seconds since 1970, as other controllers answer: a sketch shows them on a clock."""
        utc = self._utc()
        if utc >= LEAST_UTC:
            heard.events.append(
                _answer(heard.message, Internal.TIME, str(calendar.timegm(time.localtime(utc))))
            )

    def _on_version(self, heard: Heard) -> None:
        if heard.node.number == GATEWAY:
            self.is_gateway(heard.message.payload, heard.now, heard.events)

    def _on_config(self, heard: Heard) -> None:
        heard.events.append(_answer(heard.message, Internal.CONFIG, "M"))

    def _on_words(self, heard: Heard) -> None:
        heard.events.append(Note(heard.message.payload[:LONGEST_NOTE], chatter=True))

    def _on_locked(self, heard: Heard) -> None:
        heard.events.append(
            Note(f"node {heard.node.number} has locked itself: {heard.message.payload[:LONGEST_NOTE]}")
        )

    def _on_sketch_name(self, heard: Heard) -> None:
        if heard.node.sketch != heard.message.payload:
            heard.node.sketch = heard.message.payload
            heard.node.ask_anew()
            self._tell(heard)

    def _on_sketch_version(self, heard: Heard) -> None:
        if heard.node.version != heard.message.payload:
            heard.node.version = heard.message.payload
            heard.node.ask_anew()
            self._tell(heard)

    def _on_ready(self, heard: Heard) -> None:
        """The gateway has started: it will say its version, and then be told to look who is there."""
        self._discover_wanted = True
        if self.version:
            self.is_gateway(self.version, heard.now, heard.events)

    def _on_heartbeat(self, heard: Heard) -> None:
        if heard.node.number != GATEWAY and (0,) < version_of(heard.node.library) < SMART_SLEEP:
            self._sleeps(heard)
            self._network.awake(heard.node, heard.events)

    def _on_ping(self, heard: Heard) -> None:
        heard.events.append(_answer(heard.message, Internal.PONG, "1"))  # one hop

    def _on_registration(self, heard: Heard) -> None:
        """Only a gateway with MY_REGISTRATION_CONTROLLER leaves that to us: whoever asks is welcome."""
        heard.events.append(_answer(heard.message, Internal.REGISTRATION_RESPONSE, "1"))

    def _on_pre_sleep(self, heard: Heard) -> None:
        """It listens for a moment before it sleeps; the payload says for how many milliseconds."""
        self._sleeps(heard)
        self._network.awake(heard.node, heard.events)

    def _on_post_sleep(self, heard: Heard) -> None:
        """It has woken, and is about to measure: it listens again before it sleeps."""
        self._sleeps(heard)

    def _sleeps(self, heard: Heard) -> None:
        if not heard.node.sleeps:
            heard.node.sleeps = True
            for one in heard.node.quantities():  # it does not hear what is asked
                if one.answers:
                    self._network.answers(one, yes=False)
            self._network.changed(heard.now)

    def _tell(self, heard: Heard) -> None:
        self._network.changed(heard.now)
        if heard.node.up:
            self._network.rise(heard.node, heard.now, heard.events)


def version_of(text: str) -> tuple[int, ...]:
    """`2.3.2` or `2.4.0-alpha` as (2, 3) and (2, 4); (0,) for what is none."""
    parts = text.split(".")[:2]
    return tuple(int(part) for part in parts) if all(part.isdecimal() for part in parts) else (0,)


def _internal(node: int, child: int, kind: Internal, payload: str = "") -> Send:
    return Send(encode(Message(node, child, INTERNAL, 0, kind, payload)))


def _answer(message: Message, kind: Internal, payload: str) -> Send:
    return _internal(message.node, message.child, kind, payload)
