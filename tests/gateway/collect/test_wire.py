"""`gateway.collect.wire` and `live`: that they connect in the end, whatever goes wrong before."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.collect.listing import ASK_S, Listing
from gateway.collect.live import Live
from gateway.collect.wire import Linked, Opened, Paged, Wire
from gateway.fleet.declaring import once
from gateway.fleet.follower import Ask
from gateway.fleet.keys import Gateway
from gateway.fleet.message import START
from gateway.fleet.router import FleetRouter
from gateway.fleet.session import Settings
from tests.support.waiting import until

SHED = Gateway("north", "shed")
SETTINGS = Settings([])


class Session:
    """One that takes anything, and whose queries and, of the first, declarations raise."""

    def __init__(self, problem: Exception | None) -> None:
        self.problem = problem
        self.closed = False
        self.info = self
        self.to: list[str] = []

    def liveliness(self) -> Session:
        return self

    def declare_subscriber(self, *_args: Any, **_more: Any) -> None:
        if self.problem is not None:
            raise self.problem

    declare_transport_events_listener = declare_subscriber

    def get(self, _selector: str, handler: Any, **_more: Any) -> None:
        handler.drop()
        raise RuntimeError("no")

    def links(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(src="tls/127.0.0.1:50000", dst=each) for each in self.to]

    def close(self) -> None:
        self.closed = True


def test_any_error_is_told_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The session that could not be used is closed; a question that cannot be asked has one end."""
    pytest.importorskip("zenoh")
    sessions = [Session(RuntimeError("out of threads")), Session(None)]
    opened = iter(sessions)
    monkeypatch.setattr("gateway.collect.wire.open_session", lambda _settings: next(opened))
    monkeypatch.setattr("gateway.fleet.joining.PAUSES_S", (0.01, 0.01))
    letters: list[Any] = []
    wire = Wire(SETTINGS, ["north"], letters.append)
    wire.start()
    try:
        until(lambda: Opened(None) in letters)
        assert "out of threads" in letters[0].problem
        assert [each.closed for each in sessions] == [True, False]
        letters.clear()
        wire.ask(SHED, Ask(START))
        assert letters == [Paged(SHED, Ask(START), None)]
    finally:
        assert wire.stop(60.0)
    assert sessions[1].closed


def test_which_router_it_is_linked_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is told where it is another than at the look before, two seconds ago at least."""
    pytest.importorskip("zenoh")
    session = Session(None)
    monkeypatch.setattr("gateway.collect.wire.open_session", lambda _settings: session)
    letters: list[Any] = []
    wire = Wire(SETTINGS, [], letters.append)
    wire.look(0.0)
    wire.start()
    try:
        until(lambda: Opened(None) in letters)
        letters.clear()
        told: list[list[Any]] = []
        for now, to in (
            (1.0, ["tls/hub1:7447"]),
            (2.0, []),
            (3.0, ["tls/[::1]:7447"]),
            (5.0, ["tls/[::1]:7447"]),
            (7.0, []),
        ):
            session.to = to
            wire.look(now)
            told.append(letters.copy())
            letters.clear()
    finally:
        assert wire.stop(60.0)
    first, second = "tls://hub1:7447", "tls://[::1]:7447"
    assert told == [
        [Linked(first, there=True)],
        [],
        [Linked(first, there=False), Linked(second, there=True)],
        [],
        [Linked(second, there=False)],
    ]


def test_live_tries_again(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """After any error, which is in the log once; and it is of the sites that it is given."""
    monkeypatch.setattr("gateway.fleet.joining.PAUSES_S", (0.01, 0.01))
    problems = iter([RuntimeError("no"), RuntimeError("no"), RuntimeError("no"), None])
    connected: list[Any] = []

    class Router:
        def __init__(self, _settings: Settings, *, sites: list[str]) -> None:
            self._sites = sites

        def connect(self, _timeout_s: float) -> None:
            if problem := next(problems):
                raise problem
            connected.append(self._sites)

        def disconnect(self) -> bool:
            return True

    live = Live(SETTINGS, ["north"], cast("Any", Router))
    live.start()
    try:
        until(lambda: connected == [["north"]])
    finally:
        assert live.stop(60.0)
    assert caplog.text.count("cannot join") == 1


def test_an_end_comes_once() -> None:
    """Whoever tells it."""
    told: list[int] = []
    end = once(lambda: told.append(1))
    end()
    end()
    assert told == [1]


def test_a_sender_is_asked_for_so_long_and_no_longer() -> None:
    """The time is the router's, nothing that the sender is told."""
    asked: list[Any] = []

    class Member:
        name = "north/shed"
        gateway = SHED
        up = True
        senders = ({"sender": "temp", "connected": True},)
        readings: dict[str, str] = {}

    class Router:
        def request(self, *args: Any, **more: Any) -> str:
            asked.append((args, more))
            return "answer"

    listing = Listing(lambda: cast("Any", [Member()]), cast("FleetRouter", Router()))
    found = listing.one("north/shed/temp")
    assert found is not None
    assert (found["info"], found["stats"]) == ("answer", "answer")
    name = "north/shed/temp"
    assert asked == [((name, method), {"timeout": ASK_S}) for method in ("info", "stats")]
