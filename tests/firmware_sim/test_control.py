"""The control socket: several clients, bounded lines, nothing of others removed."""

import os
import resource
import select
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from selectors import SelectSelector

import pytest

from firmware_sim.control import MAX_CLIENTS, MAX_COMMAND, ControlServer, tell
from firmware_sim.errors import SimulatorError


class Served:
    """A server on a thread of its own, which answers with the command in capitals."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._selector = SelectSelector()
        self.server = ControlServer(path, self._selector, str.upper)
        self.server.open()
        self._stop, self._stopper = socket.socketpair()
        self._selector.register(self._stop, 1, None)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return
                key.data()

    def close(self) -> None:
        """End the thread, close the server."""
        self._stopper.send(b"x")
        self._thread.join()
        self.server.close()
        self._selector.close()
        self._stop.close()
        self._stopper.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A server at `control`."""
    served = Served(tmp_path / "control")
    yield served
    served.close()


def connect(path: Path) -> socket.socket:
    """A client's socket."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(5)
    client.connect(str(path))
    return client


def receive(client: socket.socket, lines: int) -> bytes:
    """That many lines, or what came before the end."""
    data = b""
    while data.count(b"\n") < lines and (more := client.recv(65536)):
        data += more
    return data


def test_only_its_owner_may_connect(served: Served) -> None:
    """The socket has mode 0600."""
    assert stat.S_IMODE(served.path.stat().st_mode) == 0o600


def test_one_answer_a_line(served: Served) -> None:
    """Commands in any pieces, from several clients, are each answered to who asked."""
    with connect(served.path) as one, connect(served.path) as other:
        one.sendall(b"fir")
        other.sendall(b"other\n")
        assert receive(other, 1) == b"OTHER\n"
        one.sendall(b"st\nsecond\n\xff")
        assert receive(one, 2) == b"FIRST\nSECOND\n"
    assert tell(served.path, "third") == "THIRD"


def test_a_line_is_bounded(served: Served) -> None:
    """Who sends a line without an end is told so, and dropped."""
    with connect(served.path) as client:
        client.sendall(b"x" * (MAX_COMMAND + 1))
        assert b"error command: expected at most 8192 bytes" in receive(client, 2)


def test_clients_are_bounded(served: Served) -> None:
    """One too many waits until another leaves."""
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(served.path)) for _ in range(MAX_CLIENTS)]
        for client in clients:
            client.sendall(b"in\n")
            assert receive(client, 1) == b"IN\n"
        late = stack.enter_context(connect(served.path))
        late.sendall(b"late\n")
        clients[0].sendall(b"still\n")
        assert receive(clients[0], 1) == b"STILL\n"
        assert not select.select([late], [], [], 0)[0]
        clients[0].close()
        assert receive(late, 1) == b"LATE\n"


def test_a_client_that_does_not_read_is_dropped(served: Served) -> None:
    """Answers that nobody takes do not pile up, and nobody else waits for them."""
    with connect(served.path) as client:
        with pytest.raises(OSError, match=r"Broken pipe|reset"):
            client.sendall((b"x" * 8000 + b"\n") * 10_000)
        assert tell(served.path, "well") == "WELL"


def test_no_descriptor_left(served: Served) -> None:
    """A caller is turned away, rather than left in the queue, where it would wake the loop for ever; the next
    one, when there are descriptors again, is served."""
    with socket.socket(socket.AF_UNIX) as client, ExitStack() as stack:
        client.settimeout(5)
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        resource.setrlimit(resource.RLIMIT_NOFILE, (client.fileno() + 20, before[1]))
        with suppress(OSError):
            while True:
                stack.callback(os.close, os.dup(client.fileno()))
        client.connect(str(served.path))
        assert client.recv(10) == b""
    assert tell(served.path, "well") == "WELL"


def test_removed_at_the_end(tmp_path: Path) -> None:
    """Closing removes the socket, also under clients, and closing again does nothing."""
    served = Served(tmp_path / "control")
    with connect(served.path) as client:
        client.sendall(b"in\n")
        receive(client, 1)
        served.close()
        assert client.recv(10) == b""
    served.server.close()
    assert list(tmp_path.iterdir()) == []


def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    """A socket that nobody serves is in nobody's way."""
    path = tmp_path / "control"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    served = Served(path)
    assert tell(path, "here") == "HERE"
    served.close()


def test_what_is_not_ours_is_left_alone(served: Served, tmp_path: Path) -> None:
    """Neither a served socket nor a file is replaced; both are still there."""
    path = tmp_path / "file"
    path.write_text("precious")
    with SelectSelector() as selector:
        with pytest.raises(SimulatorError, match="a running simulator listens here"):
            ControlServer(served.path, selector, str).open()
        with pytest.raises(SimulatorError, match="expected no file there, or a socket"):
            ControlServer(path, selector, str).open()
        with pytest.raises(SimulatorError, match="nowhere/control: cannot make the control socket"):
            ControlServer(tmp_path / "nowhere" / "control", selector, str).open()
        with pytest.raises(SimulatorError, match="at most 80 bytes"):
            ControlServer(tmp_path / ("c" * 81), selector, str).open()
    assert path.read_text() == "precious"
    assert tell(served.path, "still") == "STILL"


def test_a_deep_folder(tmp_path: Path) -> None:
    """A path longer than a socket's address works."""
    folder = tmp_path / ("d" * 100) / ("e" * 100)
    folder.mkdir(parents=True)
    served = Served(folder / "control")
    assert tell(served.path, "deep") == "DEEP"
    served.close()
    assert list(folder.iterdir()) == []


def test_nobody_to_tell(tmp_path: Path) -> None:
    """Without a simulator the error says what is missing, where."""
    for path in (tmp_path / "control", tmp_path / "nowhere" / "control"):
        with pytest.raises(
            SimulatorError, match=r"control: expected a simulator's control socket; got: No such file"
        ):
            tell(path, "hello")


def test_one_that_does_not_answer(tmp_path: Path) -> None:
    """A client waits for its answer for a bounded time; an answer that never came is none."""
    path = tmp_path / "control"
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(path))
        deaf.listen()
        with pytest.raises(SimulatorError, match="timed out; is it running"):
            tell(path, "hello", timeout_s=0.05)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"ok \xff\n", r"ok \xff"),
        (b"ok \x1b[2J\n", r"ok \x1b[2J"),
        (b"", "and got b''"),
        (b"ok", "and got b'ok'"),
    ],
)
def test_an_answer_that_is_none(tmp_path: Path, answer: bytes, told: str) -> None:
    """Whatever listens there: no traceback, nothing that steers the terminal."""
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "control"))
        other.listen()

        def serve() -> None:
            caller, _ = other.accept()
            with caller:
                caller.recv(100)
                caller.sendall(answer)

        serving = threading.Thread(target=serve)
        serving.start()
        try:
            said = tell(tmp_path / "control", "help")
        except SimulatorError as error:
            said = str(error)
        serving.join()
    assert told in said
    assert said.isprintable()


def test_a_command_is_one_line_of_text(served: Served) -> None:
    """Of two only one answer would be seen; what no encoding has is sent as `?`."""
    with pytest.raises(SimulatorError, match="expected one command; got several lines: 'help"):
        tell(served.path, "help\nunplug")
    assert tell(served.path, " a\udcff\n") == "A?"
