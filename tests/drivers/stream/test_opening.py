"""Opening a port: what is set, who is kept out, what is no port of ours."""

import errno
import fcntl
import logging
import os
import pty
import socket
import subprocess
import sys
import termios
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import serial

from drivers.errors import LinkLostError, PortError
from drivers.stream import proc
from drivers.stream.opening import close_port, open_port
from drivers.stream.port_settings import PortSettings
from drivers.stream.transport import open_transport
from tests.support.leaks import nothing_left
from tests.support.programs import running
from tests.support.waiting import until

TIOCGEXCL = 0x80045440
# An open, as a program does it that asks for no lock.
OPEN = ("sh", "-c", ': <>"$0"')
NOBODY = 65534


class Pty:
    """A raw pty; `master` is the board's end."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.name = os.ttyname(self.slave)

    @property
    def cflag(self) -> int:
        """Its control flags."""
        flags: int = termios.tcgetattr(self.slave)[2]
        return flags

    @property
    def exclusive(self) -> bool:
        """Whether it is locked against those that do not ask."""
        return any(fcntl.ioctl(self.slave, TIOCGEXCL, bytes(4)))


@pytest.fixture
def line(no_leaks: None) -> Iterator[Pty]:
    """A pty of the test's own."""
    made = Pty()
    yield made
    os.close(made.master)
    os.close(made.slave)


@pytest.mark.parametrize(
    ("settings", "flags"),
    [
        (PortSettings(), 0),
        (PortSettings(parity="even"), termios.PARENB),
        (PortSettings(parity="odd", stop_bits=2), termios.PARENB | termios.PARODD | termios.CSTOPB),
    ],
)
def test_the_frame(line: Pty, settings: PortSettings, flags: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the kernel is told; a pty drops the parity by itself, so what it was asked counts."""
    asked: list[int] = []
    real = termios.tcsetattr

    def tcsetattr(descriptor: int, when: int, attributes: list[Any]) -> None:
        asked.append(attributes[2])
        real(descriptor, when, attributes)

    monkeypatch.setattr(termios, "tcsetattr", tcsetattr)
    with open_transport(line.name, settings):
        assert asked[0] & (termios.PARENB | termios.PARODD | termios.CSTOPB) == flags
        assert line.cflag & termios.CSTOPB == flags & termios.CSTOPB


def test_the_lines_stay_when_it_is_closed(line: Pty) -> None:
    """DTR must not fall when the gateway ends: a board would start anew at each start of it."""
    attributes = termios.tcgetattr(line.slave)
    attributes[2] |= termios.HUPCL
    termios.tcsetattr(line.slave, termios.TCSANOW, attributes)
    with open_transport(line.name):
        assert not line.cflag & termios.HUPCL
    assert not line.cflag & termios.HUPCL


@pytest.mark.parametrize(("dtr", "rts"), [(None, None), (True, False), (False, True), (False, None)])
def test_the_lines_are_set_before_it_is_opened(
    line: Pty, dtr: bool | None, rts: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And left to the system's habit, both on, when nothing is said."""
    seen = []
    real = serial.Serial.open

    def look(port: serial.Serial) -> None:
        seen.append((port.dtr, port.rts))
        real(port)

    monkeypatch.setattr(serial.Serial, "open", look)
    open_transport(line.name, PortSettings(dtr=dtr, rts=rts)).close()
    assert seen == [(dtr is not False, rts is not False)]


def test_a_port_without_the_lines_opens_and_says_so(line: Pty, caplog: pytest.LogCaptureFixture) -> None:
    """A pseudo-terminal, a socket; nothing is said where nothing was asked."""
    open_transport(line.name).close()
    assert caplog.messages == []
    open_transport(line.name, PortSettings(dtr=False, rts=True)).close()
    assert caplog.messages == [f"{line.name} has no line DTR or RTS: the setting is without effect"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        open_transport(url, PortSettings(rts=False)).close()
        server.accept()[0].close()
    assert caplog.messages[1:] == [f"{url} has no line RTS: the setting is without effect"]


def test_a_server_that_lost_its_power_is_noticed() -> None:
    """By probes, and where something waits to be acknowledged by its age: within half a minute."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = open_port(f"socket://127.0.0.1:{server.getsockname()[1]}", PortSettings())
        try:
            connection = port._socket
            assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 15
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
        finally:
            close_port(port)


def test_a_port_is_ours_alone(line: Pty) -> None:
    """Also for those that do not ask for the lock; and anybody's again as soon as it is closed."""
    os.fchmod(line.slave, 0o666)
    opens = [*OPEN, line.name]
    user = NOBODY if os.geteuid() == 0 else None  # root's programs may open it all the same
    with open_transport(line.name):
        assert line.exclusive
        second = subprocess.run(opens, user=user, cwd="/", capture_output=True, text=True, check=False)
        assert "Device or resource busy" in second.stderr
    subprocess.run(opens, user=user, cwd="/", check=True)


def test_the_holder_is_named(line: Pty) -> None:
    """Without a search for it."""
    lock = "import fcntl, sys; fcntl.flock(0, fcntl.LOCK_EX); print(1, flush=True); sys.stdin.read()"
    with (
        Path(line.name).open("r+b", buffering=0) as held,
        running([sys.executable, "-c", lock], held, says=True) as pid,
        pytest.raises(PortError, match=rf"held by another program: \S+ \(pid {pid}\); end it"),
    ):
        open_transport(line.name)


def reads(line: Pty, monkeypatch: pytest.MonkeyPatch, answer: bytes | None) -> None:
    """From now on another program reads the port just before us; then we get `answer`, None for EAGAIN."""
    real = os.read

    def second(descriptor: int, size: int) -> bytes:
        if not os.isatty(descriptor):
            return real(descriptor, size)
        real(line.slave, 1000)
        if answer is None:
            raise BlockingIOError(errno.EAGAIN, "nothing")
        return answer

    monkeypatch.setattr(os, "read", second)


@pytest.mark.parametrize("answer", [b"", None])
def test_another_reader_is_no_unplugged_cable(
    line: Pty, answer: bytes | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The bytes were there, and are gone when we come: said once, with who it was; reading goes on."""
    monkeypatch.setattr(proc, "holders", lambda _: ["ModemManager (pid 812)"])
    with open_transport(line.name) as port:
        with monkeypatch.context() as patched:
            reads(line, patched, answer)
            for _ in range(3):
                os.write(line.master, b"stolen")
                assert port.read(20.0) == b""
        os.write(line.master, b"ours")
        assert port.read(20.0) == b"ours"
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (
            logging.WARNING,
            f"another program also reads {line.name}, and takes what is ours (1 times): "
            "ModemManager (pid 812); end it, or its use of the port",
        )
    ]


def test_a_second_reader_that_cannot_be_seen(
    line: Pty, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Another user's: how to see it is said."""
    monkeypatch.setattr(proc, "holders", lambda _: [])
    with open_transport(line.name) as port, monkeypatch.context() as patched:
        reads(line, patched, b"")
        os.write(line.master, b"stolen")
        assert port.read(20.0) == b""
    assert f"`sudo fuser -v {line.name}` shows it" in caplog.text


def test_an_empty_read_of_a_port_that_hangs_up_is_its_end(
    line: Pty, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What the kernel answers for a USB port that was pulled: no other program is suspected."""
    real = os.read
    with open_transport(line.name) as port:
        os.close(line.master)
        line.master = os.open("/dev/null", os.O_RDONLY)
        with monkeypatch.context() as patched:
            patched.setattr(os, "read", lambda fd, size: b"" if os.isatty(fd) else real(fd, size))
            with pytest.raises(LinkLostError, match="unplugged"):
                port.read(20.0)
    assert caplog.messages == []


def test_a_person_s_terminal_is_no_port(line: Pty, tmp_path: Path) -> None:
    """Neither by name nor by a link or a spy: nothing is typed into a shell."""
    take = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); print(1, flush=True); input()"
    link = tmp_path / "board"
    link.symlink_to(line.name)
    with (
        Path(line.name).open("r+b", buffering=0) as opened,
        running([sys.executable, "-c", take], opened, says=True) as pid,
    ):
        for device in (line.name, str(link), f"spy://{line.name}"):
            with pytest.raises(PortError, match=rf"{device} is the terminal of \S+ \(pid {pid}\)"):
                open_transport(device)
        assert not line.exclusive
    until(lambda: proc.terminal_user(line.name) is None)
    open_transport(line.name).close()


@pytest.mark.parametrize("path", ["/dev/ttyAMA0", "/dev/ttyS0"])
def test_a_login_shell_on_a_serial_port(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a Raspberry Pi has it at first: the text says how to end it."""
    monkeypatch.setattr(proc, "terminal_user", lambda _: "agetty (pid 512)")
    with pytest.raises(PortError, match=r"login shell on it: agetty \(pid 512\); .*raspi-config.* no\)"):
        open_transport(path)


@pytest.mark.parametrize("call", ["pipe2", "isatty", "ioctl", "tcgetattr", "poll"])
def test_nothing_stays_open_when_an_opening_fails(
    line: Pty, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it fails, the port is closed, and open to the next."""

    def fail(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    module: Any = {"ioctl": fcntl, "tcgetattr": termios, "poll": __import__("select")}.get(call, os)
    with nothing_left():
        with monkeypatch.context() as patched:
            patched.setattr(module, call, fail)
            with pytest.raises(PortError, match="Too many open files"):
                open_transport(line.name)
        if call != "ioctl":  # by which it would be unlocked
            assert not line.exclusive
    open_transport(line.name).close()


def test_a_port_is_given_back_when_its_opening_fails_late(line: Pty, monkeypatch: pytest.MonkeyPatch) -> None:
    """After it was locked: a pseudo-terminal would stay so."""
    real = termios.tcgetattr
    calls: list[int] = []

    def fail_later(descriptor: int) -> list[Any]:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(errno.EIO, "Input/output error")
        return real(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(termios, "tcgetattr", fail_later)
        with pytest.raises(PortError, match=r"cannot open .*: Input/output error"):
            open_transport(line.name)
    assert len(calls) == 2
    assert not line.exclusive


@pytest.mark.parametrize(
    "error",
    [NotImplementedError("no"), AttributeError("no"), KeyError("no"), termios.error(5, "Input/output error")],
)
def test_every_foreign_error_is_translated(
    error: Exception, line: Pty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, here; the foreign one is its cause."""

    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(serial.Serial, "open", fail)
    with pytest.raises(PortError, match=r"cannot open .*: ") as caught:
        open_transport(line.name)
    assert caught.value.__cause__ is error


def test_closing_twice(line: Pty) -> None:
    """Is closing once; another's descriptors, which have the same numbers by now, stay open."""
    port = open_transport(line.name)
    port.close()
    others = [socket.socket() for _ in range(8)]
    port.close()
    for other in others:
        os.fstat(other.fileno())
        other.close()


def test_a_spied_port(line: Pty, tmp_path: Path) -> None:
    """Works, is locked like the device itself, and all that goes over the line is in the file."""
    file = tmp_path / "spied"
    with open_transport(f"spy://{line.name}?file={file}") as port:
        assert line.exclusive
        assert port.read(0.01) == b""
        os.write(line.master, b"reading")
        got = b""
        while len(got) < 7:
            got += port.read(1.0)
        assert got == b"reading"
        port.write(b"request")
        assert os.read(line.master, 100) == b"request"
    spied = file.read_text()
    assert "TX" in spied
    assert "RX" in spied
