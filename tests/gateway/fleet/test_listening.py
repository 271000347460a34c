"""`gateway.fleet.listening`: of many things that come together, one that is wrong costs no other."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

import pytest

from gateway.fleet import presence
from gateway.fleet.follower import Ask, Deliver
from gateway.fleet.inbox import Follow, Letter, Token, Transport
from gateway.fleet.keys import EVENTS, EVERY, UP, Gateway
from gateway.fleet.listening import Listening
from gateway.fleet.message import Event, Page, Position
from gateway.fleet.news import Came, Happened, News, Offer
from gateway.fleet.unread import Unread
from sig import log

if TYPE_CHECKING:
    import zenoh

GATEWAY = Gateway("north", "g")


class Sample:
    """As zenoh has one."""

    def __init__(self, data: bytes, attachment: bytes) -> None:
        self.key_expr = GATEWAY.key(EVENTS)
        self.payload, self.attachment = Text(data), Text(attachment)


class Text:
    """As zenoh has some."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def to_string(self) -> str:
        """Raises as zenoh does."""
        try:
            return self._data.decode()
        except UnicodeDecodeError as error:
            raise ValueError(str(error)) from None


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What `sig` logs."""
    log.setup_logger(logging.getLogger("sig"))
    yield caplog
    log.setup_logger(None)


class Desk:
    """A Listening without its thread, and without a session."""

    def __init__(self) -> None:
        self.handed: list[News] = []
        self.listening = Listening(
            cast("zenoh.Session", None), None, self.hand_on, lambda: 0, None, Unread(list)
        )
        self.listening.view.follow([EVERY], 0.0)
        self.has_thread = True
        self.turn([Transport("router", there=True), Token(GATEWAY.key(UP, "temp"), there=True)])
        self.listening.view.described(GATEWAY, {"temp": Offer()}, 0.0)
        self.listening.view.page(GATEWAY, Ask(None), Page([], Position(1, 0), Position(1, 0)), 0.0)

    def turn(self, letters: Sequence[Letter] = (), samples: Sequence[Sample] = ()) -> None:
        """What came together."""
        self.listening._work(list(letters), cast("list[zenoh.Sample]", list(samples)), 0)

    def hand_on(self, news: list[News]) -> None:
        """To a dispatcher that may have no thread."""
        if not self.has_thread:
            raise RuntimeError("can't start new thread")
        self.handed += news

    def heard(self) -> list[int]:
        """The numbers of the events."""
        steps = [each.step for each in self.handed if isinstance(each, Happened)]
        return [step.event.position.seq for step in steps if isinstance(step, Deliver)]


def _event(seq: int, data: bytes = b"1") -> Sample:
    return Sample(data, Event(Position(1, seq), 0, True, "temp", "#changed", "").attachment)


@pytest.mark.parametrize(
    "bad",
    [
        Sample(b"\xff", b"1 9 0 1 temp x"),
        Sample(b"1", b"\xff"),
        Sample(b"{", b"1 9 0 1 temp x"),
        cast("Sample", None),
    ],
)
def test_a_sample_that_is_none(bad: Sample, logged: pytest.LogCaptureFixture) -> None:
    """Those before and behind it are heard, and it is in the log."""
    desk = Desk()
    desk.turn(samples=[_event(1), bad, _event(2), _event(3)])
    assert desk.heard() == [1, 2, 3]
    assert logged.records


def test_a_letter_that_cannot_be_done(logged: pytest.LogCaptureFixture) -> None:
    """Here for want of a session; those behind it are."""
    desk, other = Desk(), Gateway("south", "g")
    desk.turn([Follow(frozenset([other])), Token(other.key(UP), there=True)], [_event(1)])
    assert desk.heard() == [1]
    assert desk.listening.view.presence.is_there(other)
    assert logged.records


def test_news_that_nobody_takes() -> None:
    """As this machine has no thread left: they are handed on later, once."""
    desk = Desk()
    desk.has_thread = False
    with pytest.raises(RuntimeError):
        desk.turn(samples=[_event(1)])
    desk.has_thread = True
    for _ in range(2):
        desk.turn()
    assert desk.heard() == [1]
    assert Came(GATEWAY, "temp", Offer()) in desk.handed


def test_too_many_senders_of_one(logged: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Are in the log, and the others are there."""
    monkeypatch.setattr(presence, "MOST_SENDERS", 2)
    desk = Desk()
    desk.turn([Token(GATEWAY.key(UP, name), there=True) for name in ("b", "c", "d")])
    assert desk.listening.view.presence.senders(GATEWAY) == ["temp", "b", "c"]
    assert "others are not seen" in logged.text
