"""The service: when it begins, what it says of itself, and that nothing else waits for it."""

import logging
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.app import App
from gateway.config import load
from gateway.http import app as app_module
from gateway.http import service as service_module
from tests.gateway.http.conftest import Web
from tests.support.imported import imported
from tests.support.waiting import DEADLINE_S, until

ROOT = Path(__file__).parents[3]


def test_it_says_how_it_fares(make: Callable[..., Web]) -> None:
    """Unknown at first, then where it listens."""
    web = make()
    web.begin()
    until(lambda: web.part == {"status": "ok", "message": f"listening on 127.0.0.1:{web.port}"})
    service = web.service
    assert service is not None
    service.start()
    assert web.config.http is not None
    assert web.config.http.url == f"http://127.0.0.1:{web.port}"


def test_its_loop_goes_round(make: Callable[..., Web]) -> None:
    """Each second, also when nobody asks; before it serves there is none."""
    web = make()
    web.begin()
    until(lambda: web.part["status"] == "ok")
    service = web.service
    assert service is not None
    until(lambda: "http" in service.loops())
    first = service.loops()["http"]
    until(lambda: service.loops()["http"] > first)
    service.stop(5.0)
    assert service.loops() == {}


def test_a_port_that_somebody_holds(make: Callable[..., Web], monkeypatch: pytest.MonkeyPatch) -> None:
    """Is red, with what to do, and is tried again until it is free."""
    monkeypatch.setattr(service_module, "AGAIN_S", (0.02, 0.05))
    web = make()
    with socket.create_server(("127.0.0.1", web.port)):
        web.begin()
        until(lambda: web.part["status"] == "failing")
        message = web.part["message"]
        assert f"http.listen: cannot listen on 127.0.0.1:{web.port}: it is in use" in message
        until(lambda: web.part["again"] == 0.05)
    until(lambda: web.part["status"] == "ok")
    assert web.ask("/healthz").status == 200


def test_a_defect_is_red_and_tried_again(
    make: Callable[..., Web], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With its traceback in the log."""
    monkeypatch.setattr(service_module, "AGAIN_S", (0.02, 0.05))
    web = make()
    with monkeypatch.context() as patch:

        def broken(*_: object) -> None:
            raise KeyError("a defect")

        patch.setattr(app_module, "make_app", broken)
        web.begin()
        until(lambda: web.part["status"] == "failing")
    until(lambda: web.part["status"] == "ok")
    assert "please report this" in caplog.text
    assert "a defect" in caplog.text


def test_it_waits_for_the_first_event(make: Callable[..., Web], monkeypatch: pytest.MonkeyPatch) -> None:
    """Which a client has then, as those that came before it listened."""
    monkeypatch.setattr(service_module, "FIRST_S", DEADLINE_S)
    web = make()
    web.begin()
    assert web.part["status"] == "unknown"
    web.trigger("hot", 1)
    until(lambda: web.part["status"] == "ok")
    stream = web.follow("?last_event_id=0-0")
    assert stream.next().kind == "gap"
    stream.close()


def test_stop_before_it_has_begun(make: Callable[..., Web], monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends it at once; also one that never started."""
    monkeypatch.setattr(service_module, "FIRST_S", DEADLINE_S)
    web = make()
    web.begin()
    assert web.stop(5.0)
    assert web.stop()


def test_stop_while_it_tries_again(make: Callable[..., Web], monkeypatch: pytest.MonkeyPatch) -> None:
    """Does not wait for the next try."""
    monkeypatch.setattr(service_module, "AGAIN_S", (DEADLINE_S, DEADLINE_S))
    web = make()
    with socket.create_server(("127.0.0.1", web.port)):
        web.begin()
        until(lambda: web.part["status"] == "failing")
        assert web.stop(5.0)


def test_stop_with_clients(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    """A stream is told; a request that is under way holds up only its thread, not the stop, and that is said,
    but as no defect."""
    caplog.set_level(logging.INFO)
    stream, idle = web.follow(), web.connect()
    release, begun = threading.Event(), threading.Event()

    def wait(_params: object) -> None:
        begun.set()
        release.wait(DEADLINE_S)

    web.router.addSender("slow", ["x"], {"wait": wait})
    with web.connect() as asking:
        asking.sendall(
            b"POST /api/v1/senders/slow/requests/wait HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: 0\r\n\r\n"
        )
        assert begun.wait(DEADLINE_S)
        started = time.monotonic()
        assert web.stop()
        assert time.monotonic() - started < DEADLINE_S / 2
        while (message := stream.next()).kind != "cut":
            pass
        assert message.data == "the gateway stops"
        assert asking.recv(100) == b""
        assert idle.recv(100) == b""
    release.set()
    stream.close()
    idle.close()
    assert "a request is under way, whose answer is not sent" in caplog.text
    assert "Exception" not in caplog.text


def test_stop_just_after_clients_have_gone(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    """What they asked for ends by itself, as they have gone; that is no defect either."""
    for stream in [web.follow() for _ in range(30)]:
        stream.close()
    assert web.stop()
    assert "Exception" not in caplog.text


@pytest.mark.parametrize("stale", [True, False])
def test_a_unix_socket(make: Callable[..., Web], tmp_path: Path, stale: bool) -> None:
    """For a proxy, under any name; the socket that a killed gateway left is no hindrance. It is removed."""
    path = tmp_path / "http.sock"
    if stale:
        with socket.socket(socket.AF_UNIX) as killed:
            killed.bind(str(path))
    web = make(listen=f"unix:{path}").start()
    assert path.stat().st_mode & 0o777 == 0o660
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(DEADLINE_S)
        client.connect(str(path))
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: gateway.example\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
    assert web.stop()
    assert not path.exists()


def test_a_path_that_another_has_taken(make: Callable[..., Web], tmp_path: Path) -> None:
    """Is left to it at the end."""
    path = tmp_path / "http.sock"
    web = make(listen=f"unix:{path}").start()
    path.unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        assert web.stop()
        assert path.exists()


def test_stop_while_values_settle(make: Callable[..., Web], monkeypatch: pytest.MonkeyPatch) -> None:
    """Does not wait for that."""
    monkeypatch.setattr(service_module, "SETTLE_S", DEADLINE_S)
    web = make()
    web.begin()
    assert web.stop(5.0)


def test_a_unix_socket_of_somebody_who_lives(make: Callable[..., Web], tmp_path: Path) -> None:
    """Is not taken."""
    path = tmp_path / "http.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        web = make(listen=f"unix:{path}")
        web.begin()
        until(lambda: web.part["status"] == "failing")
        assert "it is in use" in web.part["message"]
        assert web.stop()
    assert path.exists()


def test_in_the_app(tmp_path: Path) -> None:
    """Its part is in the health; a port that is held keeps nothing else from starting."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        path = tmp_path / "config.yaml"
        listen = f"127.0.0.1:{held.getsockname()[1]}"
        path.write_text(f"router: {{listen: 'unix:{tmp_path}/s'}}\nhttp: {{listen: '{listen}'}}\n")
        app = App(load(path))
        app.start()
        until(lambda: app.health()["parts"]["http"]["status"] == "failing")
        assert app.health()["parts"]["router"]["status"] == "ok"
    until(lambda: app.health()["parts"]["http"]["status"] == "ok")
    assert app.stop()


WEB = (
    "gateway.http",
    "gateway.metrics",
    "gateway.history",
    "starlette",
    "uvicorn",
    "h11",
    "anyio",
    "asyncio",
)


@pytest.mark.parametrize("configured", [True, False])
def test_what_is_imported(tmp_path: Path, configured: bool) -> None:
    """Nothing of the web where `http` is left out; with it, none of the libraries before the links open."""
    opening, _ = imported(tmp_path, "http: {}" if configured else "", WEB)
    assert opening == (["gateway.http", "gateway.metrics"] if configured else [])
