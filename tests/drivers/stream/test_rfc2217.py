"""A port behind RFC 2217, served by pyserial's own server."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
import serial.rfc2217

from drivers.errors import LinkLostError, PortError, PortNotFoundError
from drivers.stream import opening
from drivers.stream.port_settings import PortSettings
from drivers.stream.transport import Transport, open_transport
from tests.support.waiting import DEADLINE_S, until

# pyserial's thread is made with a method that Python has renamed since.
pytestmark = pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")

SET_BAUD_RATE = b"\xff\xfa\x2c\x01"


class Server:
    """Takes one connection, for a port that takes note of what is set on it."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"rfc2217://127.0.0.1:{self.listener.getsockname()[1]}"
        lines = {"cts": True, "dsr": True, "ri": False, "cd": True, "rts": True, "dtr": True}
        frame = {"baudrate": 0, "bytesize": 8, "parity": "N", "stopbits": 1, "rtscts": False}
        self.port: Any = SimpleNamespace(
            **lines,
            **frame,
            xonxoff=False,
            break_condition=False,
            reset_input_buffer=lambda: None,
            reset_output_buffer=lambda: None,
        )
        self.got = b""
        self.settled = 0
        self.reads = threading.Event()
        self.reads.set()
        self.connection: socket.socket | None = None
        self.manager: Any = None
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            self.connection, _ = self.listener.accept()
            connection = self.connection
            writer: Any = SimpleNamespace(write=connection.sendall)
            self.manager = serial.rfc2217.PortManager(self.port, writer)
            while data := connection.recv(1024):
                self.settled += data.count(SET_BAUD_RATE)
                self.got += b"".join(self.manager.filter(data))
                self.reads.wait(DEADLINE_S)

    def say(self, data: bytes) -> None:
        """What the board says."""
        assert self.connection is not None
        self.connection.sendall(b"".join(self.manager.escape(data)))

    def hang_up(self) -> None:
        """The server ends."""
        assert self.connection is not None
        self.connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End it, whatever state it is in."""
        self.reads.set()
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        if self.connection is not None:
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            self.connection.close()
        self.thread.join(DEADLINE_S)


@pytest.fixture
def server(no_leaks: None) -> Iterator[Server]:
    """An RFC 2217 server."""
    server = Server()
    yield server
    server.close()


def is_lost(port: Transport) -> bool:
    """Whether a read fails."""
    try:
        port.read(0.05)
    except LinkLostError:
        return True
    return False


def test_it_opens_and_is_settled_once(server: Server) -> None:
    """Bytes both ways, the line as it was asked for, whatever time-outs reads have; an end is a lost link."""
    with open_transport(server.url, PortSettings(9600, "even", 2, dtr=False)) as port:
        assert not port.wakes
        server.say(b"read\xffing")
        got = b""
        while len(got) < 8:
            got += port.read(0.01)
        assert got == b"read\xffing"
        for timeout_s in (0.0, 0.01, 0.02):
            assert port.read(timeout_s) == b""
        port.write(b"request")
        until(lambda: server.got == b"request")
        assert server.settled == 1
        line = server.port
        assert (line.baudrate, line.parity, line.stopbits, line.dtr) == (9600, "E", 2, False)
        server.hang_up()
        until(lambda: is_lost(port))


def test_a_write_is_bounded(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes nothing for `WRITE_TIMEOUT_S` is a lost link."""
    monkeypatch.setattr(opening, "WRITE_TIMEOUT_S", 0.1)
    with open_transport(server.url) as port:
        server.reads.clear()
        started = time.monotonic()
        with pytest.raises(LinkLostError, match=r"writing failed: .*timed out"):
            port.write(b"x" * 30_000_000)
        assert time.monotonic() - started < 4  # its socket's own time-out is 5 s
        server.reads.set()


def test_what_is_no_such_server() -> None:
    """Somebody who does not answer; then nobody."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"rfc2217://127.0.0.1:{listener.getsockname()[1]}?timeout=0.1"
        with pytest.raises(PortError, match=r"cannot open .*RFC2217"):
            open_transport(url)
    with pytest.raises(PortNotFoundError, match="is not there"):
        open_transport(url)
