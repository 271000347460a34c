"""When what is retained is said again."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.mqtt.repetition import ROUND_S, SHORTEST_S, Repetition

START_S = 1000.0


class Life:
    """A repetition that is asked whenever it is due, and what it said when."""

    def __init__(self) -> None:
        self.repetition = Repetition()
        self.now = START_S
        self.said: dict[str, list[float]] = {}
        self.turns: list[tuple[float, int]] = []

    def say(self, *topics: str) -> None:
        for topic in topics:
            self.repetition.said(topic, b"x", self.now)
            self.said.setdefault(topic, []).append(self.now)

    def live(self, seconds: float, late_s: float = 0.0) -> None:
        end = self.now + seconds
        while self.repetition.due + late_s <= end:
            self.now = max(self.now, self.repetition.due + late_s)
            taken = self.repetition.take(self.now)
            self.turns.append((self.now, len(taken)))
            for topic, _ in taken:
                self.said[topic].append(self.now)
        self.now = end

    def longest_silence_s(self) -> float:
        times = [[*said, self.now] for said in self.said.values()]
        return max(after - before for said in times for before, after in pairwise(said))


@settings(max_examples=30)
@given(count=st.integers(1, 3000), late_s=st.floats(0.0, 0.05))
def test_all_of_it_within_a_round(count: int, late_s: float) -> None:
    """However many topics there are: each once a round, evenly, on a machine that is somewhat late, too."""
    life = Life()
    life.say(*(f"t/{number}" for number in range(count)))
    life.live(1.5 * ROUND_S, late_s)
    assert life.longest_silence_s() < ROUND_S + 2.0
    assert {len(said) for said in life.said.values()} <= {2, 3}
    assert len({taken for _, taken in life.turns}) == 1, "as many each time"
    times = [now for now, _ in life.turns]
    pauses = [after - before for before, after in pairwise(times)]
    assert min(pauses, default=ROUND_S) >= SHORTEST_S / 2
    assert max(pauses, default=0.0) <= ROUND_S + 0.1


@given(st.lists(st.tuples(st.floats(0.0, 30.0), st.integers(1, 300)), min_size=1, max_size=8))
def test_what_comes_later(arrivals: list[tuple[float, int]]) -> None:
    """Has its first turn within a round, and makes nobody wait longer."""
    life = Life()
    for number, (wait_s, count) in enumerate(arrivals):
        life.live(wait_s)
        life.say(*(f"{number}/{each}" for each in range(count)))
    life.live(2 * ROUND_S)
    assert life.longest_silence_s() <= ROUND_S + 1.0


def test_what_comes_all_the_time() -> None:
    """A new topic does not put off the next turn, however often one comes."""
    life = Life()
    life.say("first")
    for number in range(200):
        life.live(0.9 * ROUND_S / (number + 2))
        life.say(str(number))
    assert life.longest_silence_s() <= ROUND_S + 1.0


def test_what_is_said_all_the_time() -> None:
    """Keeps its place: it makes nobody wait, and its newest payload is what is said."""
    life = Life()
    life.say("busy", "quiet")
    for number in range(1000):
        life.live(0.1)
        life.repetition.said("busy", b"%d" % number, life.now)
    assert life.longest_silence_s() <= ROUND_S + 0.001
    life.now = life.repetition.due
    (first,) = life.repetition.take(life.now)
    life.now = life.repetition.due
    (second,) = life.repetition.take(life.now)
    assert dict([first, second]) == {"busy": b"999", "quiet": b"x"}


def test_what_is_removed() -> None:
    """An empty payload is not said again, nor what it emptied; with nothing left there is nothing to do."""
    life = Life()
    life.say("gone", "there")
    life.repetition.said("gone", b"", life.now)
    life.repetition.said("never there", b"", life.now)
    life.live(3 * ROUND_S)
    assert {topic: len(said) for topic, said in life.said.items()} == {"gone": 1, "there": 4}
    life.repetition.said("there", b"", life.now)
    life.live(3 * ROUND_S)
    assert life.repetition.due == float("inf")


def test_after_a_long_sleep() -> None:
    """Nothing is made up for: not more at once than ever, and then the pace of before."""
    life = Life()
    life.say(*(f"t/{number}" for number in range(1000)))
    life.now += 3600.0
    taken = Counter(len(life.repetition.take(life.now)) for _ in range(100))
    assert taken == {2: 2, 0: 98}
    life.live(ROUND_S)
    assert sum(count for _, count in life.turns) == pytest.approx(1000, abs=4)


def test_a_connection_that_is_gone() -> None:
    """Nothing is said to nobody."""
    life = Life()
    life.say("a", "b")
    life.repetition.clear()
    assert life.repetition.due == float("inf")
    assert life.repetition.take(life.now + 1e6) == []
    life.say("c")
    assert life.repetition.due == life.now + ROUND_S
