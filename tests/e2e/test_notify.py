"""The gateway as a service before a small listener of sd_notify's messages: what systemd would be told.
With a real systemd it is in tests/installed."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Gateway
from tests.support.waiting import until

HANG = Path(__file__).parents[1] / "installed" / "hang"


class Listener:
    """Where systemd listens."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        self.told: list[str] = []

    def close(self) -> None:
        self._socket.close()

    def heard(self, text: str) -> bool:
        """Whether it has been told that by now."""
        try:
            while True:
                self.told.append(self._socket.recv(4096).decode())
        except BlockingIOError:
            return any(text in each for each in self.told)


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    """One that is closed."""
    listener = Listener(tmp_path / "notify")
    yield listener
    listener.close()


def test_from_ready_to_stopping(listener: Listener, tmp_path: Path) -> None:
    """Ready first, then alive and how it does; stopping last."""
    with Gateway(tmp_path, NOTIFY_SOCKET=str(listener.path)) as gateway:
        until(lambda: listener.heard("READY=1\n"))
        until(lambda: listener.heard("STATUS="))
        gateway.signal(signal.SIGTERM)
    listener.heard("")
    assert listener.told[0] == "READY=1\nSTATUS=started\n"
    assert listener.told[-1] == "STOPPING=1\n"
    assert not any("WATCHDOG" in each for each in listener.told)


@pytest.mark.once
def test_a_loop_that_hangs_is_told(listener: Listener, tmp_path: Path) -> None:
    """All is well, until a link's loop stands still; then the log has where."""
    hang = tmp_path / "hang"
    program = (HANG / "sitecustomize.py").read_text().replace("/run/hang", str(hang))
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(program)
    path = f"{tmp_path / 'site'}:{Path(__file__).parents[2]}:{Path(__file__).parents[2] / 'firmware-sim'}"
    told = str(listener.path)
    with Gateway(tmp_path, NOTIFY_SOCKET=told, WATCHDOG_USEC="4000000", PYTHONPATH=path) as gateway:
        until(lambda: listener.heard("WATCHDOG=1\n"))
        until(lambda: "board: up" in gateway.errors)
        hang.touch()
        until(lambda: listener.heard("WATCHDOG=trigger\n"))
        gateway.wait_for_error("watchdog: link-board has not gone round for")
        assert "stuck_when_told" in gateway.errors
        hang.unlink()
        gateway.signal(signal.SIGTERM)
