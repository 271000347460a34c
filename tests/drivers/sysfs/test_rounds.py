"""Which channels are read when."""

import itertools
import math

from drivers.polling import SHARE
from drivers.sysfs.rounds import Rounds


def test_all_together_in_one_rhythm() -> None:
    """At once, and then every so many seconds, however long reading takes."""
    rounds = Rounds(10.0)
    assert rounds.next_due == math.inf
    rounds.want(["a", "b"], 100.0)
    assert rounds.due(100.0) == ("a", "b")
    assert rounds.due(100.5) == ()
    assert rounds.next_due == 110.0
    assert rounds.due(113.0) == ("a", "b")
    assert rounds.next_due == 120.0


def test_one_that_is_new_is_read_at_once() -> None:
    """And with the others from then on; one that is not wanted any more is not."""
    rounds = Rounds(10.0)
    rounds.want(["a"], 100.0)
    assert rounds.due(100.0) == ("a",)
    rounds.want(["a", "b"], 103.0)
    assert rounds.next_due == -math.inf
    assert rounds.due(103.0) == ("b",)
    assert rounds.due(103.0) == ()
    assert rounds.due(110.0) == ("a", "b")
    rounds.want(["b"], 112.0)
    assert rounds.due(120.0) == ("b",)
    rounds.want([], 121.0)
    assert rounds.next_due == math.inf
    rounds.want(["a"], 150.0)
    assert rounds.due(150.0) == ("a",)


def test_one_that_is_hastened() -> None:
    """It is read soon, beside the rhythm; one that nobody wants is not."""
    rounds = Rounds(10.0)
    rounds.want(["a", "b"], 100.0)
    rounds.due(100.0)
    rounds.hasten("b")
    rounds.hasten("c")
    assert rounds.next_due == -math.inf
    assert rounds.due(101.0) == ("b",)
    assert rounds.due(110.0) == ("a", "b")


def test_a_round_takes_those_that_are_hastened_with_it() -> None:
    """They are not read twice."""
    rounds = Rounds(10.0)
    rounds.want(["a", "b"], 100.0)
    rounds.hasten("b")
    assert rounds.due(100.0) == ("a", "b")
    assert rounds.due(100.0) == ()


def test_a_failure_that_costs_little_stays_in_the_round() -> None:
    """Up to its share of the time."""
    rounds = Rounds(10.0)
    rounds.want(["a", "b"], 100.0)
    rounds.due(100.0)
    rounds.failed("a", 100.4, SHARE * 10.0)
    assert rounds.due(110.0) == ("a", "b")


def test_one_whose_failure_costs_much_is_asked_apart() -> None:
    """So rarely that it keeps to its share, until it works: then it is in the round again."""
    rounds = Rounds(10.0)
    rounds.want(["a", "b"], 100.0)
    rounds.due(100.0)
    rounds.failed("a", 103.0, 3.0)
    asked, now = [], 103.0
    while now < 1000.0:
        now += 0.5
        while due := rounds.due(now):
            if due == ("a",):
                asked.append(now)
                rounds.failed("a", now, 3.0)
            else:
                assert due == ("b",)
    assert 3.0 * len(asked) < 0.1 * 900.0, asked
    gaps = [after - before for before, after in itertools.pairwise(asked)]
    assert min(gaps) >= 3.0 / SHARE
    rounds.succeeded("a", now)
    assert ("b", "a") in {rounds.due(now + step) for step in range(20)}


def test_where_none_works_none_is_spared() -> None:
    """A sensor that is alone is asked at least once a minute, and read in its rhythm when it works."""
    rounds = Rounds(10.0)
    rounds.want(["a"], 100.0)
    rounds.due(100.0)
    now = 100.0
    for _ in range(10):
        rounds.failed("a", now + 3.75, 3.75)
        assert rounds.next_due <= now + 3.75 + 75.0
        now = rounds.next_due
        assert rounds.due(now) == ("a",)
    rounds.succeeded("a", now)
    assert now < rounds.next_due <= now + 10.0


def test_one_that_is_forgotten_begins_anew() -> None:
    """Also one that was asked apart: it is another chip."""
    rounds = Rounds(10.0)
    rounds.want(["a", "b"], 100.0)
    rounds.due(100.0)
    rounds.failed("a", 103.0, 3.0)
    rounds.forget("a")
    rounds.failed("a", 104.0, 3.0)
    rounds.succeeded("a", 104.0)
    rounds.want(["a", "b"], 105.0)
    assert rounds.due(105.0) == ("a",)
