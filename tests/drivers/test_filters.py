"""Deadband, spike guard, thresholds: pure decisions."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.filters import SPIKE_CONFIRMATIONS, Deadband, SpikeGuard, Threshold
from drivers.options import Amount

values = st.integers(-5000, 5000).map(lambda hundredths: hundredths / 100)


def published(deadband: Deadband, stream: list[tuple[float, float]]) -> list[float]:
    """The values of `stream` (value, time) that pass."""
    out = []
    for value, now in stream:
        if deadband.passes(value, now):
            deadband.take(value, now)
            out.append(value)
    return out


def test_the_first_value_passes_whatever_it_is() -> None:
    """Also after a reset."""
    deadband = Deadband(Amount(1.0))
    assert published(deadband, [(0.0, 0.0), (0.0, 1.0)]) == [0.0]
    deadband.reset()
    assert deadband.passes(0.0, 2.0)


@pytest.mark.parametrize(("before", "after"), [(21.2, 21.3), (0.2, 0.3), (1000.2, 1000.3), (-0.1, 0.0)])
def test_a_change_of_exactly_delta_passes(before: float, after: float) -> None:
    """0.3 - 0.2 is a little less than 0.1 in floating point, and counts as 0.1."""
    assert published(Deadband(Amount(0.1)), [(before, 0.0), (after, 1.0)]) == [before, after]


def test_a_smaller_change_does_not_pass_however_often() -> None:
    """The deadband is around the last value published, so a slow drift passes when it adds up."""
    stream = [(20.0 + i * 0.04, float(i)) for i in range(6)]
    assert published(Deadband(Amount(0.1)), stream) == [20.0, 20.0 + 3 * 0.04]


def test_without_a_delta_every_change_passes_and_no_repetition() -> None:
    """`delta: 0` publishes what changed, however little."""
    stream = [(1.0, 0.0), (1.0, 1.0), (1.01, 2.0), (1.01, 3.0)]
    assert published(Deadband(Amount(0.0)), stream) == [1.0, 1.01]


def test_a_relative_delta_does_not_let_flicker_near_zero_through() -> None:
    """5 % of 0 is nothing: the resolution is the floor."""
    deadband = Deadband(Amount(0.05, relative=True))
    deadband.resolution = 1.0
    stream = [(0.0, 0.0), (0.5, 1.0), (0.9, 2.0), (1.0, 3.0), (0.2, 4.0), (0.0, 5.0)]
    assert published(deadband, stream) == [0.0, 1.0, 0.0]


def test_a_relative_delta_is_of_the_last_published_value() -> None:
    """5 % of 300 is 15, of 315 it is 15.75."""
    stream = [(300.0, 0.0), (314.0, 1.0), (315.0, 2.0), (330.0, 3.0), (331.0, 4.0)]
    assert published(Deadband(Amount(0.05, relative=True)), stream) == [300.0, 315.0, 331.0]


def test_min_interval_holds_small_changes_back_and_step_lets_large_ones_through() -> None:
    """A change waits for `min_interval`; one of `step` or more does not."""
    deadband = Deadband(Amount(0.1), min_interval=10.0, step=Amount(5.0))
    stream = [(20.0, 0.0), (21.0, 5.0), (25.0, 6.0), (25.5, 15.0), (25.5, 16.0), (26.0, 20.0)]
    assert published(deadband, stream) == [20.0, 25.0, 25.5]


def test_min_interval_without_step_holds_every_change_back() -> None:
    """Without `step` no change is large."""
    stream = [(20.0, 0.0), (90.0, 9.9), (90.0, 10.0)]
    assert published(Deadband(Amount(0.1), min_interval=10.0), stream) == [20.0, 90.0]


def test_heartbeat_publishes_the_unchanged_value() -> None:
    """After `heartbeat` seconds the same value passes."""
    stream = [(20.0, float(t)) for t in range(25)]
    assert published(Deadband(Amount(0.5), heartbeat=10.0), stream) == [20.0, 20.0, 20.0]


def test_a_heartbeat_is_due_at_the_reading_nearest_to_it() -> None:
    """Of readings each second, one a little early ends two seconds all the same."""
    deadband = Deadband(Amount(0.5), heartbeat=2.0)
    deadband.interval = 1.0
    times = [0.0, 1.004, 1.996, 3.003, 3.995, 4.99, 5.993]
    assert [now for now in times if published(deadband, [(20.0, now)])] == [0.0, 1.996, 3.995, 5.993]


def test_min_interval_is_over_at_the_reading_nearest_to_it() -> None:
    """The same thought, for changes; and never before half of it, however rare the readings are."""
    deadband = Deadband(Amount(0.1), min_interval=2.0)
    deadband.interval = 1.0
    assert published(deadband, [(20.0, 0.0), (21.0, 1.001), (22.0, 1.998), (23.0, 3.0)]) == [20.0, 22.0]
    deadband.interval = 10.0
    assert published(deadband, [(24.0, 2.9), (25.0, 3.0)]) == [25.0]


@given(st.lists(values, min_size=1, max_size=30), st.sampled_from([0.0, 0.1, 0.5, 3.0]))
def test_what_was_published_last_is_never_delta_away(stream: list[float], delta: float) -> None:
    """Whatever the values: who knows the last one published knows the current one to within `delta`."""
    deadband = Deadband(Amount(delta))
    last = None
    for now, value in enumerate(stream):
        if deadband.passes(value, float(now)):
            assert last is None or abs(value - last) >= delta * (1 - 1e-6)
            assert value != last
            deadband.take(value, float(now))
            last = value
        assert last is not None
        assert abs(value - last) < delta or value == last


@given(st.lists(values, min_size=2, max_size=30))
def test_asking_a_deadband_changes_nothing(stream: list[float]) -> None:
    """`passes` may be asked any number of times."""
    deadband = Deadband(Amount(0.3), min_interval=2.0, step=Amount(1.0), heartbeat=7.0)
    for now, value in enumerate(stream):
        answers = {deadband.passes(value, float(now)) for _ in range(3)}
        assert len(answers) == 1
        if answers == {True}:
            deadband.take(value, float(now))


def suspected(guard: SpikeGuard, stream: list[float]) -> list[float]:
    """The values of `stream` that are suspect."""
    out = []
    for value in stream:
        reason = guard.check(value)
        guard.take(value, reason)
        if reason is not None:
            out.append(value)
    return out


def begun(limit: Amount, level: float) -> SpikeGuard:
    """A guard that trusts `level`."""
    guard = SpikeGuard(limit)
    guard.take(level, None)
    return guard


@pytest.mark.parametrize(
    ("stream", "suspect"),
    [
        ([85.0, 21.5, 21.5, 21.6], [85.0, 21.5]),
        ([21.5, 21.6, 85.0, 21.5], [21.5, 85.0]),
        ([85.0, 21.5, 85.0, 21.5, 85.0], [85.0, 21.5, 85.0, 21.5, 85.0]),
        ([20.0, 25.0], [20.0]),
        ([20.0, 25.1], [20.0, 25.1]),
    ],
)
def test_a_first_value_is_suspect_until_another_agrees(stream: list[float], suspect: list[float]) -> None:
    """One that does not agree is the next to be confirmed; two that do are a level."""
    assert suspected(SpikeGuard(Amount(5.0)), stream) == suspect


def test_a_first_value_s_reason_says_what_it_waits_for() -> None:
    """And what the next one did not agree with."""
    guard = SpikeGuard(Amount(5.0))
    wants = [guard.wants_another]
    assert guard.check(85.0) == "first value, not yet confirmed"
    guard.take(85.0, "first value, not yet confirmed")
    wants.append(guard.wants_another)
    assert guard.check(21.5) == "not yet confirmed: 21.5 after 85, more than 5 away"
    guard.take(85.0, None)
    wants.append(guard.wants_another)
    assert wants == [False, True, False]


def test_a_guard_that_begins_anew_has_a_first_value_again() -> None:
    """Neither the trusted level nor what was suspected counts any more."""
    guard = begun(Amount(5.0), 20.0)
    assert suspected(guard, [85.0, 85.0]) == [85.0, 85.0]
    guard.reset()
    assert suspected(guard, [85.0, 20.0, 20.0]) == [85.0, 20.0]


def test_flicker_near_zero_is_no_spike() -> None:
    """5 % of nothing is nothing: the resolution is the floor."""
    guard = SpikeGuard(Amount(0.05, relative=True))
    guard.resolution = 1.0
    assert suspected(guard, [0.0, 1.0, 0.0, 1.0, 2.1]) == [0.0, 2.1]


def test_a_spike_is_suspect_and_the_next_value_is_not() -> None:
    """A jump is judged against the last trusted value, not against the spike."""
    assert suspected(begun(Amount(5.0), 20.0), [85.0, 20.1, 25.1, 30.2]) == [85.0, 30.2]


def test_a_jump_that_holds_becomes_the_new_level() -> None:
    """The third value in a row that agrees is trusted, and so is what follows."""
    assert suspected(begun(Amount(5.0), 20.0), [40.0, 41.0, 42.0, 43.0, 20.0]) == [40.0, 41.0, 20.0]
    assert SPIKE_CONFIRMATIONS == 3


def test_values_that_jump_about_never_become_a_level() -> None:
    """Each suspect value must agree with the one before."""
    assert suspected(begun(Amount(5.0), 20.0), [40.0, 60.0] * 5) == [40.0, 60.0] * 5


def test_a_guard_without_a_limit_suspects_nothing() -> None:
    """`spike` is off unless it is set."""
    guard = SpikeGuard(None)
    assert suspected(guard, [0.0, 1e9, -1e9]) == []
    assert not guard.wants_another


def test_a_spike_s_reason_says_how_far_and_from_where() -> None:
    """The text names both values and the limit as configured."""
    guard = SpikeGuard(Amount(0.1, relative=True))
    guard.take(20.0, None)
    assert guard.check(85.0) == "spike: 85 after 20, more than 10% away"


@given(st.lists(values, max_size=30))
def test_a_guard_never_suspects_more_than_jumps(stream: list[float]) -> None:
    """Without a step larger than the limit between neighbours, nothing but the first value is suspect."""
    smooth = [sum(stream[:i]) / (i + 1) for i in range(len(stream))]
    limit = max((abs(b - a) for a, b in itertools.pairwise(smooth)), default=0.0)
    assert suspected(SpikeGuard(Amount(limit)), smooth) == smooth[:1]


def crossings(threshold: Threshold, stream: list[float]) -> list[float]:
    """The values of `stream` that fire."""
    return [value for value in stream if threshold.crossed(value)]


def test_a_rising_threshold_fires_once_and_again_after_it_came_back() -> None:
    """Reaching the level fires; flicker within the hysteresis does not."""
    hot = Threshold(26.0, Amount(0.5), rising=True)
    assert crossings(hot, [25.9, 26.0, 25.6, 26.1, 25.5, 26.0, 27.0]) == [26.0, 26.0]


def test_a_falling_threshold_is_the_mirror_image() -> None:
    """`cold` fires at or below its level."""
    cold = Threshold(18.0, Amount(0.5), rising=False)
    assert crossings(cold, [18.1, 18.0, 18.4, 17.9, 18.5, 18.0]) == [18.0, 18.0]


def test_a_first_value_beyond_the_level_fires() -> None:
    """Who starts later must learn of it."""
    assert crossings(Threshold(26.0, Amount(0.0), rising=True), [30.0, 31.0]) == [30.0]


def test_without_hysteresis_a_value_at_the_level_does_not_fire_twice() -> None:
    """Staying at the level is no crossing."""
    hot = Threshold(26.0, Amount(0.0), rising=True)
    assert crossings(hot, [26.0, 26.0, 25.9, 26.0, 26.0]) == [26.0, 26.0]


def test_a_threshold_that_begins_anew_fires_for_what_it_fired_for_before() -> None:
    """Whose value it was does not count any more."""
    hot = Threshold(26.0, Amount(0.5), rising=True)
    assert crossings(hot, [27.0, 27.0]) == [27.0]
    hot.reset()
    assert crossings(hot, [27.0, 27.0]) == [27.0]


def test_a_relative_hysteresis_is_of_the_level() -> None:
    """10 % of 500 is 50."""
    bright = Threshold(500.0, Amount(0.1, relative=True), rising=True)
    assert crossings(bright, [500.0, 451.0, 500.0, 450.0, 500.0]) == [500.0, 500.0]


@given(st.lists(values, max_size=50), values, st.integers(0, 300).map(lambda h: h / 100), st.booleans())
def test_between_two_firings_the_value_came_back(
    stream: list[float], level: float, band: float, rising: bool
) -> None:
    """Whatever the values: each firing is beyond the level, and came after a value beyond the hysteresis."""
    threshold = Threshold(level, Amount(band), rising=rising)
    sign = 1 if rising else -1
    fired_before, back = False, True
    for value in stream:
        height = sign * (value - level)
        if threshold.crossed(value):
            assert height >= 0
            assert back or not fired_before
            fired_before, back = True, False
        else:
            assert height < 0 or fired_before
            back = back or height <= -band + 1e-9
