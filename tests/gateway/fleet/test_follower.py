"""`gateway.fleet.follower`: each event once, in order, and what is missing is fetched."""

from __future__ import annotations

import math
import random

import pytest

from gateway.fleet.follower import Ask, Deliver, Follower, Step
from gateway.fleet.message import START, Event, Lost, Page, Position


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
