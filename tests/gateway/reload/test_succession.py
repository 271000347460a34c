"""Old services that take long to stop, and the end of the gateway meanwhile."""

import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import sig
from gateway.recording import Recording
from gateway.reload import succession
from tests.gateway.reload.test_exchange import SENSORS, Running
from tests.support.leaks import nothing_left
from tests.support.ports import free_port
from tests.support.receipts import Kept
from tests.support.waiting import DEADLINE_S, until

SENDERS = "SELECT sender FROM events"
BEFORE, AFTER = (f"{SENSORS}history: {{window: {window}}}\n" for window in ("1s", "2s"))


class Slow:
    """A gateway whose history does not stop until `go_on` is set."""

    def __init__(self, running: Running, patch: pytest.MonkeyPatch) -> None:
        self.running = running
        self.go_on = threading.Event()
        self.old: Any = self.history()
        stop = self.old.stop
        patch.setattr(self.old, "stop", lambda within_s: self.go_on.wait(within_s) and stop(within_s))
        patch.setattr(succession, "STOP_S", 0.1)

    def history(self) -> Any:
        return next(each for each in self.running.app.services() if each.name == "history")

    def say(self, name: str) -> None:
        """By another sender."""
        signal = self.running.app.router.addSender(name, ["x"], {}).getSignal("x")
        assert signal is not None
        signal.trigger(1)

    def kept(self) -> list[str]:
        """Senders of which there is an event on disk."""
        with closing(sqlite3.connect(self.running.folder / "data" / "history.db")) as file:
            return [name for (name,) in file.execute(SENDERS)]

    @property
    def part(self) -> tuple[str, str]:
        part = self.running.app.health()["parts"]["history"]
        return part["status"], part["message"]


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    """With one sensor, up, and something on disk."""
    with nothing_left(), Running(tmp_path, BEFORE) as running:
        running.up()
        until(lambda: running.app.health()["parts"]["history"]["status"] == "ok")
        made = Slow(running, monkeypatch)
        try:
            yield made
        finally:
            made.go_on.set()


def test_one_that_stops_late(slow: Slow) -> None:
    """Its part is red meanwhile; then the new one is at work, with all that was said since the exchange."""
    running, answers = slow.running, list[dict[str, str]]()
    running.write(AFTER)
    asking = threading.Thread(target=lambda: answers.append(running.reload()))
    asking.start()
    until(lambda: slow.part[0] == "failing")
    assert slow.part[1].startswith("the one of before the reload has not stopped after 0.1 s")
    slow.say("later")
    slow.go_on.set()
    asking.join(DEADLINE_S)
    assert answers == [{"history": "restarted"}]
    assert slow.history() is not slow.old
    until(lambda: slow.part[0] == "ok")
    until(lambda: "later" in slow.kept())


def test_the_end_before_the_old_one_has_stopped(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was accepted since the exchange is on disk all the same; nothing is started that nobody stops."""
    running = slow.running
    monkeypatch.setattr("gateway.app.STOP_S", DEADLINE_S)
    running.write(AFTER)
    running.app.reloader.ask()
    until(lambda: slow.part[0] == "failing")
    slow.say("later")
    ends = threading.Thread(target=running.app.stop)
    ends.start()
    until(lambda: not list(running.app.services()))
    slow.go_on.set()
    ends.join(DEADLINE_S)
    assert not ends.is_alive()
    assert "later" in slow.kept()
    assert not [thread.name for thread in threading.enumerate() if thread.name in ("history", "reload")]


def test_the_end_though_the_old_one_never_stops(slow: Slow, caplog: pytest.LogCaptureFixture) -> None:
    """The gateway ends in its time; what the new one has heard is lost, and how much that is is said."""
    running = slow.running
    running.write(AFTER)
    running.app.reloader.ask()
    until(lambda: slow.part[0] == "failing")
    slow.say("later")
    assert running.app._parts is not None
    until(lambda: running.app._parts is not None and running.app._parts.unwritten())
    started = time.monotonic()
    assert not running.app.stop()
    assert time.monotonic() - started < 1.9
    lost = running.app._parts.unwritten()["history"]
    assert f"stopping: history: {lost} events since the reload are lost" in caplog.text
    slow.go_on.set()
    until(lambda: "later" in slow.kept(), what="the process lives on, in a test")


def test_a_stopped_gateway_has_no_service_more(slow: Slow) -> None:
    """A reload that was left behind cannot put one in."""
    slow.go_on.set()
    parts, old = slow.running.app._parts, slow.old
    assert parts is not None
    slow.running.app.stop()
    assert not parts.set_running("history", old)
    assert not list(slow.running.app.services())


def test_the_end_before_the_router_listens_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens then."""
    with nothing_left(), Running(tmp_path) as running:
        running.up()
        assert running.app._parts is not None
        server, ended = running.app._parts.server, threading.Event()
        change, stop = server.change, server.stop
        begun = threading.Event()

        def change_late(config: Any) -> None:
            begun.set()
            assert ended.wait(DEADLINE_S)
            change(config)

        def stop_and_tell(within_s: float) -> bool:
            done = stop(within_s)
            ended.set()
            return done

        monkeypatch.setattr(server, "change", change_late)
        monkeypatch.setattr(server, "stop", stop_and_tell)
        monkeypatch.setattr("gateway.app.STOP_S", DEADLINE_S)
        running.write(SENSORS, socket_name="new")
        running.app.reloader.ask()
        assert begun.wait(DEADLINE_S)
        assert running.app.stop()
        with socket.socket(socket.AF_UNIX) as client, pytest.raises(OSError, match=r"No such file|refused"):
            client.connect(f"{tmp_path}/new")


def test_history_that_could_not_be_started(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next reload starts it, also with what was before; as nobody has recorded meanwhile, it does not go
    on where the last one has ended."""
    running, start = slow.running, threading.Thread.start
    slow.go_on.set()

    def fail(thread: threading.Thread) -> None:
        if thread.name == "history":
            raise RuntimeError("can't start new thread")
        start(thread)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        assert running.reload(AFTER) == {"history": "failed"}
    told: list[Any] = []
    monkeypatch.setattr(Recording, "know", lambda _service, readings: told.append(readings))
    assert running.reload(BEFORE) == {"history": "added"}
    until(lambda: slow.part[0] == "ok")
    assert len(told) == 1


def test_a_held_port_of_an_http_that_is_new(tmp_path: Path) -> None:
    """Its line says so, there is none then, and nobody fills a mailbox for it; it comes by the next one."""
    with nothing_left(), Running(tmp_path) as running:
        running.up()
        with socket.create_server(("127.0.0.1", 0)) as held:
            listen = f"127.0.0.1:{held.getsockname()[1]}"
            assert running.reload(f"{SENSORS}http: {{listen: {listen}}}\n") == {"http": "failed"}
            assert running.app._parts is not None
            assert running.app._parts.feed._mailboxes == ()
            assert running.app.config.http is None
            assert "http" not in running.app.health()["parts"]
        assert running.reload() == {"http": "added"}
        until(lambda: running.app.health()["parts"]["http"]["status"] == "ok")


@pytest.mark.parametrize("begun", [False, True])
def test_a_defect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: bool) -> None:
    """Before the exchange it is a refusal: nothing has changed, nothing is left of what was made. After it,
    only a restart helps, and the log says so."""
    with nothing_left(), Running(tmp_path) as running:
        running.up()
        listeners = len(running.app.folder._listeners)
        where = (
            "gateway.reload.exchange.Exchange._known" if begun else "gateway.reload.exchange.check_left_out"
        )

        def fail(*_: object) -> None:
            raise ZeroDivisionError("a defect")

        monkeypatch.setattr(where, fail)
        other = f"links: {{other: {{port: {tmp_path}/other}}}}\n{SENSORS.replace('board', 'other')}"
        with pytest.raises(sig.RequestError, match="a defect") as caught:
            running.reload(other)
        assert ("nothing has changed" in str(caught.value)) is not begun
        if not begun:
            assert len(running.app.folder._listeners) == listeners
            monkeypatch.undo()
            assert running.reload()["links.other"] == "added"


def test_where_no_thread_can_be_had_for_the_old_one(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is stopped on the reload's, and the new one follows."""
    begin = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if thread.name.startswith("stop-"):
            raise RuntimeError("can't start new thread")
        begin(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    slow.go_on.set()
    slow.running.write(AFTER)
    assert slow.running.reload() == {"history": "restarted"}
    assert slow.history() is not slow.old
    assert not slow.old._thread.is_begun


@pytest.mark.parametrize(("name", "wanted"), [("history", True), ("history", False), ("http", True)])
def test_one_that_cannot_be_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, wanted: bool
) -> None:
    """It is left out, which its line and the health say; nobody fills a mailbox for it, and what it was to
    keep is to be sent again. The next reload starts it, if it is wanted still."""
    text = {"history": AFTER, "http": f"{SENSORS}http: {{listen: 127.0.0.1:{free_port()}}}\n"}[name]
    with nothing_left(), Running(tmp_path) as running:
        running.up()
        assert running.app._parts is not None
        feed, start, device = running.app._parts.feed, threading.Thread.start, Kept()
        signal = running.app.router.addSender("theirs", ["#changed"]).getSignal("#changed")
        assert signal is not None

        def fail(thread: threading.Thread) -> None:
            if thread.name == name:
                device.say(signal, 1, {})
                raise RuntimeError("can't start new thread")
            start(thread)

        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", fail)
            assert running.reload(text) == {name: "failed"}
        assert device.lost == ([1] if name == "history" else [])
        assert feed._mailboxes == ()
        part = running.app.health()["parts"][name]
        assert part["status"] == "failing"
        assert part["message"] == "left out, as it cannot be started: RuntimeError: can't start new thread"
        if wanted:
            assert running.reload() == {name: "added"}
            until(lambda: running.app.health()["parts"][name]["status"] == "ok")
        else:
            assert running.reload(SENSORS) == {}
            assert name not in running.app.health()["parts"]
