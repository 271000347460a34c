"""`gateway.fleet.others`: what becomes known of other gateways, as a Router has it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.fleet.follower import Deliver
from gateway.fleet.keys import Gateway
from gateway.fleet.message import Event, Lost, Position
from gateway.fleet.news import Came, Forgotten, Gone, Happened, Offer, Up
from gateway.fleet.others import OthersRouter
from sig import log
from sig.sender import Sender

NORTH, SOUTH = Gateway("north", "a"), Gateway("south", "a")
LOST = Happened(NORTH, Lost("", 3, 0, 0, "full"))


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What `sig` logs."""
    log.setup_logger(logging.getLogger("sig"))
    yield caplog
    log.setup_logger(None)


def test_a_loss_that_no_sender_can_tell(logged: pytest.LogCaptureFixture) -> None:
    """Is in the log once, not for each time."""
    router = OthersRouter(Sender, None)
    for _ in range(3):
        router.take_news(LOST)
    (record,) = logged.records
    assert record.levelname == "WARNING"
    assert record.message == "3 events of the gateway north/a are lost, which has no sender now: full"


def test_a_loss_that_a_sender_tells(logged: pytest.LogCaptureFixture) -> None:
    """Is a gap of that one, while it is there; and of no other gateway's."""
    heard: list[tuple[str, Any]] = []
    router = OthersRouter(Sender, None)
    router.addListener(lambda info, data: heard.append((info["sender"], data["count"])), None, "#gap")
    router.take_news(Came(NORTH, "temp", Offer()))
    router.take_news(Came(SOUTH, "temp", Offer()))
    router.take_news(LOST)
    assert heard == [("north/a/temp", 3)]
    assert not logged.records
    router.take_news(Gone(NORTH, "temp"))
    router.take_news(LOST)
    assert heard == [("north/a/temp", 3)]
    assert len(logged.records) == 1


def test_who_is_forgotten() -> None:
    """Nothing of it is left, but for what somebody listens to; the other gateway stays."""
    router = OthersRouter(Sender, None)
    router.addListener(lambda _info, _data: None, "north/a/kept", "#changed")
    for gateway in (NORTH, SOUTH):
        router.take_news(Up(gateway, there=True))
        for sender in ("temp", "kept"):
            router.take_news(Came(gateway, sender, Offer(("#changed",))))
            router.take_news(Gone(gateway, sender))
        router.take_news(Up(gateway, there=False))
    assert router.gateways() == {NORTH: False, SOUTH: False}
    assert router.is_others("north/a/temp")
    router.take_news(Forgotten(NORTH))
    assert router.gateways() == {SOUTH: False}
    assert (router.is_others("north/a/temp"), router.is_others("south/a/temp")) == (False, True)
    assert [each.getName() for each in router.listSenders()] == ["north/a/kept"]
    for table in ("_up", "_there", "_seen"):
        assert list(vars(router)[table]) == [SOUTH]
    router.all_gone()
    assert router.gateways() == {}
    assert not router.is_others("south/a/temp")


def test_events_of_who_never_came() -> None:
    """They are told, and of their sender nothing stays."""
    heard: list[str] = []
    router = OthersRouter(Sender, None)
    router.addListener(lambda info, _data: heard.append(info["sender"]), None, "#changed")
    for number in range(3):
        event = Event(Position(1, number + 1), 0, True, f"stranger-{number}", "#changed", "1")
        router.take_news(Happened(NORTH, Deliver(event)))
    assert heard == ["north/a/stranger-0", "north/a/stranger-1", "north/a/stranger-2"]
    assert router.listSenders() == []
