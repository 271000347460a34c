"""What the log says of the clock."""

import pytest

from gateway.clock.belief import Verdict
from gateway.clock.words import STEPS_AN_HOUR, Words, span

SYNCHRONISED = Verdict(True, True, "it is synchronised")
BELIEVED = Verdict(True, False, "nothing contradicts it")
UNSET = Verdict(False, False, "ntpd has had no answer yet")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (691_200.0, "+691200.000 s (8.0 d)"),
        (-0.25, "-0.250 s"),
        (-7200.0, "-7200.000 s (2.0 h)"),
        (150.0, "+150.000 s (2.5 min)"),
        (55 * 31_557_600.0, "+1735668000.000 s (55.0 years)"),
    ],
)
def test_spans(seconds: float, text: str) -> None:
    """To the millisecond, and for people."""
    assert span(seconds) == text


def told(words: Words, *verdicts: Verdict) -> list[str]:
    for verdict in verdicts:
        words.verdict(verdict)
    return [text for _, text in words.take()]


def test_each_change_once() -> None:
    """What is held of the clock; the reason alone may change in silence."""
    words = Words()
    (unset,) = told(words, UNSET, UNSET._replace(why="another"))
    assert unset.startswith("clock: not believed: ntpd has had no answer yet; ")
    assert '"clock": "unset"' in unset
    assert told(words, SYNCHRONISED, SYNCHRONISED) == ["clock: believed: it is synchronised"]
    assert told(words, BELIEVED) == ["clock: believed: nothing contradicts it"]


def test_a_right_clock_is_no_news() -> None:
    """At the start; one that is not synchronised is told of."""
    assert told(Words(), SYNCHRONISED) == []
    assert told(Words(), BELIEVED) == ["clock: used as it is: nothing contradicts it"]


def test_steps_are_told_with_their_size_and_not_too_often() -> None:
    """A clock that is thrown to and fro all day must not fill the log."""
    words = Words()
    for second in range(1000):
        words.step(60.0, 10.0 + second)
    lines = words.take()
    assert len(lines) == STEPS_AN_HOUR
    assert lines[0][1] == "clock: it was set by +60.000 s"
    words.step(-60.0, 3700.0)
    assert [text for _, text in words.take()] == [
        f"clock: it was set by -60.000 s; {1000 - STEPS_AN_HOUR} more steps were not told of"
    ]
