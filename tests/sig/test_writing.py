"""Who sends: whoever posts, or the writer, over a channel that notes it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from types import SimpleNamespace

import pytest

from sig.carrier.base import Channel
from sig.limits import Limits
from sig.net import writing
from sig.net.core import Core
from sig.net.sendorder import Kind
from sig.net.writing import Writing, holding, wait_patiently
from sig.wire import JsonCodec
from tests.sig.netkit import WAIT_S
from tests.support.waiting import until


class Noted(Channel):
    """Notes what is sent, and by whom; takes no more than it has room for."""

    def __init__(self) -> None:
        self.sent = b""
        self.by: list[threading.Thread] = []
        self.room = 1_000_000
        self._may_go = threading.Event()

    def receive(self, timeout_s: float) -> bytes | None:
        raise AssertionError(timeout_s)

    def send(self, data: bytes) -> int:
        self.by.append(threading.current_thread())
        taken = data[: self.room]
        self.sent += taken
        self.room -= len(taken)
        return len(taken)

    def wait_writable(self, timeout_s: float) -> None:
        self._may_go.wait(timeout_s)

    def grow(self) -> None:
        """There is room from now on."""
        self.room = 1_000_000
        self._may_go.set()

    def shutdown(self) -> None:
        self._may_go.set()

    def close(self) -> None:
        pass


@pytest.fixture
def channel() -> Noted:
    return Noted()


@pytest.fixture
def one(channel: Noted, monkeypatch: pytest.MonkeyPatch) -> Iterator[Writing]:
    """To one of our own peers. What follows is a flood, however busy the machine."""
    monkeypatch.setattr(writing, "BUSY_S", WAIT_S)
    limits = Limits()
    core = Core(JsonCodec(), limits, 0.0)
    core.pipeline(100)
    made = Writing(core, channel, limits, "one")
    made._posted = -WAIT_S
    yield made
    made.close("the test is over")
    made.join(WAIT_S)


def test_of_a_flood_the_writer_sends_all_but_the_first(one: Writing, channel: Noted) -> None:
    """Who posts goes on with what it does."""
    for number in range(5):
        assert one.post(Kind.SIGNAL, None, b"%d" % number)
    until(lambda: channel.sent == b"01234")
    assert channel.by[0] is threading.current_thread()
    assert threading.current_thread() not in channel.by[1:]


def test_who_posts_one_that_somebody_waits_for_sends_it(one: Writing, channel: Noted) -> None:
    """However soon it follows another: a hand-over would be all that it gains."""
    for number in range(5):
        assert one.post(Kind.REPLY, None, b"%d" % number, gathered=True)
    assert channel.sent == b"01234"
    assert set(channel.by) == {threading.current_thread()}


def test_nothing_overtakes_what_waits(one: Writing, channel: Noted) -> None:
    """Of a piece that was sent in part the rest comes first, then what was posted meanwhile."""
    channel.room = 1
    assert one.post(Kind.REPLY, None, b"first", gathered=True)
    for data in (b"second", b"third"):
        assert one.post(Kind.REPLY, None, data, gathered=True)
    channel.grow()
    assert one.drain(WAIT_S)
    assert channel.sent == b"firstsecondthird"


def test_what_is_held_back_goes_at_the_end_or_when_it_is_waited_for(one: Writing, channel: Noted) -> None:
    """In one piece."""
    with holding():
        for data in (b"a", b"b"):
            assert one.post(Kind.CALL, None, data)
        assert channel.by == []
        assert one.drain(0.0)
        assert channel.sent == b"ab"
        with holding():
            assert one.post(Kind.CALL, None, b"c", gathered=True)
            assert channel.sent == b"ab"
        assert channel.sent == b"abc"
    assert len(channel.by) == 2


def test_a_signal_waits_for_the_window_though_nothing_else_does(one: Writing, channel: Noted) -> None:
    """A call does not, but for one that must not overtake it."""
    one.core.pipeline(1)
    for kind, data in (
        (Kind.SIGNAL, b"a"),
        (Kind.SIGNAL, b"b"),
        (Kind.CALL_IN_ORDER, b"c"),
        (Kind.CALL, b"d"),
    ):
        assert one.post(kind, None, data, gathered=True)
    assert channel.sent == b"ad"
    one.core.serve({"method": "credit", "params": {"signals": 1}})
    one.flush()
    until(lambda: channel.sent == b"adbc")


def test_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends when nothing goes on for the one time, and with the other at the latest."""
    now = 0.0
    monkeypatch.setattr(writing, "time", SimpleNamespace(monotonic=lambda: now))
    waits: list[float] = []

    def in_vain(seconds: float) -> bool:
        nonlocal now
        now += seconds
        waits.append(seconds)
        return False

    def waited(progress: Iterable[int], *times_s: float) -> list[float]:
        waits.clear()
        each = iter(progress)
        assert not wait_patiently(in_vain, lambda: next(each), *times_s)
        return list(waits)

    assert waited([0, 1, 1, 2, 2, 2], 10.0, 1000.0) == [10.0, 10.0, 10.0]
    assert waited(range(100), 10.0, 25.0) == [10.0, 10.0, 5.0, 0.0]
    assert waited(range(100), 10.0) == [10.0, 0.0]
    assert wait_patiently(lambda _seconds: True, lambda: 0, 0.0)
