"""A real server on a loopback address, and what can be asked of it."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import sig
from gateway.config import load
from gateway.feed import Feed
from gateway.http import service as service_module
from gateway.http.context import Context
from gateway.http.service import HttpService
from gateway.senders import OWN_NAME, GatewayRouter
from sig.carrier.local import LocalCarrier
from tests.support.waiting import DEADLINE_S, until

LAST = {"value": 23.5, "unit": "°C", "time": "2026-11-22T06:30:00.123Z", "quality": "good", "seq": 7}
INFO = {
    "kind": "temperature",
    "link": "board",
    "thresholds": {"hot": 26},
    "channel": {"resolution": 0.1},
    "warning": None,
}
HEALTH = {"status": "ok", "parts": {"router": {"status": "ok", "message": "listening"}}}


class Answer(NamedTuple):
    """`headers`: by name in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """What the body says."""
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str, str]:
        """Status, type and text."""
        said = self.json
        assert said.keys() == {"status", "error", "message"}
        assert said["status"] == "error"
        return self.status, said["error"], said["message"]


class Web:
    """The service, with a router of its own in which `temp` is."""

    def __init__(self, folder: Path, **section: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        section = {"listen": f"127.0.0.1:{self.port}", **section}
        path = folder / "config.yaml"
        path.write_text(json.dumps({"http": section}))
        self.config = load(path)
        self.router = GatewayRouter(LocalCarrier(), [], sig.Sender)
        self.router.addSender(OWN_NAME, None, {"info": self.info})
        self.temp = self.router.addSender(
            "temp",
            ["#changed", "#stale", "cold", "hot"],
            {
                "last": lambda _: LAST,
                "read": lambda _: LAST,
                "info": lambda _: INFO,
                "stats": lambda _: {"reads": 1},
                "echo": lambda params: params,
            },
        )
        self.health: dict[str, Any] = HEALTH
        self.how: Callable[[], dict[str, Any]] = lambda: self.health
        self.history: Any = None
        self.metrics: Any = None
        self.service: HttpService | None = None

    def info(self, _params: object = None) -> dict[str, Any]:
        """What the gateway's own sender says."""
        return {"name": "greenhouse", "version": "1", "python": "3", "uptime": 1.5, "links": {}}

    def start(self) -> "Web":
        """Until it listens."""
        self.begin()
        until(lambda: self.part["status"] == "ok", what=str(self.part))
        return self

    def begin(self) -> None:
        """As the app does."""
        context = Context(
            self.router, Feed(self.router), lambda: self.how(), self.info, lambda: self.history, self.metrics
        )
        self.service = HttpService(self.config, context)
        self.service.start()

    @property
    def part(self) -> dict[str, Any]:
        """How it fares."""
        assert self.service is not None
        return self.service.status()["http"].as_data()

    def stop(self, within_s: float = DEADLINE_S) -> bool:
        """As the app does."""
        service, self.service = self.service, None
        return service is None or service.stop(within_s)

    def trigger(self, event: str, data: Any = None) -> None:
        """One of `temp`'s."""
        signal = self.temp.getSignal(event)
        assert signal is not None
        signal.trigger(data)

    def ask(self, path: str, method: str = "GET", body: Any = None, **headers: str) -> Answer:
        """One request on a connection of its own. Names of headers have `_` for `-`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        try:
            data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, data, named)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        """Bytes as they are."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE_S)

    def follow(self, query: str = "", **headers: str) -> "Stream":
        """The events, from now on."""
        return Stream(self.connect(), query, **headers)


class Message(NamedTuple):
    """One of the stream."""

    kind: str
    id: str
    data: str


class Stream:
    """A client of the events, which has seen the first `alive` when it is there."""

    def __init__(self, sock: socket.socket, query: str = "", **headers: str) -> None:
        self.sock = sock
        lines = [f"GET /api/v1/events{query} HTTP/1.1", "Host: localhost"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        sock.sendall("\r\n".join([*lines, "", ""]).encode())
        self._response = http.client.HTTPResponse(sock, method="GET")
        self._response.begin()
        self.status = self._response.status
        self.headers = {name.lower(): value for name, value in self._response.getheaders()}
        if self.status == 200:
            assert self.next().kind == "alive"

    def next(self) -> Message:
        """The next message; ("", "", "") at the end."""
        fields = {"event": "", "id": "", "data": ""}
        while line := self._response.readline().decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            fields[name] = value
        return Message(fields["event"], fields["id"], fields["data"])

    def event(self) -> dict[str, Any]:
        """The data of the next event, whatever the gateway says of itself before."""
        while (message := self.next()).kind == "alive":
            pass
        assert message.kind == "", message
        event: dict[str, Any] = json.loads(message.data)
        return event

    def close(self) -> None:
        """Go."""
        self._response.close()
        self.sock.close()


@pytest.fixture(autouse=True)
def no_thread_survives() -> Iterator[None]:
    """Every thread that a test started has ended."""
    before = set(threading.enumerate())
    yield
    end = time.monotonic() + DEADLINE_S
    while left := set(threading.enumerate()) - before:
        assert time.monotonic() < end, left
        next(iter(left)).join(0.1)


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Web]]:
    """Makes a server that is not started."""
    monkeypatch.setattr(service_module, "FIRST_S", 0.0)
    monkeypatch.setattr(service_module, "SETTLE_S", 0.0)
    made: list[Web] = []

    def make_one(**section: Any) -> Web:
        made.append(Web(tmp_path, **section))
        return made[-1]

    yield make_one
    for web in made:
        web.stop()


@pytest.fixture
def web(make: Callable[..., Web]) -> Web:
    """A server that listens, for everybody on this machine."""
    return make().start()
