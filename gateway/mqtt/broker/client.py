"""paho's client, where it falls short: answers that it cannot read, packets that are too large for us, and
the price of a message: those that are published, and their acknowledgements, go by it.

Overridden or used is what has stayed the same from paho 2.1 on: `_sock_recv`, `_sock_send`, `_packet_queue`,
`_packet_handle`, `_send_pingreq`, `_mid_generate`, the packet that is being read, `_in_packet`, and those
that wait to be written, `_out_packet`. Of answers paho sees only what it needs for its own accounts.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from gateway.mqtt.broker import packets
from gateway.mqtt.broker.packets import CONNACK, DISCONNECT, PINGRESP, PUBACK, PUBLISH, SUBACK
from gateway.mqtt.broker.paho import Client, MQTTErrorCode, MQTTMessageInfo

MAX_PACKET = 1 << 20
"""Bytes of a packet that is read: requests are small, and paho gathers a packet in memory.

MQTT 3.1.1 has no word for it, so there up to 256 MiB may come: of those only the topic is read."""
BUFFER = 4096
"""Bytes received at once, or more."""
MOST = 65536
"""The same, at most."""
AT_ONCE = 100
"""Packets that paho reads before others have their turn: of each it makes an object or two."""
MOST_UNSENT = 65536
"""Bytes that are gathered, so that many small messages are one system call."""
HEAD = 2 + 65535 + 2
"""Bytes of a message that are enough to know its topic and its id."""


class TooLargeError(Exception):
    """The broker has sent what would fill the memory."""


class PahoClient(Client):
    """`heard(kind, body)` is called with the answers: CONNACK, PUBACK, SUBACK, PINGRESP, DISCONNECT; False:
    that is the end. `skipped(topic, size, retained)`: a message was too large to be read. `pinging()`: a
    PINGREQ is being sent, by whomever."""

    def __init__(
        self,
        *arguments: Any,
        heard: Callable[[int, bytes], bool],
        skipped: Callable[[bytes, int, bool], None],
        pinging: Callable[[], None],
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._heard = heard
        self._skipped = skipped
        self._pinging = pinging
        self.received = b""
        """And not asked for by paho yet."""
        self._unsent: list[bytes] = []  # messages
        self._unsent_bytes = 0

    def put(self, packet: bytes) -> None:
        """Send a packet, soon: see `flush`."""
        self._unsent.append(packet)
        self._unsent_bytes += len(packet)
        if self._unsent_bytes >= MOST_UNSENT:
            self.flush()

    def flush(self) -> None:
        """Send what was put, or have it wait behind what waits already."""
        if not self._unsent:
            return
        data = b"".join(self._unsent)
        self._unsent.clear()
        self._unsent_bytes = written = 0
        if not self._out_packet:
            with suppress(OSError, ValueError):  # that it failed paho finds out, too
                written = self._sock_send(data)
        if written < len(data):
            super()._packet_queue(PUBLISH, data[written:], 0, 1)

    def next_id(self) -> int:
        """Of a message."""
        return self._mid_generate()

    def read(self) -> None:
        """Take what has been received."""
        if not (self.received or self._in_packet["command"]):
            with suppress(OSError):  # as above; nothing may be there, too
                self.received = self._receive(BUFFER)
            if self._take_acknowledgements() and not self.received:
                return
        for _ in range(AT_ONCE):
            if self.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return
            self._take_acknowledgements()
            if not self.received:
                return

    def _take_acknowledgements(self) -> bool:
        """Those at the head of what was received; whether there were any. In the middle of a packet nothing
        is left of that."""
        data, at = self.received, 0
        while len(data) >= at + 4 and data[at] == PUBACK and data[at + 1] < 0x80:
            end = at + 2 + data[at + 1]
            if end > len(data):
                break
            self._heard(PUBACK, data[at + 2 : end])
            at = end
        self.received = data[at:]
        return at > 0

    def _packet_queue(
        self,
        command: int,
        packet: bytes | bytearray,
        mid: int,
        qos: int,
        info: MQTTMessageInfo | None = None,
    ) -> MQTTErrorCode:
        self.flush()  # it comes after what was put before it
        return super()._packet_queue(command, packet, mid, qos, info)

    def _receive(self, most: int) -> bytes:
        """Of a plain socket at once: what paho looks for besides needs ssl, see `later`."""
        sock = self.socket()
        return sock.recv(most) if type(sock) is socket.socket else super()._sock_recv(most)

    def _sock_send(self, buf: bytes | bytearray) -> int:
        sock = self.socket()
        written = sock.send(buf) if type(sock) is socket.socket else super()._sock_send(buf)
        if not written:  # by a WebSocket, whose frame went out in part: it wants the same again
            raise BlockingIOError
        return written

    def ping(self) -> None:
        """Ask for a sign of life."""
        self._send_pingreq()

    def keep_alive(self, seconds: int) -> None:
        """The broker wants it to be so."""
        self._keepalive = seconds

    def _send_pingreq(self) -> MQTTErrorCode:
        self._pinging()
        return super()._send_pingreq()

    def _sock_recv(self, bufsize: int) -> bytes:
        """paho receives each packet in three pieces, of a system call each; and it asks the socket for all
        of a packet at once, however large."""
        if bufsize > 1 and self._too_large:
            bufsize = self._room(bufsize)
        data = self.received or self._receive(min(max(bufsize, BUFFER), MOST))
        if not bufsize and data:
            left = self._in_packet["to_process"] - len(data)
            if left > 0:
                self._in_packet["to_process"] = left
                self.received = b""
                raise BlockingIOError  # for paho: come again
            self._in_packet["to_process"] = bufsize = 1  # the last byte, for paho to go on
            data = data[left - 1 :] if left else data[-1:]
        self.received = data[bufsize:]
        return data[:bufsize]

    @property
    def _too_large(self) -> bool:
        return self._in_packet["remaining_length"] > MAX_PACKET

    def _room(self, bufsize: int) -> int:
        """Of a packet that is too large: how much is still to be read; 0: what comes is thrown away."""
        if self._in_packet["command"] & 0xF0 != PUBLISH:
            raise TooLargeError(f"a packet of {self._in_packet['remaining_length']} bytes")
        return min(bufsize, max(0, HEAD - len(self._in_packet["packet"])))

    def _packet_handle(self) -> MQTTErrorCode:
        kind = self._in_packet["command"] & 0xF0
        if kind == PUBLISH:
            return self._pass_over() if self._too_large else super()._packet_handle()
        if kind not in {CONNACK, PUBACK, SUBACK, PINGRESP, DISCONNECT}:
            return super()._packet_handle()
        body = bytes(self._in_packet["packet"])
        if not self._heard(kind, body):
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        if kind in {PUBACK, SUBACK}:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        if len(body) > 2:  # two bytes, and in a CONNACK no properties, are what paho reads without fail
            self._in_packet["packet"] = bytearray(body[:2] + b"\0" * (kind == CONNACK))
            self._in_packet["remaining_length"] = len(self._in_packet["packet"])
        return super()._packet_handle()

    def _pass_over(self) -> MQTTErrorCode:
        """Acknowledge a message that is too large, or the broker would send it again at each connection."""
        command, body = self._in_packet["command"], self._in_packet["packet"]
        end = 2 + int.from_bytes(body[:2])
        self._skipped(bytes(body[2:end]), self._in_packet["remaining_length"], bool(command & 1))
        if command & packets.QOS:
            return self._send_puback(int.from_bytes(body[end : end + 2]))
        return MQTTErrorCode.MQTT_ERR_SUCCESS
