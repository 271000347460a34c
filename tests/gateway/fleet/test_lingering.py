"""`gateway.fleet.lingering`: no socket of zenoh's holds up the thread that closes it."""

from __future__ import annotations

import os
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from gateway.fleet import sockets
from gateway.fleet.lingering import Sockets
from gateway.fleet.relay import Relay
from gateway.fleet.session import Settings
from tests.support.fleet_enrolled import Enrolled, tls_of
from tests.support.fleet_routers import client, routers
from tests.support.ports import free_port
from tests.support.waiting import until

ZENOHS = struct.pack("ii", 1, 10)
OTHERS = struct.pack("ii", 1, 5)


def value(of: socket.socket) -> bytes:
    return of.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)


@contextmanager
def lingers(option: bytes) -> Iterator[socket.socket]:
    """A socket that does."""
    with socket.socket() as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
        yield made


def ports_that_linger() -> set[int]:
    """The ports, at either end, of the sockets of this process that linger as zenoh's do."""
    found = set()
    for each in Path(sockets.OPEN).iterdir():
        with suppress(OSError):
            if stat.S_ISSOCK(os.fstat(int(each.name)).st_mode):
                with socket.fromfd(int(each.name), socket.AF_INET, socket.SOCK_STREAM) as one:
                    if value(one) == ZENOHS:
                        found |= {one.getsockname()[1], one.getpeername()[1]}
    return found


def test_whose_sockets() -> None:
    """Zenoh's are known by their ten seconds; what else is open stays as it is, and all of it open."""
    with (
        lingers(ZENOHS) as zenohs,
        lingers(OTHERS) as others,
        socket.socket() as plain,
        Path(__file__).open(),
    ):
        Sockets().unlinger()
        assert (value(zenohs)[:4], value(others)) == (bytes(4), OTHERS)
        assert value(plain)[:4] == bytes(4)
        zenohs.getsockname()


def test_a_descriptor_that_is_used_again() -> None:
    """It is another socket's now, which is looked at."""
    sockets = Sockets()
    with lingers(ZENOHS) as first:
        descriptor = first.fileno()
        sockets.unlinger()
    with lingers(ZENOHS) as second:
        assert second.fileno() == descriptor
        sockets.unlinger()
        assert value(second)[:4] == bytes(4)


def test_one_that_lingers_later() -> None:
    """It was there before zenoh had it linger: it is looked at once more."""
    sockets = Sockets()
    with socket.socket() as late:
        sockets.unlinger()
        late.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ZENOHS)
        sockets.unlinger()
        assert value(late)[:4] == bytes(4)


def test_without_proc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is done."""
    monkeypatch.setattr(sockets, "OPEN", str(tmp_path / "none"))
    with lingers(ZENOHS) as zenohs:
        Sockets().unlinger()
        assert value(zenohs) == ZENOHS


def test_a_router(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the connections to it, of many that come at once, nor its own to another, as soon as they are
    there."""
    pytest.importorskip("zenoh", reason="zenoh has no build for this machine")
    monkeypatch.setattr("gateway.fleet.relay.LOOK_S", 3600.0)
    port = free_port()
    own = f"tcp/127.0.0.1:{port}"
    with routers(1) as others, ExitStack() as stack:
        made = Relay(Settings(others.endpoints, listen=[own]))
        made.open()
        stack.callback(made.close, 60.0)
        for _ in range(20):
            stack.enter_context(client(Settings([own])))
        theirs = int(others.endpoints[0].rpartition(":")[2])
        until(lambda: not {port, theirs} & ports_that_linger())


def test_over_tls(tmp_path: Path) -> None:
    """As well."""
    pytest.importorskip("zenoh", reason="zenoh has no build for this machine")
    fleet = Enrolled(tmp_path)
    fleet.enrol("north/shed")
    settings = fleet.settings("north/shed", 0)
    router = Relay(Settings([], tls=tls_of(tmp_path / "hub0"), listen=settings.routers))
    router.open()
    try:
        with client(settings):
            until(lambda: fleet.ports[0] not in ports_that_linger())
    finally:
        router.close(60.0)
