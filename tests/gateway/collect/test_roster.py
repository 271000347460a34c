"""`gateway.collect.roster`: who is followed anew, and who is forgotten; as `Following` has it do so."""

from __future__ import annotations

import math

import pytest

from gateway.collect.admission import Cursor
from gateway.collect.keeping import News
from gateway.collect.room import Dropped
from gateway.collect.wire import Came, Opened, Reached, Token, Told
from gateway.fleet.away import FORGET_S
from gateway.fleet.follower import Ask
from gateway.fleet.keys import EVENTS, Gateway
from gateway.fleet.message import START, Position
from gateway.fleet.presence import GATEWAY_S
from tests.support.collect_desk import SHED, UTC_MS, Desk, came, head


def test_what_was_lost_on_the_way_comes_again() -> None:
    """From what is written on, in a new life; what cannot be kept at all is told as lost in the end."""
    desk = Desk()
    desk.up()
    desk.turn(came(1), came(2))
    for _ in range(2):
        desk.keeping.has_lost(desk.life, 1)
        desk.turn()
        assert desk.asked == [(SHED, Ask(START))]
        desk.answer((1, 2))
    lives = [placed.life for _, placed in desk.keeping.put_in]
    assert desk.keeping.seqs == [1, 2] * 3
    assert lives[0] == lives[1] < lives[2] == lives[3] < lives[4]
    noted, _ = desk.keeping.put_in[4]
    assert noted.event == "#gap"
    assert "cannot be kept" in noted.body.data
    assert desk.keeping.put_in[5][0].event == "#changed"


def test_what_had_no_room_is_nobody_s_fault() -> None:
    """However often; nor what is lost of what was handed over before, nor what comes behind the first."""
    desk = Desk()
    desk.up()
    desk.turn(came(1), came(2))
    first = desk.life
    for turn, crowded in ((1, True), (1, True), (2, False), (2, False)):
        desk.keeping.has_lost(desk.life, turn, crowded=crowded)
        desk.turn()
        desk.answer((1, 2))
    desk.keeping.has_lost(desk.life, 1)
    desk.turn()
    desk.answer((1, 2))
    now = desk.life
    desk.keeping.has_lost(first, 1)
    desk.turn()
    assert not desk.asked
    desk.turn(came(3))
    assert desk.life == now
    assert desk.keeping.seqs == [1, 2] * 6 + [3]
    assert {noted.event for noted, _ in desk.keeping.put_in} == {"#changed"}


def test_what_is_before_the_lost_one_is_not_taken_twice() -> None:
    """It waits to be written still: the gateway is begun anew behind it, and not before."""
    desk = Desk()
    desk.up()
    desk.turn(came(1), came(2), came(3))
    desk.keeping.waiting = True
    desk.keeping.has_lost(desk.life, 3)
    desk.turn()
    desk.turn(came(4), head("7-4"), Token(SHED, there=True), seconds=10.0)
    assert (desk.asked, desk.keeping.seqs) == ([], [1, 2, 3])
    desk.keeping.waiting = False
    desk.keeping.has_written(2)
    desk.turn()
    assert desk.asked == [(SHED, Ask(Position(7, 2)))]
    desk.answer((3, 4))
    assert desk.keeping.seqs == [1, 2, 3, 3, 4]


def test_what_waits_when_the_store_is_opened_again_is_not_taken_twice() -> None:
    """It is written before the gateway is begun anew, from there."""
    desk = Desk()
    desk.up()
    desk.turn(came(1), came(2))
    desk.keeping.waiting = True
    desk.keeping.is_opened(1)
    desk.turn(came(3))
    assert (desk.asked, desk.keeping.seqs) == ([], [1, 2, 3])
    desk.keeping.waiting = False
    desk.keeping.has_written(2)
    desk.turn()
    assert desk.asked == [(SHED, Ask(Position(7, 2)))]


def test_who_is_away_for_ever_is_forgotten() -> None:
    """After weeks it is not listed, nor has it any part in a count; if it comes back, it goes on from where
    it was."""
    desk = Desk()
    desk.turn(Reached("r", there=True))
    desk.up()
    desk.turn(came(1), came(2))
    desk.keeping.has_written(2)
    desk.turn()
    desk.turn(Token(SHED, there=False))
    desk.turn(seconds=GATEWAY_S + 1)
    desk.turn(seconds=FORGET_S - 10)
    assert list(desk.following.members) == [SHED]
    desk.turn(seconds=10)
    assert desk.following.members == {}
    desk.turn(Told(SHED, b"{}"), Told(SHED, None), seconds=10)
    desk.turn(Token(SHED, there=True))
    assert desk.asked == [(SHED, Ask(Position(7, 2)))]


def test_what_is_not_written_is_not_forgotten() -> None:
    """Of a gateway whose events wait for a disk, however long: they have no other place."""
    desk = Desk()
    desk.turn(Reached("r", there=True))
    desk.up()
    desk.turn(came(1))
    desk.turn(Token(SHED, there=False))
    desk.turn(seconds=GATEWAY_S + 1)
    desk.turn(seconds=2 * FORGET_S)
    assert list(desk.following.members) == [SHED]
    desk.keeping.has_written(1)
    desk.turn(seconds=2)
    assert desk.following.members == {}


def test_who_was_never_there_is_forgotten() -> None:
    """A name that somebody has published with, since the last that was heard of it; not even known is one of
    which nothing was understood."""
    desk = Desk()
    desk.turn(Reached("r", there=True))
    barn, shop = (Gateway("north", name).key(EVENTS) for name in ("barn", "shop"))
    desk.turn(came(1), Came(barn, b"1", b"?"), Came(shop, b"?", None))
    assert list(desk.following.members) == [SHED]
    desk.turn(seconds=FORGET_S - 10)
    desk.turn(head("7-9"), seconds=15)
    assert list(desk.following.members) == [SHED]
    desk.turn(seconds=FORGET_S)
    assert desk.following.members == {}
    assert desk.following._roster.held == 0


def test_who_was_away_for_ever_at_the_start() -> None:
    """Is not listed, and goes on from where it was if it comes; of who went since, a collector that begins
    waits anew."""
    old = UTC_MS - round(FORGET_S * 1000)
    cursors = {"north/shed": Cursor(Position(7, 5), old), "north/barn": Cursor(Position(7, 5), old + 1000)}
    desk = Desk(cursors=cursors)
    desk.turn(Reached("r", there=True))
    assert list(desk.following.members) == [Gateway("north", "barn")]
    desk.turn(Token(SHED, there=True))
    assert desk.asked == [(SHED, Ask(Position(7, 5)))]
    desk.turn(seconds=FORGET_S)
    assert list(desk.following.members) == [SHED]


def test_nobody_is_forgotten_without_a_router() -> None:
    """However long there is none."""
    desk = Desk()
    desk.turn(Reached("r", there=True))
    desk.up()
    desk.turn(Reached("r", there=False), Token(SHED, there=False))
    desk.turn(seconds=2 * FORGET_S)
    desk.turn(seconds=2)
    assert (list(desk.following.members), desk.member.up) == ([SHED], False)


def test_nobody_is_forgotten_before_the_first_router() -> None:
    """Who is known by its cursor, however long a collector begins without one: then it has its time."""
    desk = Desk(cursors={"north/shed": Cursor(Position(7, 5), UTC_MS)})
    desk.turn(Opened("no router"), seconds=2 * FORGET_S)
    desk.turn(Reached("r", there=True))
    desk.turn(seconds=FORGET_S - 10)
    assert list(desk.following.members) == [SHED]
    desk.turn(seconds=20)
    assert desk.following.members == {}


@pytest.mark.parametrize("bad", ["x" * 1025 + "/shed", "shed", "*/shed", "north/barn"])
def test_a_bad_name_loses_nobody_else_s_news(bad: str, caplog: pytest.LogCaptureFixture) -> None:
    """In what is opened, written or lost; it is in the log."""
    at = Cursor(Position(7, 5), UTC_MS)
    desk = Desk(cursors={bad: at, "north/shed": at} if bad != "north/barn" else {"north/shed": at})
    assert list(desk.following.members) == [SHED]
    desk.turn(Token(SHED, there=True))
    desk.answer((6, 7))
    dropped = Dropped(desk.life, 2, crowded=False)
    written = Cursor(Position(7, 6), UTC_MS)
    desk.keeping.next_news = News(None, {bad: written, "north/shed": written}, {bad: dropped})
    desk.turn()
    assert desk.member.told()["stored"] == "7-6"
    desk.keeping.next_news = News(None, {}, {bad: dropped, "north/shed": dropped})
    desk.turn()
    assert desk.asked == [(SHED, Ask(Position(7, 6)))]
    assert bad[:99] in caplog.text


def test_who_cannot_be_kept_yet_is_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """Where no thread is left for its site: of a token, or an event, of it nothing is remembered, so that it
    comes as one that is new."""
    desk = Desk()
    desk.turn(Reached("r", there=True))
    desk.full = True
    desk.turn(Token(SHED, there=True), came(1, Gateway("north", "barn")))
    assert caplog.text.count("was not taken") == 2
    desk.turn(Token(SHED, there=False))
    desk.turn(seconds=2 * FORGET_S)
    assert desk.following.members == {}
    desk.full = False
    desk.turn(Token(SHED, there=True))
    assert desk.member.up
    assert len(caplog.records) == 2


def test_one_that_tells_of_nobody_holds_up_nobody() -> None:
    """Who went, or was away for long, and is not known."""
    desk = Desk()
    desk.turn(Reached("r", there=True))
    presence = desk.following._roster.presence
    presence.token(Gateway("no", "body"), None, there=True, now=desk.now)
    presence.token(Gateway("no", "body"), None, there=False, now=desk.now)
    desk.up()
    desk.turn(Token(SHED, there=False))
    desk.turn(seconds=GATEWAY_S + 1)
    assert not desk.member.up
    desk.turn(seconds=FORGET_S)
    assert desk.following.members == {}
    assert presence.deadline() == math.inf
