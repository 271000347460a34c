"""`gateway.fleet.FleetRouter` while routers are killed, hang, and come back: nothing lost, nothing twice, and
nobody told as gone who was there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import sig
from gateway.fleet import FleetRouter, Gateway
from tests.support.fleet_routers import Routers, routers
from tests.support.waiting import until

NAME = "north/g/temp"


class Talk:
    """A gateway that counts, at 100 Hz, and who listens to it."""

    def __init__(self, made: Routers, theirs: int, ours: int) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.said = 0
        self._theirs = FleetRouter(made.settings(theirs, 1 - theirs), gateway=Gateway("north", "g"))
        self._ours = FleetRouter(made.settings(ours, 1 - ours))
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._talk, name="talk")

    def begin(self) -> None:
        """Both are connected, and the first events have come."""
        self._ours.addListener(lambda info, data: self.heard.append((info["event"], data)), "north/*/*")
        self._ours.connect(60)
        self._theirs.connect(60)
        self._sender = self._theirs.addSender("temp", ["#changed"], {"read": lambda params: params})
        self._thread.start()
        until(lambda: len(self.data()) > 10)

    def _talk(self) -> None:
        signal = self._sender.getSignal("#changed")
        assert signal is not None
        while not self._end.wait(0.01):
            signal.trigger(self.said)
            self.said += 1

    def data(self, *events: str) -> list[Any]:
        """What was heard of those events, by default of those that came in their turn."""
        return [data for event, data in list(self.heard) if event in (events or ("#changed",))]

    def goes_on(self) -> None:
        """What is said from now on is heard."""
        said = self.said
        until(lambda: self.data() and self.data()[-1] > said)

    def answers(self) -> bool:
        """Whether a request gets through."""
        try:
            return bool(self._ours.request(NAME, "read", 5, timeout=1) == 5)
        except sig.RequestError:
            return False

    def end(self) -> None:
        """Say no more."""
        self._end.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._ours.disconnect()
        self._theirs.disconnect()

    def check(self) -> None:
        """All that was said was heard, once; in order, but for what came late, which is in its own."""
        self._end.set()
        self._thread.join()

        def late() -> list[Any]:
            return [data["data"] for data in self.data("#late")]

        until(lambda: len(self.data()) + len(late()) >= self.said, what="all to be heard")
        assert self.data() == sorted(self.data())
        assert late() == sorted(late())
        first = min(self.data())
        assert sorted([*self.data(), *late()]) == list(range(first, self.said))
        assert self.data("#gap") == []


@contextmanager
def _talk(theirs: int, ours: int) -> Iterator[tuple[Routers, Talk]]:
    with routers(2) as made:
        talk = Talk(made, theirs, ours)
        try:
            talk.begin()
            yield made, talk
        finally:
            talk.end()


def _kill(made: Routers, index: int) -> Callable[[], None]:
    made.kill(index)
    return lambda: made.start(index)


def _hang(made: Routers, index: int) -> Callable[[], None]:
    made.hang(index)
    return lambda: made.go_on(index)


@pytest.mark.parametrize("fault", [_kill, pytest.param(_hang, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        pytest.param(0, 1, id="theirs"),
        pytest.param(1, 0, id="ours"),
        pytest.param(0, 0, id="both", marks=pytest.mark.slow),
    ],
)
def test_one_of_two(fault: Callable[[Routers, int], Callable[[], None]], theirs: int, ours: int) -> None:
    """Of the gateway, of who listens, or of both: the other takes over, and nobody is told as gone."""
    with _talk(theirs, ours) as (made, talk):
        mend = fault(made, 0)
        talk.goes_on()
        until(talk.answers)
        mend()
        talk.goes_on()
        talk.check()
        assert len(talk.data(sig.EVENT_CONNECT)) == 1
        assert talk.data(sig.EVENT_DISCONNECT) == []


def test_no_router_for_a_while() -> None:
    """What was said meanwhile comes, and nobody was gone."""
    with _talk(0, 1) as (made, talk):
        for index in (0, 1):
            made.kill(index)
        said = talk.said
        until(lambda: talk.said > said + 150)
        assert not talk.answers()
        for index in (0, 1):
            made.start(index)
        talk.goes_on()
        until(talk.answers)
        talk.check()
        assert len(talk.data(sig.EVENT_CONNECT)) == 1
        assert talk.data(sig.EVENT_DISCONNECT) == []


def test_more_was_said_than_is_kept() -> None:
    """So much is told as lost, and the rest comes."""
    with _talk(0, 1) as (made, talk):
        talk._end.set()
        talk._thread.join()
        until(lambda: talk.data()[-1] == talk.said - 1)
        for index in (0, 1):
            made.kill(index)
        signal = talk._sender.getSignal("#changed")
        assert signal is not None
        for number in range(3000):
            signal.trigger(talk.said + number)
        for index in (0, 1):
            made.start(index)
        until(lambda: len(talk.data()) + len(talk.data("#late")) >= talk.said + 1000)
        until(lambda: talk.data("#gap"))
        (gap,) = talk.data("#gap")
        assert gap["count"] == 2000
        assert gap["from"] <= gap["to"]
        assert gap["reason"]
