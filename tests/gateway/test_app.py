"""The composition root, in this process."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.app import STOP_S, App
from gateway.config import load, load_usable
from gateway.service import StartError
from gateway.sim_port import sim_port
from tests.support.waiting import DEADLINE_S, happens, until

STOPPED_S = DEADLINE_S / 4
"""It takes less than 2 s, if it has its turn; what is waited for here lasts for a minute."""
assert STOP_S < 2.0


@pytest.fixture(autouse=True)
def no_thread_survives() -> Iterator[None]:
    """Every thread that a test started has ended."""
    before = set(threading.enumerate())
    yield
    end = time.monotonic() + DEADLINE_S
    while left := set(threading.enumerate()) - before:
        assert time.monotonic() < end, left
        next(iter(left)).join(0.1)


def make(folder: Path, text: str) -> App:
    path = folder / "config.yaml"
    path.write_text(text)
    return App(load(path))


def test_constructor_does_nothing(tmp_path: Path) -> None:
    """No file, no thread, no port, until `start`; `stop` may come any number of times."""
    app = make(tmp_path, "links: {b: {port: 'sim:'}}")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["config.yaml"]
    assert app.stop()
    assert app.stop()


def test_a_router_without_sensors(tmp_path: Path) -> None:
    """It starts, makes its data folder, and stops."""
    app = make(tmp_path, f"gateway: {{data: a/b}}\nrouter: {{listen: 'unix:{tmp_path}/s'}}")
    app.start()
    assert (tmp_path / "a" / "b").is_dir()
    assert app.stop()
    assert {path.name for path in (tmp_path / "a" / "b").iterdir()} <= {
        ".lock",
        "clock.json",
        "last-good-config.yaml",
    }


def test_failed_start_leaves_nothing(tmp_path: Path) -> None:
    """The error says where to change what."""
    app = make(tmp_path, "router:\n  listen: unix:/nonexistent/folder/s")
    with pytest.raises(StartError, match=r"config.yaml:2: router.listen: cannot listen on unix:/nonexistent"):
        app.start()
    app = make(tmp_path, "router: {listen: 192.0.2.1:7300, token: x}")
    with pytest.raises(StartError, match="this machine has no such address"):
        app.start()


def test_stop_is_bounded(tmp_path: Path) -> None:
    """A link that does not close is left behind, and everything else is closed, in time."""
    app = make(
        tmp_path, f"router: {{listen: 'unix:{tmp_path}/s'}}\nlinks: {{b: {{port: /nonexistent/port}}}}"
    )
    app.start()
    release = threading.Event()
    link = app.links["b"]
    close = link.close
    link.close = lambda: (release.wait(DEADLINE_S), close())  # type: ignore[assignment,method-assign]
    started = time.monotonic()
    assert not app.stop()
    assert time.monotonic() - started < STOPPED_S
    release.set()
    close()


@pytest.mark.filterwarnings("ignore:set(Daemon|Name).. is deprecated:DeprecationWarning")  # pyserial's
def test_stop_does_not_wait_for_an_opening(tmp_path: Path) -> None:
    """A server that takes the connection and says nothing: the link's thread ends by itself, later."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"rfc2217://127.0.0.1:{mute.getsockname()[1]}?timeout=6"
        app = make(tmp_path, f"router: {{listen: 'unix:{tmp_path}/s'}}\nlinks: {{b: {{port: '{url}'}}}}")
        app.start()
        with mute.accept()[0]:
            started = time.monotonic()
            assert not app.stop()
            assert time.monotonic() - started < 5.0
            (opening,) = [thread for thread in threading.enumerate() if thread.name == "link-b"]
            opening.join(DEADLINE_S / 2)
            assert not opening.is_alive()


def test_a_listener_that_hangs_is_left_behind(tmp_path: Path) -> None:
    """And said to be, in time."""
    app = make(tmp_path, f"router: {{listen: 'unix:{tmp_path}/s'}}")
    app.start()
    release, held = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        held.set()
        release.wait(DEADLINE_S)

    app.dispatcher.post_always(hold, None)
    assert held.wait(DEADLINE_S)
    started = time.monotonic()
    assert not app.stop()
    assert time.monotonic() - started < STOPPED_S
    release.set()


@pytest.mark.parametrize("secret", [False, True])
def test_health_with_mqtt(tmp_path: Path, secret: bool) -> None:
    """The connection and the outbox; a secret URL's broker is not named."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    (tmp_path / "url").write_text(f"mqtt://{address}")
    url = "!file url" if secret else f"mqtt://{address}"
    app = make(tmp_path, f"router: {{listen: 'unix:{tmp_path}/s'}}\nmqtt: {{url: {url}}}")
    app.start()
    until(lambda: app.health()["status"] == "failing")
    parts = app.health()["parts"]
    assert list(parts) == ["data folder", "router", "clock", "mqtt", "database", "dispatcher"]
    broker = "the broker" if secret else address
    assert parts["mqtt"]["message"].startswith(f"no connection to {broker}: Connection refused; ")
    until(lambda: app.health()["parts"]["database"]["status"] == "ok")
    assert app.stop()


def test_what_was_left_out_is_logged_and_red(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each problem is an ERROR; the part is in the health, and the rest is as it would be without."""
    path = tmp_path / "config.yaml"
    path.write_text(
        f"router: {{listen: 'unix:{tmp_path}/s'}}\nmqtt:\n  url: nothing\n  loss_window: soon\n"
        "links: {1: {port: /dev/x}, a: {port: /nonexistent}}\n"
    )
    app = App(load_usable(path))
    app.start()
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert [line.partition("config.yaml:")[2].partition(" ")[0] for line in errors] == ["3:", "4:", "5:"]
    assert all(line.endswith("is left out") for line in errors)
    parts = app.health()["parts"]
    assert {name for name, part in parts.items() if "left out: " in part["message"]} == {
        "mqtt",
        "links (line 5)",
    }
    assert parts["mqtt"]["status"] == "failing"
    assert "links.a" in parts
    assert app.stop()


def test_sim_port() -> None:
    """A simulator without a path gets a known one; anything else is left alone."""
    path = Path("/data/board")
    assert sim_port("sim:", path) == "sim:/data/board"
    assert sim_port("sim:?speed=5", path) == "sim:/data/board?speed=5"
    assert sim_port("sim:/tmp/x", path) == "sim:/tmp/x"
    assert sim_port("/dev/ttyACM0", path) == "/dev/ttyACM0"
    assert sim_port("sim:", Path("/da?ta/board")) == "sim:"


def test_stop_does_not_wait_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It hangs where the data folder is looked at, which holds up who would close it; the folder is free for
    others when the disk answers."""
    app = make(tmp_path, f"router: {{listen: 'unix:{tmp_path}/s'}}")
    app.start()
    begun, release = threading.Event(), threading.Event()
    fstat = os.fstat

    def hang(descriptor: int) -> os.stat_result:
        if threading.current_thread().name == "keeping":
            begun.set()
            release.wait(DEADLINE_S)
        return fstat(descriptor)

    monkeypatch.setattr("gateway.data_folder.os.fstat", hang)
    try:
        happens(begun)
        started = time.monotonic()
        assert not app.stop()
        assert time.monotonic() - started < 1.9
        assert "stopping: 1 data folder did not stop within" in caplog.text
    finally:
        release.set()
    until(lambda: not app.folder._held)
    again = make(tmp_path, f"router: {{listen: 'unix:{tmp_path}/s'}}")
    again.start()
    assert again.stop()


def test_health_does_not_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever watches over the gateway asks for it: a disk that hangs is no reason to start it anew."""
    app = make(tmp_path, f"router: {{listen: 'unix:{tmp_path}/s'}}")
    app.start()
    begun, release = threading.Event(), threading.Event()
    fstat = os.fstat

    def hang(descriptor: int) -> os.stat_result:
        if threading.current_thread().name == "keeping":
            begun.set()
            release.wait(DEADLINE_S)
        return fstat(descriptor)

    monkeypatch.setattr("gateway.data_folder.os.fstat", hang)
    try:
        happens(begun)
        asked: list[str] = []
        asking = threading.Thread(target=lambda: asked.append(app.health()["parts"]["data folder"]["status"]))
        asking.start()
        asking.join(DEADLINE_S / 2)
        assert asked == ["ok"]
    finally:
        release.set()
    asking.join()
    assert app.stop()
