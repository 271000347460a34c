"""`gateway.collect.consumer`: what is let go when its thread is behind, and that all of it is counted."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from gateway.clock.wall import WallClock
from gateway.collect import consumer as module
from gateway.collect.consumer import Consumer
from gateway.collect.wire import Came, Letter, Opened, Paged, Token, Told
from gateway.fleet.follower import Ask
from gateway.fleet.keys import EVENTS, Gateway
from gateway.fleet.message import START
from gateway.fleet.session import Settings, Tls
from gateway.service import State

SHED = Gateway("north", "shed")
EVENT = Came(SHED.key(EVENTS), b"1", b"7 1 1 1 temp %23changed")


class Post:
    """A `Wire` that is nowhere: what zenoh's threads would post, a test does."""

    def __init__(self, _settings: Any, _sites: Any, post: Any) -> None:
        self.post = post


class Nobody(tuple[Any, ...]):
    """Who keeps something: none, for want of threads."""

    __slots__ = ()

    def begin(self) -> None:
        """See `Sites`."""
        raise RuntimeError("can't start new thread")


@pytest.fixture
def consumer(monkeypatch: pytest.MonkeyPatch) -> Consumer:
    """Whose thread never reads, and which has room for two letters."""
    monkeypatch.setattr(module, "MOST_LETTERS", 2)
    monkeypatch.setattr(module, "Wire", Post)
    return made(None)


def made(tls: Tls | None) -> Consumer:
    """It is not begun."""
    settings = Settings(["tls/hub:7447"], tls)
    return Consumer(settings, (), "collector", WallClock(), Nobody())  # type: ignore[arg-type]


def post(consumer: Consumer, letter: Letter) -> None:
    """On a thread of zenoh's."""
    vars(consumer)["_wire"].post(letter)


def let_go(consumer: Consumer) -> object:
    """What `/metrics` says of it."""
    (family,) = (each for each in consumer.families() if each.name == "fleet_let_go_events_total")
    return family.samples[0].value


def waiting(consumer: Consumer) -> int:
    """For the thread."""
    size: int = vars(consumer)["_letters"].qsize()
    return size


def test_only_live_events_are_let_go(consumer: Consumer) -> None:
    """They come in pages; a token or an answer would not come again."""
    for _ in range(5):
        post(consumer, EVENT)
    assert (waiting(consumer), let_go(consumer)) == (2, 3)
    for letter in (Token(SHED, there=True), Told(SHED, None), Paged(SHED, Ask(START), None), Opened(None)):
        post(consumer, letter)
    assert (waiting(consumer), let_go(consumer)) == (6, 3)


def test_no_gateway_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is connected and sees none may be one whom the routers let see none: that is not well."""
    monkeypatch.setattr(module, "Wire", Post)
    certified = made(Tls(Path("ca.pem"), Path("cert.pem"), Path("key.pem")))
    for consumer, said in ((made(None), "none is there yet"), (certified, "certificate see none. `sig-gat")):
        vars(consumer)["_following"].turn([Opened(None)], 0.0)
        (part,) = consumer.status().values()
        assert (part.state, said in part.message) == (State.UNKNOWN, True), part


def test_each_that_is_let_go_is_counted(consumer: Consumer) -> None:
    """Also where another thread lets one go between one's reading of the count and its writing."""
    other = threading.Thread(target=post, args=(consumer, EVENT))

    class Meanwhile(int):
        """A count to which nothing is added before another thread has had time to add to it."""

        def __add__(self, more: int) -> int:
            if other.ident is None:
                other.start()
                other.join(0.2)
            return int(self) + more

    for _ in range(2):
        post(consumer, EVENT)
    vars(consumer)["_let_go"] = Meanwhile()
    post(consumer, EVENT)
    other.join()
    assert let_go(consumer) == 2


def test_what_is_on_disk_cannot_be_opened(consumer: Consumer, caplog: pytest.LogCaptureFixture) -> None:
    """For want of a thread, say: it collects all the same."""
    post(consumer, Opened(None))
    vars(consumer)["_stopping"].set()
    consumer._run()
    assert "not all that is on disk could be opened" in caplog.text
