"""`gateway.fleet.relay`: routers that begin anew, on real sessions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway.fleet.declaring import undeclare
from gateway.fleet.relay import Links, Relay
from gateway.fleet.session import FleetError, Settings, close, open_session
from tests.support.fleet_routers import routers
from tests.support.ports import free_port
from tests.support.waiting import until

pytest.importorskip("zenoh", reason="zenoh has no build for this machine")
KEY = "sig/1/north/shed/replay"


@contextmanager
def relay(settings: Settings) -> Iterator[Relay]:
    """In this process, for the length of a with block."""
    made = Relay(settings)
    made.open()
    try:
        yield made
    finally:
        assert made.close(60.0)


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


def test_a_port_that_is_held() -> None:
    """It raises, and nothing is left."""
    with routers(1) as held:
        made = Relay(Settings([], listen=held.endpoints))
        with pytest.raises(FleetError, match="cannot listen"):
            made.open()
        assert made.close()


def test_linked_again_it_begins_anew() -> None:
    """After the other hung: with clients that come back, and are asked over both. Another that comes in its
    place is a new one."""
    own = f"tcp/127.0.0.1:{free_port()}"
    with routers(1) as others, relay(Settings(others.endpoints, listen=[own])) as made:
        asked, asking = open_session(Settings([own])), open_session(others.settings())
        try:
            queryable = asked.declare_queryable(KEY, lambda query: query.reply(KEY, "here"))

            def answers() -> bool:
                return any(reply.ok is not None for reply in asking.get(KEY, timeout=5.0))

            until(answers, what="it is asked")
            assert made.begun == 1
            others.hang(0)
            until(lambda: not made.peers, what="the other is gone")
            others.go_on(0)
            until(lambda: made.begun == 2, what="it begins anew")
            until(answers, what="it is asked again")
            others.kill(0)
            until(lambda: not made.peers, what="the other is gone")
            others.start(0)
            until(lambda: made.peers, what="there is another")
            until(answers, what="it is asked over another")
            assert made.begun == 2
            undeclare(queryable)
        finally:
            close(asked)
            close(asking)
