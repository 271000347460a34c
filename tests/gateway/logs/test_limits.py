"""How many lines of a kind are told, and how the others are."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.logs.kinds import kind_of
from gateway.logs.limits import A_MINUTE, AT_ONCE, MOST_KINDS, OF_A_KIND, SPAN_S, Limits


def _record(text: str, level: int = logging.INFO, logger: str = "x") -> logging.LogRecord:
    return logging.LogRecord(logger, level, "", 0, "%s", (text,), None)


def _texts(records: list[logging.LogRecord]) -> list[str]:
    return [record.getMessage() for record in records]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("board: lost after 12.5 s", "board: lost after 7 s", True),
        ("held by fuser (pid 812)", "held by fuser (pid 9)", True),
        ("at 2026-11-22 06:30:00", "at 2026-11-23 07:31:02", False),
        ("said b'abc'", "said b'x\\'yz", True),
        ("code 0x8B", "code 0x93", True),
        ("moved by -3", "moved by +2", True),
        ("board1: lost", "board2: lost", False),
        ("/dev/ttyUSB0 is gone", "/dev/ttyUSB1 is gone", False),
        ("sensor-1: stale", "sensor-2: stale", False),
        ("no field 'temp'", "no field 'hum'", False),
        ("1-wire", "2-wire", False),
    ],
)
def test_kinds(one: str, other: str, alike: bool) -> None:
    """Numbers that stand by themselves make no kind; names do, and so do who says it and how loud."""
    assert (kind_of(_record(one)) == kind_of(_record(other))) is alike
    assert kind_of(_record(one)) != kind_of(_record(one, logging.ERROR))
    assert kind_of(_record(one)) != kind_of(_record(one, logger="y"))


def test_the_first_are_told_and_the_others_counted() -> None:
    """And after the span comes how many there were, with the last of them; then it begins anew."""
    limits = Limits()
    told = [limits.take(_record(f"lost after {n} s"), float(n)) for n in range(50)]
    assert told == [True] * OF_A_KIND + [False] * (50 - OF_A_KIND)
    assert limits.due(SPAN_S - 1) == []
    (report,) = limits.due(SPAN_S)
    assert report.getMessage() == "40 more like this in the last 10 minutes: lost after 49 s"
    assert (report.name, report.levelno) == ("x", logging.INFO)
    assert limits.due(2 * SPAN_S) == []
    assert limits.take(_record("lost after 1 s"), SPAN_S + 1)


def test_a_kind_that_comes_after_its_span() -> None:
    """Tells of what was counted before it, even if nobody has asked meanwhile."""
    limits = Limits()
    for _ in range(OF_A_KIND + 1):
        limits.take(_record("lost"), 0.0)
    assert limits.take(_record("lost"), SPAN_S)
    assert _texts(limits.due(SPAN_S)) == ["1 more like this in the last 10 minutes: lost"]


def test_a_kind_holds_up_no_other() -> None:
    """What is said for the first time is told, however much there was of another kind."""
    limits = Limits()
    for n in range(100_000):
        limits.take(_record(f"chatter {n}"), n / 1000)
    assert limits.take(_record("board: lost"), 100.0)
    assert limits.take(_record("board2: lost"), 100.0)


def test_at_the_end_everything_is_told_of() -> None:
    """A report needs no full span then."""
    limits = Limits()
    for _ in range(OF_A_KIND + 2):
        limits.take(_record("lost"), 0.0)
    assert _texts(limits.due(30.0, all_of_them=True)) == ["2 more like this in the last minute: lost"]
    assert limits.due(30.0, all_of_them=True) == []


def test_debug_lines_are_not_limited() -> None:
    """Who asked for them wants them."""
    limits = Limits()
    assert all(limits.take(_record("same", logging.DEBUG), 0.0) for _ in range(1000))


def test_many_kinds() -> None:
    """Memory is bounded, and so is what comes at once, in the long run, and of kinds that are not new."""
    limits = Limits()
    told = sum(limits.take(_record(f"name{n} is odd"), 0.0) for n in range(5 * AT_ONCE))
    assert told == AT_ONCE
    assert len(limits._counts) <= MOST_KINDS
    assert sum(limits.take(_record(f"other{n} is odd"), 60.0) for n in range(1000)) == A_MINUTE
    (report,) = limits.due(SPAN_S)
    lines = 4 * AT_ONCE + 1000 - A_MINUTE
    assert report.getMessage() == (
        f"log: {lines} lines of the last 10 minutes were not told, such as: other999 is odd"
    )
    assert report.levelno == logging.WARNING
    assert limits.due(2 * SPAN_S, all_of_them=True) == []


def test_room_is_left_for_what_is_new() -> None:
    """Of kinds that were told before a fifth of the room is not taken."""
    limits = Limits()
    for n in range(AT_ONCE):
        limits.take(_record(f"name{n % 200} is odd"), 0.0)
    assert sum(limits.take(_record(f"other{n} is odd"), 0.0) for n in range(AT_ONCE)) == AT_ONCE // 5


@given(
    st.lists(
        st.tuples(st.floats(0, 200), st.sampled_from(["a", "b 1", "b 2", "c5"]), st.integers(1, 30)),
        max_size=40,
    )
)
def test_nothing_is_lost_uncounted(steps: list[tuple[float, str, int]]) -> None:
    """What was told and what reports count are what came, whenever they are asked for."""
    limits, now, came, told, counted = Limits(), 0.0, 0, 0, 0
    for wait, text, times in steps:
        now += wait
        for _ in range(times):
            came += 1
            told += limits.take(_record(text), now)
        counted += sum(int(report.split()[0]) for report in _texts(limits.due(now)))
    counted += sum(int(report.split()[0]) for report in _texts(limits.due(now, all_of_them=True)))
    assert told + counted == came
