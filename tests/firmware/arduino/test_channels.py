"""When the board measures, and what it answers: docs/protocol.md, sections 2 to 4."""

import pytest

from tests.firmware.arduino.rig import FAULTS, Board


def test_one_measurement_for_two_channels(board: Board) -> None:
    """Both carry the time at which it began, whatever it took; none before the sensor's time is over."""
    board.set("takes_ms", 5)
    assert board.at(1999) == []
    assert board.at(2001) == ["R temp 1 2001 0.00", "R hum 2 2001 0.00"]
    assert board.measured() == 1
    assert board.at(3999) == []
    assert board.at(4001) == ["R temp 3 4001 0.00", "R hum 4 4001 0.00"]


def test_an_early_read_is_busy(board: Board) -> None:
    """When the sensor needs longer than an answer may take; the value of before is never given a new time."""
    board.take(1)
    assert board.at(2100, "Q 5 read temp") == ["E 5 busy 1550 ms: the sensor needs its time"]
    assert board.at(3299, "Q 6 read temp") == ["E 6 busy 351 ms: the sensor needs its time"]
    assert board.measured() == 1


def test_a_read_at_the_time_that_was_told_is_answered(board: Board) -> None:
    """It waits for the measurement that is due, and is not too late for it."""
    board.take(1)
    assert board.at(2100, "Q 5 read temp") == ["E 5 busy 1550 ms: the sensor needs its time"]
    assert board.at(2100 + 1550, "Q 6 read temp") == []
    assert board.at(4000) == ["A 6 temp 3 4000 0.00", "R hum 4 4000 0.00"]


def test_a_read_that_is_a_little_early_waits(board: Board) -> None:
    """And is answered from the next measurement, which is the channel's reading, too."""
    board.take(1)
    assert board.at(3300, "Q 5 read temp") == []
    assert board.at(3999) == []
    assert board.at(4000) == ["A 5 temp 3 4000 0.00", "R hum 4 4000 0.00"]
    assert board.at(5000) == []
    assert board.measured() == 2


def test_a_read_is_measured_now(board: Board) -> None:
    """Without waiting, where the sensor needs no time; by itself that channel reports nothing."""
    assert board.at(10, "Q 5 read door") == ["A 5 door 1 10 0.00"]
    assert board.at(10, "Q 6 read door") == ["A 6 door 2 10 0.00"]
    assert board.measured(1) == 2


def test_another_request_while_a_read_waits(board: Board) -> None:
    """It is answered at once; another `read` makes the first one busy; the same one again waits on."""
    board.take(1)
    assert board.at(3500, "Q 5 read temp") == []
    assert board.at(3501, "Q 6 ping") == ["A 6 7 3501 2"]
    assert board.at(3502, "Q 5 read temp") == []
    assert board.at(3503, "Q 7 read door") == ["E 5 busy the sensor needs its time", "A 7 door 3 3503 0.00"]
    assert board.at(4000) == ["R temp 4 4000 0.00", "R hum 5 4000 0.00"]


def test_a_measurement_that_takes_long(board: Board) -> None:
    """It is asked until it is ready; its time is that of the last call; then the sensor rests again."""
    board.set("ready", 0)
    assert board.at(2000) == board.at(2100) == []
    board.set("ready", 1)
    assert board.at(2375) == ["R temp 1 2375 0.00", "R hum 2 2375 0.00"]
    assert board.measured() == 3
    assert board.at(4374) == []
    assert board.at(4375) == ["R temp 3 4375 0.00", "R hum 4 4375 0.00"]


def test_a_read_of_a_measurement_that_runs(board: Board) -> None:
    """Waits for its end, and is busy when that takes too long."""
    board.set("ready", 0)
    board.at(2000)
    assert board.at(2100, "Q 5 read hum") == []
    assert board.at(2801) == ["E 5 busy the sensor needs its time"]
    assert board.at(2810, "Q 6 read hum") == []
    board.set("ready", 1)
    assert board.at(2900) == ["R temp 1 2900 0.00", "A 6 hum 2 2900 0.00"]


def test_a_channel_that_is_not_given_is_absent(board: Board) -> None:
    """What the measurement leaves out is told as `!absent`."""
    board.set("given", 0, 1)
    assert board.take(1) == ["R temp 1 2000 0.00", "R hum 2 2000 !absent"]


@pytest.mark.parametrize("word", FAULTS)
def test_a_fault_is_told(board: Board, word: str) -> None:
    """As a reading with its word; and as the answer to a read, which takes no *seq*: the due one does."""
    board.set("faults", FAULTS[word])
    assert board.take(1) == [f"R temp 1 2000 !{word}", "R hum 2 2000 0.00"]
    board.set("faults", FAULTS[word], 2)
    assert board.ask("Q 5 read door") == [f"E 5 sensor_fault {word}"]
    board.at(3500, "Q 6 read temp")
    assert board.at(4000) == [f"E 6 sensor_fault {word}", f"R temp 3 4000 !{word}", "R hum 4 4000 0.00"]


def test_an_interval(board: Board) -> None:
    """Is limited by what the sensor needs and by a day, holds from now on, and the hello carries it."""
    assert board.at(100, "Q 1 interval temp 5000") == ["A 1 temp 5000"]
    assert board.ask("Q 2 interval hum 1", "Q 3 interval door 9007199254740991") == [
        "A 2 hum 2000",
        "A 3 door 86400000",
    ]
    assert [line.split()[-1] for line in board.ask("Q 4 hello")[1:]] == ["5000", "2000", "86400000"]
    assert board.at(2100) == ["R hum 1 2100 0.00"]
    assert board.at(5099) == ["R hum 2 5099 0.00"]
    assert board.at(7099) == ["R temp 3 7099 0.00", "R hum 4 7099 0.00"]


def test_no_interval(board: Board) -> None:
    """0: only when asked, then at once."""
    assert board.ask("Q 1 interval temp 0", "Q 2 interval hum 0") == ["A 1 temp 0", "A 2 hum 0"]
    assert board.at(100000) == []
    assert board.at(100001, "Q 3 read temp") == ["A 3 temp 1 100001 0.00"]


def test_a_board_that_was_held_up_does_not_catch_up(board: Board) -> None:
    """After a pause of three intervals one reading comes, not three; the next one interval later."""
    board.take(1)
    assert board.at(9500) == ["R temp 3 9500 0.00", "R hum 4 9500 0.00"]
    assert board.at(11499) == []
    assert board.at(11500) == ["R temp 5 11500 0.00", "R hum 6 11500 0.00"]


def test_the_clock_wraps(board: Board) -> None:
    """The chip's millisecond counter, not the time: a reading due across the wrap comes when it is due."""
    board.ask("Q 1 interval temp 86400000", "Q 1 interval hum 0")
    times = [day * 86400000 for day in range(1, 110)]
    lines = [line for time in times for line in board.at(time)]
    assert lines == [f"R temp {seq} {time} 0.00" for seq, time in enumerate(times, start=1)]
