"""`gateway.fleet.follower`: each event once, in order, and what is missing is fetched."""

from __future__ import annotations

import math
import random

import pytest

from gateway.fleet import follower as follower_module
from gateway.fleet import paging
from gateway.fleet.follower import INTERRUPTED, MOST_RANGES, Ask, Deliver, Follower, Step
from gateway.fleet.message import START, Event, Lost, Page, Position
from gateway.fleet.spool import MemorySpool


class Board:
    """A gateway's side: numbers events, keeps them, answers with pages."""

    def __init__(self) -> None:
        self.epoch, self.seq = 1, 0
        self.kept: list[Event] = []

    @property
    def head(self) -> Position:
        return Position(self.epoch, self.seq)

    def event(self) -> Event:
        self.seq += 1
        event = Event(self.head, 0, True, "temp", "#changed", "1.0")
        self.kept.append(event)
        return event

    def restart(self) -> None:
        self.epoch, self.seq = self.epoch + 1, 0

    def page(self, ask: Ask, most: int = 3) -> Page:
        if ask.after is None:
            return Page([], self.head, self.head)
        before = ask.before or Position(self.epoch + 1, 0)
        rest = [event for event in self.kept if ask.after < event.position < before]
        events = rest[:most]
        end = self.head if ask.before is None else Position(ask.before.epoch, ask.before.seq - 1)
        return Page(events, end if len(rest) <= most else events[-1].position, self.head)


def test_what_follows_is_delivered_at_once() -> None:
    """Nothing is asked for while nothing is missing."""
    board, follower = Board(), Follower(START)
    first = board.event()
    follower.page(_asked(follower), Page([first], first.position, board.head), 0.0)
    event = board.event()
    assert follower.live(event, 0.0) == [Deliver(event)]
    assert follower.ask(0.0) is None
    assert follower.deadline() == math.inf


def _asked(follower: Follower, now: float = 0.0) -> Ask:
    follower.came(now)
    ask = follower.ask(now)
    assert ask is not None
    return ask


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("patience_s", [math.inf, 1.0])
def test_each_once_whatever_the_network_does(seed: int, patience_s: float) -> None:
    """Live events vanish, pages are lost or late, the gateway restarts: each event that it keeps is delivered
    once, in order, or, to the impatient, late and in order among the late."""
    rnd = random.Random(seed)
    board, follower = Board(), Follower(START, patience_s=patience_s)
    now = 0.0
    got: list[Position] = []
    late: list[Position] = []
    under_way: Ask | None = None

    def take(steps: list[Step]) -> None:
        for step in steps:
            assert isinstance(step, Deliver)
            (late if step.late else got).append(step.event.position)

    follower.came(now)
    for turn in range(240):
        now += rnd.choice([0.01, 0.1, 0.7])
        cut = (turn // 40) % 2 == 1
        if rnd.random() < 0.6:
            event = board.event()
            if not cut and rnd.random() < 0.9:
                take(follower.live(event, now))
                if rnd.random() < 0.1:
                    take(follower.live(event, now))
        if rnd.random() < 0.02:
            board.restart()
            follower.came(now)
        if rnd.random() < 0.1 and not cut:
            follower.head(board.head, now)
        if under_way is None:
            under_way = follower.ask(now)
        elif rnd.random() < 0.4:
            if cut or rnd.random() < 0.2:
                follower.failed(under_way, now)
            else:
                take(follower.page(under_way, board.page(under_way), now))
            under_way = None
        take(follower.tick(now))
    for _ in range(300):
        now += 6.0
        follower.head(board.head, now)
        ask = under_way or follower.ask(now)
        under_way = None
        if ask is not None:
            take(follower.page(ask, board.page(ask), now))
        take(follower.tick(now))
    everything = [event.position for event in board.kept]
    assert got == sorted(got)
    assert late == sorted(late)
    assert sorted([*got, *late]) == everything
    if patience_s == math.inf:
        assert not late


def test_a_loss_is_told() -> None:
    """What the gateway says is not there any more."""
    board, follower = Board(), Follower(START)
    for _ in range(3):
        board.event()
    lost = Lost("temp", 2, 5, 6, "full")
    steps = follower.page(_asked(follower), Page(board.kept[2:], board.head, board.head, [lost]), 0.0)
    assert steps == [lost, Deliver(board.kept[2])]


class Fleet:
    """A gateway whose memory is small, a consumer, and a network that loses what it likes."""

    def __init__(self, rnd: random.Random, patience_s: float) -> None:
        self.rnd = rnd
        self.follower = Follower(START, patience_s=patience_s)
        self.now, self.epoch = 0.0, 1
        self.spool = MemorySpool(most=rnd.choice([5, 30, 1000]), epoch=1)
        self.said: list[Position] = []
        self.got: list[tuple[Position, bool]] = []
        self.lost = 0
        self.asked: Ask | None = None
        self.follower.came(0.0)

    def take(self, steps: list[Step]) -> None:
        """What is delivered, and how much is told as lost."""
        for step in steps:
            if isinstance(step, Lost):
                self.lost += step.events
            else:
                self.got.append((step.event.position, step.late))

    def say(self, *, heard: bool, twice: bool = False) -> None:
        """An event, which arrives or not."""
        event = self.spool.add("temp", "#changed", "1.0", 0, True)
        self.said.append(event.position)
        for _ in range(heard + (heard and twice)):
            self.take(self.follower.live(event, self.now))

    def restart(self) -> None:
        """With a memory that is empty, and a numbering that comes after."""
        self.epoch += 1
        self.spool = MemorySpool(most=self.rnd.choice([5, 30, 1000]), epoch=self.epoch)

    def ask(self, *, answered: bool) -> None:
        """Begin to ask, or end it."""
        if self.asked is None:
            self.asked = self.follower.ask(self.now)
        elif answered:
            asked, self.asked = self.asked, None
            self.take(self.follower.page(asked, self.spool.page(*asked), self.now))
        else:
            asked, self.asked = self.asked, None
            self.follower.failed(asked, self.now)

    def settle(self) -> None:
        """The network is well again, and nothing new is said."""
        for _ in range(2000):
            self.now += 1.0
            self.follower.head(self.spool.head, self.now)
            self.ask(answered=True)
            self.take(self.follower.tick(self.now))
            self.asked = self.asked or self.follower.ask(self.now)
            if self.asked is None and self.follower.deadline() == math.inf:
                return
        raise AssertionError("it never ends")


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("patience_s", [math.inf, 1.0, 0.0])
@pytest.mark.parametrize("seed", range(5))
def test_everything_is_delivered_or_told_as_lost(
    seed: int, patience_s: float, restarts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, in order, and late only where something newer was delivered before; whatever is full: what the
    gateway keeps, what waits, the gaps that are yet to come, a page."""
    rnd = random.Random(seed)
    monkeypatch.setattr(follower_module, "MOST_HELD", rnd.choice([2, 20, 1000]))
    monkeypatch.setattr(follower_module, "MOST_RANGES", rnd.choice([1, 3, 64]))
    monkeypatch.setattr(paging, "MOST_EVENTS", rnd.choice([1, 4, 500]))
    fleet = Fleet(rnd, patience_s)
    for turn in range(300):
        fleet.now += rnd.choice([0.01, 0.1, 0.7])
        cut = (turn // 40) % 2 == 1
        for _ in range(rnd.choice([0, 1, 1, 5])):
            fleet.say(heard=not cut and rnd.random() < 0.8, twice=rnd.random() < 0.1)
        if restarts and rnd.random() < 0.01:
            fleet.restart()
            fleet.follower.came(fleet.now)
        if not cut and rnd.random() < 0.1:
            fleet.follower.head(fleet.spool.head, fleet.now)
        if rnd.random() < 0.5:
            fleet.ask(answered=not cut and rnd.random() < 0.8)
        fleet.take(fleet.follower.tick(fleet.now))
    fleet.say(heard=False)
    fleet.settle()
    in_turn = [position for position, late in fleet.got if not late]
    assert in_turn == sorted(set(in_turn))
    after = [position for position, late in fleet.got if late]
    assert after == sorted(set(after))
    newest = START
    for position, late in fleet.got:
        assert late == (position < newest)
        newest = max(newest, position)
    assert {position for position, _ in fleet.got} <= set(fleet.said)
    assert newest == fleet.said[-1]
    if not restarts:
        assert len(fleet.got) + fleet.lost == len(fleet.said)
    if patience_s == math.inf:
        assert not after


def test_what_leads_nowhere_is_not_asked_for_again_and_again() -> None:
    """A gateway that answers nonsense is left alone for a while."""
    follower = Follower(Position(1, 5))
    for number in range(4):
        asked = _asked(follower) if not number else follower.ask(10.0 * number)
        assert asked is not None
        assert follower.page(asked, Page([], Position(1, 5), Position(1, 9)), 10.0 * number) == []
        assert follower.ask(10.0 * number) is None
        assert 10.0 * number < follower.deadline() < 10.0 * number + 6.0


def test_a_page_is_taken_in_order() -> None:
    """What is in it twice, or before what is delivered already, is not."""
    board, follower = Board(), Follower(START)
    events = [board.event() for _ in range(4)]
    mixed = [events[1], events[1], events[0], events[3]]
    steps = follower.page(_asked(follower), Page(mixed, board.head, board.head), 0.0)
    assert steps == [Deliver(events[1]), Deliver(events[3])]


def test_a_late_page_tells_what_is_lost() -> None:
    """Beside what is not."""
    board, follower = Board(), Follower(Position(1, 0), patience_s=1.0)
    events = [board.event() for _ in range(4)]
    assert follower.live(events[0], 0.0) == [Deliver(events[0])]
    assert follower.live(events[3], 0.0) == []
    assert follower.tick(0.9) == []
    assert follower.tick(1.0) == [Deliver(events[3])]
    asked = follower.ask(1.0)
    assert asked == Ask(events[0].position, events[3].position)
    lost = Lost("temp", 2, 1, 2, "full")
    page = Page([events[2]], Position(1, 3), board.head, [lost])
    assert follower.page(asked, page, 1.0) == [lost, Deliver(events[2], late=True)]
    assert follower.ask(1.0) is None
    assert follower.deadline() == math.inf


def test_the_head_before_any_event() -> None:
    """Whoever listens from now on begins there."""
    follower = Follower(None)
    follower.head(Position(3, 7), 0.0)
    assert follower.position == Position(3, 7)
    event = Event(Position(3, 8), 0, True, "temp", "#changed", "1.0")
    assert follower.live(event, 0.0) == [Deliver(event)]
    follower.head(Position(3, 8), 0.0)
    assert follower.ask(0.0) is None
    follower.head(Position(3, 9), 0.0)
    assert follower.ask(0.0) == Ask(Position(3, 8))


def test_more_gaps_than_are_remembered() -> None:
    """The oldest is told as lost, with how much it was."""
    follower = Follower(START, patience_s=1.0)
    steps: list[Step] = []
    for number in range(MOST_RANGES + 1):
        event = Event(Position(1, 10 * (number + 1)), 0, True, "temp", "#changed", "1.0")
        steps += follower.live(event, 10.0 * number)
        steps += follower.tick(10.0 * number + 1.0)
    lost = [step for step in steps if isinstance(step, Lost)]
    assert lost == [Lost("", 9, 0, 0, INTERRUPTED)]
