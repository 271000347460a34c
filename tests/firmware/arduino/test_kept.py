"""Readings that the board keeps until they are acknowledged: docs/protocol.md, section 7."""

import zlib
from collections.abc import Callable

import pytest

from tests.firmware.arduino.rig import FAULTS, Board


def test_hello_and_ping_name_what_is_kept(board: Board) -> None:
    """Hello's last field is the ring's size, ping's the newest *seq*, 0 at first."""
    assert board.ask("Q 1 hello")[0] == "H 1 1 rig 24A16057 7 1.0 3 0 8"
    assert board.ask("Q 2 ping") == ["A 2 7 0 0"]
    board.take(2)
    assert board.ask("Q 3 ping") == ["A 3 7 4000 4"]


def test_again_without_a_reading(board: Board) -> None:
    """The oldest is one more than the newest; nothing follows."""
    assert board.ask("Q 1 again") == ["A 1 7 1 0"]


def test_again_sends_all_that_is_kept(board: Board) -> None:
    """Readings, answers to read and faults, oldest first, as they were."""
    board.set("values", 2310)
    board.set("values", -5, 1)
    board.take(1)
    board.set("faults", FAULTS["checksum"], 1)
    board.set("values", 7, 2)
    board.take(1)
    assert board.at(4100, "Q 9 read door") == ["A 9 door 5 4100 0.07"]
    assert board.ask("Q 1 again") == [
        "A 1 7 1 5",
        "B 7 temp 1 2000 23.10",
        "B 7 hum 2 2000 -0.05",
        "B 7 temp 3 4000 23.10",
        "B 7 hum 4 4000 !checksum",
        "B 7 door 5 4100 0.07",
    ]
    assert board.ask() == []


@pytest.mark.parametrize("word", FAULTS)
@pytest.mark.parametrize("value_bytes", [2, 4])
def test_faults_are_kept(make_board: Callable[..., Board], word: str, value_bytes: int) -> None:
    """Each word comes again as it was, whatever the entries' size."""
    board = make_board(value_bytes=value_bytes)
    board.start()
    board.set("faults", FAULTS[word])
    assert board.take(1)[0] == f"R temp 1 2000 !{word}"
    assert board.ask("Q 1 again")[1] == f"B 7 temp 1 2000 !{word}"


@pytest.mark.parametrize(
    ("value_bytes", "hundredths", "text"),
    [
        (2, 32767, "327.67"),
        (2, 32768, "!range"),
        (2, -32760, "-327.60"),
        (2, -32761, "!range"),
        (4, 2147483647, "21474836.47"),
        (4, -2147483640, "-21474836.40"),
        (4, -2147483641, "!range"),
        (4, 32768, "327.68"),
    ],
)
def test_what_fits_an_entry(
    make_board: Callable[..., Board], value_bytes: int, hundredths: int, text: str
) -> None:
    """What does not is told as out of range, at once and again."""
    board = make_board(value_bytes=value_bytes)
    board.start()
    board.set("values", hundredths)
    assert board.take(1)[0] == f"R temp 1 2000 {text}"
    assert board.ask("Q 1 again")[1] == f"B 7 temp 1 2000 {text}"


def test_an_acknowledgement_is_cumulative(board: Board) -> None:
    """What is up to it is forgotten; a smaller one changes nothing, nor one of a boot that is unknown."""
    board.take(3)
    assert board.ask("K 7 4") == []
    assert board.ask("Q 1 again") == ["A 1 7 5 6", "B 7 temp 5 6000 0.00", "B 7 hum 6 6000 0.00"]
    assert board.ask("K 7 2", "K 8 6", "Q 1 again")[0] == "A 1 7 5 6"
    assert board.ask("K 7 9007199254740991", "Q 1 again") == ["A 1 7 7 6"]
    board.take(1)
    assert board.ask("Q 1 again")[0] == "A 1 7 7 8"


def test_some_again(board: Board) -> None:
    """A K's list: numbers and ranges; what is not there yet is ignored, and what is no number."""
    board.take(4)
    assert board.ask("K 7 0 2 5-6 9-12 x 3- -3 0 6-5") == [
        "B 7 hum 2 2000 0.00",
        "B 7 temp 5 6000 0.00",
        "B 7 hum 6 6000 0.00",
    ]
    assert board.ask("K 7 3 4-5") == ["B 7 hum 4 4000 0.00", "B 7 temp 5 6000 0.00"]


@pytest.mark.parametrize("line", ["K", "K 7", "K 7 x 1", "K x 1 1", "K 0 1 1", "K  7 1", "k 7 1", "Q K 7 1"])
def test_a_malformed_k_does_nothing(board: Board, line: str) -> None:
    """No answer, nothing forgotten, nothing sent again."""
    board.take(1)
    data = line.encode()
    assert board.step(b"$%b*%08X\n" % (data, zlib.crc32(data))) == []
    assert board.ask("Q 1 again")[0] == "A 1 7 1 2"


def test_a_full_ring_overwrites_the_oldest(board: Board) -> None:
    """What had to go is told as G, with how many of which channel, before the rest."""
    board.take(5)
    board.at(10100, "Q 9 read door")
    board.take(1)
    lines = board.ask("Q 1 again")
    assert lines[:3] == ["A 1 7 6 13", "G 7 1 5 temp 3 hum 2", "B 7 hum 6 6000 0.00"]
    assert [line.split()[3] for line in lines[2:]] == [str(seq) for seq in range(6, 14)]
    assert lines[7] == "B 7 door 11 10100 0.00"


def test_a_gap_is_told_to_who_asks_for_it(board: Board) -> None:
    """A K that lists what was overwritten is answered with G; not before, and once each time."""
    assert not [line for line in board.take(6) if line[0] in "GB"]
    assert board.ask("K 7 0 3") == ["G 7 1 4 temp 2 hum 2"]
    assert board.ask("K 7 0 3-5") == ["G 7 1 4 temp 2 hum 2", "B 7 temp 5 6000 0.00"]
    assert board.ask() == []


def test_a_gap_is_forgotten_when_acknowledged(board: Board) -> None:
    """At its end or beyond; half of it changes nothing: how many of the rest are of which channel were not
    known."""
    board.take(6)
    assert board.ask("K 7 3", "Q 1 again")[1] == "G 7 1 4 temp 2 hum 2"
    board.take(1)
    assert board.ask("K 7 4", "Q 1 again")[1] == "G 7 1 6 temp 3 hum 3"
    assert board.ask("K 7 5 3")[0] == "G 7 1 6 temp 3 hum 3"
    assert board.ask("K 7 6", "Q 1 again")[1].startswith("B 7 temp 7 ")
    board.take(2)
    assert board.ask("Q 1 again")[1] == "G 7 7 10 temp 2 hum 2"


def test_acknowledged_readings_make_room(board: Board) -> None:
    """A ring that is emptied in time loses nothing, however often it goes round."""
    for turn in range(1, 30):
        board.take(4)
        assert board.ask("Q 1 again")[0] == f"A 1 7 {8 * turn - 7} {8 * turn}"
        assert board.ask(f"K 7 {8 * turn}") == []


def test_what_was_acknowledged_is_not_lost(board: Board) -> None:
    """A gateway that has just started asks for it, as it does not know; also of a boot that the board has
    forgotten since, as all of it was safe."""
    board.take(2)
    board.ask("K 7 2")
    assert board.ask("K 7 2 1-3") == ["B 7 temp 3 4000 0.00"]
    assert board.ask("K 7 0 1-2") == []
    board.ask("K 7 4")
    board = board.reset()
    assert board.ask("Q 1 again") == ["A 1 8 1 0 7 5 4"]
    board = board.reset()
    assert board.ask("K 7 0 1-4") == board.ask("K 7 4 1-9") == []


def test_what_an_earlier_boot_never_kept_is_a_gap(board: Board) -> None:
    """Of what is asked for beyond its newest nothing is known: a G of that range, without channels."""
    board.take(1)
    board = board.reset()
    assert board.ask("K 7 2 4-5") == ["G 7 4 5"]
    assert board.ask("K 7 2 4-5 9") == ["G 7 4 5"]
    assert board.ask("K 8 0 4-5") == []


def test_due_readings_and_answers_go_first(board: Board) -> None:
    """One kept reading a step, none in a step that measured, none while the port is full."""
    board.take(3)
    assert board.at(6001, "Q 1 again") == ["A 1 7 1 6", "B 7 temp 1 2000 0.00"]
    assert board.at(8000) == ["R temp 7 8000 0.00", "R hum 8 8000 0.00"]
    assert board.at(8001, "Q 2 ping") == ["A 2 7 8001 8", "B 7 hum 2 2000 0.00"]
    board.set("room", 0)
    assert board.at(8002) == []
    board.set("room", 1)
    assert board.at(8003) == ["B 7 temp 3 4000 0.00"]


def test_what_was_sent_is_kept_on(board: Board) -> None:
    """Sending it again does not acknowledge it."""
    board.take(1)
    assert board.ask("Q 1 again")[1:] == board.ask("Q 2 again")[1:]


def test_what_is_acknowledged_while_it_waits_is_not_sent(board: Board) -> None:
    """A K that comes between `again` and a B makes it needless."""
    board.take(3)
    board.at(6001, "Q 1 again")
    assert board.ask("K 7 5") == ["B 7 hum 6 6000 0.00"]


def test_times_beyond_32_bits(board: Board) -> None:
    """A clock that has wrapped goes on; what was kept before the wrap keeps its time."""
    board.ask("Q 1 interval temp 0", "Q 1 interval hum 0")
    for days in range(0, 120, 10):
        board.at(days * 86400000)
    (line,) = board.at(115 * 86400000, "Q 2 read door")
    assert line == f"A 2 door 1 {115 * 86400000} 0.00"
    board.at(3 * 2**32 - 1000, "Q 3 read door")
    board.at(3 * 2**32 + 5, "Q 4 read door")
    assert board.ask("Q 5 again")[1:] == [
        f"B 7 door 1 {115 * 86400000} 0.00",
        f"B 7 door 2 {3 * 2**32 - 1000} 0.00",
        f"B 7 door 3 {3 * 2**32 + 5} 0.00",
    ]
    assert board.ask("Q 6 ping") == [f"A 6 7 {3 * 2**32 + 5} 3"]
