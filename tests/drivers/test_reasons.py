"""Why a link is not up, in the log: each kind, not each wording."""

import logging

import pytest

from drivers.reasons import AGAIN_S, MAX_KINDS, TIMES, LoggedReasons, kind_of
from tests.support.fake_clock import FakeClock


@pytest.fixture
def reasons(clock: FakeClock) -> LoggedReasons:
    """A link's."""
    return LoggedReasons("board", clock.monotonic)


def test_a_kind_is_what_does_not_vary() -> None:
    """Numbers and what comes after a semicolon do."""
    wordings = (
        "no hello within 5 s; 312 bytes came",
        "no hello within 65 s; nothing came",
        "no hello within 8 s",
    )
    assert {kind_of(wording) for wording in wordings} == {"no hello within # s"}
    assert kind_of("/dev/ttyUSB10 is held") == kind_of("/dev/ttyUSB2 is held")
    assert kind_of("reading failed: gone") != kind_of("writing failed: gone")
    assert kind_of("") == ""


def test_a_reason_is_logged_with_the_link_s_name(
    reasons: LoggedReasons, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, as a warning, in its full wording."""
    reasons.warn("no hello within 5 s; nothing came")
    reasons.warn("no hello within 65 s; 20 bytes came")
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "board: no hello within 5 s; nothing came")
    ]


def test_what_is_still_the_matter_is_said_again_each_hour(reasons: LoggedReasons, clock: FakeClock) -> None:
    """A day of one reason every five seconds makes 24 lines."""
    logged = 0
    for second in range(0, 24 * 3600, 5):
        logged += reasons.is_news(f"no hello within {second} s")
        clock.advance(5)
    assert logged == 24


def test_it_is_said_again_at_the_hour_s_end_not_before(reasons: LoggedReasons, clock: FakeClock) -> None:
    """Counted from when it was said."""
    assert reasons.is_news("silent")
    clock.advance(AGAIN_S - 1)
    assert not reasons.is_news("silent")
    clock.advance(1)
    assert reasons.is_news("silent")
    assert not reasons.is_news("silent")


def test_what_comes_and_goes_is_said_so_often_an_hour(reasons: LoggedReasons, clock: FakeClock) -> None:
    """Two kinds that take turns: each three times, then both again an hour after their first."""
    for hour in range(3):
        said = []
        for _ in range(100):
            said += [kind for kind in ("silent", "unplugged") if reasons.is_news(kind)]
        assert said == ["silent", "unplugged"] * TIMES, hour
        clock.advance(AGAIN_S)


def test_a_kind_that_was_said_between_counts_once(reasons: LoggedReasons) -> None:
    """Not twice in a row, though fewer than the three."""
    assert [reasons.is_news(kind) for kind in ("a", "a", "b", "a", "a", "b", "b")] == [
        *(True, False, True, True, False, True, False)
    ]


def test_one_kind_s_three_times_are_no_other_s(reasons: LoggedReasons) -> None:
    """A new kind is news, whatever was said before."""
    for _ in range(10):
        reasons.is_news("a")
        reasons.is_news("b")
    assert reasons.is_news("c")
    assert not reasons.is_news("a")


def test_after_all_was_well_the_same_is_news(reasons: LoggedReasons) -> None:
    """With its three times anew."""
    for _ in range(5):
        reasons.is_news("a")
        reasons.is_news("b")
    reasons.forget()
    assert [reasons.is_news(kind) for kind in ("b", "a", "b", "a", "b", "a", "b", "a")] == [
        *([True] * 2 * TIMES),
        *(False, False),
    ]
    reasons.forget()
    assert reasons.is_news("a")
    reasons.forget()
    assert reasons.is_news("a"), "also right after itself"


def test_kinds_without_end_are_not_kept(reasons: LoggedReasons) -> None:
    """Up to the bound each is counted; beyond it the counting starts anew, so that the memory is bounded."""
    kinds = ["".join(chr(ord("a") + int(digit)) for digit in str(n)) for n in range(100, 100 + MAX_KINDS)]
    for _ in range(TIMES):
        assert all(reasons.is_news(kind) for kind in kinds)
    assert not any(reasons.is_news(kind) for kind in kinds)
    assert reasons.is_news("one more")
    assert reasons.is_news(kinds[0])


def test_a_clock_that_starts_at_zero(clock: FakeClock) -> None:
    """A Pi's monotonic clock counts from its start, and the gateway starts a few seconds later."""
    reasons = LoggedReasons("board", FakeClock(monotonic=0.0).monotonic)
    assert reasons.is_news("a")
    assert not reasons.is_news("a")
