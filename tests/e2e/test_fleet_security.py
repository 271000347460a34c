"""A fleet with certificates and two real routers: who has stolen a certificate can do what it could, and no
more; who has none can do nothing. Each attack is followed by something allowed, on the same way: when that
has come, the attack would have."""

from __future__ import annotations

import datetime
import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.fleet.session import FleetError, Settings, Tls, close, config_of, open_session
from tests.support.fleet_enrolled import Enrolled, Heard, answers, tls_of
from tests.support.fleet_routers import routers
from tests.support.ports import free_port
from tests.support.waiting import until

pytestmark = pytest.mark.once

LONG_AGO = datetime.datetime(2021, 1, 1, tzinfo=datetime.UTC)
A, B = "sig/1/north/a", "sig/1/north/b"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enrolled]:
    """North has the gateways a, b and a keeper; south has c. `main` keeps all, `desk` reads, `chief` asks."""
    made = Enrolled(tmp_path_factory.mktemp("fleet"))
    for name in ("north/a", "north/b", "south/c", "north/gone", "north/twice"):
        made.enrol(name)
    shutil.copytree(made.folder.path / "north/gone", made.folder.path.parent / "gone")
    shutil.copytree(made.folder.path / "north/twice", made.folder.path.parent / "stolen")
    made.folder.revoke("north/gone")
    made.enrol("north/twice", again=True)
    made.enrol("north/old", now=LONG_AGO)
    made.enrol("main", site="all")
    made.enrol("keeper", site="north")
    made.enrol("desk", reads=True)
    made.enrol("chief", reads=True, asks=True)
    made.start()
    yield made
    made.stop()


def _known(session: Any, key: str, seen: Heard) -> None:
    """What a session says has come to be heard: the routers know of the subscription."""
    until(lambda: session.put(key, "begun") or (key, "begun") in seen.said, what=key)


def test_a_gateway_speaks_as_itself_alone(fleet: Enrolled) -> None:
    """Neither events of another, nor its head, nor their removal pass, at the same router or at the other."""
    with fleet.sessions(("north/a", 0), ("main", 0), ("main", 1)) as (thief, near, far):
        seen = [Heard(near, "sig/1/*/*/events"), Heard(far, "sig/1/**")]
        for each in seen:
            _known(thief, f"{A}/events", each)
        for key in (
            f"{B}/events",
            "sig/1/south/c/events",
            "sig/1/north/ab/events",
        ):
            thief.put(key, "forged")
            thief.delete(key)
        thief.put(f"{A}/events", "true")
        for each in seen:
            until(lambda each=each: (f"{A}/events", "true") in each.said)  # type: ignore[misc]
            assert {key for key in each.keys if not key.startswith(A)} == set()


def test_a_gateway_answers_for_itself_alone(fleet: Enrolled) -> None:
    """Whoever asks hears the one who is asked, and of many each as itself."""
    with fleet.sessions(("north/a", 0), ("north/b", 0), ("chief", 1)) as (thief, other, asker):
        for key in (f"{B}/senders", f"{B}/ask", "sig/1/**", "sig/1/north/*/senders"):
            thief.declare_queryable(key, lambda query: query.reply(f"{B}/senders", "forged"), complete=True)
        other.declare_queryable(f"{B}/senders", lambda query: query.reply(f"{B}/senders", "of b"))
        other.declare_queryable(f"{B}/ask", lambda query: query.reply(query.key_expr, "b's answer"))

        def both(query: Any) -> None:
            query.reply(f"{B}/senders", "forged")
            query.reply(f"{A}/senders", "of a")

        thief.declare_queryable(f"{A}/senders", both)
        everybody = [(f"{A}/senders", "of a"), (f"{B}/senders", "of b")]
        until(lambda: sorted(answers(asker, "sig/1/*/*/senders")) == everybody)
        for _ in range(20):
            assert sorted(answers(asker, "sig/1/*/*/senders")) == everybody
            assert answers(asker, f"{B}/senders") == [(f"{B}/senders", "of b")]
            assert answers(asker, f"{B}/ask") == [(f"{B}/ask", "b's answer")]


def test_a_gateway_is_there_as_itself_alone(fleet: Enrolled) -> None:
    """Its tokens are its own, for who was there before and for who asks later."""
    with fleet.sessions(("north/a", 0), ("desk", 1)) as (thief, reader):
        seen = Heard(reader, tokens=["sig/1/*/*/up/**"])
        tokens = [thief.liveliness().declare_token(key) for key in (f"{B}/up", f"{B}/up/t", f"{A}/up")]
        until(lambda: f"{A}/up" in seen.keys)
        assert seen.keys == {f"{A}/up"}
        found = [str(each.ok.key_expr) for each in reader.liveliness().get("sig/1/**", timeout=5.0)]
        assert found == [f"{A}/up"]
        assert len(tokens) == 3  # a token is there as long as its object


def test_nobody_confirms_for_a_collector(fleet: Enrolled) -> None:
    """Neither a gateway, nor another collector, nor who reads: what is confirmed is not kept any more."""
    wanted = (("north/a", 0), ("north/b", 1), ("main", 0), ("keeper", 0), ("chief", 0), ("desk", 1))
    with fleet.sessions(*wanted) as (thief, other, main, keeper, chief, desk):
        seen, heard = Heard(other, f"{B}/confirmed/**"), Heard(desk, "sig/1/**")
        for name, collector in (("main", main), ("keeper", keeper)):
            _known(collector, f"{B}/confirmed/{name}", seen)
        _known(thief, f"{A}/events", heard)
        for each, own in ((thief, f"{A}/events"), (keeper, f"{B}/confirmed/keeper")):
            each.put(f"{B}/confirmed/main", "forged")
            each.put(own, "true")
            until(lambda own=own: (own, "true") in heard.said)  # type: ignore[misc]
        chief.put(f"{B}/confirmed/main", "forged")
        chief.put(f"{B}/confirmed/chief", "forged")
        main.put("sig/1/south/c/confirmed/main", "true")
        keeper.put("sig/1/south/c/confirmed/keeper", "forged")  # of another site
        main.put(f"{B}/events", "forged")
        main.put(f"{B}/confirmed/main", "true")
        until(lambda: (f"{B}/confirmed/main", "true") in seen.said)
        assert "forged" not in {text for _, text in [*seen.said, *heard.said]}


def test_a_gateway_hears_nothing_of_others(fleet: Enrolled) -> None:
    """Nor can it ask them, or see who is there."""
    with fleet.sessions(("north/a", 0), ("north/b", 0), ("main", 1), ("desk", 0)) as (
        thief,
        other,
        main,
        reader,
    ):
        spied = Heard(thief, "sig/1/**", f"{B}/**", f"{B}/events", tokens=["sig/1/**", f"{B}/up"])
        own, seen = Heard(thief, f"{A}/confirmed/**"), Heard(reader, "sig/1/**")
        token = other.liveliness().declare_token(f"{B}/up")
        other.declare_queryable(f"{B}/senders", lambda query: query.reply(f"{B}/senders", "of b"))
        _known(other, f"{B}/events", seen)
        until(lambda: answers(reader, f"{B}/senders"))
        _known(main, f"{A}/confirmed/main", own)
        assert spied.keys <= {f"{A}/confirmed/main"}  # its own, if at all
        assert answers(thief, f"{B}/senders") == answers(thief, "sig/1/*/*/senders") == []
        assert list(thief.liveliness().get("sig/1/**", timeout=5.0)) == []
        assert len(list(reader.liveliness().get(f"{B}/up", timeout=5.0))) == 1, token


def test_a_collector_of_a_site_hears_that_site(fleet: Enrolled) -> None:
    """And can ask there alone."""
    with fleet.sessions(("north/a", 0), ("south/c", 0), ("keeper", 1), ("main", 1)) as (a, c, keeper, main):
        wider = ("sig/1/**", "sig/1/*/*/events", "sig/1/south/**")
        seen, everything = Heard(keeper, "sig/1/north/*/events", *wider), Heard(main, "sig/1/**")
        _known(c, "sig/1/south/c/events", everything)
        _known(a, f"{A}/events", seen)
        assert seen.keys == {f"{A}/events"}
        for session, key in ((a, f"{A}/events"), (c, "sig/1/south/c/events")):
            session.declare_queryable(key, lambda query: query.reply(query.key_expr, "page"))
        until(lambda: answers(main, "sig/1/south/c/events"))
        until(lambda: answers(keeper, f"{A}/events"))
        assert answers(keeper, "sig/1/south/c/events") == []


def test_who_reads_asks_only_if_it_may(fleet: Enrolled) -> None:
    """It reads, and gets what was missed, from everybody; requests are for who may ask."""
    with fleet.sessions(("north/a", 0), ("desk", 1), ("chief", 1)) as (a, desk, chief):
        for key in (f"{A}/ask", f"{A}/events", f"{A}/senders"):
            a.declare_queryable(key, lambda query: query.reply(query.key_expr, "answer"))
        until(lambda: answers(chief, f"{A}/ask"))
        until(lambda: answers(desk, f"{A}/events") and answers(desk, f"{A}/senders"))
        assert answers(desk, f"{A}/ask") == []


@pytest.mark.parametrize("mode", ["peer", "router"])
def test_a_stolen_certificate_in_a_router_of_one_s_own(fleet: Enrolled, mode: str) -> None:
    """As another kind of node of zenoh's, linked with both routers, it may what it could."""
    import zenoh

    stolen = Settings(
        [f"tls/127.0.0.1:{port}" for port in fleet.ports], tls_of(fleet.folder.path / "north/a")
    )
    config = config_of(stolen)
    config.insert_json5("mode", json.dumps(mode))
    config.insert_json5("listen/endpoints", json.dumps([f"tls/127.0.0.1:{free_port()}"]))
    thief = zenoh.open(config)
    try:
        with fleet.sessions(("north/b", 0), ("desk", 1)) as (other, reader):
            seen = Heard(reader, "sig/1/*/*/events", tokens=["sig/1/*/*/up/**"])
            spied = Heard(thief, "sig/1/**")
            token = thief.liveliness().declare_token(f"{B}/up/t")
            thief.declare_queryable(f"{B}/senders", lambda query: query.reply(f"{B}/senders", "forged"))
            _known(thief, f"{A}/events", seen)
            thief.put(f"{B}/events", "forged")
            thief.put(f"{A}/events", "true")
            until(lambda: (f"{A}/events", "true") in seen.said)
            _known(other, f"{B}/events", seen)
            assert "forged" not in {text for _, text in seen.said}
            assert f"{B}/up/t" not in seen.keys, token
            assert answers(reader, f"{B}/senders") == []
            assert (f"{B}/events", "begun") not in spied.said
    finally:
        close(thief)


def test_a_stolen_certificate_is_no_router_s(fleet: Enrolled, tmp_path: Path) -> None:
    """Nobody connects to who shows a member's: what passes on everything has a router's."""
    port = free_port()
    false = open_session(
        Settings([], tls_of(fleet.folder.path / "north/a"), listen=[f"tls/127.0.0.1:{port}"])
    )
    try:
        with pytest.raises(FleetError, match="unsuitable certificate purpose"):
            open_session(Settings([f"tls/127.0.0.1:{port}"], tls_of(fleet.folder.path / "north/b")))
    finally:
        close(false)


@pytest.mark.parametrize("whose", ["gone", "stolen"])
def test_who_was_put_out_may_nothing(fleet: Enrolled, whose: str) -> None:
    """A revoked certificate, and the one before `--again`: it still opens a connection, and that is all."""
    name = "north/gone" if whose == "gone" else "north/twice"
    with fleet.sessions((fleet.folder.path.parent / whose, 0), ("main", 0), ("north/a", 0)) as (out, main, a):
        seen, spied = Heard(main, "sig/1/**"), Heard(out, "sig/1/**")
        _known(a, f"{A}/events", seen)
        out.put(f"sig/1/{name}/events", "forged")
        senders = f"sig/1/{name}/senders"
        out.declare_queryable(senders, lambda query: query.reply(senders, "forged"))
        a.declare_queryable(f"{A}/senders", lambda query: query.reply(f"{A}/senders", "of a"))
        until(lambda: answers(main, "sig/1/*/*/senders") == [(f"{A}/senders", "of a")])
        assert f"sig/1/{name}/events" not in seen.keys
        assert set(spied.said) <= {(f"sig/1/{name}/events", "forged")}  # what it says to itself
    said = f"has come as the gateway {name} with a certificate that is not on the list"
    until(lambda: any(said in line for line in fleet.routers[0].log))


def test_the_new_certificate_after_a_theft(fleet: Enrolled) -> None:
    """May what the old one could."""
    with fleet.sessions(("north/twice", 0), ("main", 1)) as (twice, main):
        _known(twice, "sig/1/north/twice/events", Heard(main, "sig/1/**"))


def _refused(settings: Settings) -> str:
    with pytest.raises(FleetError) as caught:
        open_session(settings)
    assert ".rs" not in str(caught.value)
    return str(caught.value)


def test_without_a_certificate(fleet: Enrolled) -> None:
    """The router says that it wants one, and the error what to give."""
    where = [f"tls/127.0.0.1:{fleet.ports[0]}"]
    assert "wants a certificate of us: give tls with ca, cert and key" in _refused(Settings(where))


def test_of_another_authority(fleet: Enrolled, tmp_path: Path) -> None:
    """Neither believes the other: both are told, each in its own error or log."""
    other = Enrolled(tmp_path / "other")
    stranger = other.enrol("north/a")
    where = [f"tls/127.0.0.1:{fleet.ports[0]}"]
    assert "router's certificate is not of our fleet's authority" in _refused(
        Settings(where, tls_of(stranger))
    )
    # One who has our authority's certificate, which is no secret, and a key of another's.
    mixed = Tls(fleet.folder.path / "ca.pem", stranger / "cert.pem", stranger / "key.pem")
    assert "does not trust our certificate" in _refused(Settings(where, mixed))
    until(lambda: any("invalid peer certificate" in line for line in fleet.routers[0].log))


def test_expired(fleet: Enrolled) -> None:
    """By the router's clock, which is the one that counts."""
    said = _refused(fleet.settings("north/old", 0))
    assert "has expired (`sig-gateway fleet list` tells" in said


def test_plain_at_a_router_with_certificates(fleet: Enrolled) -> None:
    """It says what to write."""
    said = _refused(Settings([f"tcp/127.0.0.1:{fleet.ports[0]}"]))
    assert f"write tls://127.0.0.1:{fleet.ports[0]}" in said


def test_certificates_at_a_plain_router(fleet: Enrolled) -> None:
    """Nothing is said to it."""
    with routers(1) as made:
        port = made.urls[0].rpartition(":")[2]
        said = _refused(Settings([f"tls/127.0.0.1:{port}"], tls_of(fleet.folder.path / "north/a")))
    assert "TLS" in said


def test_by_another_name(fleet: Enrolled) -> None:
    """A router is whom its certificate names."""
    settings = fleet.settings("north/a", 0)
    where = [each.replace("127.0.0.1", "localhost") for each in settings.routers]
    assert "not enrolled as 'localhost'" in _refused(Settings(where, settings.tls))


def test_who_says_nothing(fleet: Enrolled) -> None:
    """Something listens that is no router."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = [f"tls/127.0.0.1:{silent.getsockname()[1]}"]
        assert "does not speak TLS" in _refused(Settings(where, tls_of(fleet.folder.path / "north/a")))


def test_files_that_do_not_go_together(fleet: Enrolled) -> None:
    """Is said before anybody is asked."""
    path = fleet.folder.path
    where = fleet.settings("north/a", 0).routers
    said = _refused(
        Settings(where, Tls(path / "ca.pem", path / "north/a/cert.pem", path / "north/b/key.pem"))
    )
    assert f"{path / 'north/b/key.pem'} is the key of another certificate than" in said
    said = _refused(
        Settings(where, Tls(path / "no.pem", path / "north/a/cert.pem", path / "north/b/key.pem"))
    )
    assert "no.pem cannot be read: No such file" in said


def test_a_router_started_again_takes_the_new_list(tmp_path: Path) -> None:
    """A gateway enrolled since may nothing before, and all that is its own after it; the routers find
    each other again."""
    fleet = Enrolled(tmp_path / "fleet")
    fleet.enrol("desk", reads=True)
    fleet.start()
    try:
        fleet.enrol("north/new")
        with fleet.sessions(("north/new", 0), ("desk", 1)) as (new, desk):
            seen = Heard(desk, "sig/1/**")
            new.put("sig/1/north/new/events", "too early")
            for router in fleet.routers:
                assert router.stop() == 0, router.log
                router.start()
            _known(new, "sig/1/north/new/events", seen)
            assert "too early" not in {text for _, text in seen.said}
    finally:
        fleet.stop()
