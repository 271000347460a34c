"""The brokers that are programs of their own, as the tests start and end them."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.brokers import aedes
from tests.support.brokers.aedes import Aedes
from tests.support.brokers.amqtt import Amqtt
from tests.support.brokers.nats import Nats
from tests.support.brokers.server import Server
from tests.support.leaks import nothing_left
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.mqtt_packets import V311


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """No process is left."""
    with nothing_left():
        yield


@pytest.mark.parametrize("kind", [Mosquitto, Aedes, Amqtt, Nats])
def test_a_life(kind: type[Server], tmp_path: Path) -> None:
    """It serves on one port whenever it has started; nobody does when it was killed, or has ended."""
    with kind(tmp_path) as server, Subscriber(server.port, "a", version=V311) as seen:
        for count, number in enumerate((signal.SIGKILL, signal.SIGTERM), start=1):
            seen.client.publish("a", str(number), 1)
            seen.on("a", str(number).encode())
            server.stop(number)
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", server.port))
            server.start()
            seen.wait_subscribed(count + 1)
        server.suspend()
        seen.client.publish("a", "late", 1)
        server.resume()
        seen.on("a", b"late")
        server.suspend()
    assert isinstance(server.log, str)


def test_what_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test is skipped, and told what to do."""
    monkeypatch.setattr(aedes, "NODE", None)
    with pytest.raises(pytest.skip.Exception, match="`make brokers` does it"):
        Aedes(tmp_path).start()


def test_a_limit_of_nats(tmp_path: Path) -> None:
    """A larger payload ends the connection; the next one serves."""
    with Nats(tmp_path, largest=1000) as server, Subscriber(server.port, "a", version=V311, qos=0) as seen:
        seen.client.publish("a", b"x" * 900)
        seen.on("a", b"x" * 900)
        seen.client.publish("a", b"x" * 1001)
        seen.wait_subscribed(2)
        seen.client.publish("a", b"x")
        seen.on("a", b"x")
        assert seen.count("a") == 2
