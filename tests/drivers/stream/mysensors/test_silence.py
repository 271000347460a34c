"""How long a node may say nothing."""

import math

import pytest

from drivers.stream.mysensors.silence import DEFAULT_LIMITS, REMEMBERED, Limits, Silence


def heard(silence: Silence, *gaps: float, start: float = 1000.0) -> float:
    """Have it say something now, and after each gap; returns when that was last."""
    now = start
    silence.hear(now)
    for gap in gaps:
        now += gap
        silence.hear(now)
    return now


def test_before_anything_is_known() -> None:
    """An hour, from what was heard last."""
    silence = Silence()
    assert silence.due == -math.inf
    now = heard(silence)
    assert silence.due == now + 3600.0
    assert heard(Silence(), 0.1, 0.1, 0.1) == pytest.approx(1000.3)


def test_three_times_the_longest_of_eight() -> None:
    """A burst after each waking is no silence, however many lines it has."""
    silence = Silence()
    burst = (0.2,) * 9
    heard(silence, *(*burst, 900.0) * 8)
    assert silence.limit_s == pytest.approx(2700.0)
    assert silence.wakings == 9


def test_a_node_that_says_something_each_second() -> None:
    """Is gone after five minutes."""
    silence = Silence()
    heard(silence, *(1.0,) * 60)
    assert silence.limit_s == 300.0


def test_the_longest_is_forgotten_after_eight_others() -> None:
    """It sleeps less now."""
    silence = Silence()
    now = heard(silence, *(600.0,) * 7, 1200.0)
    assert silence.limit_s == 3600.0
    now = heard(silence, *(600.0,) * 6, start=now + 600.0)
    assert silence.limit_s == 3600.0
    silence.hear(now + 600.0)
    assert silence.limit_s == 1800.0


def test_once_a_day() -> None:
    """At most 25 hours, also after a week."""
    silence = Silence()
    heard(silence, 24 * 3600.0)
    assert silence.limit_s == DEFAULT_LIMITS.most
    heard(silence, *(7 * 24 * 3600.0,) * 2)
    assert silence.limit_s == 25 * 3600.0


def test_what_was_learnt_before_counts_until_it_is_known_anew() -> None:
    """So that a restart of the program makes no node seem gone."""
    silence = Silence(1600.0)
    now = heard(silence)
    assert silence.limit_s == 4800.0
    heard(silence, *(10.0,) * (REMEMBERED - 1), start=now + 10.0)
    assert silence.limit_s == 300.0
    assert heard(Silence(100.0)) == 1000.0
    assert Silence(100.0).limit_s == 300.0


def test_little_of_it_is_noted() -> None:
    """In powers of two, up at once, down only by two steps: each change is written to a disk."""
    silence = Silence()
    changes = []
    now = 0.0
    for gap in (*(900.0, 950.0) * 20, 3000.0, *(900.0,) * 8, *(1500.0, 1700.0) * 9, *(300.0,) * 8):
        now += gap
        if silence.hear(now):
            changes.append(silence.usual_s)
    assert changes == [1600.0, 3200.0, 400.0]
    chatty = Silence()
    assert [chatty.hear(float(now)) for now in range(60)].count(True) <= 1
    assert chatty.usual_s == 100.0


def test_limits_of_ones_own() -> None:
    """Shorter ones, for who wants them."""
    silence = Silence(limits=Limits(least=2.0, most=9.0, unknown=4.0))
    heard(silence)
    assert silence.limit_s == 4.0
    heard(silence, *(100.0,) * 8)
    assert silence.limit_s == 9.0
    heard(silence, *(5.0, 0.1) * 8)
    assert silence.limit_s == 9.0
