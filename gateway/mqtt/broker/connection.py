"""One connection to the broker: paho's client, driven by the bridge's own loop.

A Connection is made for one connection and thrown away with it, so nothing of paho's own queues survives:
what has to be sent again is the outbox's business. `open` blocks (name, TCP, TLS) and may run on any thread;
afterwards the bridge's thread alone uses it. paho's callbacks only take notes, which the bridge reads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from gateway.mqtt.broker import packets
from gateway.mqtt.broker.abilities import ALL, Abilities, oddities
from gateway.mqtt.broker.client import MAX_PACKET, PahoClient
from gateway.mqtt.broker.confirmation import Confirmation
from gateway.mqtt.broker.notes import (
    Acknowledged,
    Connected,
    Lost,
    Note,
    Pong,
    Received,
    Refused,
    Skipped,
    Subscribed,
    SubscriptionRefused,
)
from gateway.mqtt.broker.packets import CONNACK, DISCONNECT, FAILED, PUBACK, SUBACK
from gateway.mqtt.broker.paho import (
    CallbackAPIVersion,
    Client,
    MQTTMessage,
    MQTTProtocolVersion,
    PacketTypes,
    Properties,
    ReasonCode,
)
from gateway.mqtt.broker.publishing import LONGEST, NO_PROPERTIES, correlated, publish, size
from gateway.mqtt.broker.target import Target

KEEPALIVE_S = 30
CONNECT_S = 5.0
WINDOW = 20
"""Messages in flight for MQTT 3.1.1, where the broker does not say how many it takes."""
MAX_WINDOW = 100
"""More would not be faster, and would be sent again after each lost connection."""
MAX_UNACKNOWLEDGED = 100
"""Messages that the broker may send us before we have acknowledged; more wait there."""
FINAL = frozenset({0x87, 0x90, 0x95, 0x99})
"""Not authorized, topic name invalid, packet too large, payload format invalid: not this message, ever."""


class Connection:
    """`version`: 5 or 4 (3.1.1). `will`: topic and payload, retained. `abilities`: what the broker is known
    to be able to do by now."""

    def __init__(
        self, target: Target, version: int, will: tuple[str, str], abilities: Abilities = ALL
    ) -> None:
        self._target = target
        self._will = will
        self._abilities = abilities
        self._subscribed: dict[int, tuple[str, ...]] = {}
        self._confirmation = Confirmation()
        self.version = version
        self._no_properties = NO_PROPERTIES if version == MQTTProtocolVersion.MQTTv5 else b""
        self.notes: deque[Note] = deque()
        self._client = client = PahoClient(
            CallbackAPIVersion.VERSION2,
            heard=self._heard,
            skipped=self._on_skipped,
            pinging=self._confirmation.pinging,
            client_id=target.client_id,
            protocol=MQTTProtocolVersion(version),
            clean_session=None if version == MQTTProtocolVersion.MQTTv5 else True,
            transport=target.transport,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_S
        client.will_set(will[0], will[1], qos=abilities.qos, retain=abilities.retain)
        if target.user is not None:
            client.username_pw_set(target.user, target.password)
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect

    def open(self) -> None:
        """Connect and say hello; the answer comes as a note.

        Raises OSError, ssl.SSLError or ValueError; or anything, if what answers is no broker.
        """
        target, client = self._target, self._client
        if target.transport == "websockets":
            client.ws_set_options(path=target.path)
        if target.tls:
            from gateway.mqtt.broker.tls import context_of

            client.tls_set_context(context_of(target))
        if self.version == MQTTProtocolVersion.MQTTv5:
            limits = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            limits.MaximumPacketSize = MAX_PACKET
            limits.ReceiveMaximum = MAX_UNACKNOWLEDGED
            client.connect(target.host, target.port, KEEPALIVE_S, clean_start=True, properties=limits)
        else:
            client.connect(target.host, target.port, KEEPALIVE_S)

    def fileno(self) -> int:
        """To wait on; -1 when it is closed."""
        opened = self._client.socket()
        return opened.fileno() if opened is not None else -1

    def pending(self) -> bool:
        """Whether something has been received already that waiting on the descriptor would not show."""
        if self._client.received:
            return True
        pending = getattr(self._client.socket(), "pending", None)  # TLS
        return pending is not None and pending() > 0

    def blocked(self) -> bool:
        """Whether something waits to be written."""
        return self._client.want_write()

    def read(self) -> None:
        """Take what has been received."""
        self._drive(self._client.read)

    def write(self) -> None:
        """Write what waits."""
        self._drive(self._client.loop_write)

    def tick(self) -> None:
        """Keep alive; call about once a second."""
        self._drive(self._client.loop_misc)

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        correlation: bytes | None = None,
    ) -> int:
        """Send with QoS 1, or what the broker takes, by the next `flush`; returns the id that its
        acknowledgement will have. Raises ValueError for what is no message in MQTT."""
        client, abilities = self._client, self._abilities
        properties = self._no_properties
        if correlation is not None and properties:
            properties = correlated(correlation)
        mid, qos = client.next_id(), abilities.qos
        retain = retain and abilities.retain
        client.put(publish(topic.encode(), payload, mid, qos=qos, retain=retain, properties=properties))
        if not qos:
            self._confirmation.sent(mid)
            self._ping_if_wanted()
        return mid

    def flush(self) -> None:
        """Hand what was published to the system, or have it wait, see `blocked`."""
        self._drive(self._client.flush)

    def size(self, topic: bytes, payload: bytes, correlation: bytes | None = None) -> int:
        """Bytes of the packet that `publish` would send."""
        properties = len(self._no_properties)
        if correlation is not None and properties:
            properties = len(correlated(correlation))
        return size(topic, payload, qos=self._abilities.qos, properties=properties)

    def subscribe(self, *topics: str) -> int:
        """With QoS 1; returns the id of the answer."""
        _, mid = self._client.subscribe([(topic, self._abilities.qos) for topic in topics])
        if mid is None:
            return 0  # the connection has gone, which is noted elsewhere
        self._subscribed[mid] = topics
        return mid

    def ping(self) -> None:
        """Ask whether the broker has dealt with all that was sent; the answer comes as a note."""
        self._client.ping()

    def close(self) -> None:
        """Say goodbye, and close at once; may come at any time, also twice.

        The will is said here, with QoS 0, which no window holds up; then the broker need not. If not all
        of that can be written at once, the broker misses our goodbye, and says the will itself.
        """
        client = self._client
        client.on_disconnect = None
        if client.is_connected():
            with suppress(Exception):  # paho's, ssl's: it is closed all the same
                client.publish(*self._will, qos=0, retain=self._abilities.retain)
                client.disconnect()
        self.abandon()

    def abandon(self) -> None:
        """Close without a word."""
        opened = self._client.socket()
        self._client.on_disconnect = None
        if opened is not None:
            with suppress(Exception):  # of a WebSocket over TLS, three libraries' may come
                opened.close()

    def _drive(self, step: Callable[[], object]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - what is sent to us must not end the bridge
            self.abandon()
            self.notes.append(Lost(0, f"{type(error).__name__}: {error}"))

    # What paho calls

    def _heard(self, kind: int, body: bytes) -> bool:
        """An answer; False: it ends the connection."""
        if kind == PUBACK:
            self._note_answer(body)
        elif kind == CONNACK:
            return self._note_hello(body)
        elif kind == SUBACK:
            self._note_subscriptions(body)
        elif kind == DISCONNECT:
            self.notes.append(Lost(*packets.disconnect(body)))
            return False
        else:
            self.notes.extend(Acknowledged(mid, None) for mid in self._confirmation.pong())
            self._ping_if_wanted()
            self.notes.append(Pong())
        return True

    def _ping_if_wanted(self) -> None:
        if self._confirmation.ping_wanted:
            self._client.ping()

    def _note_answer(self, body: bytes) -> None:
        if len(body) == 2:  # nearly all of them
            self.notes.append(Acknowledged(int.from_bytes(body), None))
            return
        mid, code, text = packets.puback(body)
        problem = text if code >= FAILED else None
        self.notes.append(Acknowledged(mid, problem, problem is None or code in FINAL))

    def _note_hello(self, body: bytes) -> bool:
        code, properties = packets.connack(body, self.version)
        if code:
            self.notes.append(Refused(code, packets.text(code, properties)))
            return False
        window = packets.number(
            properties, packets.RECEIVE_MAXIMUM, MAX_WINDOW if self.version == 5 else WINDOW
        )
        largest = packets.number(properties, packets.MAXIMUM_PACKET, LONGEST)
        keepalive = packets.number(properties, packets.SERVER_KEEP_ALIVE, KEEPALIVE_S)
        self._client.keep_alive(keepalive)
        self._abilities = self._abilities.both(Abilities.of(properties))
        odd = tuple(oddities(properties, self._target.client_id))
        self.notes.append(
            Connected(max(1, min(window, MAX_WINDOW)), largest or LONGEST, self._abilities, odd)
        )
        return True

    def _note_subscriptions(self, body: bytes) -> None:
        mid, codes, properties = packets.suback(body, self.version)
        for topic, code in zip(self._subscribed.pop(mid, ()), codes, strict=False):
            if code >= FAILED:
                self.notes.append(SubscriptionRefused(topic, packets.text(code, properties), code))
        self.notes.append(Subscribed(mid))

    def _on_skipped(self, topic: bytes, size: int, retained: bool) -> None:
        self.notes.append(Skipped(topic.decode(errors="replace"), size, retained))

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        properties = message.properties
        self.notes.append(
            Received(
                topic,
                bytes(message.payload),
                message.retain,
                getattr(properties, "ResponseTopic", None),
                getattr(properties, "CorrelationData", None),
            )
        )

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        unknown = reason.value == FAILED
        self.notes.append(Lost(0, "it was closed at the other end" if unknown else str(reason)))
