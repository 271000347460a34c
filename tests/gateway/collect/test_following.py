"""`gateway.collect.following`: what is done for each gateway, without a fleet, a thread or a disk."""

from __future__ import annotations

import json
import logging
from collections import Counter
from typing import Any

import pytest

from gateway.collect.admission import Cursor
from gateway.collect.arrival import Unset
from gateway.collect.asking import MOST_ASKED, MOST_SENDERS, SENDERS_AGAIN_S, SENDERS_S, Introductions
from gateway.collect.connection import AWAY
from gateway.collect.member import Member
from gateway.collect.twins import APART_S, OVER_S, TURNS
from gateway.collect.wire import Came, Linked, Opened, Paged, Reached, Token, Told
from gateway.fleet.follower import Ask
from gateway.fleet.keys import EVENTS, Gateway
from gateway.fleet.message import START, Lost, Page, Position
from gateway.fleet.presence import AWAY_S, GATEWAY_S
from tests.support.collect_desk import SHED, UTC_MS, Desk, came, event, head


def test_it_goes_on_from_the_cursor() -> None:
    """What is missing is asked for; then what comes live is taken as it is."""
    desk = Desk(cursors={"north/shed": Cursor(Position(7, 5), 5)})
    desk.turn(Token(SHED, there=True))
    assert desk.asked == [(SHED, Ask(Position(7, 5)))]
    desk.answer((6, 7))
    desk.turn(came(8))
    assert desk.keeping.seqs == [6, 7, 8]
    assert [placed.turn for _, placed in desk.keeping.put_in] == [1, 2, 3]
    assert not desk.asked


def test_nothing_is_asked_of_who_is_not_there() -> None:
    """It is listed, by its cursor alone."""
    desk = Desk(cursors={"north/shed": Cursor(Position(7, 5), UTC_MS)})
    desk.turn()
    assert (desk.asked, desk.member.up) == ([], False)


def test_what_is_written_is_confirmed_once_a_second() -> None:
    """To the gateway whose it is; and again when it comes back."""
    desk = Desk()
    desk.up()
    desk.turn(came(1))
    desk.keeping.has_written(1)
    desk.turn(seconds=2.0)
    assert desk.confirmed == [(SHED, "collector", Position(7, 1))]
    desk.turn(Token(SHED, there=True), seconds=2.0)
    assert len(desk.confirmed) == 2
    assert desk.member.told()["stored"] == "7-1"


def test_without_room_nothing_is_taken_and_nothing_asked_for() -> None:
    """What comes meanwhile comes in a page when there is room."""
    desk = Desk()
    desk.up()
    desk.keeping.is_left = False
    desk.turn(came(1))
    desk.turn(came(2), seconds=10.0)
    assert (desk.keeping.seqs, desk.asked) == ([], [])
    assert desk.following.let_go == 2
    desk.keeping.is_left = True
    desk.turn()
    desk.answer((1, 2))
    assert desk.keeping.seqs == [1, 2]


def test_a_page_is_asked_for_where_it_has_room() -> None:
    """Kept free until it is there, or will not come; also for what waits for it."""
    desk = Desk()
    desk.turn(Token(SHED, there=True))
    assert desk.keeping.reserved == 500
    desk.turn(came(2), came(3))
    gateway, ask = desk.asked.pop()
    desk.turn(Paged(gateway, ask, None), seconds=10.0)
    assert desk.keeping.reserved == 0
    desk.turn(seconds=10.0)
    assert desk.keeping.reserved == 502
    desk.answer((1, 2, 3))
    assert (desk.keeping.reserved, desk.keeping.seqs) == (0, [1, 2, 3])


def test_a_loss_has_a_place_before_what_follows() -> None:
    """So that it is not told twice; and one of which nothing follows is behind all."""
    desk = Desk()
    desk.turn(Token(SHED, there=True))
    some = Lost("temp", 3, 1, 3, "full"), Lost("hum", 2, 1, 2, "full")
    desk.answer((6,), lost=some)
    assert desk.keeping.seqs == [0, 5, 6]
    desk.turn(head("7-9"))
    desk.answer((), upto=9, lost=(Lost("temp", 3, 7, 9, "full"),))
    assert desk.keeping.seqs == [0, 5, 6, 9]
    assert desk.member.lost == 8


def test_only_so_many_pages_are_under_way() -> None:
    """The others' turn comes when one is there."""
    desk = Desk()
    many = [Gateway("north", f"g{number}") for number in range(MOST_ASKED + 3)]
    desk.turn(*(Token(each, there=True) for each in many))
    assert len(desk.asked) == MOST_ASKED
    desk.answer(())
    assert len({gateway for gateway, _ in desk.asked}) == MOST_ASKED


def test_pages_go_round() -> None:
    """However much there is of each, all get as many."""
    desk = Desk()
    many = [Gateway("north", f"g{number}") for number in range(3 * MOST_ASKED + 5)]
    desk.turn(*(Token(each, there=True) for each in many))
    got: Counter[Gateway] = Counter()
    for _ in range(4 * len(many)):
        gateway, ask = desk.asked.pop(0)
        got[gateway] += 1
        assert ask.after is not None
        next_one = event(ask.after.seq + 1)
        page = Page([next_one], next_one.position, Position(7, 10**6), ())
        desk.turn(Paged(gateway, ask, page.encode().encode()), Paged(gateway, ask, None))
    assert set(got) == set(many)
    assert max(got.values()) - min(got.values()) <= 1


def test_a_thousand_say_what_they_are() -> None:
    """All of them, at 50 ms for an answer, soon, and then again each in its turn; also where some do not
    answer."""
    desk = Desk()
    many = [Gateway("north", f"g{number}") for number in range(1000)]
    dumb = set(many[::20])
    desk.turn(*(Token(each, there=True) for each in many))
    said = json.dumps({"gateway": {}, "senders": []}).encode()
    got: Counter[Gateway] = Counter()
    under_way: list[tuple[float, Gateway]] = []

    def go_on(seconds: float) -> None:
        until = desk.now + seconds
        while desk.now < until:
            under_way.extend((desk.now + (5.0 if each in dumb else 0.05), each) for each in desk.senders_of)
            got.update(desk.senders_of)
            desk.senders_of.clear()
            assert len(under_way) <= MOST_SENDERS
            ended = [each for at, each in under_way if at <= desk.now]
            under_way[:] = [each for each in under_way if each[0] > desk.now]
            letters = [Told(each, said) for each in ended if each not in dumb]
            desk.turn(*letters, *(Told(each, None) for each in ended), seconds=0.05)

    go_on(30.0)
    assert set(got) == set(many)
    assert {got[each] for each in many if each not in dumb} == {1}
    go_on(75.0)
    assert min(got.values()) >= 2


def test_who_waits_for_a_place_is_looked_at_soon() -> None:
    """Not at the end of a pause."""
    desk = Desk()
    introductions = Introductions(desk)
    for number in range(MOST_SENDERS + 1):
        member = Member(Gateway("north", f"g{number}"), desk.keeping, Unset())  # type: ignore[arg-type]
        member.up = True
        introductions.due(member, 5.0)
    assert len(introductions.look(5.0)) == MOST_SENDERS
    assert [introductions.waits] == [True]
    introductions.ended()
    assert len(introductions.look(5.1)) == 1
    assert not introductions.waits


def test_a_token_that_comes_back_soon_has_not_gone() -> None:
    """When a router dies, tokens go and come."""
    desk = Desk()
    desk.up()
    desk.turn(Token(SHED, there=False), seconds=1.0)
    desk.turn(Token(SHED, there=True), seconds=GATEWAY_S - 1)
    desk.turn(seconds=GATEWAY_S)
    assert desk.member.up
    desk.turn(Token(SHED, there=False), seconds=1.0)
    desk.turn(seconds=GATEWAY_S)
    assert not desk.member.up


def test_while_no_router_is_there_nobody_goes() -> None:
    """Until that has lasted; whoever is not there with the next one has gone."""
    desk = Desk()
    desk.turn(Reached("a", there=True))
    desk.up()
    desk.turn(Reached("a", there=False), Token(SHED, there=False))
    desk.turn(seconds=AWAY_S - 1)
    assert desk.member.up
    desk.turn(Reached("b", there=True))
    desk.turn(seconds=GATEWAY_S - 1)
    assert desk.member.up
    desk.turn(seconds=2.0)
    assert not desk.member.up


def test_who_it_is_is_asked_when_it_comes_and_now_and_then() -> None:
    """Soon again where it does not say it."""
    desk = Desk()
    desk.turn(Token(SHED, there=True), seconds=2.0)
    desk.turn(Told(SHED, None), seconds=SENDERS_AGAIN_S - 2)
    assert desk.senders_of == [SHED]
    desk.turn(seconds=3.0)
    assert desk.senders_of == [SHED] * 2
    said = {"gateway": {"version": "3", "clock": {"utc": desk.utc() + 2.5}}, "senders": [{"sender": "a"}, 5]}
    desk.turn(Told(SHED, json.dumps(said).encode()), Told(SHED, None))
    told = desk.member.told()
    assert (told["version"], told["clock_ahead"], told["senders"]) == ("3", 2.5, 1)
    desk.turn(seconds=SENDERS_S - 2)
    assert len(desk.senders_of) == 2
    desk.turn(seconds=5.0)
    assert len(desk.senders_of) == 3


def test_other_sites_are_not_collected() -> None:
    """Nor what is no event's key."""
    desk = Desk(sites=("south",))
    desk.turn(Token(SHED, there=True), came(1), head("7-1"), Came("sig/1/south/x/events/a", b"1", b""))
    assert not desk.following.members


@pytest.mark.parametrize(
    "letter",
    [
        Came(SHED.key(EVENTS), b"{", b"7 1 1 1 temp %23changed"),
        Came(SHED.key(EVENTS), b"1", b"7 1 1 1 temp"),
        Came(SHED.key(EVENTS), b"1", b"7 1 1 x temp %23changed"),
        Came(SHED.key(EVENTS), b"\xff", b"7 1 1 1 temp %23changed"),
        head("7"),
        Told(SHED, b"{"),
        Paged(SHED, Ask(START), b"{}"),
    ],
)
def test_what_is_not_understood_is_counted(letter: Any) -> None:
    """And others' is read on."""
    desk = Desk()
    desk.up()
    desk.turn(letter, came(1))
    assert desk.following.not_understood == 1
    assert desk.keeping.seqs == [1]


def test_what_is_a_defect_of_ours_holds_up_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """It is in the log."""
    desk = Desk()
    desk.up()
    desk.turn(Paged(Gateway("no", "body"), Ask(START), None), came(1))
    assert desk.keeping.seqs == [1]
    assert "was not taken" in caplog.text


def test_whether_there_is_a_fleet() -> None:
    """As letters say."""
    desk = Desk()
    desk.turn(Opened("no router"))
    assert desk.following.connection.problem == "no router"
    desk.turn(Opened(None), Reached("a", there=True), Reached("a", there=False))
    assert "no router of the fleet is there now" in str(desk.following.connection.problem)


def test_two_gateways_of_one_name(caplog: pytest.LogCaptureFixture) -> None:
    """Are told by the epochs that come in turn, of events and of where the newest is; once in the log, and
    once when one of them has ended."""
    caplog.set_level(logging.INFO)
    desk = Desk()
    desk.up()
    for _ in range(TURNS):
        assert desk.member.told()["problem"] is None
        for letter in (head("9-1"), came(1)):
            desk.turn(letter, seconds=APART_S)
    desk.turn(head("9-1"))
    assert "two gateways speak as this one" in desk.member.told()["problem"]
    desk.turn(head("9-2"), seconds=OVER_S)
    assert desk.member.told()["problem"] is None
    told = [record.getMessage() for record in caplog.records if "speak" in record.getMessage()]
    assert [text.partition(":")[2][:30] for text in told] == [
        " north/shed: two gateways spea",
        " one gateway alone speaks as n",
    ]


def test_who_comes_and_goes_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """The router, and gateways: with how many are up by then."""
    caplog.set_level(logging.INFO)
    desk = Desk()
    desk.turn(Opened(None), Reached("a", there=True), Linked("tls://hub1:7447", there=True))
    desk.turn(Token(SHED, there=True), seconds=2.0)
    desk.turn(Token(SHED, there=False), seconds=2.0)
    desk.turn(seconds=GATEWAY_S + 1)
    desk.turn(Reached("a", there=False), Linked("tls://hub1:7447", there=False), seconds=2.0)
    assert [record.getMessage() for record in caplog.records] == [
        "fleet: connected to the router tls://hub1:7447",
        "fleet: came: north/shed; 1 of 1 gateways are up",
        "fleet: went: north/shed; 0 of 1 gateways are up",
        f"fleet: the router is gone: tls://hub1:7447; {AWAY}",
    ]
