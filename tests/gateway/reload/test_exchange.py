"""Reloads of a whole gateway in this process: a board on a real pty, real sockets."""

import logging
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import sig
from drivers import Sensor
from drivers.receipt import Receipt
from drivers.source import Measurement
from gateway.app import App
from gateway.config import load_usable
from gateway.logs import logging_to
from gateway.reload import exchange
from gateway.senders import OWN_NAME
from gateway.storage.schema import StoreError
from sig.carrier.tcpclient import CarrierTCPClient
from tests.support.jobs import block, settle
from tests.support.leaks import nothing_left
from tests.support.ports import free_port
from tests.support.scripted_board import ScriptedBoard
from tests.support.waiting import until

SENSORS = "sensors:\n  temp: {driver: temperature, link: board}\n"


class Running:
    """A gateway with that board, and what happens there. `text`: of its config, without router and board."""

    def __init__(self, folder: Path, text: str = SENSORS) -> None:
        self.board = ScriptedBoard(folder / "board")
        self.folder = folder
        self.path = folder / "config.yaml"
        self.write(text)
        self.app = App(load_usable(self.path))
        self.events: list[tuple[str, str]] = []

    def write(self, text: str, socket_name: str = "s") -> None:
        """Another config."""
        links = "" if "links:" in text else f"links: {{board: {{port: {self.folder}/board}}}}\n"
        self.path.write_text(f"router: {{listen: 'unix:{self.folder}/{socket_name}'}}\n{links}{text}")

    def __enter__(self) -> "Running":
        self.board.plug()
        self.app.start()
        self.app.router.addListener(lambda info, _: self.events.append((info["sender"], info["event"])))
        return self

    def __exit__(self, *_: object) -> None:
        assert self.app.stop()
        self.board.__exit__()

    def up(self, *names: str) -> None:
        """Wait until those are connected."""
        for name in names or ("temp",):
            until(lambda name=name: self.connected(name), what=name)  # type: ignore[misc]

    def connected(self, name: str) -> bool:
        sender = self.app.router.getSender(name)
        return sender is not None and sender.isConnected()

    def reload(self, text: str | None = None, **more: Any) -> dict[str, str]:
        """By part, what became of it, without those that are kept."""
        if text is not None:
            self.write(text, **more)
        parts = self.app.router.request(OWN_NAME, "reload")["parts"]
        return {each["part"]: each["result"] for each in parts if each["result"] != "kept"}

    @property
    def senders(self) -> list[str]:
        """In the lists."""
        return [sender.getName() for sender in self.app.router.listSenders()]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """With one sensor, up."""
    with nothing_left(), Running(tmp_path) as made:
        made.up()
        yield made


def test_a_sensor_comes_and_goes(running: Running) -> None:
    """All see it at once, and nothing of it is left; the other one and the link hear nothing of it."""
    both = SENSORS + "  attic: {driver: humidity, link: board, channel: hum}\n"
    running.events.clear()
    assert running.reload(both) == {"sensors.attic": "added"}
    running.up("attic")
    app = running.app
    until(lambda: "attic" in app.health()["parts"]["devices.board"].get("sensors", {}))
    assert (list(app.sensors), "attic" in app.names) == (["temp", "attic"], True)
    until(lambda: app.router.request("attic", "last"))
    assert running.reload(SENSORS) == {"sensors.attic": "removed"}
    assert (running.senders, list(app.sensors), "attic" in app.names) == (["temp"], ["temp"], False)
    assert "attic" not in str(app.health())
    assert ("attic", "#disconnect") in running.events
    assert not {("temp", "#connect"), ("temp", "#disconnect")} & set(running.events)
    assert running.board.count("hello") == 1


def test_what_comes_while_a_sensor_is_exchanged_is_not_safe(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its board sends it again, for the one that comes. A link that goes has nothing safe any more."""
    told: list[bool] = []
    link = running.app.links["board"]

    def hear() -> None:
        receipt = Receipt("24A1", 7, 1, lambda _receipt, safe: told.append(safe))
        link.measured(Measurement("temp", 1, 21.0, None, 0.0, receipt=receipt))

    def detach(sensor: Sensor, leave: Callable[[Sensor], None] = Sensor.detach) -> None:
        leave(sensor)
        hear()

    monkeypatch.setattr(Sensor, "detach", detach)
    assert running.reload(SENSORS.replace("temperature", "generic, unit: C")) == {"sensors.temp": "restarted"}
    assert told == [False]
    assert running.reload("sensors: {}\n") == {"sensors.temp": "removed"}
    hear()
    assert told == [False, False, True]
    running.reload("links: {}\nsensors: {}\n")
    hear()
    assert told == [False, False, True, False]


def test_what_is_logged(running: Running) -> None:
    """Another level and another file hold from the answer on, and nothing else is touched."""
    file = running.folder / "gateway.log"
    logger = logging.getLogger("gateway.test")
    with logging_to(logging.NullHandler(), verbose=False, config=running.app.config):
        logger.info("before")
        log = f"log: {{level: warning, file: {file}}}\n"
        assert running.reload(SENSORS + log) == {"log": "changed in place"}
        logger.info("too low")
        logger.warning("heard")
        until(lambda: file.exists() and "heard" in file.read_text())
        assert running.reload(SENSORS) == {"log": "changed in place"}
        logger.warning("elsewhere")
    text = file.read_text()
    assert "before" not in text
    assert "too low" not in text
    assert "elsewhere" not in text
    assert running.board.count("hello") == 1


def test_a_name_that_was_a_sensor_s_is_free(running: Running) -> None:
    """A client may take it then, and a listener keeps its place."""
    running.app.router.addListener(lambda *_: None, "temp")
    running.reload("sensors: {}\n")
    assert running.senders == ["temp"]
    carrier = CarrierTCPClient()
    client = sig.ClientRouter(carrier)
    assert carrier.connect(f"unix:{running.folder}/s", 0)
    try:
        client.addRemoteSender("temp", ["x"], {})
        until(lambda: running.connected("temp"))
    finally:
        carrier.disconnect()
    until(lambda: not running.connected("temp"))


def test_a_link_that_is_another(running: Running, tmp_path: Path) -> None:
    """It is opened anew, with its sensors; captures of it end; the port that is gone is not told."""
    capture = running.app.router.request(OWN_NAME, "capture", {"link": "board"})
    other = f"links: {{board: {{port: {tmp_path}/board, identity: {running.board.identity}}}}}\n"
    assert running.reload(other + SENSORS) == {"links.board": "restarted", "sensors.temp": "restarted"}
    running.up()
    until(lambda: running.board.count("hello") == 2)
    with pytest.raises(sig.BadParams, match="there is no capture"):
        running.app.router.request(OWN_NAME, "capture", {"capture": capture["capture"]})
    begun = running.app.router.request(OWN_NAME, "capture", {"link": "board"})
    assert begun["port"] == f"{tmp_path}/board"
    assert [t.name for t in threading.enumerate()].count("link-board") == 1
    (tmp_path / "secret").write_text(f"{tmp_path}/board")
    assert running.reload("links: {board: {port: !file secret}}\n" + SENSORS)["links.board"] == "restarted"
    running.up()
    info = running.app.router.request(OWN_NAME, "info")["links"]["board"]
    assert (info["port"], info["opened"]) == (None, None)
    removed = running.reload("links: {}\n")
    assert removed == {"links.board": "removed", "sensors.temp": "removed"}
    assert "links.board" not in running.app.health()["parts"]
    assert running.senders == []


def test_what_is_remembered_of_links(running: Running, tmp_path: Path) -> None:
    """Who was on a link that has come is known after the next start."""
    (tmp_path / "other").symlink_to(tmp_path / "nothing")
    memory = tmp_path / "data" / "identities.json"
    until(memory.exists)
    running.write(
        f"links: {{new: {{port: {tmp_path}/board}}}}\n" + SENSORS.replace("link: board", "link: new")
    )
    running.reload()
    running.up()
    until(lambda: '"new"' in memory.read_text() and '"board"' not in memory.read_text())


def test_while_a_listener_holds_the_dispatcher(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused after a while, and nothing has changed, also when the listener has returned."""
    monkeypatch.setattr(exchange, "TURN_S", 0.05)
    go_on = block(running.app.dispatcher)
    try:
        with pytest.raises(sig.RequestError, match=r"for 0\.05 s; nothing has changed"):
            running.reload(SENSORS + "  attic: {driver: humidity, link: board, channel: hum}\nhistory: {}\n")
    finally:
        go_on.set()
    settle(running.app.dispatcher)
    assert (running.senders, running.app.config.history) == (["temp"], None)
    assert not (running.folder / "data" / "history.db").exists()
    monkeypatch.undo()
    assert running.reload() == {"sensors.attic": "added", "history": "added"}
    running.up("attic")


def test_a_left_out_part_that_is_mended(tmp_path: Path) -> None:
    """It comes; one that is gone leaves the lists."""
    wrong = (
        SENSORS + "  attic: {driver: humidity, link: board, chanel: hum}\n  loft: {driver: x, link: board}\n"
    )
    with nothing_left(), Running(tmp_path, wrong) as running:
        running.up()
        assert running.senders == ["temp", "attic", "loft"]
        right = SENSORS + "  attic: {driver: humidity, link: board, channel: hum}\n"
        assert running.reload(right + "  loft: {driver: y, link: board}\n") == {"sensors.attic": "added"}
        running.up("attic")
        assert [out.name for out in running.app.config.left_out] == ["sensors.loft"]
        assert not (tmp_path / "data" / "last-good-config.yaml").exists()
        assert running.reload(right) == {}
        assert running.senders == ["temp", "attic"]
        until((tmp_path / "data" / "last-good-config.yaml").exists)


def test_a_port_of_http_that_is_held(running: Running) -> None:
    """The old one is started again, and the answer says so; a reload without that other program works."""
    first, second = free_port(), free_port()

    def answers(port: int) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/senders", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def text(port: int) -> str:
        return f"{SENSORS}http: {{listen: 127.0.0.1:{port}}}\n"

    assert running.reload(text(first)) == {"http": "added"}
    until(lambda: answers(first), what=str(running.app.health()))
    with socket.create_server(("127.0.0.1", second)):
        running.write(text(second))
        (part,) = [
            each for each in running.app.router.request(OWN_NAME, "reload")["parts"] if each["part"] == "http"
        ]
        assert part["result"] == "failed"
        assert f"cannot listen on 127.0.0.1:{second}: it is in use" in part["message"]
        until(lambda: answers(first))
        assert running.app.config.http is not None
        assert running.app.config.http.listen.endswith(str(first))
    assert running.reload() == {"http": "restarted"}
    until(lambda: answers(second))
    assert not answers(first)
    assert running.reload(SENSORS) == {"http": "removed"}
    assert not answers(second)


def test_an_address_of_the_router_that_is_held(running: Running, tmp_path: Path) -> None:
    """It listens as before; then as it should, and who came by the old one is cut off after the answer."""

    def client(name: str) -> tuple[Any, Any]:
        carrier = CarrierTCPClient()
        made = sig.ClientRouter(carrier)
        assert carrier.connect(f"unix:{tmp_path}/{name}", 0)
        return made, carrier

    with socket.socket(socket.AF_UNIX) as held:
        held.bind(f"{tmp_path}/taken")
        held.listen()
        assert running.reload(SENSORS, socket_name="taken") == {"router": "failed"}
    asks, old = client("s")
    other, new = client("s")
    try:
        running.write(SENSORS, socket_name="new")
        parts = asks.remoteRequest(OWN_NAME, "reload", timeout=30)["parts"]
        assert {each["part"]: each["result"] for each in parts}["router"] == "restarted"
        until(lambda: not old.isConnected() and not new.isConnected())
    finally:
        old.disconnect()
        new.disconnect()
    again, carrier = client("new")
    assert again.remoteRequest("temp", "info")["link"] == "board"
    carrier.disconnect()
    assert other is not again
    assert not (tmp_path / "s").exists()


def test_history_that_comes_late(running: Running) -> None:
    """It knows the value that holds; another one goes on without a gap; and then there is none."""
    until(lambda: running.app.router.request("temp", "last"))
    with pytest.raises(sig.UnknownMethod, match="keeps no history"):
        running.app.router.request(OWN_NAME, "history", {})

    def found() -> Any:
        recording: Any = next(each for each in running.app.services() if each.name == "history")
        try:
            return recording.points("temp", 0, round(time.time() * 1000), 10)
        except (sig.Busy, StoreError):  # it has just begun
            return None

    deadband = SENSORS.replace("link: board", "link: board, delta: 50")
    assert running.reload(deadband + "history: {window: 1s}\n")["history"] == "added"
    until(lambda: found() is not None and found().buckets, what="a value")
    assert running.reload(deadband + "history: {window: 2s}\n") == {"history": "restarted"}
    until(lambda: found() is not None and running.app.health()["parts"]["history"]["status"] == "ok")
    until(lambda: found() is not None)
    assert len(found().buckets) == 1
    assert list(found().gaps) == []
    assert running.reload(deadband) == {"history": "removed"}
    assert "history" not in running.app.health()["parts"]


def test_the_end_in_the_middle(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop while a reload waits is in time, and leaves nothing."""
    go_on = block(running.app.dispatcher)
    running.write(SENSORS + "history: {}\nhttp: {}\n")
    running.app.reloader.ask()
    until(lambda: running.app.dispatcher.depth > 0)
    started = time.monotonic()
    releasing = threading.Timer(0.3, go_on.set)
    releasing.start()
    running.app.stop()
    assert time.monotonic() - started < 10.0
    releasing.join()


def test_many_reloads_leave_nothing_behind(running: Running) -> None:
    """No listener of the folder, no thread, no sender more than before."""
    folder = running.app.folder
    both = SENSORS + "  attic: {driver: humidity, link: board, channel: hum}\n"
    other = f"links: {{board: {{port: {running.folder}/board, baud: 9600}}}}\n"
    running.reload(both)
    threads, listeners = threading.active_count(), len(folder._listeners)
    for text in (other + SENSORS, both) * 3:
        running.reload(text)
        running.up()
    assert len(folder._listeners) == listeners
    until(lambda: threading.active_count() == threads)
    assert running.senders == ["temp", "attic"]
