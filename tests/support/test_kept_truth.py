"""A gateway that loses, doubles or misdates readings is found out."""

from tests.support.emulated_board import Said
from tests.support.kept_truth import (
    Outage,
    Power,
    Row,
    Taken,
    Verdict,
    compare,
    overwritten,
    perhaps_safe,
    taken,
)

SAID = [
    Said(0.0, "H 0 1 m 24A1 7 1.0 1 0 100"),
    *(
        Said(number + 0.001 * (number % 3), f"R temp {number} {number * 1000} {number}.5")
        for number in range(1, 100)
    ),
]
OUTAGES = [Outage(20.0, 30.0), Outage(40.0, 52.0, (Power(45.0, 46.0),))]
IDENTITY, TRUTH = taken(SAID, {"temp": "air"})
RIGHT = [Row("air", one.seq, one.value, one.utc + 0.01, None) for one in TRUTH]


def verdict(rows: list[Row]) -> Verdict:
    """Of what a gateway has."""
    return compare(TRUTH, rows, OUTAGES, 0.0, 101.0)


def test_a_right_one() -> None:
    """Nothing is wrong with it."""
    assert (IDENTITY, len(TRUTH)) == ("24A1", 99)
    found = verdict(RIGHT)
    assert (found.wrong, found.by_power, found.unheard) == ([], [], [])
    assert round(found.furthest_s, 2) == 0.01


def test_what_is_said_only_when_it_is_sent_again() -> None:
    """Its boot's clock tells when it was measured; where that boot said nothing, its age."""
    said = [Said(200.0, "H 0 1 m 24A1 9 1.0 1 0 0"), Said(200.1, "B 7 temp 99 99000 99.5 1500")]
    again = [Said(200.2, "B 7 temp 100 100000 5.5 1500"), Said(200.3, "B 8 temp 1 500 6.5 1000")]
    _, truth = taken([*SAID, *said, *again], {"temp": "air"})
    assert truth[:99] == TRUTH
    assert truth[99:] == [Taken("air", 7, 100, 5.5, 100.0), Taken("air", 8, 1, 6.5, 199.3)]


def test_what_the_board_had_no_room_for() -> None:
    """As it says itself, by boot and number."""
    said = [*SAID, Said(200.0, "G 6 3 4 temp 2"), Said(201.0, "G 7 9 9")]
    assert overwritten(said) == {(6, 3), (6, 4), (7, 9)}


def test_what_may_have_been_safe_when_the_board_lost_it() -> None:
    """It was sent, for the first time or again, in the last seconds before a kill, and is lost since."""
    said = [
        *SAID,
        Said(120.0, "H 0 1 m 24A1 8 1.0 1 0 100"),
        Said(121.0, "A 5 temp 1 1000 2.5"),
        Said(122.0, "B 7 temp 50 50000 50.5 7"),
        Said(123.0, "B 7 temp 52 50000 52.5 7"),
        Said(140.0, "G 7 30 51"),
        Said(141.0, "G 8 1 2"),
    ]
    for kill, found in (
        (35.0, {(7, seq) for seq in range(30, 35)}),
        (125.0, {(7, 50), (8, 1)}),
        (121.5, {(8, 1)}),
        (139.0, set()),
    ):
        assert perhaps_safe(said, [Outage(kill, 150.0, kills=(kill,))]) == found, kill


def test_what_is_missing() -> None:
    """It is excused by a loss of power that came after it in the same outage, and by nothing else."""
    missing = {10, 25, 42, 46, 60}
    found = verdict([row for row in RIGHT if row.seq not in missing])
    assert found.wrong == []
    assert [one.seq for one in found.by_power] == [42]
    assert [one.seq for one in found.unheard] == [10, 25, 46, 60]


def test_what_is_there_twice_or_was_never_taken() -> None:
    """Each is told."""
    assert len(verdict([*RIGHT, RIGHT[5]]).wrong) == 1
    assert len(verdict([*RIGHT, Row("air", 100, 1.0, 100.0, None)]).wrong) == 1
    wrong_value = RIGHT[7]._replace(value=-1.0)
    found = verdict([*RIGHT[:7], wrong_value, *RIGHT[8:]])
    assert (len(found.wrong), len(found.unheard)) == (1, 1)


def test_a_wrong_time() -> None:
    """0.2 s, and a hundredth of the outage that it was taken in; one that is doubtful says so."""
    for seq, late_s, wrong in ((10, 0.21, 1), (10, 0.19, 0), (25, 0.29, 0), (25, 0.31, 1)):
        row = RIGHT[seq - 1]._replace(utc=seq + late_s)
        assert len(verdict([*RIGHT[: seq - 1], row, *RIGHT[seq:]]).wrong) == wrong, (seq, late_s)
    row = RIGHT[24]._replace(utc=25 + 2.0, reason="the board restarted since")
    found = verdict([*RIGHT[:24], row, *RIGHT[25:]])
    assert (found.wrong, found.doubtful) == ([], 1)
