"""`gateway.fleet.relay`: routers that begin anew, on real sessions."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from gateway.fleet import relay
from gateway.fleet.declaring import undeclare
from gateway.fleet.relay import Links, Relay
from gateway.fleet.session import FleetError, Settings
from tests.support.fleet_routers import UP, client, routers, sees, there
from tests.support.ports import free_port
from tests.support.waiting import happens, until

if TYPE_CHECKING:
    import zenoh

pytest.importorskip("zenoh", reason="zenoh has no build for this machine")
KEY = "sig/1/north/shed/replay"


def answers(session: zenoh.Session) -> bool:
    """Whether a question gets through."""
    return any(reply.ok is not None for reply in session.get(KEY, timeout=5.0))


def identity(session: zenoh.Session) -> list[str]:
    """Of the routers that it is linked to."""
    return [str(each) for each in session.info.routers_zid()]


def test_whom_it_has_connected_to_before() -> None:
    """By who it is, wherever the link begins; not who connects to it."""
    links = Links(["tls/0.0.0.0:7447", "tls/[::]:7448"])
    assert not links.linked("tls/10.0.0.2:40000", "one")
    assert not links.linked("tls/10.0.0.2:40002", "two")
    assert links.linked("tls/[fe80::2]:40004", "one")
    for _ in range(2):
        assert not links.linked("tls/10.0.0.2:7447", "three")
        assert not links.linked("tls/[fe80::2]:7448", "four")
    assert links.linked("tls/10.0.0.2:40006", "two")


def test_how_many_it_remembers() -> None:
    """The last thousand: one that begins anew each minute is another each time."""
    links = Links(["tls/0.0.0.0:7447"])
    for number in range(relay.MOST_KNOWN + 1):
        assert not links.linked("tls/10.0.0.2:40000", str(number))
    assert links.linked("tls/10.0.0.2:40000", str(relay.MOST_KNOWN))
    assert not links.linked("tls/10.0.0.2:40000", "0")


def test_a_port_that_is_held() -> None:
    """It raises, and nothing is left."""
    with routers(1) as held:
        made = Relay(Settings([], listen=held.endpoints))
        with pytest.raises(FleetError, match="cannot listen"):
            made.open()
        assert made.close()


def test_when_it_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linked to another in the place of the first it does not; linked again to that, which hung, it does."""
    monkeypatch.setattr(relay, "LOOK_S", 3600.0)
    anew = threading.Event()
    own = f"tcp/127.0.0.1:{free_port()}"
    with routers(1) as others, there(others.settings()):
        made = Relay(Settings(others.endpoints, listen=[own]), anew.set)
        made.open()
        try:
            with client(Settings([own])) as seeing:
                until(lambda: sees(seeing))
                others.kill(0)
                until(lambda: not sees(seeing))
                others.start(0)
                until(lambda: sees(seeing))
                assert not anew.is_set()
                others.hang(0)
                until(lambda: not sees(seeing))
                others.go_on(0)
                happens(anew)
        finally:
            assert made.close(60.0)


def test_one_that_has_just_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stays for a while, whatever comes to it, and ends at once when it is to."""
    monkeypatch.setattr(relay, "LEAST_S", 600.0)
    anew = threading.Event()
    own = f"tcp/127.0.0.1:{free_port()}"
    with routers(1) as others, there(others.settings()):
        made = Relay(Settings(others.endpoints, listen=[own]), anew.set)
        made.open()
        try:
            with client(Settings([own])) as seeing:
                until(lambda: sees(seeing))
                others.hang(0)
                until(lambda: not sees(seeing))
                others.go_on(0)
                until(made._due.is_set)
                made.stay()
        finally:
            assert made.close(60.0)
        assert not anew.is_set()


def test_one_that_begins_anew_leaves_others_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """To see that it was gone: before it listens, and only then."""
    slept: list[float] = []
    monkeypatch.setattr("gateway.fleet.relay.time.sleep", slept.append)
    monkeypatch.setenv(relay.ANEW, "1")
    for _ in range(2):
        made = Relay(Settings([], listen=[f"tcp/127.0.0.1:{free_port()}"]))
        made.open()
        assert made.close(60.0)
    assert slept == [relay.APART_S]


def test_a_process_that_begins_anew() -> None:
    """After the other hung: it is the same process, and its clients come back, and are asked over both."""
    with routers(2) as both, client(both.settings(0)) as asking, client(both.settings(1)) as asked:
        token = asking.liveliness().declare_token(UP)
        queryable = asked.declare_queryable(KEY, lambda query: query.reply(KEY, "here"))
        try:
            until(lambda: answers(asking))
            before, pid = identity(asked), both.pid(1)
            both.hang(0)
            until(lambda: not sees(asked))
            both.go_on(0)
            until(lambda: identity(asked) not in ([], before), what="it has begun anew")
            until(lambda: answers(asking), what="it is asked again")
            assert both.pid(1) == pid
        finally:
            undeclare(queryable)
            undeclare(token)
