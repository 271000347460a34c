"""A `reload` that is asked for over the very transport that it changes."""

import json
import urllib.request
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from gateway.reload.succession import STOP_S
from tests.gateway.reload.test_exchange import SENSORS, Running
from tests.support.leaks import nothing_left
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.ports import free_port
from tests.support.waiting import DEADLINE_S, until

TRIES = 30

REQUEST = "/api/v1/senders/$gateway/requests/reload"


def posted(port: int, path: str) -> None:
    """Whether an answer comes does not matter here."""
    with suppress(OSError, HTTPException):
        asking = HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            asking.request("POST", path, b"")
            asking.getresponse()
        finally:
            asking.close()


def answers(port: int) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/senders", timeout=5):
        return True
    return False


def test_over_http(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The new one listens; the old one does not wait for the request, which waits for it."""
    first, second = free_port(), free_port()
    with nothing_left(), Running(tmp_path, f"{SENSORS}http: {{listen: 127.0.0.1:{first}}}\n") as running:
        until(lambda: answers(first))
        running.write(f"{SENSORS}http: {{listen: 127.0.0.1:{second}}}\n")
        posted(first, REQUEST)
        until(lambda: answers(second))
        assert not answers(first)
        assert running.reload() == {}
    assert f"did not stop within {STOP_S:g} s" not in caplog.text


@pytest.mark.skipif(bool(Mosquitto.missing()), reason=Mosquitto.missing())
def test_over_mqtt(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The new bridge connects."""

    def text(loss: str) -> str:
        return f"{SENSORS}mqtt: {{url: 'mqtt://127.0.0.1:{broker.port}', loss_window: {loss}}}\n"

    with nothing_left(), Mosquitto(tmp_path) as broker, Running(tmp_path, text("1s")) as running:
        until(lambda: running.app.health()["parts"].get("mqtt", {}).get("status") == "ok")
        before = next(each for each in running.app.services() if each.name == "mqtt")
        running.write(text("2s"))
        with Subscriber(broker.port, "sig/gateway/$gateway/response/reload") as seen:
            for _ in range(TRIES):  # a bridge that is connected may yet have to subscribe to requests
                seen.client.publish("sig/gateway/$gateway/request/reload", json.dumps({}), qos=1)
                with suppress(AssertionError):
                    until(lambda: before not in list(running.app.services()), DEADLINE_S / TRIES)
                    break
            assert before not in list(running.app.services())
            until(lambda: running.app.health()["parts"].get("mqtt", {}).get("status") == "ok")
        assert running.reload() == {}
    assert f"did not stop within {STOP_S:g} s" not in caplog.text
