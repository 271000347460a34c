"""When one that found no room is asked for again."""

from drivers.stream.sensorline.put_off import LONGEST_S, MOST, PutOff


def test_it_is_asked_for_at_once_then_later_and_later() -> None:
    """Up to 8 s."""
    off, now, waited = PutOff(), 0.0, []
    for _ in range(6):
        off.note(7, now)
        begun = now
        while off.waits(7, now):
            now += 0.5
        waited.append(now - begun)
    assert waited == [0.0, 1.0, 2.0, 4.0, 8.0, LONGEST_S]
    assert not off.waits(8, 0.0)


def test_one_that_is_not_asked_for_any_more_is_forgotten() -> None:
    """The others are not."""
    off = PutOff()
    for seq in (7, 8, 7, 8):
        off.note(seq, 0.0)
    off.forget_to(7)
    assert (off.waits(7, 0.5), off.waits(8, 0.5)) == (False, True)


def test_too_many_are_not_remembered() -> None:
    """Those that wait keep their place; the rest is asked for at once, as if it were the first time."""
    off = PutOff()
    for seq in [*range(MOST), *range(MOST), MOST, MOST]:
        off.note(seq, 0.0)
    assert off.waits(MOST - 1, 0.5)
    assert not off.waits(MOST, 0.5)
    off.note(MOST, 2.0)
    off.note(MOST, 2.0)
    assert off.waits(MOST, 2.5)
