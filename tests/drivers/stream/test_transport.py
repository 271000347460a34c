"""Bytes in and out of a real pty, a socket, and pyserial's loop://; foreign errors become our own."""

import errno
import os
import pty
import resource
import socket
import struct
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from drivers.errors import LinkLostError, PortError, PortNotFoundError
from drivers.stream import opening
from drivers.stream.opening import WRITE_TIMEOUT_S
from drivers.stream.transport import Transport, open_transport
from tests.support.living import living


class Pty:
    """A raw pty; `master` is the board's end."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.name = os.ttyname(self.slave)

    def unplug(self) -> None:
        """The master goes; who has the slave open is hung up."""
        if self.master >= 0:
            os.close(self.master)
            os.close(self.slave)
            self.master = -1


@pytest.fixture
def line(no_leaks: None) -> Iterator[Pty]:
    """A pty of the test's own."""
    made = Pty()
    yield made
    made.unplug()


def test_bytes_go_both_ways(line: Pty) -> None:
    """All of them, as they are."""
    every = bytes(range(256))
    with open_transport(line.name) as port:
        os.write(line.master, every)
        got = b""
        while len(got) < 256:
            got += port.read(5.0)
        assert got == every
        port.write(every)
        assert os.read(line.master, 1024) == every


def test_a_read_without_bytes_ends_after_its_time(line: Pty) -> None:
    """With nothing."""
    with open_transport(line.name) as port:
        started = time.monotonic()
        assert port.read(0.02) == b""
        assert 0.015 < time.monotonic() - started < 5


def test_wake_ends_a_read(line: Pty) -> None:
    """From another thread, and any number of times; bytes that are there come with it."""
    with open_transport(line.name) as port:
        assert port.wakes
        waker = threading.Thread(target=port.wake)
        waker.start()
        assert port.read(20.0) == b""
        waker.join()
        os.write(line.master, b"x")
        for _ in range(100_000):
            port.wake()
        assert port.read(20.0) == b"x"


def test_an_unplugged_port_is_lost_at_once(line: Pty) -> None:
    """For a reader that waits, for the next read, and for a write."""
    with open_transport(line.name) as port:
        reader = threading.Thread(target=line.unplug)
        reader.start()
        with pytest.raises(LinkLostError):
            port.read(20.0)
        reader.join()
        with pytest.raises(LinkLostError):
            port.read(20.0)
        with pytest.raises(LinkLostError, match="writing failed: Input/output error"):
            port.write(b"x")


def test_a_port_that_takes_nothing_is_lost_after_a_second(line: Pty, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads at the other end, and the kernel's buffer is full."""
    assert WRITE_TIMEOUT_S == 1.0
    monkeypatch.setattr(opening, "WRITE_TIMEOUT_S", 0.05)
    with open_transport(line.name) as port:
        started = time.monotonic()
        with pytest.raises(LinkLostError, match="writing failed: Connection timed out"):
            port.write(b"x" * 1_000_000)
        assert time.monotonic() - started < 10
        os.set_blocking(line.master, False)
        os.read(line.master, 65536)
        assert port.read(0.0) == b""


def test_a_long_write_goes_on_as_the_other_end_takes_it(line: Pty) -> None:
    """The kernel's buffer is smaller."""
    got = bytearray()

    def take() -> None:
        while len(got) < 50_000:
            got.extend(os.read(line.master, 65536))

    taker = threading.Thread(target=take)
    taker.start()
    with open_transport(line.name) as port:
        port.write(b"0123456789" * 5000)
        taker.join()
    assert bytes(got) == b"0123456789" * 5000


def test_what_was_said_before_the_opening_is_forgotten(line: Pty) -> None:
    """Old lines would look as if they had just been measured."""
    os.write(line.master, b"old")
    with open_transport(line.name) as port:
        os.write(line.master, b"new")
        assert port.read(5.0) == b"new"


def test_a_port_held_by_another_program(line: Pty) -> None:
    """The text says how to find it; when that one lets go, the port opens."""
    with open_transport(line.name):
        with pytest.raises(
            PortError, match=rf"held by another program; find it with `fuser -v {line.name}`"
        ) as caught:
            open_transport(line.name)
        assert not isinstance(caught.value, PortNotFoundError)
    open_transport(line.name).close()


def test_a_device_that_is_not_there(tmp_path: Path) -> None:
    """Neither a path that does not exist, nor a symlink to a pty that has gone."""
    with pytest.raises(PortNotFoundError, match="is not there: No such file or directory"):
        open_transport(str(tmp_path / "none"))


def test_what_is_no_serial_port(tmp_path: Path) -> None:
    """A file cannot be configured as one."""
    (tmp_path / "file").touch()
    with pytest.raises(PortError, match=r"cannot open .*file"):
        open_transport(str(tmp_path / "file"))


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_no_permission(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text says which group to join."""

    def refuse(*_: object, **__: object) -> None:
        raise serial.SerialException(number, "could not open port")

    monkeypatch.setattr(serial, "serial_for_url", refuse)
    with pytest.raises(
        PortError, match=r"no permission to open /dev/ttyX; .*`ls -l /dev/ttyX`.*usermod -aG dialout"
    ):
        open_transport("/dev/ttyX")


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (OSError(errno.ENXIO, "x"), PortNotFoundError, "is not there: No such device or address"),
        (OSError(errno.ENODEV, "x"), PortNotFoundError, "is not there: No such device"),
        (OSError(errno.EBUSY, "x"), PortError, "held by another program"),
        (OSError(errno.EIO, "x"), PortError, "cannot open /dev/ttyX: Input/output error"),
        (ValueError("bad baud"), PortError, "cannot open /dev/ttyX: bad baud"),
        (ValueError(), PortError, "cannot open /dev/ttyX: ValueError"),
    ],
)
def test_every_error_of_an_opening_is_a_port_error(
    error: Exception, kind: type[PortError], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the system's words, and the foreign one as its cause."""

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(serial, "serial_for_url", refuse)
    with pytest.raises(PortError, match=text) as caught:
        open_transport("/dev/ttyX")
    assert type(caught.value) is kind
    assert caught.value.__cause__ is error


def test_a_socket_is_a_port() -> None:
    """Bytes both ways; a closed connection is a lost link; a refused one is an absent port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        with open_transport(url) as port:
            peer, _ = server.accept()
            with peer:
                peer.sendall(b"hello")
                assert port.read(5.0) == b"hello"
                port.write(b"hi")
                assert peer.recv(10) == b"hi"
            with pytest.raises(LinkLostError, match="closed at the other end"):
                port.read(5.0)
    with pytest.raises(PortNotFoundError, match="is not there"):
        open_transport(url)


def test_a_socket_whose_peer_is_gone_is_closed() -> None:
    """At once, whoever holds it still: pyserial's own closing ends with the shutdown, which fails then."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        before = {id(each) for each in living(socket.socket)}
        port = open_transport(f"socket://127.0.0.1:{server.getsockname()[1]}")
        (ours,) = [each for each in living(socket.socket) if id(each) not in before]
        peer, _ = server.accept()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, no farewell
        peer.close()
        with pytest.raises(LinkLostError, match="Connection reset by peer"):
            port.read(5.0)
        port.close()
        assert ours.fileno() == -1


def test_a_port_that_cannot_be_waited_on_is_asked() -> None:
    """pyserial's loop:// has no descriptor."""
    with open_transport("loop://") as port:  # refused in a config, since no board is there
        assert not port.wakes
        assert port.read(0.01) == b""
        port.write(b"echo")
        assert port.read(1.0) == b"echo"
        port.wake()


class Broken:
    """A port without a descriptor whose every call fails."""

    in_waiting = 0
    timeout = 0.0

    def read(self, _: int) -> bytes:
        raise TypeError("'NoneType' object cannot be interpreted as an integer")

    write = read

    def close(self) -> None:
        raise OSError(errno.EIO, "gone")


def test_foreign_errors_are_lost_links() -> None:
    """pyserial raises TypeError when a port is closed under it; closing what is gone is no error."""
    port = Transport(Broken(), pollable=False)
    with pytest.raises(LinkLostError, match="reading failed: 'NoneType'"):
        port.read(0.01)
    with pytest.raises(LinkLostError, match="writing failed: 'NoneType'"):
        port.write(b"x")
    port.close()


def test_a_descriptor_over_1023_works(line: Pty) -> None:
    """`select` would fail there; a gateway with many network clients has such descriptors."""
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 1100:
        pytest.skip("no more than 1024 descriptors are allowed here")
    held = [os.dup(line.slave)]
    try:
        while held[-1] < 1023:
            held.append(os.dup(line.slave))
        with open_transport(line.name) as port:
            port.write(b"x")
            os.write(line.master, b"y")
            assert port.read(5.0) == b"y"
    finally:
        for number in held:
            os.close(number)
