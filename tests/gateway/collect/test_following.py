"""`gateway.collect.following`: what is done for each gateway, without a fleet, a thread or a disk."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from gateway.collect.admission import Cursor
from gateway.collect.arrival import Unset
from gateway.collect.asking import MOST_ASKED, MOST_SENDERS, SENDERS_AGAIN_S, SENDERS_S, Introductions
from gateway.collect.following import Following
from gateway.collect.keeping import News
from gateway.collect.member import Member
from gateway.collect.placed import Placed
from gateway.collect.room import Dropped
from gateway.collect.wire import Came, Opened, Paged, Reached, Token, Told
from gateway.event_id import EventId
from gateway.fleet.away import FORGET_S
from gateway.fleet.follower import Ask
from gateway.fleet.keys import EVENTS, Gateway
from gateway.fleet.message import START, Event, Lost, Page, Position
from gateway.fleet.presence import AWAY_S, GATEWAY_S
from gateway.mailbox import Noted

SHED = Gateway("north", "shed")
UTC_MS = 1_790_000_000_000
NONE = News(None, {}, {})


class Keeping:
    """What is put, and the news that a test has for it."""

    def __init__(self) -> None:
        self.is_left = True
        self.waiting = False
        self.reserved = 0
        self.put_in: list[tuple[Noted, Placed]] = []
        self.next_news = News({}, {}, {})
        self._ids = itertools.count()

    def next_id(self, utc: float) -> EventId:
        return EventId(round(utc * 1000), next(self._ids))

    @property
    def room(self) -> Keeping:
        return self

    def reserve(self, events: int) -> bool:
        self.reserved += events if self.is_left else 0
        return self.is_left

    def unreserve(self, events: int) -> None:
        self.reserved -= events

    def waits(self, gateway: str) -> bool:
        return self.waiting and gateway == "north/shed"

    def put(self, noted: Noted, placed: Placed) -> None:
        self.put_in.append((noted, placed))

    def tell(self, receipt: Any, safe: bool) -> None:
        raise AssertionError((receipt, safe))

    def news(self) -> News:
        found, self.next_news = self.next_news, NONE
        return found

    @property
    def seqs(self) -> list[int]:
        """Of all that was put."""
        return [placed.seq for _, placed in self.put_in]

    def has_written(self, seq: int) -> None:
        """All up to there."""
        self.next_news = News(None, {"north/shed": Cursor(Position(7, seq), seq)}, {})

    def has_lost(self, life: int, turn: int, *, crowded: bool = False) -> None:
        """That one of the shed."""
        self.next_news = News(None, {}, {"north/shed": Dropped(life, turn, crowded)})

    def is_opened(self, seq: int) -> None:
        """With all of the shed up to there."""
        self.next_news = News({"north/shed": Cursor(Position(7, seq), seq)}, {}, {})


class Desk:
    """A `Following` with doubles around it. `now` goes on with each turn."""

    def __init__(self, sites: tuple[str, ...] = (), cursors: Mapping[str, Cursor] | None = None) -> None:
        self.asked: list[tuple[Gateway, Ask]] = []
        self.senders_of: list[Gateway] = []
        self.confirmed: list[tuple[Gateway, str, Position]] = []
        self.keeping = Keeping()
        self.keeping.next_news = News(cursors or {}, {}, {})
        self.full = False
        self.now = 1000.0
        self.following = Following(self, self, self, sites, "collector")  # type: ignore[arg-type]
        self.turn()

    # What it is given

    def ask(self, gateway: Gateway, ask: Ask) -> None:
        self.asked.append((gateway, ask))

    def senders(self, gateway: Gateway) -> None:
        self.senders_of.append(gateway)

    def confirm(self, gateway: Gateway, consumer: str, position: Position) -> None:
        self.confirmed.append((gateway, consumer, position))

    def utc(self) -> float:
        return UTC_MS / 1000

    def __iter__(self) -> Iterator[Keeping]:
        return iter([self.keeping])

    def begin(self) -> None:
        """Nothing."""

    def of(self, _site: str) -> Keeping:
        if self.full:
            raise RuntimeError("can't start new thread")
        return self.keeping

    # What a test does

    def turn(self, *letters: Any, seconds: float = 0.1) -> None:
        """Time goes on, and these have come."""
        self.now += seconds
        self.following.turn(letters, self.now)

    def up(self) -> None:
        """The shed comes, and has nothing new."""
        self.turn(Token(SHED, there=True))
        while self.asked:
            self.answer(())

    def answer(self, seqs: Any, upto: int | None = None, lost: tuple[Lost, ...] = ()) -> None:
        """The page that was asked for last."""
        gateway, ask = self.asked.pop()
        after = 0 if ask.after is None else ask.after.seq
        end = Position(7, upto if upto is not None else max(seqs, default=after))
        page = Page([event(seq) for seq in seqs], end, end, lost)
        self.turn(Paged(gateway, ask, page.encode().encode()), Paged(gateway, ask, None))

    @property
    def life(self) -> int:
        """Of what was put last."""
        return self.keeping.put_in[-1][1].life

    @property
    def member(self) -> Any:
        """The shed."""
        return self.following.members[SHED]


def event(seq: int) -> Event:
    """Of the shed."""
    return Event(Position(7, seq), seq, True, "temp", "#changed", str(seq))


def came(seq: int, gateway: Gateway = SHED) -> Came:
    """The same, live."""
    return Came(gateway.key(EVENTS), str(seq).encode(), event(seq).attachment)


def head(position: str) -> Came:
    """Where the shed's newest event is."""
    return Came(SHED.key(EVENTS), position.encode(), None)


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
