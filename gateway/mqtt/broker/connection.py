"""One connection to the broker: paho's client, driven by the bridge's own loop. Nobody else imports paho.

A Connection is made for one connection and thrown away with it, so nothing of paho's own queues survives:
what has to be sent again is the outbox's business. `open` blocks (name, TCP, TLS) and may run on any thread;
afterwards the bridge's thread alone uses it. paho's callbacks only take notes, which the bridge reads.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.mqtt.broker.notes import (
    Acknowledged,
    Connected,
    Lost,
    Note,
    Received,
    Refused,
    SubscriptionRefused,
)
from gateway.mqtt.broker.target import Target

KEEPALIVE_S = 30
CONNECT_S = 5.0
WINDOW = 20
"""Messages in flight for MQTT 3.1.1, where the broker does not say how many it takes."""
MAX_WINDOW = 100
"""More would not be faster, and would be sent again after each lost connection."""
MAX_PACKET = 1 << 20
"""Bytes that the broker may send us at once: requests are small, and paho gathers a packet in memory.

MQTT 3.1.1 has no word for it: there, up to 256 MiB could come, and the connection is ended instead."""
BUFFER = 4096
"""Bytes received at once, or more."""
MAX_UNACKNOWLEDGED = 100
"""Messages that the broker may send us before we have acknowledged; more wait there."""
FAILED = 0x80
"""Reason codes from here on are errors."""
UNSPECIFIED = 0x80
"""What paho says of a connection that just ended."""
FINAL = frozenset({0x87, 0x90, 0x95, 0x99})
"""Not authorized, topic name invalid, packet too large, payload format invalid: not this message, ever."""


class _ClosedWhenRefused(ssl.SSLSocket):
    """paho leaves a socket whose handshake fails to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


class TooLargeError(Exception):
    """Somebody has sent what would fill the memory."""


class _Client(Client):
    """paho has no setting for the largest packet, which it asks the socket for at once; and it receives each
    packet in three pieces, of a system call each."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.received = b""
        """And not asked for by paho yet."""

    def _sock_recv(self, bufsize: int) -> bytes:
        if bufsize > MAX_PACKET:
            raise TooLargeError(f"a message of {bufsize} bytes; the gateway takes {MAX_PACKET}")
        data = self.received or super()._sock_recv(max(bufsize, BUFFER))
        self.received = data[bufsize:]
        return data[:bufsize]


class Connection:
    """`version`: 5 or 4 (3.1.1). `will`: topic and payload, retained."""

    def __init__(self, target: Target, version: int, will: tuple[str, str]) -> None:
        self._target = target
        self._will = will
        self._subscribed: dict[int, tuple[str, ...]] = {}
        self.version = version
        self.notes: deque[Note] = deque()
        self._client = client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=target.client_id,
            protocol=MQTTProtocolVersion(version),
            clean_session=None if version == MQTTProtocolVersion.MQTTv5 else True,
            transport=target.transport,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(0)  # the delivery counts itself
        client.will_set(will[0], will[1], qos=1, retain=True)
        if target.user is not None:
            client.username_pw_set(target.user, target.password)
        client.on_connect = self._on_connect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
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
            context = ssl.create_default_context(cafile=str(target.ca) if target.ca else None)
            if target.cert is not None:
                context.load_cert_chain(target.cert, target.key)
            context.sslsocket_class = _ClosedWhenRefused
            client.tls_set_context(context)
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
        self._drive(self._client.loop_read)

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
        """Send with QoS 1; returns the id that its acknowledgement will have."""
        properties = None
        if correlation is not None and self.version == MQTTProtocolVersion.MQTTv5:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.CorrelationData = correlation
        return self._client.publish(topic, payload, 1, retain, properties).mid

    def subscribe(self, *topics: str) -> None:
        """With QoS 1."""
        _, mid = self._client.subscribe([(topic, 1) for topic in topics])
        if mid is not None:
            self._subscribed[mid] = topics

    def close(self) -> None:
        """Say goodbye, and close at once; may come at any time, also twice.

        The will is said here, with QoS 0, which no window holds up; then the broker need not. If not all
        of that can be written at once, the broker misses our goodbye, and says the will itself.
        """
        client = self._client
        client.on_disconnect = None
        if client.is_connected():
            with suppress(Exception):  # paho's, ssl's: it is closed all the same
                client.publish(*self._will, qos=0, retain=True)
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

    # paho's callbacks

    def _on_connect(
        self, _client: Client, _data: Any, _flags: Any, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self.notes.append(Refused(reason.value, str(reason)))
            return
        receive = getattr(properties, "ReceiveMaximum", None)
        window = receive if receive is not None else MAX_WINDOW if self.version == 5 else WINDOW
        largest = getattr(properties, "MaximumPacketSize", None)
        self.notes.append(Connected(min(window, MAX_WINDOW), largest or (1 << 28) - 1))

    def _on_publish(
        self, _client: Client, _data: Any, mid: int, reason: ReasonCode, _properties: Any
    ) -> None:
        problem = str(reason) if reason.value >= FAILED else None
        self.notes.append(Acknowledged(mid, problem, problem is None or reason.value in FINAL))

    def _on_subscribe(
        self, _client: Client, _data: Any, mid: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        for topic, reason in zip(self._subscribed.pop(mid, ()), reasons, strict=False):
            if reason.value >= FAILED:
                self.notes.append(SubscriptionRefused(topic, str(reason)))

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
        self, _client: Client, _data: Any, flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        code = reason.value if flags.is_disconnect_packet_from_server else 0
        unknown = reason.value == UNSPECIFIED
        self.notes.append(Lost(code, "it was closed at the other end" if unknown else str(reason)))
