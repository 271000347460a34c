"""The pty: raw, without memory, and gone at once when pulled."""

import errno
import os
import select
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_sim.errors import SimulatorError
from firmware_sim.pty_port import PtyPort
from tests.firmware_sim.rig import DEADLINE_S, Terminal, wait_readable


@pytest.fixture
def port() -> Iterator[PtyPort]:
    """A port that is plugged in."""
    port = PtyPort()
    port.plug()
    yield port
    port.unplug()


def await_input(port: PtyPort) -> bytes:
    """What `port` gets next."""
    wait_readable(port.fileno(), time.monotonic() + DEADLINE_S)
    return port.read()


def await_nobody(port: PtyPort) -> None:
    """Wait until the port has noticed that the listener left."""
    assert await_input(port) == b""


def test_bytes_pass_unchanged_both_ways(port: PtyPort) -> None:
    """Raw from the start: no echo, no CR for LF, no control characters."""
    every = bytes(range(256))
    with Terminal(port.device) as terminal:
        assert not termios.tcgetattr(terminal.descriptor)[3] & (termios.ECHO | termios.ICANON | termios.ISIG)
        assert port.write(every) == 256
        assert terminal.read(time.monotonic() + DEADLINE_S) == every
        os.write(terminal.descriptor, every)
        assert await_input(port) == every


def test_nobody_listens(port: PtyPort) -> None:
    """Without a listener nothing is taken; nor does a wait for input end."""
    assert not port.listening()
    assert port.write(b"lost\n") == 0
    assert not select.select([port], [], [], 0)[0]
    with Terminal(port.device) as terminal:
        assert port.listening()
        assert port.write(b"heard\n") == 6
        assert terminal.read(time.monotonic() + DEADLINE_S) == b"heard\n"


def test_a_request_wakes_the_port(port: PtyPort) -> None:
    """Who opens and writes is heard, without anybody asking whether somebody is there."""
    with Terminal(port.device) as terminal:
        os.write(terminal.descriptor, b"ask\n")
        assert await_input(port) == b"ask\n"


def test_old_bytes_do_not_appear(port: PtyPort) -> None:
    """What a listener left unread is not there for the next one."""
    with Terminal(port.device) as terminal:
        port.write(b"old\n")
        wait_readable(terminal.descriptor, time.monotonic() + DEADLINE_S)
    await_nobody(port)
    with Terminal(port.device) as terminal:
        port.write(b"new\n")
        assert terminal.read(time.monotonic() + DEADLINE_S) == b"new\n"


def test_a_full_port_takes_no_more(port: PtyPort) -> None:
    """A listener that does not read costs some kilobytes; the rest is refused, without waiting."""
    with Terminal(port.device):
        taken = sum(port.write(b"x" * 1000) for _ in range(200))
        assert 4_000 < taken < 200_000
        assert port.write(b"x" * 1000) == 0


def test_read_without_input(port: PtyPort) -> None:
    """A read with nothing to read is empty, at once."""
    with Terminal(port.device):
        assert port.listening()
        assert port.read() == b""


def test_unplugged(port: PtyPort) -> None:
    """The listener gets a hangup at once; an unplugged port takes and gives nothing."""
    with Terminal(port.device) as terminal:
        assert port.listening()
        port.unplug()
        port.unplug()
        assert terminal.read(time.monotonic() + DEADLINE_S) == b""
    assert (port.device, port.fileno(), port.listening()) == ("", -1, False)
    assert port.write(b"x") == 0
    assert port.read() == b""


def test_plugged_in_under_another_name(port: PtyPort) -> None:
    """`other` gives another device each time, though Linux would give the same."""
    for _ in range(3):
        before = port.device
        port.plug(other=True)
        assert port.device != before
        assert not port.listening()


def test_a_port_left_exclusive_is_spoiled(port: PtyPort, monkeypatch: pytest.MonkeyPatch) -> None:
    """When nobody may open the slave any more, the port says so, and a new one is well."""

    def busy(*_: object) -> int:
        raise OSError(errno.EBUSY, "exclusive")

    with Terminal(port.device):
        assert port.listening()
    with monkeypatch.context() as patch:
        patch.setattr("firmware_sim.pty_port.os.open", busy)
        assert not port.listening()
    assert port.spoiled
    port.plug()
    assert not port.spoiled


def test_no_more_ptys(port: PtyPort, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without a pty to give is named as such."""

    def none_left() -> tuple[int, int]:
        raise OSError(errno.ENOSPC, "out of pty devices")

    monkeypatch.setattr("firmware_sim.pty_port.pty.openpty", none_left)
    with pytest.raises(SimulatorError, match="out of pty devices"):
        port.plug()


@pytest.mark.parametrize("step", ["tty.setraw", "os.set_blocking", "os.ttyname"])
def test_a_port_that_cannot_be_made_ready(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Neither end of the pty stays open."""

    def fail(*_: object) -> None:
        raise termios.error(5, "Input/output error")

    before = sorted(Path("/proc/self/fd").iterdir())
    port = PtyPort()
    with monkeypatch.context() as patch:
        patch.setattr(f"firmware_sim.pty_port.{step}", fail)
        with pytest.raises(termios.error):
            port.plug()
    assert sorted(Path("/proc/self/fd").iterdir()) == before
    assert not port.device
