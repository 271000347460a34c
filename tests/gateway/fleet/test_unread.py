"""`gateway.fleet.unread`: a link that nobody reads is ended, whoever's it is; those that are read are not."""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

import sig
from gateway.collect.wire import Came, Wire
from gateway.config import load
from gateway.feed import Feed
from gateway.fleet import FleetRouter
from gateway.fleet.declaring import direct, zenoh_error
from gateway.fleet.keys import EVENTS, SENDERS, Gateway
from gateway.fleet.relay import Relay
from gateway.fleet.session import Settings
from gateway.fleet.sockets import lent
from gateway.fleet.unread import LOOKS, Unread, _end, _sockets_of, of_session
from gateway.member.service import Membership
from tests.support.fake_machine import RunningMachine, StagedClock
from tests.support.fleet_enrolled import Enrolled, tls_of
from tests.support.fleet_routers import client, routers
from tests.support.late_router import LateRouter, late_router
from tests.support.ports import free_port
from tests.support.waiting import until

if TYPE_CHECKING:
    import zenoh

pytest.importorskip("zenoh", reason="zenoh has no build for this machine")

AT_ONCE = 8
"""Links that are made at the last moment: one of ten to twenty is left unread."""
TRIES = 20


class Pair:
    """A link of ours, and its other end."""

    def __init__(self, stack: ExitStack, host: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host, 0), family=family) as listening:
            self.port = listening.getsockname()[1]
            self.ours = stack.enter_context(socket.create_connection((host, self.port)))
            self.theirs = stack.enter_context(listening.accept()[0])

    def comes(self) -> None:
        """Something, which can be read."""
        self.theirs.sendall(b"a sign of life")
        self.ours.recv(1, socket.MSG_PEEK)

    def is_ended(self) -> bool:
        """Whether the other end has been told so."""
        self.theirs.setblocking(False)
        try:
            return self.theirs.recv(1) == b""
        except BlockingIOError:
            return False


class Linked:
    """A session of zenoh's that has those links."""

    def __init__(self, *pairs: Pair) -> None:
        self.info = self
        self.asked = 0
        self._links = [
            SimpleNamespace(src=_of(each.ours.getsockname()), dst=_of(each.ours.getpeername()))
            for each in pairs
        ]

    def links(self) -> list[SimpleNamespace]:
        return self._links

    def liveliness(self) -> Linked:
        return self

    def get(self, *_args: Any, **_more: Any) -> None:
        self.asked += 1


def _of(address: tuple[Any, ...]) -> str:
    host, port = address[:2]
    return f"tcp/[{host}]:{port}" if ":" in host else f"tcp/{host}:{port}"


def unread_of(*pairs: Pair) -> Unread:
    """Of a session with those links."""
    return of_session(cast("zenoh.Session", Linked(*pairs)))


def looks(unread: Unread, times: int = 1) -> list[str]:
    """What is said at those."""
    said: list[str] = []
    for _ in range(times):
        unread.look(said.append)
    return said


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What is closed afterwards."""
    with ExitStack() as made:
        yield made


@pytest.mark.parametrize(("host", "told"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_one_that_nobody_reads(stack: ExitStack, host: str, told: str) -> None:
    """Is ended after so many looks, which is said once; it stays open for zenoh to close."""
    pair = Pair(stack, host)
    session = Linked(pair)
    unread = of_session(cast("zenoh.Session", session))
    pair.comes()
    assert looks(unread, LOOKS) == []
    assert session.asked == 0
    assert not pair.is_ended()
    pair.comes()
    (said,) = looks(unread)
    assert f"its link with {told}:{pair.port}: it is ended" in said
    assert pair.is_ended()
    assert session.asked == 1  # so that it notices at once
    assert pair.ours.recv(100) == b"a sign of life" * 2
    assert looks(unread, 2 * LOOKS) == []


def test_one_that_is_read(stack: ExitStack) -> None:
    """Is not, with something there at each look; nor one to which nothing comes, at any time."""
    pair, silent = Pair(stack), Pair(stack)
    unread = unread_of(pair, silent)
    for _ in range(4 * LOOKS):
        pair.comes()
        assert looks(unread) == []
        pair.ours.recv(1)
    pair.comes()
    assert looks(unread, LOOKS) == []
    pair.ours.recv(1)
    assert looks(unread, LOOKS) == []


def test_a_descriptor_that_is_used_again(stack: ExitStack) -> None:
    """It is another's, whose looks are counted from the first."""
    first = Pair(stack)
    first.comes()
    second = Pair(stack)
    second.comes()
    unread = unread_of(first, second)
    assert looks(unread, LOOKS) == []
    os.dup2(second.ours.fileno(), first.ours.fileno())
    second.ours.close()
    assert looks(unread, LOOKS) == []
    assert len(looks(unread)) == 1


def test_what_is_no_link(stack: ExitStack) -> None:
    """Of the session's: another's, a socket that listens, two of other kinds, a file."""
    pair, other = Pair(stack), Pair(stack)
    stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    local, far = socket.socketpair()
    stack.enter_context(local)
    stack.enter_context(far).sendall(b"something")
    datagrams = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    datagrams.bind(("127.0.0.1", 0))
    datagrams.sendto(b"something", datagrams.getsockname())
    stack.enter_context(Path(__file__).open())  # noqa: SIM115 - it is one
    other.comes()
    assert looks(unread_of(pair), 2 * LOOKS) == []
    assert looks(Unread(lambda: [(datagrams.fileno(), 0), (local.fileno(), 0)]), 2 * LOOKS) == []
    assert not other.is_ended()
    assert local.recv(100) == datagrams.recv(100) == b"something"


def test_its_own_links(stack: ExitStack, tmp_path: Path) -> None:
    """Of two sessions of one process, one over TLS, each finds its own, whoever else is there."""
    fleet = Enrolled(tmp_path)
    fleet.enrol("north/shed")
    settings = fleet.settings("north/shed", 0)
    plain = f"tcp/127.0.0.1:{free_port()}"
    for each in (
        Relay(Settings([], listen=[plain])),
        Relay(Settings([], tls=tls_of(tmp_path / "hub0"), listen=settings.routers)),
    ):
        each.open()
        stack.callback(each.close, 60.0)
    over_tls = stack.enter_context(client(settings))
    over_tcp = stack.enter_context(client(Settings([plain])))
    for session, port in ((over_tls, fleet.ports[0]), (over_tcp, int(plain.rpartition(":")[2]))):
        ((descriptor, inode),) = _sockets_of(session)
        with lent(descriptor) as its:
            assert its.getpeername()[1] == port
        assert os.fstat(descriptor).st_ino == inode


def test_a_session_that_cannot_say(stack: ExitStack) -> None:
    """Which links it has: nothing is done."""
    pair = Pair(stack)
    pair.comes()
    session = Linked(pair)

    def cannot() -> list[SimpleNamespace]:
        raise zenoh_error()("session closed")

    session.links = cannot  # type: ignore[method-assign]
    assert looks(of_session(cast("zenoh.Session", session)), 2 * LOOKS) == []


def test_closed_before_it_is_ended(stack: ExitStack) -> None:
    """What has its number by then is left alone."""
    pair, other = Pair(stack), Pair(stack)
    pair.comes()
    descriptor, inode = pair.ours.fileno(), os.fstat(pair.ours.fileno()).st_ino
    found: list[tuple[int, int]] = [(descriptor, inode)]
    unread = Unread(lambda: iter(found))
    assert looks(unread, LOOKS) == []
    os.dup2(other.ours.fileno(), descriptor)
    assert _end(descriptor, inode) is None  # as it may be between the last look and the end
    assert not other.is_ended()


def test_without_proc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stack: ExitStack) -> None:
    """Nothing is done."""
    monkeypatch.setattr("gateway.fleet.sockets.OPEN", str(tmp_path / "none"))
    pair = Pair(stack)
    pair.comes()
    assert looks(unread_of(pair), 2 * LOOKS) == []


@contextmanager
def gateway(late: LateRouter, number: int, asker: Any, folder: Path) -> Iterator[Callable[[], bool]]:
    """A gateway's service; whether it answers."""
    path = folder / f"{number}" / "config.yaml"
    path.parent.mkdir()
    urls = json.dumps([late.endpoint.replace("/", "://")])
    path.write_text(f"fleet: {{site: north, routers: {urls}}}\ngateway: {{name: g{number}}}\n")
    config = load(path)
    config.data.mkdir(exist_ok=True)
    clock, router = StagedClock(RunningMachine(), override="set"), sig.Router()
    service = Membership(config, router, Feed(router, clock), clock, lambda _: None, lambda: {"version": "1"})
    service.start()
    key = Gateway("north", f"g{number}").key(SENDERS)
    try:
        yield lambda: any(reply.ok is not None for reply in asker.get(key, timeout=0.5))
    finally:
        assert service.stop(60.0)


@contextmanager
def collector(late: LateRouter, number: int, asker: Any, _folder: Path) -> Iterator[Callable[[], bool]]:
    """A collector's wire; whether it hears events."""
    letters: list[Any] = []
    wire = Wire(Settings([late.endpoint]), [f"site{number}"], letters.append)
    wire.start()

    def hears() -> bool:
        wire.look(time.monotonic())
        asker.put(Gateway(f"site{number}", "g").key(EVENTS), b"0-0")
        found = any(isinstance(each, Came) for each in letters)
        letters.clear()
        return found

    try:
        yield hears
    finally:
        assert wire.stop(60.0)


@contextmanager
def script(late: LateRouter, number: int, asker: Any, _folder: Path) -> Iterator[Callable[[], bool]]:
    """A program's FleetRouter; whether a request to its sender is answered."""
    with FleetRouter(Settings([late.endpoint]), gateway=Gateway("north", f"g{number}")) as router:
        router.addSender("temp", ["#changed"])
        key = Gateway("north", f"g{number}").key(SENDERS)
        yield lambda: any(reply.ok is not None for reply in asker.get(key, timeout=0.5))


@contextmanager
def router(late: LateRouter, _number: int, _asker: Any, _folder: Path) -> Iterator[Callable[[], bool]]:
    """A router that is linked with that one."""
    made = Relay(Settings([late.endpoint], listen=[f"tcp/127.0.0.1:{free_port()}"]))
    made.open()
    try:
        yield lambda: True
    finally:
        assert made.close(60.0)


@pytest.mark.parametrize("kind", [gateway, collector, script, router])
def test_who_looks(kind: Any, stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Again and again, at the link that it has."""
    made = stack.enter_context(routers(1))
    asker = stack.enter_context(client(made.settings()))
    late = stack.enter_context(late_router(made.endpoints[0]))
    looked: list[int] = []

    def look(self: Unread, _say: Callable[[str], object]) -> None:
        looked.append(len(list(self._find())))

    monkeypatch.setattr(Unread, "look", look)
    does = stack.enter_context(kind(late, 0, asker, tmp_path))
    until(lambda: does() and len(looked) >= 2 and all(looked[-2:]))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", [gateway, collector, script])
def test_made_at_the_last_moment(
    kind: Any, stack: ExitStack, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Zenoh leaves a link unread, which is ended; and all hear again."""
    stack.callback(sig.setup_logger, None)
    sig.setup_logger(logging.getLogger("sig"))
    made = stack.enter_context(routers(1))
    asker = stack.enter_context(client(made.settings()))
    late = stack.enter_context(late_router(made.endpoints[0]))
    hear = [stack.enter_context(kind(late, number, asker, tmp_path)) for number in range(AT_ONCE)]
    _is_mended(late, hear, caplog)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_made_at_the_last_moment_by_a_router(stack: ExitStack, caplog: pytest.LogCaptureFixture) -> None:
    """It hears its clients again, as they do it."""
    own = f"tcp/127.0.0.1:{free_port()}"
    router = Relay(Settings([], listen=[own]))
    router.open()
    stack.callback(router.close, 60.0)
    asker = stack.enter_context(client(Settings([own])))
    heard: list[str] = []

    def came(sample: zenoh.Sample) -> None:
        heard.append(str(sample.key_expr))

    asker.declare_subscriber("sig/1/north/*/events", direct(came))
    late = stack.enter_context(late_router(own, word=2))
    sessions = [stack.enter_context(client(Settings([late.endpoint]))) for _ in range(AT_ONCE)]

    def hears(number: int) -> bool:
        key = Gateway("north", f"g{number}").key(EVENTS)
        sessions[number].put(key, b"0-0")
        found = key in heard
        heard.clear()
        return found

    _is_mended(late, [partial(hears, number) for number in range(AT_ONCE)], caplog)


def _is_mended(late: LateRouter, hear: list[Callable[[], bool]], caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(TRIES):
        for each in hear:
            until(each)
        if "has not begun to read" in caplog.text:
            return
        late.make_late(AT_ONCE)
    pytest.fail(f"zenoh has read from all links, {TRIES} times: is what this is for not needed any more?")
