"""`gateway.fleet.session`: addresses, and a session with real routers."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from gateway.fleet.session import (
    MOST_MESSAGE,
    EndpointError,
    FleetError,
    Settings,
    close,
    endpoint,
    open_session,
    url_of,
)
from tests.support.fleet_routers import routers
from tests.support.ports import free_port
from tests.support.waiting import DEADLINE_S, until


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("tls://hub.example", "tls/hub.example:7447"),
        ("tls://hub.example:7000", "tls/hub.example:7000"),
        ("tls://[2001:db8::1]", "tls/[2001:db8::1]:7447"),
        ("tcp://127.0.0.1:7000", "tcp/127.0.0.1:7000"),
        ("tcp://localhost", "tcp/localhost:7447"),
    ],
)
def test_an_address(url: str, written: str) -> None:
    """In zenoh's form; and as people write it, with its port."""
    assert endpoint(url) == written
    assert url_of(written) == url + ("" if ":7" in url else ":7447")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("tcp://hub.example", "without TLS anybody could publish as any gateway"),
        ("http://hub.example", "expected tls://host"),
        ("tls://", "expected tls://host"),
        ("tls://hub:0", "expected tls://host"),
        ("tls://hub:x", "expected tls://host"),
        ("tls://[hub", "expected tls://host"),
        ("hub:7447", "expected tls://host"),
        ("tls://me@hub", "expected tls://host"),
    ],
)
def test_no_address(url: str, said: str) -> None:
    """Says what was expected."""
    with pytest.raises(EndpointError, match=said):
        endpoint(url)


def test_no_router() -> None:
    """Nobody listens there: the text says what to start."""
    where = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(FleetError, match="fleet-router") as caught:
        open_session(Settings([endpoint(where)]))
    assert f"at {where}: connection refused" in str(caught.value)
    assert ".rs" not in str(caught.value)


def test_another_router_takes_over() -> None:
    """A client's subscription is there again, at the next of its routers, when one is killed."""
    heard = threading.Event()
    with routers(2) as made:
        ours, theirs = open_session(made.settings()), open_session(made.settings(1))
        try:
            _subscriber = ours.declare_subscriber("sig/1/**", lambda _sample: heard.set())
            until(lambda: theirs.put("sig/1/a", b"1") or heard.wait(0.05))
            made.kill(0)
            heard.clear()
            until(lambda: theirs.put("sig/1/a", b"1") or heard.wait(0.05))
        finally:
            close(ours)
            close(theirs)


def test_what_a_large_message_takes() -> None:
    """No memory that is shared with a router, 16 MB of it; what is too large is dropped, and only that."""
    sizes: list[int] = []
    with routers(2) as made:
        ours, theirs = open_session(made.settings()), open_session(made.settings(1))
        try:
            _subscriber = theirs.declare_subscriber(
                "sig/1/**", lambda sample: sizes.append(len(sample.payload))
            )
            until(lambda: ours.put("sig/1/a", b"1") or sizes)
            ours.put("sig/1/a", bytes(MOST_MESSAGE // 8))
            until(lambda: MOST_MESSAGE // 8 in sizes)
            assert ".zenoh" not in Path("/proc/self/maps").read_text()
            ours.put("sig/1/a", bytes(MOST_MESSAGE + 1))
            until(lambda: ours.put("sig/1/a", b"23") or 2 in sizes)
            assert max(sizes) == MOST_MESSAGE // 8
        finally:
            close(ours)
            close(theirs)


def test_the_end_with_a_router_that_hangs() -> None:
    """And much that waits to be said to it: zenoh is left behind, and gives up by itself without a word."""
    with routers(1) as made:
        ours, theirs = open_session(made.settings()), open_session(made.settings())
        _subscriber = theirs.declare_subscriber("sig/1/**", lambda _sample: None)
        heard = threading.Event()
        _other = theirs.declare_subscriber("sig/2/**", lambda _sample: heard.set())
        until(lambda: ours.put("sig/2/a", b"1") or heard.wait(0.05))
        made.hang(0)
        for _ in range(2000):
            ours.put("sig/1/a", bytes(20_000))
        assert not close(ours, 0.1)
        left = next(each for each in threading.enumerate() if each.name == "fleet-close")
        made.kill(0)
        left.join(DEADLINE_S)
        assert not left.is_alive()
        assert close(theirs)
