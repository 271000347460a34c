"""When links are to lend their reading, on a clock of the test's own."""

import pytest

from drivers.worth import (
    FLOOD,
    FOREIGN,
    FORGOTTEN_S,
    LONGEST_REST_S,
    REST_S,
    SPAN_S,
    STILL,
    STREAM,
    STREAM_ENDS,
    TRIAL_S,
    Pace,
    Worth,
)
from tests.support.fake_clock import FakeClock


class Links:
    """Links that tell their paces, and a dispatcher that is rung for `rings` times a second."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.worth = Worth(self.clock.monotonic)
        self.rings = 0.0

    def tell(self, *reads: float, readings: float = 1.0) -> bool:
        """A span later: the pace of each link; whether they are to lend."""
        self.clock.advance(1.001 * SPAN_S)
        if self.worth.lends:
            self.worth.reads += round(sum(reads) * SPAN_S)
            self.worth.rings += round(self.rings * SPAN_S)
        for number, pace in enumerate(reads):
            self.worth.tell(f"link{number}", Pace(pace, readings * pace))
        # what the last ones have told counts with the next
        self.clock.advance(1.001 * SPAN_S)
        self.worth.tell("link0", Pace(reads[0], readings * reads[0]))
        return self.worth.lends

    def spans(self, count: int, *reads: float) -> list[bool]:
        """Whether they were to lend after each of so many spans."""
        return [self.tell(*reads) for _ in range(count)]


@pytest.fixture
def links() -> Links:
    """Nobody has told anything yet."""
    return Links()


def test_one_link_that_is_fast(links: Links) -> None:
    """At once, and until it is far slower."""
    assert not links.tell(0.0)
    assert links.tell(1.01 * STREAM)
    assert links.tell(1.01 * STREAM_ENDS)
    assert not links.tell(0.99 * STREAM_ENDS)
    assert not links.tell(0.99 * STREAM)
    assert links.tell(1.01 * STREAM)


def test_many_links_that_are_slow(links: Links) -> None:
    """What counts is what they bring together."""
    each = STREAM / 20
    assert not links.tell(*[each] * 19)
    assert links.tell(*[each] * 21)
    assert links.tell(*[each] * 19)
    links.worth.tell("link0", STILL)
    assert links.tell(*[0.6 * each] * 20)
    assert not links.tell(*[0.4 * each] * 20)


def test_a_flood(links: Links) -> None:
    """Of readings, however many reads they take: there is nothing to save."""
    assert not links.tell(2 * STREAM, readings=FLOOD / STREAM)
    assert not links.tell(0.6 * FLOOD, 0.6 * FLOOD)
    assert links.tell(0.4 * FLOOD, 0.4 * FLOOD)
    assert not links.tell(0.6 * FLOOD, 0.6 * FLOOD)


def test_a_link_that_has_ended_is_not_counted_on(links: Links) -> None:
    """It tells nothing any more."""
    assert links.tell(0.6 * STREAM, 0.6 * STREAM)
    spans = round(FORGOTTEN_S / SPAN_S / 2)
    still_there, gone = links.spans(spans - 3, 0.3 * STREAM), links.spans(6, 0.3 * STREAM)
    assert all(still_there)
    assert not gone[-1]


def test_the_first_pace_is_weighed_at_once(links: Links) -> None:
    """A fast link need not tell it twice."""
    links.worth.tell("one", Pace(STREAM, STREAM))
    assert links.worth.lends


def test_it_is_not_weighed_at_each_telling(links: Links) -> None:
    """That would cost the square of the number of links."""
    links.worth.tell("one", STILL)
    links.worth.tell("one", Pace(STREAM, STREAM))
    assert not links.worth.lends
    links.clock.advance(1.001 * SPAN_S)
    links.worth.tell("two", STILL)
    assert links.worth.lends


def spans_of(seconds: float) -> int:
    """How many tellings of two spans that are."""
    return round(seconds / SPAN_S / 2)


@pytest.mark.parametrize(("rings", "lends"), [(0.9 * FOREIGN, True), (1.1 * FOREIGN, False)])
def test_whether_others_ring_too_often(links: Links, rings: float, lends: bool) -> None:
    """That is seen when all have lent."""
    links.rings = 1000.0 * rings
    before, after = links.spans(spans_of(TRIAL_S) - 1, 1000.0), links.spans(3, 1000.0)
    assert all(before)
    assert after[-1] is lends


def test_what_was_rung_before_all_had_lent_is_forgotten(links: Links) -> None:
    """Then those who had not lent yet posted."""
    links.rings = 1000.0
    assert all(links.spans(spans_of(TRIAL_S) - 2, 1000.0))
    links.rings = 0.0
    assert all(links.spans(10, 1000.0))


def test_each_trial_that_fails_makes_the_next_one_rarer(links: Links) -> None:
    """From a second to a minute between two."""
    links.rings = 1000.0
    rests: list[float] = []
    lends, since = True, 0.0
    while len(rests) < 10:
        if links.tell(1000.0) != lends:
            now = links.clock.monotonic()
            if lends:
                since = now
            else:
                rests.append(now - since)
            lends = not lends
    wanted = [min(REST_S * 2**number, LONGEST_REST_S) for number in range(10)]
    assert rests == pytest.approx(wanted, abs=4 * SPAN_S)


def test_a_trial_that_held_makes_the_next_one_as_near_as_at_first(links: Links) -> None:
    """Others began to ring later."""
    links.rings = 1000.0
    while links.tell(1000.0) or links.clock.monotonic() < 1030.0:
        pass
    links.rings = 0.0
    while not links.tell(1000.0):
        pass
    assert all(links.spans(3 * spans_of(TRIAL_S), 1000.0))
    links.rings = 1000.0
    assert not links.spans(2, 1000.0)[-1]
    assert links.spans(spans_of(REST_S) + 2, 1000.0)[-1]
