"""A gateway that tells of too many, too few, or not of how many readings are lost, is found out."""

import json

from tests.support.gap_truth import Gap, mistold, told_gaps
from tests.support.kept_truth import Outage, Power, Taken, Verdict

OUTAGES = [Outage(100.0, 150.0), Outage(200.0, 240.0, (Power(220.0, 222.0),))]


def lost(first: int, last: int, sensor: str = "air") -> list[Taken]:
    """Those, one a second."""
    return [Taken(sensor, 7, second, 20.0, float(second)) for second in range(first, last + 1)]


def verdict(unheard: list[Taken], by_power: list[Taken] | None = None) -> Verdict:
    """What is missing."""
    return Verdict([], by_power or [], unheard, 0, 0.0)


def gap(first: float, last: float, number: int | None, sensor: str = "air") -> Gap:
    """As it is told."""
    return Gap(sensor, first, last, number, "lost")


def test_the_right_size() -> None:
    """Of each sensor, in one gap or in two; also where nothing is missing."""
    missing = verdict([*lost(101, 110), *lost(103, 104, "damp")])
    damp = gap(103, 104, 2, "damp")
    assert mistold(missing, [gap(100, 111, 10), damp], OUTAGES) == []
    assert mistold(missing, [gap(100, 105, 4), gap(105, 111, 6), damp], OUTAGES) == []
    assert mistold(verdict([]), [], OUTAGES) == []


def test_a_wrong_size() -> None:
    """One too few, one too many, those of another sensor, none at all, or elsewhere."""
    missing = verdict(lost(101, 110))
    for gaps in (
        [gap(100, 111, 9)],
        [gap(100, 111, 11)],
        [gap(100, 111, 10, "damp")],
        [],
        [gap(101, 104, 10)],
        [gap(130, 140, 10)],
        [gap(100, 111, 10), gap(100, 111, 10)],
    ):
        assert mistold(missing, gaps, OUTAGES) != [], gaps
    assert mistold(verdict([]), [gap(100, 111, 1)], OUTAGES) != []


def test_without_a_number() -> None:
    """Only of what went with the power, from when something began to be wrong until it was on again."""
    gone = verdict([], lost(205, 219))
    assert mistold(gone, [gap(204, 222.5, None)], OUTAGES) == []
    for wrong in (gap(190, 222, None), gap(204, 230, None), gap(204, 215, None), gap(101, 110, None)):
        assert mistold(gone, [wrong], OUTAGES) != [], wrong
    assert mistold(verdict(lost(205, 219)), [gap(204, 222, None)], OUTAGES) != []
    assert mistold(verdict(lost(101, 110)), [gap(100, 111, None)], OUTAGES) != []


def test_what_went_with_the_power() -> None:
    """It has to be told, but for what was measured in the last moment before."""
    assert mistold(verdict([], lost(219, 220)), [], OUTAGES) == []
    assert mistold(verdict([], lost(217, 220)), [], OUTAGES) != []
    assert mistold(verdict([], lost(217, 220)), [gap(216, 222, 3)], OUTAGES) == []
    assert mistold(verdict([], lost(217, 220)), [gap(216, 222, 5)], OUTAGES) != []


def test_what_is_told_twice_is_one() -> None:
    """A gateway that was killed sends it again."""
    data = {
        "from": "1970-01-01T00:01:40.000Z",
        "to": "1970-01-01T00:01:51.000Z",
        "count": 3,
        "reason": "lost",
    }
    payload = json.dumps(data).encode()
    assert told_gaps([("air", payload), ("damp", payload), ("air", payload)]) == [
        gap(100, 111, 3),
        gap(100, 111, 3, "damp"),
    ]


def test_after_a_kill() -> None:
    """What the board had no room for, and was not told of as safe, may be told, and has to be if it is
    missing; what went with the power while the gateway was not there, nobody can know."""
    truth = lost(90, 130)
    missing = verdict(truth[15:31])  # 105 to 120
    killed = [Outage(100.0, 150.0, kills=(104.5,))]
    perhaps = {(7, seq) for seq in range(101, 105)}
    for number, ok in ((15, False), (16, True), (20, True), (21, False)):
        assert (mistold(missing, [gap(99, 121, number)], killed, truth, 0.0, perhaps) == []) == ok, number
    assert mistold(missing, [gap(99, 121, 17)], killed, truth) != []
    off = [Outage(100.0, 150.0, (Power(115.0, 117.0),), (104.5,))]
    assert mistold(verdict([], lost(100, 115)), [], off) == []
    assert mistold(verdict([], lost(90, 115)), [], off) != []
    assert mistold(verdict([], lost(100, 110)), [], [off[0]._replace(kills=(116.0,))]) != []
