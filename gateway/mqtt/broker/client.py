"""paho's client, where it falls short: answers that it cannot read, packets that are too large for us.

Overridden is what has stayed the same from paho 2.1 on: `_sock_recv`, `_packet_handle`, `_send_pingreq`, and
the packet that is being read, `_in_packet`. Of answers paho sees only what it needs for its own accounts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

from gateway.mqtt.broker import packets
from gateway.mqtt.broker.packets import CONNACK, DISCONNECT, PINGRESP, PUBACK, PUBLISH, SUBACK

MAX_PACKET = 1 << 20
"""Bytes of a packet that is read: requests are small, and paho gathers a packet in memory.

MQTT 3.1.1 has no word for it, so there up to 256 MiB may come: of those only the topic is read."""
BUFFER = 4096
"""Bytes received at once, or more."""
MOST = 65536
"""The same, at most."""
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
        data = self.received or super()._sock_recv(min(max(bufsize, BUFFER), MOST))
        if not bufsize and data:
            left = self._in_packet["to_process"] - len(data)
            if left > 0:
                self._in_packet["to_process"] = left
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
        if kind == SUBACK:
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
