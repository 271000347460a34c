"""`gateway.fleet.paging`: over several epochs, with what was confirmed and what the disk has lost."""

from __future__ import annotations

from gateway.fleet.gaps import MOST_GAPS, MOST_SENDERS, Gap, Gaps
from gateway.fleet.message import START, Event, Lost, Position
from gateway.fleet.paging import NO_LONGER, VANISHED, Numbers, page_of


def _events(epoch: int, *seqs: int) -> list[Event]:
    return [Event(Position(epoch, seq), 0, True, "temp", "#changed", "1") for seq in seqs]


NUMBERS = Numbers(Position(9, 4), {5: 10, 7: 3, 9: 4}, floor=Position(5, 6))


def test_what_is_missing_between_is_counted() -> None:
    """Confirmed by all: kept no longer. After that: the disk has lost it. Over three epochs."""
    events = [*_events(5, 8, 10), *_events(9, 2, 3, 4)]
    page, told = page_of(NUMBERS, Position(5, 3), None, events, [])
    assert page.lost == [Lost("", 3, 0, 0, NO_LONGER), Lost("", 2 + 3 + 1, 0, 0, VANISHED)]
    assert (page.upto, told) == (Position(9, 4), [])


def test_who_begins_at_the_beginning_hears_of_nothing_before_the_oldest() -> None:
    """What was before the oldest event that is there is not its affair."""
    page, _ = page_of(NUMBERS, START, None, [*_events(5, 8, 9, 10), *_events(7, 1, 3)], [])
    assert page.lost == [Lost("", 1 + 4, 0, 0, VANISHED)]
    assert page_of(NUMBERS, START, None, [], [])[0].lost == []


def test_a_position_of_no_epoch_that_was() -> None:
    """Between two that were: it is of a numbering that was lost."""
    events = _events(5, 7, 8, 9, 10)
    for stranger in (Position(6, 1), Position(10, 1), Position(9, 5)):
        page, _ = page_of(NUMBERS, stranger, Position(5, 11), events, [])
        assert (page.anew, list(page.events)) == (True, events)
    assert not page_of(NUMBERS, Position(7, 99), None, [], [])[0].anew  # written down were three


def test_a_gap_covers_its_numbers() -> None:
    """It is told as what it is, and not once more as what is missing."""
    gaps = Gaps()
    for seq in (7, 8, 9, 10):
        gaps.drop(Position(5, seq), f"s{seq % 2}", seq, "full")
    page, told = page_of(NUMBERS, Position(5, 6), Position(7, 1), [], gaps)
    assert page.lost == [Lost("s1", 2, 7, 9, "full"), Lost("s0", 2, 8, 10, "full")]
    assert page.upto == Position(7, 0)
    assert told == list(gaps)


def test_a_gap_that_a_page_does_not_reach() -> None:
    """Is told with the page that does."""
    gap = Gap(9, 3, 4, "full")
    gap.add("temp", 5)
    gap.add("temp", 6)
    first, told = page_of(NUMBERS, Position(9, 0), Position(9, 3), _events(9, 1, 2), [gap])
    assert (first.lost, told) == ([], [])
    assert page_of(NUMBERS, first.upto, None, [], [gap])[0].lost == [Lost("temp", 2, 5, 6, "full")]


def test_gaps_of_different_reasons_or_epochs_stay_apart() -> None:
    """As do those with something between them."""
    gaps = Gaps()
    for position, reason in [((5, 1), "a"), ((5, 2), "b"), ((5, 4), "b"), ((7, 5), "b"), ((7, 6), "b")]:
        gaps.drop(Position(*position), "temp", 0, reason)
    assert [(gap.first, gap.last) for gap in gaps] == [(1, 1), (2, 2), (4, 4), (5, 6)]
    assert [gap.first for gap in gaps.forget(Position(7, 5))] == [1, 2, 4]
    assert [gap.upto for gap in gaps] == [Position(7, 6)]


def test_gaps_are_bounded() -> None:
    """Of too many the oldest goes, and of too many senders the rest count together."""
    gaps = Gaps()
    for number in range(MOST_GAPS + 1):
        gaps.drop(Position(5, 2 * number + 1), "temp", 0, "full")
    assert len(gaps) == MOST_GAPS
    assert next(iter(gaps)).first == 3
    for number in range(MOST_SENDERS + 2):
        last = gaps.drop(Position(6, number + 1), f"s{number}", 0, "full")
    assert (len(last.shares), last.shares[""].events) == (MOST_SENDERS + 1, 2)


def test_of_whole_epochs_that_all_have_confirmed() -> None:
    """Each number counts."""
    numbers = Numbers(Position(9, 4), {5: 10, 7: 3, 9: 4}, floor=Position(9, 1))
    page, _ = page_of(numbers, Position(5, 8), None, _events(9, 2, 3, 4), [])
    assert page.lost == [Lost("", 2 + 3 + 1, 0, 0, NO_LONGER)]
