"""`gateway.fleet.spool`: what is missing is given out, and what is gone is told, each number once."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fleet.follower import Ask, Deliver, Follower
from gateway.fleet.message import MOST_BYTES, MOST_EVENTS, START, Event, Lost, Page, Position
from gateway.fleet.spool import FULL, MemorySpool, new_epoch


def _fill(spool: MemorySpool, count: int, sender: str = "temp") -> list[Event]:
    return [spool.add(sender, "#changed", f"{number}", 1000 + number, True) for number in range(count)]


def _seqs(page: Page) -> list[int]:
    return [event.position.seq for event in page.events]


def test_numbers_from_one() -> None:
    """Each event has the next number of the epoch, and the head is the last of them."""
    spool = MemorySpool(epoch=7)
    assert spool.head == Position(7, 0)
    first, second = _fill(spool, 2)
    assert (first.position, second.position) == (Position(7, 1), Position(7, 2))
    assert spool.head == Position(7, 2)
    assert first == Event(Position(7, 1), 1000, True, "temp", "#changed", "0")


def test_where_the_head_is() -> None:
    """Who asks after nothing gets no event, but knows where to go on."""
    spool = MemorySpool(epoch=7)
    _fill(spool, 3)
    assert spool.page(None, None) == Page((), Position(7, 3), Position(7, 3))


def test_a_page_after_a_position_and_before_another() -> None:
    """Only what is between."""
    spool = MemorySpool(epoch=7)
    _fill(spool, 9)
    page = spool.page(Position(7, 3), Position(7, 7))
    assert _seqs(page) == [4, 5, 6]
    assert (page.upto, page.head, page.lost, page.anew) == (Position(7, 6), Position(7, 9), [], False)


def test_a_page_has_so_many_events() -> None:
    """The rest comes with the next."""
    spool = MemorySpool(most=2000, epoch=7)
    _fill(spool, MOST_EVENTS + 3)
    page = spool.page(START, None)
    assert (len(page.events), page.upto) == (MOST_EVENTS, Position(7, MOST_EVENTS))
    assert _seqs(spool.page(page.upto, None)) == [MOST_EVENTS + 1, MOST_EVENTS + 2, MOST_EVENTS + 3]


def test_a_page_has_so_many_bytes() -> None:
    """One event that is longer than all of a page comes alone."""
    spool = MemorySpool(epoch=7)
    for size in (10, MOST_BYTES, 10):
        spool.add("temp", "#changed", f'"{"x" * size}"', 0, True)
    assert _seqs(spool.page(START, None)) == [1]
    assert _seqs(spool.page(Position(7, 1), None)) == [2]
    assert _seqs(spool.page(Position(7, 2), None)) == [3]


def test_the_oldest_go_and_are_told() -> None:
    """By sender, with when they were triggered; what came after is given out."""
    spool = MemorySpool(most=3, epoch=7)
    _fill(spool, 2, "temp")
    _fill(spool, 4, "hum")
    page = spool.page(START, None)
    assert _seqs(page) == [4, 5, 6]
    assert page.lost == [Lost("temp", 2, 1000, 1001, FULL), Lost("hum", 1, 1000, 1000, FULL)]


def test_half_of_a_gap_is_told_by_its_size() -> None:
    """A consumer that has had some of what has gone hears of the others only."""
    spool = MemorySpool(most=3, epoch=7)
    _fill(spool, 8)
    assert spool.page(Position(7, 2), None).lost == [Lost("", 3, 1000, 1004, FULL)]
    assert spool.page(Position(7, 5), None).lost == []


def test_what_is_lost_later_is_told_with_its_sender() -> None:
    """A gap that has been told of grows no more."""
    spool = MemorySpool(most=1, epoch=7)
    _fill(spool, 2, "temp")
    assert spool.page(START, None).lost == [Lost("temp", 1, 1000, 1000, FULL)]
    _fill(spool, 2, "hum")
    page = spool.page(Position(7, 1), None)
    assert page.lost == [Lost("temp", 1, 1001, 1001, FULL), Lost("hum", 1, 1000, 1000, FULL)]


@pytest.mark.parametrize("stranger", [Position(9, 4), Position(5, 4), Position(7, 3)])
def test_a_position_of_another_numbering(stranger: Position) -> None:
    """A later epoch, an earlier one that nobody knows, or a number that has not been given: the page begins
    with the oldest there is."""
    spool = MemorySpool(epoch=7)
    _fill(spool, 2)
    page = spool.page(stranger, None)
    assert (page.anew, _seqs(page)) == (True, [1, 2])


@pytest.mark.parametrize("known", [START, Position(7, 0), Position(7, 2)])
def test_a_position_of_this_numbering(known: Position) -> None:
    """Its page is no new beginning."""
    spool = MemorySpool(epoch=7)
    _fill(spool, 2)
    assert spool.page(known, None).anew is False


def test_an_epoch_comes_after_the_last() -> None:
    """Whatever the clock says; where it is right it says the epoch."""
    assert new_epoch(1 << 50) == (1 << 50) + 1
    assert 1_600_000_000_000 < new_epoch(5) < 1 << 45
    assert MemorySpool().head.epoch > 1_600_000_000_000


@pytest.mark.parametrize("epoch", [5, 9])
def test_a_consumer_follows_whatever_the_epoch(epoch: int) -> None:
    """A gateway that has begun anew, with an epoch after or before its last, is followed from its first."""
    follower = Follower(Position(7, 40))
    spool = MemorySpool(epoch=epoch)
    events = _fill(spool, 3)
    assert follower.live(events[-1], 0.0) == []
    ask = follower.ask(0.0)
    assert ask == Ask(Position(7, 40))
    steps = follower.page(ask, Page.parse(spool.page(ask.after, ask.before).encode()), 0.0)
    assert steps == [Deliver(event) for event in events]
    assert follower.deadline() == math.inf


@given(
    most=st.integers(1, 20),
    bursts=st.lists(st.tuples(st.integers(0, 12), st.integers(1, 4)), max_size=12),
)
def test_each_number_comes_once_or_is_told(most: int, bursts: list[tuple[int, int]]) -> None:
    """However the events come, and whenever each of four consumers asks: what it got, and what it was told
    is lost, are all that there was."""
    spool = MemorySpool(most=most, epoch=7)
    cursors = [Position(7, 0)] * 5
    seen: list[list[int]] = [[] for _ in cursors]
    lost = [0] * len(cursors)
    for count, consumer in [*bursts, *((0, each) for each in range(5))]:
        _fill(spool, count, f"s{count}")
        page = spool.page(cursors[consumer], None)
        cursors[consumer] = page.upto
        seen[consumer] += _seqs(page)
        lost[consumer] += sum(each.events for each in page.lost)
    for numbers, missing in zip(seen, lost, strict=True):
        assert numbers == sorted(set(numbers))
        assert len(numbers) + missing == spool.head.seq
