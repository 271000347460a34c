"""Events that had to be dropped, counted with the clocks that they were noted by."""

import pytest

from gateway import loss as loss_module
from gateway.loss import Loss, Tally
from tests.support.fake_clock import START_UTC

DAY = 86400.0


def told(loss: Loss) -> tuple[float, float, int, bool]:
    return loss.first - START_UTC, loss.last - START_UTC, loss.count, loss.known


def test_of_one_clock() -> None:
    """From the first to the last."""
    loss = Loss.of(START_UTC + 5, 15.0)
    loss.add(Loss.of(START_UTC + 9, 19.0))
    loss.add(Loss.of(START_UTC + 2, 12.0))
    assert told(loss) == (2, 9, 3, True)
    assert (loss.at, loss.offset) == (19.0, START_UTC - 10)


def test_over_a_step() -> None:
    """By the clock that was believed, or else by the later one."""
    behind = Loss.of(START_UTC - 8 * DAY, 10.0, known=False)
    behind.add(Loss.of(START_UTC + 5, 15.0))
    assert told(behind) == (0, 5, 2, True)
    right = Loss.of(START_UTC, 10.0)
    right.add(Loss.of(START_UTC + 30 * DAY, 15.0, known=False))
    assert told(right) == (0, 5, 2, True)
    later = Loss.of(START_UTC - 8 * DAY, 10.0, known=False)
    later.add(Loss.of(START_UTC + 5, 15.0, known=False))
    assert told(later) == (0, 5, 2, False)


def test_over_a_boot() -> None:
    """As they were noted; trusted only if both are."""
    loss = Loss.of(START_UTC, 1000.0, "boot-0")
    loss.add(Loss.of(START_UTC + 60, 5.0, "boot-a", known=False))
    assert told(loss) == (0, 60, 2, False)
    assert (loss.boot, loss.at) == ("boot-a", 5.0)
    loss.add(Loss.of(START_UTC - 60, 7.0, "boot-b"))
    assert (loss.boot, loss.at, loss.last) == ("boot-a", 5.0, START_UTC + 60)


def test_where_the_moment_was_not_noted() -> None:
    """By a version that did not: nothing is moved."""
    loss = Loss.of(START_UTC)
    loss.add(Loss.of(START_UTC + 8 * DAY))
    assert told(loss) == (0, 8 * DAY, 2, True)
    assert loss.at is None


def test_so_many_of_a_time() -> None:
    """Another object, which does not grow with the first."""
    loss = Loss.of(START_UTC, 5.0, "boot-a", known=False)
    many = loss.times(7)
    loss.add(Loss.of(START_UTC + 1, 6.0, "boot-a", known=False))
    assert told(many) == (0, 0, 7, False)
    assert (many.at, many.boot) == (5.0, "boot-a")


def test_a_tally_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Senders beyond the most go under no name; those that are there already go on."""
    monkeypatch.setattr(loss_module, "MOST_COUNTED", 2)
    tally = Tally()
    for sender in ("a", "b", "c", "a", "d"):
        tally.add(sender, 2)
    found = tally.counts()
    assert found == {"a": 4, "b": 2, "": 4}
    tally.add("a", 1)
    assert found["a"] == 4
