"""`gateway.fleet.neighbours`: what a router's log says of its links."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from types import SimpleNamespace

import pytest

from gateway.fleet import neighbours as module
from gateway.fleet.members import Member, Role
from gateway.fleet.neighbours import AGAIN_S, MOST_STRANGERS, Link, Neighbours, Watch
from gateway.fleet.relay import Relay
from gateway.fleet.session import Settings
from tests.support.fleet_routers import Routers, routers
from tests.support.leaks import nothing_left
from tests.support.ports import free_port
from tests.support.waiting import until

HUB = Member("hub", Role.ROUTER, date.max, hosts=("10.0.0.9", "hub.example:7000"))
MEMBERS = {each.common_name: each for each in (HUB, Member("north/barn", Role.GATEWAY, date.max))}
OWN = "tls/10.0.0.1:7447"


def link(certificate: str, own: str = OWN, other: str = "tls/10.0.0.2:40000", *, there: bool = True) -> Link:
    return Link(own, other, certificate, there)


def said(neighbours: Neighbours, *links: Link, now: float = 1000.0) -> list[str]:
    return [text for each in links for _, text in neighbours.heard(each, now)]


def test_a_router_that_comes_and_goes() -> None:
    """By its name, wherever the link begins; a gateway is none."""
    neighbours = Neighbours([], [OWN], MEMBERS)
    out = link("router:hub:1", "tls/10.0.0.1:50000", "tls/10.0.0.9:7447")
    assert said(neighbours, out, out._replace(there=False), out._replace(there=False)) == [
        "linked with the router hub, at tls://10.0.0.9:7447",
        "the link with the router hub, tls://10.0.0.9:7447, is gone",
    ]
    came = link("router:hub:1")
    assert said(neighbours, came) == ["linked with the router hub, which came from tls://10.0.0.2:40000"]
    assert said(neighbours, link("gateway:north/barn:1"), link("gateway:north/barn:1", there=False)) == []


def test_who_may_do_nothing() -> None:
    """Is named once in a minute, and only so many at once; the others are counted."""
    neighbours = Neighbours([], [OWN], MEMBERS)
    (text,) = said(neighbours, *[link("gateway:north/shed:1")] * 3)
    assert text.startswith(
        "tls://10.0.0.2:40000 has come as the gateway north/shed with a certificate that is"
    )
    assert said(neighbours, link("gateway:north/barn:2"))  # of before `--again`, or after
    assert "has come as 'odd' with" in said(neighbours, link("odd"))[0]
    many = [link(f"reader:desk{number}:1") for number in range(20)]
    assert len(said(neighbours, *many)) == MOST_STRANGERS - 3
    (text,) = said(neighbours, link("gateway:north/shed:1"), now=1000.0 + AGAIN_S)
    assert text.endswith("; so did 13 others")


def test_without_certificates() -> None:
    """Nobody is a stranger, and who comes may be anybody; where it has connected to is a router."""
    neighbours = Neighbours(["tcp/127.0.0.1:7000"], ["tcp/127.0.0.1:7447"], None)
    assert said(neighbours, link("", "tcp/127.0.0.1:7447", "tcp/127.0.0.1:40000")) == []
    assert neighbours.missing() == ["tcp/127.0.0.1:7000"]
    assert said(neighbours, link("", "tcp/127.0.0.1:40000", "tcp/127.0.0.1:7000")) == [
        "linked with another router, at tcp://127.0.0.1:7000"
    ]
    assert neighbours.missing() == []


@pytest.mark.parametrize(
    ("target", "other", "is_there"),
    [
        ("tls/10.0.0.9:7447", "tls/10.0.0.9:7447", True),
        ("tls/localhost:7000", "tls/127.0.0.1:7000", True),
        ("tls/10.0.0.8:7447", "tls/10.0.0.2:7447", False),
        ("tls/10.0.0.9:7447", "tls/10.0.0.2:40000", True),  # which came from there, by its certificate
        ("tls/hub.example:7000", "tls/10.0.0.2:40000", True),
        ("tls/hub.example:7447", "tls/10.0.0.2:40000", False),
        ("tls/[::1]:7447", "tls/[::1]:7447", True),
    ],
)
def test_who_is_missed(target: str, other: str, is_there: bool) -> None:
    """Whom it is to connect to, and is not linked with, in either direction."""
    neighbours = Neighbours([target], [OWN], MEMBERS)
    said(neighbours, link("router:hub:1", "tls/10.0.0.1:50000", other))
    assert neighbours.missing() == ([] if is_there else [target])
    said(neighbours, link("router:hub:1", "tls/10.0.0.1:50000", other, there=False))
    assert neighbours.missing() == [target]


@pytest.fixture
def others() -> Iterator[Routers]:
    """Another router."""
    with nothing_left(), routers(1) as made:
        yield made


def test_in_the_log(
    others: Routers, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a real router: it is linked; the other goes; one that is never there is missed, with the cause."""
    monkeypatch.setattr(module, "FIRST_S", 0.5)
    caplog.set_level(logging.INFO)
    never = free_port()
    settings = Settings(
        [*others.endpoints, f"tcp/127.0.0.1:{never}"], listen=[f"tcp/127.0.0.1:{free_port()}"]
    )
    watch = Watch(settings, None)
    relay = Relay(settings, told=watch.post)
    relay.open()
    try:
        watch.start()
        until(lambda: f"linked with another router, at {others.urls[0]}" in caplog.text)
        until(
            lambda: f"not linked with the router tcp://127.0.0.1:{never}: connection refused" in caplog.text
        )
        others.kill(0)
        until(lambda: f"the link with another router, {others.urls[0]}, is gone" in caplog.text)
        assert f"not linked with the router {others.urls[0]}" not in caplog.text
    finally:
        watch.close(60.0)
        assert relay.close(60.0)


def test_a_link_that_cannot_be_told_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The next one is; of more than there is room for nothing is told."""
    zenoh = pytest.importorskip("zenoh", reason="zenoh has no build for this machine")
    watch = Watch(Settings([], listen=[OWN]), None)
    event = SimpleNamespace(
        kind=zenoh.SampleKind.PUT,
        link=SimpleNamespace(src="tls/10.0.0.1:50000", dst="tls/10.0.0.2:7447", auth_identifier=None),
    )
    odd = SimpleNamespace(
        kind=zenoh.SampleKind.PUT, link=SimpleNamespace(src="odd", dst="odd", auth_identifier=None)
    )
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    with caplog.at_level(logging.INFO), nothing_left():
        for each in (odd, event, event):
            watch.post(each)  # type: ignore[arg-type]
        watch.start()
        until(lambda: "linked with another router" in caplog.text)
        watch.close(60.0)
    assert caplog.text.count("please report this") == 1
    assert caplog.text.count("linked with") == 1
