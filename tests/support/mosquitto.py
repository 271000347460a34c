"""A real Mosquitto on a free port of this machine, with a config of the test's own."""

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.support.brokers.server import Server
from tests.support.mqtt_packets import V5, V311
from tests.support.waiting import DEADLINE_S

PROGRAM = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
# No packet of MQTT's, and long enough to be seen to be no TLS either.
NO_MQTT = bytes([0xC0, 0]) * 8
PASSWORDS = shutil.which("mosquitto_passwd")


class Mosquitto(Server):
    """`settings`: lines for its config file beside those that it needs anyway. `port`: 0 for any free one."""

    name = "Mosquitto"
    versions = (V311, V5)
    delivers_first = True

    def __init__(
        self, folder: Path, settings: Iterable[str] = ("allow_anonymous true",), port: int = 0
    ) -> None:
        super().__init__(folder, port)
        self._config = folder / f"mosquitto-{self.port}.conf"
        kept = ["persistence true", f"persistence_location {folder}/"]
        user = ["user root"] if os.geteuid() == 0 else []
        lines = [f"listener {self.port} 127.0.0.1", *user, "max_queued_messages 0", *kept, *settings]
        self._config.write_text("\n".join(lines) + "\n")

    @classmethod
    def missing(cls) -> str:
        """What to install before it can be started; empty if it can."""
        return "" if PROGRAM else "Mosquitto is not installed; on Debian: apt-get install mosquitto"

    def command(self) -> list[str]:
        """How it is started."""
        return [str(PROGRAM), "-v", "-c", str(self._config)]

    def serves(self) -> bool:
        """Whether it hangs up on who speaks no MQTT.

        To listen is not enough: a SIGTERM that comes between its listening and its main loop is forgotten.
        The signal clears `run`, which is set just before the loop (Mosquitto's src/mosquitto.c, in 2.0.11
        and still in 2.0.20). To accept a client is too much: not every config lets anybody in.
        """
        self.must_run()
        with socket.socket() as probe:
            probe.settimeout(DEADLINE_S)
            try:
                probe.connect(("127.0.0.1", self.port))
                probe.sendall(NO_MQTT)
                return probe.recv(1) == b""
            except ConnectionRefusedError:
                return False
            except ConnectionError:
                return True  # hung up before it has read all


class Subscriber:
    """A client that keeps all that it receives. `session`: one that the broker keeps while it is away."""

    def __init__(
        self,
        port: int,
        *topics: str,
        client_id: str = "",
        session: bool = False,
        version: int = 5,
        qos: int = 1,
        **more: Any,
    ) -> None:
        self.messages: list[MQTTMessage] = []
        self._on: dict[str, list[MQTTMessage]] = {}
        self._news = threading.Condition()
        self._topics = topics
        self._qos = qos
        self.subscribed = 0
        """How often; again after each new connection."""
        self._port = port
        self._session = session
        self.client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion(version),
            clean_session=None if version == MQTTProtocolVersion.MQTTv5 else not session,
        )
        if "user" in more:
            self.client.username_pw_set(more["user"], more["password"])
        self.client.reconnect_delay_set(0.05, 0.2)  # type: ignore[arg-type]
        self.client.on_connect = self._connected
        self.client.on_message = self._note
        self.client.on_subscribe = self._note_subscribed

    def __enter__(self) -> Self:
        properties = None
        if self._session and self.client.protocol == MQTTProtocolVersion.MQTTv5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = 3600
        if self.client.protocol == MQTTProtocolVersion.MQTTv5:
            self.client.connect("127.0.0.1", self._port, clean_start=not self._session, properties=properties)
        else:
            self.client.connect("127.0.0.1", self._port)
        self.client.loop_start()
        if self._topics:
            self.wait_subscribed()
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()
        del self.client  # only then are its descriptors closed

    def _connected(self, client: Client, *_: object) -> None:
        if self._topics:
            client.subscribe([(topic, self._qos) for topic in self._topics])

    def _note_subscribed(self, *_: object) -> None:
        with self._news:
            self.subscribed += 1
            self._news.notify_all()

    def wait_subscribed(self, count: int = 1) -> None:
        """Wait until it has subscribed so often."""
        with self._news:
            assert self._news.wait_for(lambda: self.subscribed >= count, DEADLINE_S), "not subscribed"

    def _note(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        with self._news:
            self.messages.append(message)
            self._on.setdefault(message.topic, []).append(message)
            self._news.notify_all()

    def wait_for(
        self, wanted: Callable[[MQTTMessage], object], count: int = 1, what: str = ""
    ) -> MQTTMessage:
        """The `count`th message that is wanted; waits for it."""

        def found() -> list[MQTTMessage]:
            return [message for message in self.messages if wanted(message)]

        with self._news:
            enough = self._news.wait_for(lambda: len(found()) >= count, DEADLINE_S)
            assert enough, (what, [(m.topic, m.payload[:120]) for m in self.messages[-20:]])
            return found()[count - 1]

    def on(self, topic: str, payload: bytes | None = None, count: int = 1) -> MQTTMessage:
        """The `count`th message on that topic, with that payload if one is given; waits for it."""

        def found() -> list[MQTTMessage]:
            messages = self._on.get(topic, [])
            return messages if payload is None else [m for m in messages if m.payload == payload]

        with self._news:
            enough = self._news.wait_for(lambda: len(found()) >= count, DEADLINE_S)
            assert enough, (
                topic,
                payload,
                len(found()),
                [(m.topic, m.payload[:80]) for m in self.messages[-9:]],
            )
            return found()[count - 1]

    def payloads(self, topic: str) -> list[bytes]:
        """What came on a topic so far."""
        with self._news:
            return [bytes(message.payload) for message in self._on.get(topic, [])]

    def count(self, topic: str) -> int:
        """How many came on a topic so far."""
        with self._news:
            return len(self._on.get(topic, []))
