"""What the scripted broker passes on to one client: what it has subscribed to, and takes. No I/O."""

from collections import deque
from collections.abc import Callable

from tests.support.broker_script import matches
from tests.support.mqtt_codec import encode
from tests.support.mqtt_packets import Connect, Publish

QOS, NO_LOCAL, AS_PUBLISHED = 0b11, 0b100, 0b1000
"""In a subscription's options; the two bits above say which retained messages are wanted."""
RETAINED_IF_NEW, NO_RETAINED = 1, 2


class Delivery:
    """`hello`: the client's, with its limits. `say`: sends a message to it."""

    def __init__(self, hello: Connect, say: Callable[[Publish], None]) -> None:
        self._version = hello.version
        self._window = hello.properties.get("ReceiveMaximum", 65535)
        self._largest = hello.properties.get("MaximumPacketSize", 1 << 28)
        self._say = say
        self._filters: dict[str, int] = {}
        self._waiting: deque[Publish] = deque()
        self._flying: set[int] = set()
        self._last_mid = 0

    def subscribe(self, topic_filter: str, options: int) -> bool:
        """Whether the retained messages that it covers are wanted."""
        is_new = topic_filter not in self._filters
        self._filters[topic_filter] = options
        handling = options >> 4
        return handling < RETAINED_IF_NEW or (handling == RETAINED_IF_NEW and is_new)

    def unsubscribe(self, topic_filter: str) -> bool:
        """Whether there was such a subscription."""
        return self._filters.pop(topic_filter, None) is not None

    def deliver(self, message: Publish, *, own: bool = False) -> None:
        """If there is a subscription to its topic. `own`: it has come from this client."""
        options = [one for topic, one in self._filters.items() if matches(topic, message.topic)]
        options = [one for one in options if not (own and one & NO_LOCAL)]
        if options:
            retain = message.retain and any(one & AS_PUBLISHED for one in options)
            qos = max(one & QOS for one in options)
            self.queue(message._replace(retain=retain, qos=min(qos, message.qos)))

    def queue(self, message: Publish) -> None:
        """Send it as soon as the client takes it; drop it if it is larger than that."""
        self._waiting.append(message)
        self._flush()

    def acknowledged(self, mid: int) -> None:
        """The client has it: there is room for another."""
        self._flying.discard(mid)
        self._flush()

    def _flush(self) -> None:
        while self._waiting and len(self._flying) < self._window:
            message = self._waiting.popleft()
            if message.qos:
                self._last_mid = self._last_mid % 65535 + 1
                message = message._replace(mid=self._last_mid)
            if len(encode(message, self._version)) <= self._largest:
                self._say(message)
                self._flying |= {message.mid} - {0}
