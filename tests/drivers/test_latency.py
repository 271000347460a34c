"""How long requests took, in buckets."""

import pytest

from drivers.latency import BOUNDS_S, ERRORS, Latency
from tests.support.background import in_background


def test_each_in_its_bucket() -> None:
    """A bound is within its own; what is longer than all of them is in the last."""
    latency = Latency()
    for seconds in (0.0, BOUNDS_S[0], BOUNDS_S[0] + 1e-9, BOUNDS_S[-1], BOUNDS_S[-1] + 1):
        latency.took(seconds)
    taken = latency.taken()
    assert taken.counts == (2, 1, *[0] * (len(BOUNDS_S) - 3), 1, 1)
    assert taken.sum_s == pytest.approx(2 * BOUNDS_S[0] + 2 * BOUNDS_S[-1] + 1)


def test_errors_by_type() -> None:
    """All are there from the start; one that nobody knows is `failed`, as no name is made up by a source."""
    latency = Latency()
    assert latency.taken().errors == dict.fromkeys(ERRORS, 0)
    latency.failed("busy")
    latency.failed("made up")
    assert latency.taken().errors == {**dict.fromkeys(ERRORS, 0), "busy": 1, "failed": 1}


def test_what_was_told_does_not_change() -> None:
    """A copy, for another thread."""
    latency = Latency()
    before = latency.taken()
    latency.took(1.0)
    latency.failed("busy")
    assert sum(before.counts) == before.sum_s == before.errors["busy"] == 0


def test_from_several_threads() -> None:
    """None is lost."""
    latency = Latency()

    def many() -> None:
        for _ in range(2000):
            latency.took(0.5)

    for thread, raised in [in_background(many) for _ in range(4)]:
        thread.join(20)
        assert raised == [None]
    assert sum(latency.taken().counts) == 8000
