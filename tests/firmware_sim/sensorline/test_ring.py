"""The ring: what it keeps, what it forgets, what it knows of what it had no room for."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.sensorline.ring import Kept, Ring

NAMES = ("temp", "hum")


def fill(ring: Ring, boot: int, first: int, last: int) -> None:
    """Readings of alternating channels, a second apart."""
    for seq in range(first, last + 1):
        ring.keep(Kept(boot, NAMES[seq % 2], seq, seq * 1000, "20", 0))


def begun(size: int, boot: int = 7) -> Ring:
    """A ring whose boot has begun."""
    ring = Ring(size)
    ring.begin(boot)
    return ring


def told(ring: Ring, boot: int) -> tuple[int, int, int, int, dict[str, int]]:
    """All that the ring knows of a boot."""
    past = ring.past(boot)
    assert past is not None
    return past.first, past.newest, past.lost_from, past.lost_to, dict(past.by_channel)


def test_what_is_acknowledged_is_forgotten() -> None:
    """Up to and with that number; again, or less, changes nothing."""
    ring = begun(10)
    fill(ring, 7, 1, 5)
    ring.acknowledge(7, 3)
    ring.acknowledge(7, 3)
    ring.acknowledge(7, 0)
    assert told(ring, 7) == (4, 5, 0, 0, {})
    assert ring.find(7, 3) is None
    assert ring.find(7, 4) == Kept(7, "temp", 4, 4000, "20", 0)
    assert len(ring) == 2


def test_all_may_be_acknowledged() -> None:
    """Then the first is one more than the newest, and the boot that runs is still known."""
    ring = begun(10)
    fill(ring, 7, 1, 5)
    ring.acknowledge(7, 5)
    assert told(ring, 7) == (6, 5, 0, 0, {})
    fill(ring, 7, 6, 6)
    assert told(ring, 7) == (6, 6, 0, 0, {})


@pytest.mark.parametrize(("boot", "seq"), [(7, 6), (8, 1)])
def test_what_was_never_measured_cannot_be_acknowledged(boot: int, seq: int) -> None:
    """Somebody takes this board for another: nothing is forgotten."""
    ring = begun(10)
    fill(ring, 7, 1, 5)
    ring.acknowledge(boot, seq)
    assert told(ring, 7) == (1, 5, 0, 0, {})


def test_what_is_full_overwrites_the_oldest() -> None:
    """Of any boot; from, to, and how many of which channel are known until they are acknowledged."""
    ring = begun(4)
    fill(ring, 7, 1, 3)
    ring.begin(8)
    fill(ring, 8, 1, 3)
    assert told(ring, 7) == (3, 3, 1, 2, {"hum": 1, "temp": 1})
    fill(ring, 8, 4, 5)
    assert told(ring, 7) == (4, 3, 1, 3, {"hum": 2, "temp": 1})
    assert told(ring, 8) == (2, 5, 1, 1, {"hum": 1})
    ring.acknowledge(7, 2)
    assert told(ring, 7) == (4, 3, 1, 3, {"hum": 2, "temp": 1})
    ring.acknowledge(7, 3)
    assert ring.past(7) is None
    assert ring.boots == [8]
    ring.acknowledge(8, 1)
    assert told(ring, 8) == (2, 5, 0, 0, {})
    fill(ring, 8, 6, 6)
    assert told(ring, 8) == (3, 6, 2, 2, {"temp": 1})


def test_a_boot_of_which_nothing_is_left_is_forgotten() -> None:
    """At the start after the next, as the boot before tells that nothing of it was lost; one that is
    acknowledged later, then."""
    ring = begun(4)
    ring.begin(8)
    assert ring.boots == [7, 8]
    assert told(ring, 7) == (1, 0, 0, 0, {})
    fill(ring, 8, 1, 1)
    ring.begin(9)
    assert ring.boots == [8, 9]
    ring.acknowledge(8, 1)
    assert ring.boots == [9]
    ring.acknowledge(9, 0)
    assert ring.boots == [9]


def test_a_boot_number_that_comes_again() -> None:
    """What is kept of the one before cannot be told from it, and goes."""
    ring = begun(4)
    fill(ring, 7, 1, 3)
    ring.begin(7)
    assert len(ring) == 0
    assert told(ring, 7) == (1, 0, 0, 0, {})


def test_another_size() -> None:
    """What has no room any more is lost, and counted."""
    ring = begun(4)
    fill(ring, 7, 1, 4)
    ring.resize(3)
    assert told(ring, 7) == (2, 4, 1, 1, {"hum": 1})
    ring.resize(5)
    fill(ring, 7, 5, 6)
    assert len(ring) == 5


def test_no_size() -> None:
    """Nothing is kept, and nothing is lost."""
    ring = begun(0)
    fill(ring, 7, 1, 4)
    assert told(ring, 7) == (1, 0, 0, 0, {})


def test_no_power() -> None:
    """All is gone, of all boots."""
    ring = begun(2)
    fill(ring, 7, 1, 4)
    ring.clear()
    ring.begin(8)
    assert ring.boots == [8]
    assert len(ring) == 0


STEPS = st.lists(st.one_of(st.just("keep"), st.just("begin"), st.integers(0, 30)), max_size=80)


@settings(deadline=None)  # a busy machine
@given(STEPS, st.integers(1, 6))
def test_each_reading_is_kept_acknowledged_or_lost(steps: list[str | int], size: int) -> None:
    """Whatever happens, of each boot: what lies beyond the acknowledgement is kept, or told as lost."""
    ring, boot, seq = begun(size, 1), 1, 0
    safe: Counter[int] = Counter()
    newest: Counter[int] = Counter()
    for step in steps:
        if step == "begin":
            boot, seq = boot + 1, 0
            ring.begin(boot)
        elif step == "keep":
            seq += 1
            fill(ring, boot, seq, seq)
            newest[boot] = seq
        elif isinstance(step, int):
            of = boot - step % 3
            ring.acknowledge(of, step)
            if step <= newest[of]:
                safe[of] = max(safe[of], step)
        assert len(ring) <= size
        for of, last in newest.items():
            past = ring.past(of)
            for each in range(safe[of] + 1, last + 1):
                assert past is not None
                kept, lost = ring.find(of, each) is not None, past.lost_from <= each <= past.lost_to
                assert kept != lost
            if past is not None and past.lost_to:
                assert sum(past.by_channel.values()) == past.lost_to - past.lost_from + 1
