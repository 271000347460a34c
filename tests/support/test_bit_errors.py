"""The arithmetic of a line that flips bits."""

import pytest

from tests.support.bit_errors import Cost, cost, damaged

HELLO = "H 0 1 m 24A1 7 1.0 1 0 100"
READING, AGAIN = "R temp 1 1000 21.50", "B 7 temp 1 1000 21.50"


def test_the_chance_of_a_line() -> None:
    """Of 30 bytes, 240 bits: the chance that one of them or more is flipped."""
    assert damaged(READING, 0.0) == 0.0
    assert len(READING) + 11 == 30
    assert damaged(READING, 0.001) == pytest.approx(1 - 0.999**240)


def test_without_errors_each_is_sent_once() -> None:
    """What else a board says is none of it."""
    assert cost([HELLO, READING, "A 3 7 1000 1", "D x"], 0.0) == Cost(1, 30, 30.0)


def test_what_is_unavoidable() -> None:
    """The first line, and its repetitions, each of which may be damaged again."""
    first, again = damaged(READING, 0.001), damaged(AGAIN, 0.001)
    found = cost([HELLO, READING, AGAIN], 0.001)
    assert found.sent == 30 + 32
    assert found.unavoidable == pytest.approx(30 + 32 * (first + first * again / (1 - again)))
    assert found.ratio == pytest.approx(62 / found.unavoidable)


def test_an_answer_is_a_reading() -> None:
    """To a `read`; its repetition has no id."""
    answer = "A 17 temp 1 1000 21.50"
    again = damaged(AGAIN, 0.001)
    found = cost([HELLO, answer], 0.001)
    assert (found.readings, found.sent) == (1, 33)
    assert found.unavoidable == pytest.approx(33 + damaged(answer, 0.001) / (1 - again) * 32)
