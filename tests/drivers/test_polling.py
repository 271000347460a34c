"""A schedule that spares what works from what does not."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.polling import SHARE, SLOWEST_S, Schedule

NOW = 1000.0


def scheduled(*spans: float) -> Schedule[int]:
    """Jobs 0, 1, …, from `NOW` on."""
    schedule = Schedule[int]()
    for number, every_s in enumerate(spans):
        schedule.add(number, every_s, NOW)
    return schedule


def moments(
    schedule: Schedule[int], until_s: float, broken: dict[int, float] | None = None
) -> list[tuple[float, int]]:
    """When which job is asked up to then. Those in `broken` fail, each after so many seconds."""
    seen, now = [], NOW
    while (due := schedule.next_due) <= until_s:
        now = max(now, due)
        key = schedule.due(now)
        assert key is not None
        seen.append((now - NOW, key))
        cost_s = (broken or {}).get(key)
        if cost_s is None:
            schedule.succeeded(key, now)
        else:
            now += cost_s
            schedule.failed(key, now, cost_s)
    return seen


def test_a_job_has_its_rhythm() -> None:
    """The first one begins at once."""
    assert moments(scheduled(10.0), NOW + 30.0) == [(0.0, 0), (10.0, 0), (20.0, 0), (30.0, 0)]


def test_nothing_is_due_between() -> None:
    """Nor while it is being asked."""
    schedule = scheduled(10.0)
    assert (schedule.next_due, schedule.due(NOW - 0.1), schedule.due(NOW)) == (NOW, None, 0)
    assert (schedule.next_due, schedule.due(NOW + 99.0)) == (float("inf"), None)
    schedule.succeeded(0, NOW + 0.1)
    assert (schedule.next_due, schedule.due(NOW + 9.9)) == (NOW + 10.0, None)


def test_an_empty_schedule() -> None:
    """Has nothing to wait for."""
    assert (Schedule[int]().next_due, Schedule[int]().due(NOW)) == (float("inf"), None)


def test_first_moments_are_spread() -> None:
    """Over the jobs' spans, none of them close to another."""
    first = sorted(when for when, _ in moments(scheduled(*[10.0] * 8), NOW + 9.99))
    assert len(first) == 8
    assert min(after - before for before, after in itertools.pairwise(first)) > 0.4


def test_of_missed_moments_the_last_is_made_up_for() -> None:
    """And the rhythm is the old one after a long wait."""
    schedule = scheduled(10.0)
    assert schedule.due(NOW) == 0
    schedule.succeeded(0, NOW + 0.1)
    assert schedule.due(NOW + 34.0) == 0
    schedule.succeeded(0, NOW + 34.1)
    assert schedule.due(NOW + 34.1) == 0
    schedule.succeeded(0, NOW + 34.2)
    assert schedule.next_due == NOW + 40.0


def test_more_than_the_source_can_do_leaves_it_no_pause() -> None:
    """Two jobs that want to be asked 20 times a second, of 29 ms each: one follows the other."""
    schedule, now, seen = scheduled(0.05, 0.05), NOW + 0.05, []
    for _ in range(100):
        seen.append(schedule.due(now))
        now += 0.029
        schedule.succeeded(seen[-1] or 0, now)
    assert seen == [0, 1] * 50


def test_who_waits_longest_is_next() -> None:
    """So that everybody's turn comes when there is too much to ask."""
    schedule, seen = scheduled(1.0, 1.0, 1.0), []
    for turn in range(9):
        now = NOW + 5.0 + turn
        key = schedule.due(now)
        assert key is not None
        seen.append(key)
        schedule.succeeded(key, now + 0.9)
    assert sorted(seen[:3]) == sorted(seen[3:6]) == sorted(seen[6:]) == [0, 1, 2]


def test_a_span_must_be_one() -> None:
    """Zero would be due for ever."""
    for wrong in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="expected seconds above 0"):
            Schedule[int]().add(1, wrong, NOW)


def test_a_removed_job() -> None:
    """Is not due, and how it went is of no use."""
    schedule = scheduled(1.0)
    schedule.remove(0)
    schedule.remove(0)
    assert (schedule.due(NOW + 9.0), schedule.next_due) == (None, float("inf"))
    schedule.succeeded(0, NOW)
    schedule.failed(0, NOW)
    schedule.hasten(0)
    assert (schedule.due(NOW + 9.0), schedule.failures(0)) == (None, 0)


def test_a_job_in_place_of_another() -> None:
    """The old one's moment is not the new one's."""
    schedule = scheduled(1.0)
    schedule.add(0, 100.0, NOW + 50.0)
    assert schedule.due(NOW + 50.0) is None
    assert NOW + 50.0 < schedule.next_due < NOW + 150.0


def test_a_hastened_job() -> None:
    """Comes at once, and keeps its rhythm."""
    schedule = scheduled(10.0)
    assert schedule.due(NOW) == 0
    schedule.hasten(0)  # while it is being asked: nothing to do
    assert schedule.due(NOW) is None
    schedule.succeeded(0, NOW)
    schedule.hasten(0)
    assert schedule.next_due < NOW
    assert schedule.due(NOW + 3.0) == 0
    schedule.succeeded(0, NOW + 3.1)
    assert schedule.next_due == NOW + 10.0


def test_a_job_that_fails_is_not_hastened() -> None:
    """Whoever waits for it would make it cost more."""
    schedule = scheduled(10.0)
    assert schedule.due(NOW) == 0
    schedule.failed(0, NOW, 1.0)
    schedule.hasten(0)
    assert schedule.due(NOW + 1.0) is None
    assert schedule.next_due == NOW + 10.0


def test_a_job_that_fails_is_asked_ever_more_rarely() -> None:
    """Noise first, then twice as long each time, up to a bound; the first success ends that."""
    schedule = scheduled(1.0)
    seen = [when for when, _ in moments(schedule, NOW + 400.0, {0: 0.0})]
    assert [after - before for before, after in itertools.pairwise(seen)][:8] == [
        1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0, 15.0,
    ]  # fmt: skip
    assert schedule.failures(0) > 8
    now = schedule.next_due
    assert schedule.due(now) == 0
    schedule.succeeded(0, now)
    assert (schedule.failures(0), schedule.next_due) == (0, now + 1.0)


def test_a_slow_job_that_fails() -> None:
    """Is asked no more rarely than a job that works: its span is beyond the bound."""
    seen = [when for when, _ in moments(scheduled(2 * SLOWEST_S), NOW + 1000.0, {0: 0.0})]
    assert seen[:4] == [0.0, 30.0, 60.0, 90.0]


@pytest.mark.parametrize(("missing", "longest_s"), [(1, 15.0), (2, 25.5), (4, 50.5)])
@pytest.mark.parametrize("every_s", [1.0, 10.0])
def test_who_is_plugged_in_late_is_soon_there(every_s: float, missing: int, longest_s: float) -> None:
    """However long it has been missing: it is asked each quarter of a minute, or as often as its share of the
    time allows."""
    broken = dict.fromkeys(range(1, 1 + missing), 0.5)
    seen = moments(scheduled(*[every_s] * (1 + missing)), NOW + 2 * 3600.0, broken)
    for key in broken:
        asked = [when for when, who in seen if who == key and when > 600.0]
        gaps = [after - before for before, after in itertools.pairwise(asked)]
        assert len(gaps) > 50
        assert max(gaps) <= longest_s + 0.001


@pytest.mark.parametrize("broken", [{1: 0.5}, {1: 5.0}, {1: 0.5, 2: 0.5, 3: 2.0}])
def test_what_fails_costs_the_others_little(broken: dict[int, float]) -> None:
    """All of it together not more than the share, but for the first failures."""
    hours_s = 4 * 3600.0
    seen = moments(scheduled(1.0, 1.0, 1.0, 1.0), NOW + hours_s, broken)
    lost_s = sum(broken.get(key, 0.0) for _, key in seen)
    assert 0.0 < lost_s <= SHARE * hours_s + 4 * sum(broken.values())


@given(st.lists(st.booleans(), min_size=200, max_size=200), st.floats(0.01, 3.0))
def test_what_works_now_and_then_costs_little_too(goes_well: list[bool], cost_s: float) -> None:
    """A success brings the rhythm back, and does not wipe out what the failures have cost."""
    schedule = scheduled(1.0, 1.0)
    now, lost_s = NOW, 0.0
    for well in goes_well:
        while True:
            now = max(now, schedule.next_due)
            key = schedule.due(now)
            assert key is not None
            if key == 1:
                break
            schedule.succeeded(0, now)
        if well:
            schedule.succeeded(1, now)
        else:
            now, lost_s = now + cost_s, lost_s + cost_s
            schedule.failed(1, now, cost_s)
        assert lost_s <= SHARE * (now - NOW) + 4 * cost_s


def test_where_all_fail_the_share_is_no_matter() -> None:
    """Nobody needs the time, and what comes back is to be seen soon: then the others are asked at once."""
    schedule = scheduled(*[1.0] * 30)
    seen = moments(schedule, NOW + 1000.0, dict.fromkeys(range(30), 0.5))
    late = [when for when, _ in seen if when > 500.0]
    assert max(after - before for before, after in itertools.pairwise(late)) <= SLOWEST_S + 1.0
    key, now = None, NOW + 1000.0
    while key is None:
        now = max(now, schedule.next_due)
        key = schedule.due(now)
    schedule.succeeded(key, now)
    assert schedule.next_due == now
    found = {schedule.due(now) for _ in range(29)}
    assert found | {key} == set(range(30))


def test_what_is_charged_delays_a_job() -> None:
    """When it is more than the share, and not for less; it is no failure."""
    schedule = scheduled(10.0, 10.0)
    assert schedule.due(NOW) == 0
    schedule.charge(0, NOW, 0.1)  # while it is being asked
    assert schedule.next_due > NOW
    schedule.succeeded(0, NOW)
    schedule.charge(0, NOW, 0.1)
    assert (schedule.due(NOW + 9.9), schedule.failures(0)) == (1, 0)
    schedule.succeeded(1, NOW + 9.9)
    assert schedule.due(NOW + 10.0) == 0
    schedule.succeeded(0, NOW + 10.0)
    for _ in range(10):
        schedule.charge(0, NOW + 10.0, 1.0)
    for _ in range(2):
        assert schedule.due(NOW + 100.0) == 1
        schedule.succeeded(1, NOW + 100.0)
    assert schedule.next_due > NOW + 100.0
    schedule.charge(5, NOW, 1.0)
    assert schedule.failures(5) == 0


def test_a_job_that_is_put_off() -> None:
    """Comes then, and has not gone wrong."""
    schedule = scheduled(10.0)
    assert schedule.due(NOW) == 0
    schedule.postpone(0, NOW + 3.0)
    schedule.postpone(5, NOW)
    assert (schedule.due(NOW + 2.9), schedule.next_due, schedule.due(NOW + 3.0)) == (None, NOW + 3.0, 0)
    assert schedule.failures(0) == 0


def test_the_first_failures_of_what_has_worked_cost_it_nothing() -> None:
    """They are taken for noise; of what has never worked they are not."""
    schedule = scheduled(1.0, 1.0)
    assert schedule.due(NOW) == 0
    schedule.succeeded(0, NOW)
    assert schedule.due(NOW + 1.0) in (0, 1)
    schedule.failed(0, NOW + 1.0, 0.5)
    schedule.failed(1, NOW + 1.0, 0.5)
    due = {}
    for _ in range(2):
        now = schedule.next_due
        key = schedule.due(now)
        assert key is not None
        due[key] = now - NOW
    assert due[0] == 2.0
