"""How many connections fit into the file descriptors that the system allows."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sig
from sig.carrier.room import Bound, Room, files_allowed, files_in_use, room_for
from tests.sig.netkit import Logged, Net

LIMITS = sig.Limits()


def test_the_limits_alone() -> None:
    """Where the system has no bound, or one that is far away: 1024 is what most give."""
    whole = Room(256, Bound(256, 128), Bound(64, 32))
    assert room_for(LIMITS, None, 10) == whole
    assert room_for(LIMITS, 1024, 30) == whole


def test_where_the_system_allows_less() -> None:
    """Some are left to the process, but half of what there is at most; the rest is shared out."""
    assert room_for(LIMITS, 256, 10) == Room(52, Bound(41, 41), Bound(15, 15))
    assert room_for(LIMITS, 64, 10) == Room(10, Bound(9, 9), Bound(4, 4))
    assert room_for(sig.Limits(spare_files=0), 64, 10) == Room(24, Bound(18, 18), Bound(6, 6))


@given(st.integers(0, 5000), st.integers(0, 500))
def test_there_is_always_room_for_somebody(allowed: int, in_use: int) -> None:
    """And all that may be there fits, where the system gives enough for twenty."""
    room = room_for(LIMITS, allowed, in_use)
    assert room.clients >= 1
    assert min(room.silent.most, room.strangers.most) >= 4
    used = room.clients + room.silent.most + 2 * room.strangers.most
    free = allowed - in_use
    if free >= 40:
        assert used <= free - min(LIMITS.spare_files, free // 2)


def test_what_the_system_allows() -> None:
    """As the system says."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert files_allowed() == soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 1, hard))
    try:
        assert files_allowed() == soft - 1
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_what_is_in_use(tmp_path: Path) -> None:
    """One more with one more open."""
    before = files_in_use()
    with (tmp_path / "file").open("w"):
        assert files_in_use() == before + 1
    assert files_in_use() == before


def test_a_server_that_has_less_room_says_so_once(
    tcp: Net, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many, why, and what to do; and it keeps to it."""
    monkeypatch.setattr("sig.carrier.server.files_allowed", lambda: 64)
    monkeypatch.setattr("sig.carrier.server.files_in_use", lambda: 44)
    server = tcp.server()
    text = logged.wait_for("clients at a time")
    assert "1 clients at a time, not 256" in text
    assert "64 open files" in text
    assert "LimitNOFILE=" in text
    tcp.client()
    carrier = tcp.client_carrier()
    sig.ClientRouter(carrier)
    assert carrier.connect(tcp.host, tcp.port) is False
    assert "as many clients as may be" in carrier.last_error
    assert not [text for text in list(logged.texts.queue) if "clients at a time" in text]
    server.carrier.stop()  # type: ignore[attr-defined]


def test_a_server_with_room_says_nothing(tcp: Net, logged: Logged) -> None:
    """As on most machines."""
    tcp.server()
    assert not [text for text in list(logged.texts.queue) if "clients at a time" in text]
