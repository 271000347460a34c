"""`gateway.fleet.others`: what becomes known of other gateways, as a Router has it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.fleet.keys import Gateway
from gateway.fleet.message import Lost
from gateway.fleet.news import Came, Gone, Happened, Offer
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
