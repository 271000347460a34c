"""What is lost for good, until it is told."""

from drivers.stream.sensorline.losses import GAP_EVERY_S, GAP_WAIT_S, MOST_TOLD, Loss, Losses, channels_of

HEARD = {seq: ("temp", float(seq)) for seq in (9, 20, 30)}


def loss(first: int, last: int, reason: str = "lost", *, noted: float = 0.0, known: bool = True) -> Loss:
    """All of one channel, if that is `known`."""
    number = last - first + 1
    return Loss(first, last, number, {"temp": number} if known else None, reason, noted)


def losses(*those: Loss) -> Losses:
    """Not told yet."""
    untold = Losses()
    for each in those:
        untold.add(each)
    return untold


def spans(told: list[Loss]) -> list[tuple[int, int, int]]:
    """First, last, number."""
    return [(each.first, each.last, each.number) for each in told]


def test_what_follows_one_another_is_one() -> None:
    """In whichever order it was noted; it lies between what was heard around it."""
    untold = losses(loss(14, 19), loss(10, 10), loss(11, 13), loss(25, 29))
    first, second = untold.take(HEARD, 100.0)
    assert spans([first, second]) == [(10, 19, 10), (25, 29, 5)]
    assert (first.counts, first.since, first.until) == ({"temp": 10}, 9.0, 20.0)
    assert untold.take(HEARD, 1000.0) == []


def test_what_is_not_alike_is_told_by_itself() -> None:
    """For another reason, or of channels that are not known."""
    untold = losses(loss(10, 11), loss(12, 13, "worn"), loss(14, 15, known=False))
    assert spans(untold.take(HEARD, 100.0)) == [(10, 11, 2), (12, 13, 2), (14, 15, 2)]


def test_counts_are_added_by_channel() -> None:
    """One that is not known stays so."""
    one = Loss(10, 13, 4, {"temp": 3, "hum": 1, "lux": None}, "lost", 0.0)
    other = Loss(14, 19, 6, {"temp": 2, "hum": None, "lux": 1, "co2": 1}, "lost", 0.0)
    (told,) = losses(one, other).take(HEARD, 100.0)
    assert told.counts == {"temp": 5, "hum": None, "lux": None, "co2": 1}


def test_one_after_the_other_is_told_every_ten_seconds() -> None:
    """As one each time; what is told first is told at once, when the reading after it has come."""
    heard = dict(HEARD)
    untold, told = Losses(), []
    for seq in range(100, 160):
        untold.add(loss(seq, seq, noted=float(seq)))
        heard[seq + 1] = "temp", float(seq + 1)
        told.append(spans(untold.take(heard, float(seq))))
    assert told[0] == [(100, 100, 1)]
    assert [each for each in told if each] == [
        [(100, 100, 1)],
        *([(first, first + 9, 10)] for first in range(101, 151, 10)),
    ]
    assert [at for at, each in enumerate(told) if each] == [0, *range(int(GAP_EVERY_S), 60, 10)]


def test_one_whose_end_does_not_come_is_told_without() -> None:
    """It waits, and what is joined with it waits no longer for that."""
    untold = losses(loss(40, 41, noted=0.0), loss(42, 43, noted=8.0))
    assert untold.take(HEARD, GAP_WAIT_S - 0.1) == []
    (told,) = untold.take(HEARD, GAP_WAIT_S)
    assert (told.first, told.last, told.since, told.until) == (40, 43, 30.0, None)


def test_one_at_the_end_of_a_boot_waits_for_none() -> None:
    """Nothing follows it; before the last one of the boot something may."""
    untold = losses(loss(40, 41), loss(45, 47))
    assert untold.take(HEARD, 1.0, final=48) == []
    assert spans(untold.take(HEARD, 2.0, final=47)) == [(45, 47, 3)]


def test_too_many_are_one() -> None:
    """Each reason by itself."""
    scattered = [loss(seq, seq) for seq in range(40, 40 + 3 * MOST_TOLD, 3)]
    assert len(losses(*scattered).take(HEARD, 100.0)) == MOST_TOLD
    told = losses(*scattered, loss(100, 101, "worn")).take(HEARD, 100.0)
    assert spans(told) == [(40, 40 + 3 * MOST_TOLD - 3, MOST_TOLD), (100, 101, 2)]


def test_of_what_was_heard_the_channels_are_known() -> None:
    """Of all or of none; a board may name more numbers than there are."""
    heard = {1: ("temp", 0.0), 2: ("hum", 0.0), 4: ("temp", 0.0)}
    assert channels_of([(1, 2), (4, 4)], heard) == {"temp": 2, "hum": 1}
    assert channels_of([(1, 3)], heard) is None
    assert channels_of([(1, 2**53 - 1)], heard) is None
