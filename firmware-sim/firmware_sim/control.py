"""The control channel: a Unix socket, one command a line, one answer a line."""

import errno
import os
import socket
import stat
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path
from selectors import EVENT_READ, BaseSelector
from typing import TYPE_CHECKING

from firmware_sim.errors import SimulatorError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_COMMAND = 8192
"""Bytes of a command: `say` of 4 kB in hexadecimal."""
MAX_CLIENTS = 16
"""More wait, in the system's queue, until one leaves."""
MAX_NAME = 80
"""Bytes of the socket's file name: 108 of `sun_path` less `/proc/self/fd/1234567/` and the final zero."""
TELL_TIMEOUT_S = 5.0


class _Client:
    """A connection: bytes in, whole commands to `answer`, its answers out."""

    def __init__(
        self, connection: socket.socket, answer: Callable[[str], str], closed: Callable[["_Client"], None]
    ):
        self.connection = connection
        self._answer = answer
        self._closed = closed
        self._rest = b""

    def readable(self) -> None:
        try:
            data = self.connection.recv(4096)
        except OSError:
            data = b""
        *lines, self._rest = (self._rest + data).split(b"\n")
        try:
            for line in lines:
                self._send(self._answer(line.decode("utf-8", "replace").strip()))
            if len(self._rest) > MAX_COMMAND:
                self._send(f"error command: expected at most {MAX_COMMAND} bytes in a line; closing")
                data = b""
        except OSError:  # it left, or does not read its answers
            data = b""
        if not data:
            self._closed(self)

    def _send(self, answer: str) -> None:
        self.connection.sendall(answer.encode() + b"\n")


class ControlServer:
    """Listens at `path` (mode 0600) from `open` to `close`, served by the selector's loop."""

    def __init__(self, path: Path, selector: BaseSelector, answer: Callable[[str], str]) -> None:
        self.path = path
        self._selector = selector
        self._answer = answer
        self._socket: socket.socket | None = None
        self._reserve = -1  # a descriptor that is let go of to turn away a caller when there are no more
        self._clients: set[_Client] = set()

    def open(self) -> None:
        """Listen; a socket that nobody serves any more is replaced, anything else is left alone."""
        if len(os.fsencode(self.path.name)) > MAX_NAME:
            raise SimulatorError(
                f"{self.path}: expected a file name of at most {MAX_NAME} bytes; give --control"
            )
        self._clear_stale()
        server = socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)  # from the first moment on nobody else may connect
        try:
            with _short(self.path) as name:
                server.bind(name)
            server.listen()
        except OSError as err:
            server.close()
            raise SimulatorError(f"{self.path}: cannot make the control socket: {err.strerror}") from err
        finally:
            os.umask(before)
        server.setblocking(False)
        self._socket = server
        self._keep_reserve()
        self._selector.register(server, EVENT_READ, self._accept)

    def close(self) -> None:
        """Close every connection and remove the socket."""
        for client in list(self._clients):
            self._drop(client)
        if self._socket is not None:
            self._selector.unregister(self._socket)
            self._socket.close()
            self._socket = None
            self._let_go_of_reserve()
            self.path.unlink(missing_ok=True)

    def _accept(self) -> None:
        assert self._socket is not None
        try:
            connection, _ = self._socket.accept()
        except OSError as err:  # it left before we came, or
            if err.errno in (errno.EMFILE, errno.ENFILE):
                self._turn_away()
            return
        connection.setblocking(False)
        client = _Client(connection, self._answer, self._drop)
        self._clients.add(client)
        self._selector.register(connection, EVENT_READ, client.readable)
        if len(self._clients) == MAX_CLIENTS:
            self._selector.unregister(self._socket)

    def _turn_away(self) -> None:
        """There is no descriptor left. A caller that stayed in the queue would wake the loop all the time."""
        assert self._socket is not None
        self._let_go_of_reserve()
        try:
            connection, _ = self._socket.accept()
            connection.close()
        except OSError:  # another took the descriptor
            return
        finally:
            self._keep_reserve()

    def _keep_reserve(self) -> None:
        with suppress(OSError):
            self._reserve = os.open(os.devnull, os.O_RDONLY)

    def _let_go_of_reserve(self) -> None:
        if self._reserve >= 0:
            os.close(self._reserve)
            self._reserve = -1

    def _drop(self, client: _Client) -> None:
        if len(self._clients) == MAX_CLIENTS and self._socket is not None:
            self._selector.register(self._socket, EVENT_READ, self._accept)
        self._clients.discard(client)
        self._selector.unregister(client.connection)
        client.connection.close()

    def _clear_stale(self) -> None:
        try:
            mode = self.path.lstat().st_mode
        except OSError:  # nothing there, or no such folder: bind will say so
            return
        if not stat.S_ISSOCK(mode):
            raise SimulatorError(
                f"{self.path}: expected no file there, or a socket; move it away, or give --control"
            )
        if _served(self.path):
            raise SimulatorError(f"{self.path}: a running simulator listens here; give another --control")
        self.path.unlink()


def tell(path: Path, command: str, timeout_s: float = TELL_TIMEOUT_S) -> str:
    """Send one command to the simulator that listens at `path`; its answer, fit for a terminal."""
    if len(command.splitlines()) > 1:
        raise SimulatorError(f"--tell: expected one command; got several lines: {command!r:.100}")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout_s)
        try:
            with _short(path) as name:
                connection.connect(name)
            connection.sendall(command.strip().encode("utf-8", "replace") + b"\n")
            with connection.makefile("rb") as answers:
                answer = answers.readline()
        except OSError as err:
            raise SimulatorError(
                f"{path}: expected a simulator's control socket; got: {err.strerror or err}; is it running?"
            ) from err
    if not answer.endswith(b"\n"):
        raise SimulatorError(
            f"{path}: expected a simulator's answer, and got {answer!r:.100}; what listens there?"
        )
    text = answer.decode("utf-8", "backslashreplace").rstrip("\n")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _served(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection, _short(path) as name:
        connection.setblocking(False)
        try:
            connection.connect(name)
        except BlockingIOError:  # its queue of callers is full: somebody is there
            return True
        except OSError:
            return False
    return True


@contextmanager
def _short(path: Path) -> "Iterator[str]":
    """A name of `path` that fits into a socket address (108 bytes), however deep the folder."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
