"""`gateway.fleet.view`: senders are told before their events, and nothing is lost while they are met."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from gateway.fleet.away import FORGET_S
from gateway.fleet.follower import Ask, Deliver
from gateway.fleet.keys import EVERY, Gateway
from gateway.fleet.known import MEET_S
from gateway.fleet.message import Event, Page, Position
from gateway.fleet.news import Came, Forgotten, Gone, Happened, News, Offer, Up
from gateway.fleet.presence import GATEWAY_S, SENDER_S
from gateway.fleet.view import PATIENCE_S, Query, View

NORTH, SOUTH = Gateway("north", "g"), Gateway("south", "g")
TEMP = Offer(("#changed",), ("read",))


class Consumer:
    """A View with a clock, and gateways that answer."""

    def __init__(self, *followed: Gateway) -> None:
        self.view = View()
        self.now = 100.0
        self.view.presence.routers(there=True, now=0.0)
        self.view.follow(followed, self.now)
        self.kept: list[Event] = []

    def is_meeting(self) -> bool:
        return self.view.is_meeting

    def news(self) -> list[News]:
        found, self.view.news = self.view.news, []
        return found

    def queries(self, most: int = 16) -> list[Query]:
        return self.view.queries(self.now, most)

    def comes(self, *senders: str, gateway: Gateway = NORTH) -> None:
        for sender in (None, *senders):
            self.view.token(gateway, sender, there=True, now=self.now)

    def event(self, sender: str = "temp", gateway: Gateway = NORTH) -> Event:
        """As it happens."""
        made = Event(Position(1, len(self.kept) + 1), 0, True, sender, "#changed", "1.0")
        self.kept.append(made)
        self.view.event(gateway, made, self.now)
        return made

    def answers(self, offers: Mapping[str, Offer] | None = None) -> None:
        """To all that is asked, until nothing is."""
        while queries := self.queries():
            for query in queries:
                if query.ask is None:
                    self.view.described(query.gateway, {"temp": TEMP} if offers is None else offers, self.now)
                else:
                    self.view.page(query.gateway, query.ask, self._page(query.ask), self.now)

    def _page(self, ask: Ask) -> Page:
        head = Position(1, len(self.kept))
        events = [] if ask.after is None else [each for each in self.kept if each.position > ask.after]
        return Page(events, head, head)


def _met(*followed: Gateway) -> Consumer:
    consumer = Consumer(*followed)
    consumer.comes("temp")
    consumer.answers()
    assert consumer.news() == [Up(NORTH, there=True), Came(NORTH, "temp", TEMP)]
    return consumer


def test_a_gateway_comes() -> None:
    """Its senders are told with what they offer, once it has said so."""
    consumer = Consumer()
    consumer.comes("temp")
    assert consumer.is_meeting()
    assert consumer.news() == [Up(NORTH, there=True)]
    assert consumer.queries() == [Query(NORTH, None)]
    assert consumer.queries() == []
    consumer.view.described(NORTH, {"temp": TEMP, "gone": TEMP}, consumer.now)
    assert consumer.news() == [Came(NORTH, "temp", TEMP)]
    assert not consumer.is_meeting()
    assert consumer.view.deadline() == math.inf


def test_an_event_of_one_who_is_there() -> None:
    """Is told at once."""
    consumer = _met(EVERY)
    event = consumer.event()
    assert consumer.news() == [Happened(NORTH, Deliver(event))]
    assert consumer.queries() == []


def test_events_of_others_are_not_told() -> None:
    """Nobody listens to that gateway."""
    consumer = _met(SOUTH)
    consumer.event()
    consumer.view.head(NORTH, Position(1, 9), consumer.now)
    assert consumer.news() == []
    assert consumer.queries() == []


def test_events_that_come_before_their_sender_is_met() -> None:
    """Are told after its coming, none is missing, and none is late."""
    consumer = Consumer(EVERY)
    events = [consumer.event()]
    consumer.comes("temp")
    events.append(consumer.event())
    consumer.now += 2.0
    consumer.answers()
    events.append(consumer.event())
    happened = [Happened(NORTH, Deliver(event)) for event in events]
    assert consumer.news() == [Up(NORTH, there=True), Came(NORTH, "temp", TEMP), *happened]


def test_a_sender_comes_later() -> None:
    """The gateway is asked again, until it says what that one offers."""
    consumer = _met(EVERY)
    consumer.view.token(NORTH, "hum", there=True, now=consumer.now)
    event = consumer.event("hum")
    (query,) = consumer.queries()
    assert query == Query(NORTH, None)
    consumer.view.described(NORTH, {"temp": TEMP}, consumer.now)
    assert consumer.queries() == []
    assert consumer.news() == []
    consumer.now = consumer.view.deadline()
    consumer.answers({"temp": TEMP, "hum": Offer()})
    assert consumer.news() == [Came(NORTH, "hum", Offer()), Happened(NORTH, Deliver(event))]


@pytest.mark.parametrize("answer", [None, {}])
def test_a_gateway_that_does_not_say(answer: dict[str, Offer] | None) -> None:
    """Its senders are told without it after a while, and what comes of strangers too."""
    consumer = Consumer(EVERY)
    consumer.comes("temp")
    event = consumer.event("stranger")
    asked = 0
    while consumer.now < 100.0 + MEET_S:
        for query in consumer.queries():
            assert query.ask is None
            asked += 1
            consumer.view.described(NORTH, answer, consumer.now)
        consumer.now = min(100.0 + MEET_S, consumer.view.deadline())
    assert 4 < asked < 10
    assert consumer.news() == [Up(NORTH, there=True)]
    consumer.view.tick(consumer.now)
    assert consumer.news() == [Came(NORTH, "temp", Offer())]
    for query in consumer.queries():
        if query.ask is not None:
            consumer.view.page(NORTH, query.ask, consumer._page(query.ask), consumer.now)
    assert consumer.news() == [Happened(NORTH, Deliver(event))]
    assert consumer.event("stranger") == consumer.kept[-1]
    assert consumer.news() == [Happened(NORTH, Deliver(consumer.kept[-1]))]
    consumer.now += 60
    consumer.answers()  # it is still asked, and says it at last
    assert consumer.news() == [Came(NORTH, "temp", TEMP)]


def test_it_offers_something_else_after_a_restart() -> None:
    """Also where that was too short for anybody to be told as gone."""
    consumer = _met(EVERY)
    consumer.view.token(NORTH, None, there=False, now=consumer.now)
    consumer.comes()
    other = Offer(("#changed", "hot"), ("read",))
    consumer.answers({"temp": other})
    assert consumer.news() == [Came(NORTH, "temp", other)]


def test_a_router_dies_under_a_gateway() -> None:
    """Nobody has gone or come; what was missed meanwhile is asked for."""
    consumer = _met(EVERY)
    consumer.event()
    consumer.news()
    for sender in (None, "temp"):
        consumer.view.token(NORTH, sender, there=False, now=consumer.now)
    missed = Event(Position(1, 2), 0, True, "temp", "#changed", "2.0")
    consumer.kept.append(missed)
    consumer.now += 0.5
    consumer.view.tick(consumer.now)
    consumer.comes("temp")
    consumer.answers()
    assert consumer.news() == [Happened(NORTH, Deliver(missed))]


def test_who_goes_and_comes_again() -> None:
    """Is told so, with what it offers then."""
    consumer = _met()
    consumer.view.token(NORTH, "temp", there=False, now=consumer.now)
    consumer.now += SENDER_S
    consumer.view.tick(consumer.now)
    assert consumer.news() == [Gone(NORTH, "temp")]
    consumer.view.token(NORTH, "temp", there=True, now=consumer.now)
    consumer.answers()
    assert consumer.news() == [Came(NORTH, "temp", TEMP)]
    for sender in ("temp", None):
        consumer.view.token(NORTH, sender, there=False, now=consumer.now)
    consumer.now += GATEWAY_S
    consumer.view.tick(consumer.now)
    assert consumer.news() == [Gone(NORTH, "temp"), Up(NORTH, there=False)]


def test_listening_later_and_no_more() -> None:
    """From where the gateway is then on; and nothing after."""
    consumer = _met()
    consumer.event()
    consumer.view.follow([NORTH], consumer.now)
    consumer.answers()
    event = consumer.event()
    assert consumer.news() == [Happened(NORTH, Deliver(event))]
    consumer.view.follow([], consumer.now)
    consumer.event()
    assert consumer.news() == []


def test_so_many_questions_at_a_time() -> None:
    """Of many gateways, each in its turn."""
    consumer = Consumer()
    gateways = [Gateway("north", str(number)) for number in range(40)]
    for gateway in gateways:
        consumer.comes(gateway=gateway)
    asked: list[Gateway] = []
    while found := consumer.queries(16):
        assert len(found) <= 16
        asked += [query.gateway for query in found]
    assert sorted(asked) == sorted(gateways)
    assert consumer.queries(0) == []


def test_a_page_that_does_not_come() -> None:
    """Is asked for again, after a pause."""
    consumer = _met(EVERY)
    consumer.view.head(NORTH, Position(1, 5), consumer.now)
    (query,) = consumer.queries()
    assert query.ask is not None
    consumer.view.page(NORTH, query.ask, None, consumer.now)
    assert consumer.queries() == []
    consumer.now = consumer.view.deadline()
    assert consumer.queries() == [query]


def test_what_is_held_up_by_one_that_is_missing() -> None:
    """Is told after a second, though nothing comes."""
    consumer = _met(EVERY)
    consumer.event()
    consumer.kept.append(Event(Position(1, 2), 0, True, "temp", "#changed", "lost"))
    consumer.news()
    held = consumer.event()
    assert consumer.news() == []
    consumer.now += PATIENCE_S
    consumer.view.tick(consumer.now)
    assert consumer.news() == [Happened(NORTH, Deliver(held))]


def test_who_is_still_wanted_goes_on() -> None:
    """A gateway is not begun anew because somebody listens to another one as well."""
    consumer = _met(NORTH)
    consumer.event()
    consumer.news()
    consumer.kept.append(Event(Position(1, 2), 0, True, "temp", "#changed", "missed"))
    consumer.view.follow([NORTH, SOUTH], consumer.now)
    consumer.event()
    consumer.answers()
    seqs = [
        news.step.event.position.seq
        for news in consumer.news()
        if isinstance(news, Happened) and isinstance(news.step, Deliver)
    ]
    assert seqs == [2, 3]


def test_who_is_away_for_ever_is_forgotten() -> None:
    """After its time, which begins when it goes; one that is there never is. If it comes back, it comes as
    for the first time."""
    consumer = _met(EVERY)
    consumer.comes("temp", gateway=SOUTH)
    consumer.answers()
    consumer.now += FORGET_S
    consumer.view.tick(consumer.now)
    consumer.news()
    for sender in (None, "temp"):
        consumer.view.token(NORTH, sender, there=False, now=consumer.now)
    consumer.now += GATEWAY_S
    consumer.view.tick(consumer.now)
    assert consumer.news() == [Gone(NORTH, "temp"), Up(NORTH, there=False)]
    assert consumer.view.deadline() == consumer.now + FORGET_S
    consumer.now += FORGET_S
    consumer.view.tick(consumer.now)
    assert consumer.news() == [Forgotten(NORTH)]
    assert list(vars(consumer.view)["_members"]) == [SOUTH]
    consumer.view.described(NORTH, {"temp": TEMP}, consumer.now)
    consumer.view.page(NORTH, Ask(None), None, consumer.now)
    assert list(vars(consumer.view)["_members"]) == [SOUTH]
    consumer.comes("temp")
    consumer.answers()
    assert consumer.news() == [Up(NORTH, there=True), Came(NORTH, "temp", TEMP)]


def test_who_was_never_there_is_forgotten() -> None:
    """A name that somebody has published with: from the last that was heard of it on."""
    consumer = Consumer(EVERY)
    consumer.event("temp")
    consumer.answers({})
    consumer.now += FORGET_S - 1.0
    consumer.event("temp")
    consumer.now += FORGET_S - 1.0
    consumer.view.head(NORTH, Position(1, 2), consumer.now)
    consumer.view.tick(consumer.now)
    consumer.answers({})
    assert Forgotten(NORTH) not in consumer.news()
    consumer.now += FORGET_S
    consumer.view.tick(consumer.now)
    assert consumer.news()[-1:] == [Forgotten(NORTH)]
    assert consumer.view.deadline() == math.inf


def test_nobody_is_forgotten_while_we_are_away_ourselves() -> None:
    """However long that is."""
    consumer = _met(EVERY)
    consumer.view.presence.routers(there=False, now=consumer.now)
    for sender in (None, "temp"):
        consumer.view.token(NORTH, sender, there=False, now=consumer.now)
    consumer.now += 2 * FORGET_S
    consumer.view.tick(consumer.now)
    assert Up(NORTH, there=False) in consumer.news()
    consumer.view.presence.routers(there=True, now=consumer.now)
    consumer.view.tick(consumer.now)
    assert consumer.news() == []
    consumer.comes("temp")
    assert Up(NORTH, there=True) in consumer.news()


def test_senders_that_a_gateway_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever names it makes up, so many are remembered at most."""
    monkeypatch.setattr("gateway.fleet.view.MOST_STRANGERS", 3)
    consumer = _met(EVERY)
    for number in range(10):
        consumer.event(f"made-up-{number}")
        consumer.answers()
        consumer.now += MEET_S
        consumer.view.tick(consumer.now)
        consumer.answers()
        assert len(vars(consumer.view)["_members"][NORTH].strangers) <= 3
    happened = [each for each in consumer.news() if isinstance(each, Happened)]
    assert len(happened) == 10
