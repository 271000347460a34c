"""What a manager of services is told: the very bytes, and that nothing of it can harm."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.sd_notify import SEND_WITHIN_S, Manager


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[socket.socket]:
    """Where systemd listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(60)
        yield listening


@pytest.fixture
def manager(heard: socket.socket) -> Iterator[Manager]:
    """Told where that is."""
    manager = Manager({"NOTIFY_SOCKET": heard.getsockname()})
    yield manager
    manager.close()


def test_each_message_has_the_form_that_systemd_reads(heard: socket.socket, manager: Manager) -> None:
    """READY, STATUS, RELOADING with its time, STOPPING, WATCHDOG in both forms: one datagram each."""
    manager.ready("3 sensors")
    manager.status("all is well")
    manager.reloading(123_456)
    manager.alive()
    manager.trigger()
    manager.stopping()

    assert [heard.recv(4096) for _ in range(6)] == [
        b"READY=1\nSTATUS=3 sensors\n",
        b"STATUS=all is well\n",
        b"RELOADING=1\nMONOTONIC_USEC=123456\n",
        b"WATCHDOG=1\n",
        b"WATCHDOG=trigger\n",
        b"STOPPING=1\n",
    ]
    assert manager.last_text == "all is well"


def test_a_text_of_many_lines_cannot_say_anything_else(heard: socket.socket, manager: Manager) -> None:
    """A board's words in the status must not become fields of their own."""
    manager.status("temp: odd\nMAINPID=1\r\n  and more")

    assert heard.recv(4096) == b"STATUS=temp: odd MAINPID=1 and more\n"


def test_an_abstract_name_is_one_without_a_file() -> None:
    """`@` stands for the zero byte."""
    name = f"sig-gateway-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        listening.settimeout(60)
        manager = Manager({"NOTIFY_SOCKET": f"@{name}"})
        manager.alive()
        manager.close()

        assert listening.recv(4096) == b"WATCHDOG=1\n"


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}])
def test_without_a_manager_nothing_is_said(
    environ: dict[str, str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is opened, nothing is logged, no watchdog is asked for."""
    monkeypatch.setattr(socket, "socket", None)
    manager = Manager(environ | {"WATCHDOG_USEC": "1000000"})
    manager.ready("")
    manager.alive()
    manager.close()

    assert not manager.present
    assert manager.watchdog_s is None
    assert not caplog.records


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": str(os.getpid())}, 1.5),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "me"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_asked_for_by_name(environ: dict[str, str], seconds: float | None) -> None:
    """In microseconds, and of this process alone."""
    manager = Manager({"NOTIFY_SOCKET": "/nowhere"} | environ)

    assert manager.present
    assert manager.watchdog_s == seconds


def test_a_manager_that_went_is_said_once(
    heard: socket.socket, manager: Manager, caplog: pytest.LogCaptureFixture
) -> None:
    """Once for each time that it goes, not with every message."""
    Path(heard.getsockname()).unlink()
    with caplog.at_level(logging.WARNING):
        manager.status("one")
        manager.alive()
    assert [record.getMessage() for record in caplog.records] == [
        "systemd cannot be told 'STATUS=one': [Errno 2] No such file or directory"
    ]

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as back:
        back.bind(heard.getsockname())
        manager.alive()
        assert back.recv(4096) == b"WATCHDOG=1\n"
    with caplog.at_level(logging.WARNING):
        manager.alive()
    assert len(caplog.records) == 2


def test_a_manager_that_takes_nothing_holds_nobody_up(heard: socket.socket, manager: Manager) -> None:
    """Its queue is full: the message is given up after a while, and the next one is tried again."""
    queued = 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as another:
        another.setblocking(False)
        while True:
            try:
                another.sendto(b"X=1\n", heard.getsockname())
            except BlockingIOError:
                break
            queued += 1

    manager.alive()  # returns, after SEND_WITHIN_S

    for _ in range(queued):
        assert heard.recv(4096) == b"X=1\n"
    manager.alive()
    assert heard.recv(4096) == b"WATCHDOG=1\n"
    assert SEND_WITHIN_S < 1


def test_one_descriptor_is_kept(heard: socket.socket, manager: Manager) -> None:
    """A process that has none left can still say that it is alive."""
    manager.alive()
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208
    manager.alive()

    assert heard.recv(4096) == heard.recv(4096) == b"WATCHDOG=1\n"
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


@pytest.mark.parametrize("end", [Manager.stopping, Manager.close])
def test_nothing_is_said_after_the_end(
    heard: socket.socket, manager: Manager, end: Callable[[Manager], None]
) -> None:
    """A reload that is under way ends later; no socket is opened for it."""
    manager.ready("started")
    end(manager)
    manager.close()
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208
    manager.ready("reloaded")
    manager.alive()
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    heard.setblocking(False)
    said = [heard.recv(4096)]
    with suppress(BlockingIOError):
        while True:
            said.append(heard.recv(4096))
    assert said == [b"READY=1\nSTATUS=started\n", b"STOPPING=1\n"][: 2 if end is Manager.stopping else 1]


def test_the_end_while_another_thread_speaks(heard: socket.socket, manager: Manager) -> None:
    """It waits for the message that is on its way: its socket is not taken from under it."""
    raised: list[BaseException] = []
    for _ in range(50):
        speaking = Manager({"NOTIFY_SOCKET": heard.getsockname()})

        def speak(speaking: Manager = speaking) -> None:
            try:
                for _ in range(20):
                    speaking.alive()
            except BaseException as error:  # noqa: BLE001 - told below
                raised.append(error)

        thread = threading.Thread(target=speak)
        heard.setblocking(False)
        thread.start()
        speaking.close()
        while thread.is_alive():
            with suppress(BlockingIOError):
                heard.recv(4096)
        thread.join()
    assert raised == []
    assert not manager.last_text
