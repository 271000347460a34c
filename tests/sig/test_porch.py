"""Those who connect and say nothing: what they cost, who has to go, and who gets past them."""

from __future__ import annotations

import errno
import os
import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sig.carrier import porch as module
from sig.carrier.porch import Arrived, Porch
from sig.carrier.room import Bound, Room
from sig.carrier.sockets import origin
from tests.sig.netkit import Logged
from tests.support.waiting import until

ROOM = Room(10, Bound(4, 2), Bound(3, 3))


class Door:
    """A listening socket, its porch, and who knocks."""

    def __init__(self, listening: socket.socket) -> None:
        self.listening = listening
        listening.setblocking(False)
        self.knocked: list[socket.socket] = []
        self.let_in: list[Arrived] = []
        self.porch = Porch(listening, ROOM, None)

    def knock(self, *, word: bytes = b"", host: str = "127.0.0.1") -> socket.socket:
        """Connect, from that address of this machine, and perhaps say something."""
        sock = socket.socket(self.listening.family)
        self.knocked.append(sock)
        if sock.family == socket.AF_INET:
            sock.bind((host, 0))
        sock.connect(self.listening.getsockname())
        if word:
            sock.sendall(word)
        return sock

    def next(self) -> Arrived:
        """Who is let in next."""
        found: list[Arrived] = []

        def came() -> bool:
            arrived = self.porch.next(0.01)
            found.extend([arrived] if arrived is not None else [])
            return bool(found)

        until(came)
        self.let_in.append(found[0])
        return found[0]

    def nobody(self, times: int = 20) -> None:
        """Let in nobody, however often one looks."""
        for _ in range(times):
            assert self.porch.next(0) is None

    def close(self) -> None:
        self.porch.close()
        for sock in (*self.knocked, *(arrived.sock for arrived in self.let_in), self.listening):
            sock.close()


@pytest.fixture
def door() -> Iterator[Door]:
    """One of this machine's."""
    found = Door(socket.create_server(("127.0.0.1", 0), backlog=100))
    yield found
    found.close()


def is_open(sock: socket.socket) -> bool:
    """Whether the other end has not closed it."""
    sock.setblocking(False)
    try:
        return bool(sock.recv(1))
    except BlockingIOError:
        return True
    except OSError:
        return False


def gone(socks: list[socket.socket]) -> list[socket.socket]:
    """Those that the other end has closed; without taking notice of how."""
    poll = select.poll()
    for sock in socks:
        poll.register(sock, 0)
    ended = {number for number, _ in poll.poll(0)}
    return [sock for sock in socks if sock.fileno() in ended]


def name(sock: socket.socket) -> str:
    """As the porch calls it."""
    host, port = sock.getsockname()
    return f"{host}:{port}"


def test_who_says_nothing_is_not_let_in(door: Door) -> None:
    """Until it does; its words are all there for who reads them then."""
    silent = door.knock()
    door.nobody()
    spoken = door.knock(word=b"hello")
    arrived = door.next()
    assert (arrived.address, arrived.origin) == (name(spoken), "127.0.0.1")
    assert arrived.sock.recv(10) == b"hello"
    silent.sendall(b"hm")
    assert door.next().address == name(silent)
    door.nobody()


def test_who_leaves_without_a_word_is_forgotten(door: Door) -> None:
    """Whether it hangs up or resets."""
    for _ in range(3):
        door.knock().close()
    first = door.knock(host="127.0.0.2")
    reset = door.knock()
    door.nobody()
    reset.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, module.RESET)
    reset.close()
    door.nobody()
    assert is_open(first)


def test_the_silent_drive_out_their_own(door: Door, logged: Logged) -> None:
    """The oldest of their address, which is reset; who came from elsewhere, or has spoken, is left alone."""
    other = door.knock(host="127.0.0.2")
    crowd = [door.knock() for _ in range(3)]
    spoken = door.knock(word=b"x")
    assert door.next().address == name(spoken)
    crowd += [door.knock() for _ in range(20)]
    until(lambda: crowd[-3] in gone(crowd) if door.porch.next(0) is None else False)
    assert gone([other, *crowd]) == crowd[:-2]
    crowd[0].setblocking(False)
    with pytest.raises(ConnectionResetError):
        crowd[0].recv(1)
    assert f"say nothing: the oldest, from {name(crowd[0])}, is closed" in logged.wait_for("oldest")
    assert logged.texts.empty()


def test_of_many_addresses_the_oldest_goes(door: Door) -> None:
    """Four may be there in all."""
    knocked = [door.knock(host=f"127.0.0.{number}") for number in range(1, 9)]
    until(lambda: not any(map(is_open, knocked[:4])) if door.porch.next(0) is None else False)
    assert all(map(is_open, knocked[4:]))


def test_who_is_alone_at_its_address_comes_before_a_crowd(door: Door) -> None:
    """Of those who have spoken; and of too many of them the oldest of the crowd has to go."""
    crowd = [door.knock(word=b"x") for _ in range(5)]
    alone = door.knock(word=b"x", host="127.0.0.2")
    assert [door.next().address for _ in range(3)] == [name(each) for each in (alone, *crowd[3:])]
    assert not any(map(is_open, crowd[:3]))
    door.nobody()


def test_a_few_are_taken_for_each_that_is_let_in(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who stands behind a crowd in the system's queue does not wait for all of it."""
    monkeypatch.setattr(module, "BURST", 2)
    for _ in range(8):
        door.knock(word=b"x")
    alone = door.knock(word=b"x", host="127.0.0.2")
    let_in = [door.next().address for _ in range(5)]
    assert name(alone) in let_in


def test_while_it_rests_nobody_new_is_taken(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was there already is let in all the same; a word that comes meanwhile ends nothing."""
    monkeypatch.setattr(module, "REST_S", 60.0)
    knocked = [door.knock() for _ in range(3)]
    until(lambda: not is_open(knocked[0]) if door.porch.next(0) is None else False)
    door.nobody()
    door.knock(word=b"x", host="127.0.0.2")
    door.nobody()
    knocked[2].sendall(b"x")
    assert door.next().address == name(knocked[2])
    assert door.porch.next(0.01) is None


def test_after_its_rest_it_goes_on(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has spoken meanwhile is let in without having been among the silent."""
    monkeypatch.setattr(module, "REST_S", 0.001)
    knocked = [door.knock() for _ in range(3)]
    until(lambda: not is_open(knocked[0]) if door.porch.next(0) is None else False)
    spoken = door.knock(word=b"x")
    assert door.next().address == name(spoken)
    assert all(map(is_open, knocked[1:]))


def test_who_says_nothing_for_long_is_turned_away(door: Door) -> None:
    """Where there is a limit; who has spoken is not."""
    door.porch = Porch(door.listening, ROOM, 0.02)
    silent, spoken = door.knock(), door.knock(word=b"x")
    assert door.next().address == name(spoken)
    until(lambda: not is_open(silent) if door.porch.next(0) is None else False)
    assert is_open(spoken)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS])
def test_without_a_descriptor_left(door: Door, logged: Logged, number: int) -> None:
    """The silent make room, the oldest first; where there is none, it rests, and does not spin."""
    silent = door.knock()
    door.nobody()
    accepts = Failing(door.listening, number, times=3)
    door.porch._listening = accepts  # type: ignore[assignment]
    spoken = door.knock(word=b"x")
    assert door.next().address == name(spoken)
    assert not is_open(silent)
    assert accepts.asked <= 6
    text = logged.wait_for("accepting a connection failed")
    assert "the oldest that says nothing is closed" in text
    assert logged.texts.empty()


def test_who_has_spoken_is_not_kept_waiting(door: Door) -> None:
    """However long one would wait for somebody new, and however patient the porch is with the silent."""
    door.porch = Porch(door.listening, ROOM, 0.0)
    spoken = [door.knock(word=b"x") for _ in range(2)]
    for each in spoken:
        arrived = door.porch.next(3600.0)
        assert arrived is not None
        door.let_in.append(arrived)
        assert arrived.address == name(each)


def test_without_a_descriptor_it_does_not_spin(
    door: Door, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long that lasts: one try for each rest, one line in the log, and `next` waits as it is told."""
    monkeypatch.setattr(module, "SCARCE_REST_S", 60.0)
    accepts = Failing(door.listening, errno.EMFILE, times=10**6)
    door.porch._listening = accepts  # type: ignore[assignment]
    door.knock(word=b"x")
    door.nobody(100)
    assert accepts.asked == 1
    assert "waiting until others end" in logged.wait_for("accepting a connection failed")
    assert logged.texts.empty()


@pytest.mark.parametrize("number", [errno.ECONNABORTED, errno.EPROTO, errno.EPERM])
def test_one_that_was_gone_before(door: Door, logged: Logged, number: int) -> None:
    """Is no reason to wait; the next one is taken, and the log says it once."""
    door.porch._listening = Failing(door.listening, number, times=3)  # type: ignore[assignment]
    spoken = door.knock(word=b"x")
    assert door.next().address == name(spoken)
    assert "gone before it was accepted" in logged.wait_for("gone")
    assert logged.texts.empty()


def test_what_else_the_system_says_is_not_kept_quiet(door: Door) -> None:
    """A defect, say: it reaches the acceptor, which logs it."""
    door.porch._listening = Failing(door.listening, errno.EBADF, times=1)  # type: ignore[assignment]
    door.knock()
    with pytest.raises(OSError, match="Bad file"):
        door.porch.next(5.0)


def test_the_end_turns_everybody_away(door: Door) -> None:
    """Those who have spoken, too; from any thread, while it waits; and nobody is taken any more."""
    silent, spoken, other = door.knock(), door.knock(word=b"x"), door.knock(word=b"x")
    assert door.next() is not None
    waiting = threading.Thread(target=lambda: [door.porch.next(0.05) for _ in range(3)])
    door.porch.close()
    waiting.start()
    waiting.join()
    assert not is_open(silent)
    assert [is_open(spoken), is_open(other)].count(True) == 1
    door.knock(word=b"x")
    door.nobody()


def test_at_a_unix_socket_each_process_counts_for_itself(tmp_path: Path) -> None:
    """As there are no addresses."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "s"))
    listening.listen()
    door = Door(listening)
    try:
        door.knock(word=b"x")
        assert door.next().origin == f"process {os.getpid()} of user {os.getuid()}"
    finally:
        door.close()


@pytest.mark.parametrize(
    ("host", "counts_as"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_whom_a_host_counts_as(host: str, counts_as: str) -> None:
    """Itself; of IPv6 its network, every address of which it may use."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as sock:
        assert origin(sock, (host, 1)) == counts_as


class Failing:
    """A listening socket whose `accept` fails so many times."""

    def __init__(self, behind: socket.socket, number: int, times: int) -> None:
        self.behind, self.number, self.left = behind, number, times
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)

    def accept(self) -> Any:
        self.asked += 1
        if self.left > 0:
            self.left -= 1
            raise OSError(self.number, "Bad file" if self.number == errno.EBADF else "scarce")
        return self.behind.accept()
