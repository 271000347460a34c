"""MQTT 5, QoS 0: Mosquitto without bounds on its queues, and paho with its network loop on a thread."""

import json
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.peers import Data, external
from benchmarks.report import load

TOPIC, REQUESTS, ANSWERS = "temp/changed", "temp/echo", "temp/answers"
CONFIG = """listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
max_queued_messages 0
max_inflight_messages 0
log_type none
"""


def missing() -> str:
    return external.missing("mosquitto") or ("" if load("paho.mqtt.client") else "paho-mqtt")


def serve() -> None:
    port = external.free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "mosquitto.conf"
        config.write_text(CONFIG.format(port=port))
        # it gives up root's rights before it reads the file
        Path(folder).chmod(0o755)
        external.run("mosquitto", port, "-c", str(config))


class Peer:
    def __init__(self, port: int) -> None:
        module = load("paho.mqtt.client")
        self._properties = load("paho.mqtt.properties").Properties
        self._types = load("paho.mqtt.packettypes").PacketTypes
        self._client = module.Client(module.CallbackAPIVersion.VERSION2, protocol=module.MQTTv5)
        self._client.on_socket_open = lambda _client, _data, opened: opened.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _subscribe(self, topic: str, callback: Callable[[Any], None]) -> None:
        done = threading.Event()
        self._client.on_subscribe = lambda *_: done.set()
        self._client.message_callback_add(topic, lambda _client, _data, message: callback(message))
        self._client.subscribe(topic)
        done.wait(10)

    def publish(self, events: Iterable[Data]) -> None:
        sent = None
        for data in events:
            sent = self._client.publish(TOPIC, json.dumps(data).encode())
        if sent is not None:
            sent.wait_for_publish()

    def listen(self, callback: Callable[[Data], None]) -> None:
        self._subscribe(TOPIC, lambda message: callback(json.loads(message.payload)))

    def request(self, count: int) -> list[float]:
        arrived = threading.Semaphore(0)
        answers: list[Any] = []

        def heard(message: Any) -> None:
            answers.append(message)
            arrived.release()

        self._subscribe(ANSWERS, heard)
        took = []
        for number in range(count):
            start = time.perf_counter()
            properties = self._properties(self._types.PUBLISH)
            properties.ResponseTopic = ANSWERS
            properties.CorrelationData = b"%d" % number
            self._client.publish(REQUESTS, json.dumps({"n": number}).encode(), properties=properties)
            assert arrived.acquire(timeout=10)
            answer = json.loads(answers.pop().payload)
            took.append(time.perf_counter() - start)
            assert answer["n"] == number
        return took

    def respond(self) -> None:
        def answer(message: Any) -> None:
            properties = self._properties(self._types.PUBLISH)
            properties.CorrelationData = message.properties.CorrelationData
            payload = json.dumps(json.loads(message.payload)).encode()
            self._client.publish(message.properties.ResponseTopic, payload, properties=properties)

        self._subscribe(REQUESTS, answer)
