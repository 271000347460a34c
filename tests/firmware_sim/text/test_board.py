"""A sketch over time, with a clock made of numbers."""

import pytest

from firmware_sim.recording import Recording
from firmware_sim.sensors import NS, Sensors
from firmware_sim.text.board import FIRST_REPORT_NS, MAX_COMMAND, TextBoard, text_board

LINE = "Humidity: 40.00%  Temperature: 20.00°C 68.00°F  Heat index: 19.10°C 66.38°F\r\n"


def board_of(sensors: Sensors, shape: int = 1, encoding: str = "utf-8", errors: float = 0.0) -> TextBoard:
    """A sketch that is started at moment 0; its banner is out."""
    board = TextBoard(sensors, shape, encoding, "seed", errors)
    board.start(0)
    return board


def test_a_banner_then_a_measurement_each_row(sensors: Sensors) -> None:
    """The first soon."""
    board = board_of(sensors)
    assert board.next_due_ns() == 0
    assert board.run(0) == [b"DHTxx test!\r\n"]
    assert board.next_due_ns() == FIRST_REPORT_NS
    assert board.run(FIRST_REPORT_NS) == [LINE.encode()]
    assert board.next_due_ns() == FIRST_REPORT_NS + NS
    (line,) = board.run(FIRST_REPORT_NS + NS)
    assert b"Temperature: 20.50" in line
    assert board.counters() == {"boots": 1, "reports": 2, "requests": 0}


def test_latin_1(sensors: Sensors) -> None:
    """° is one byte."""
    board = board_of(sensors, encoding="latin-1")
    assert board.run(FIRST_REPORT_NS)[1] == LINE.encode("latin-1")


def test_the_default_is_shape_1_in_utf_8(sensors: Sensors) -> None:
    """As the options say."""
    board = text_board(None, None)(sensors, "seed")
    assert board.status() == {"shape": 1}
    board.start(0)
    assert board.run(0) == [b"DHTxx test!\r\n"]


def test_errors_and_nan_by_the_seed(recording: Recording) -> None:
    """Of forty reports about one each; the same ones under the same seed."""

    def said(shape: int) -> list[bytes]:
        board = text_board(shape, None)(Sensors(recording, 0, 1.0, "seed"), "seed")
        board.start(0)
        return [line for row in range(2000) for line in board.run(FIRST_REPORT_NS + row * NS)]

    lines = said(2)
    errors = lines.count(b'{"error":"Failed to read from DHT sensor!"}\r\n')
    failed = lines.count(b'{"humidity": nan, "temperature": nan}\r\n')
    assert 25 <= errors <= 80
    assert 25 <= failed <= 80
    assert said(2) == lines


def test_each_measurement_may_be_an_error(sensors: Sensors) -> None:
    """Of the sketch's own."""
    board = board_of(sensors, errors=1.0)
    assert board.run(FIRST_REPORT_NS)[1:] == [b"Failed to read from DHT sensor!\r\n"]


def test_a_range_fault_and_a_silence(sensors: Sensors) -> None:
    """A value out of range is nan; a silent channel is not there."""
    board = board_of(sensors, shape=10)
    sensors.silence("hum")
    board.run(FIRST_REPORT_NS)
    assert board.run(FIRST_REPORT_NS + NS) == [
        b"Light: -1.00 lx\r\n",
        b"Temperature: 20.50 deg C\r\n",
    ]


def test_commands_are_answered(sensors: Sensors) -> None:
    """In pieces, with any line end, in either case; what is none is not."""
    board = board_of(sensors, shape=8)
    board.run(0)
    board.receive(1, b"type", lambda: 5)
    board.receive(2, b"id\r\nnonsense\n", lambda: 5)
    board.receive(3, b"CURRENTVALUES\r", lambda: 5)
    assert board.next_due_ns() == 7
    assert board.run(7) == [b"TYPEID=LIGHTTEMP\r\n"]
    assert board.run(8) == [b"BRIGHTNESS=0\r\n", b"TEMPERATURE=20.0\r\n"]
    assert board.counters()["requests"] == 2


def test_a_command_is_bounded(sensors: Sensors) -> None:
    """The end of what has no end is kept."""
    board = board_of(sensors, shape=8)
    board.run(0)
    board.receive(1, b"x" * 1000, lambda: 0)
    board.receive(1, b"TYPEID", lambda: 0)
    assert len(board._command) == MAX_COMMAND
    board.receive(1, b"\nTYPEID\n", lambda: 0)
    assert board.run(1) == [b"TYPEID=LIGHTTEMP\r\n"]


@pytest.mark.parametrize("shape", [2, 3, 7])
def test_it_is_interrupted_in_what_it_said_last(sensors: Sensors, shape: int) -> None:
    """With all its lines."""
    board = board_of(sensors, shape=shape)
    board.run(0)
    said = b"".join(board.run(FIRST_REPORT_NS))
    assert board.interrupted() + b"\r\n" == said
    assert board.resets_in_line


def test_a_start_loses_what_was_to_come(sensors: Sensors) -> None:
    """Answers, and the beginning of a command; and the banner comes again."""
    board = board_of(sensors, shape=8)
    board.run(0)
    board.receive(1, b"TYPEID\nTYPE", lambda: 5)
    board.start(2)
    board.receive(3, b"ID\n", lambda: 0)
    assert board.run(NS // 20) == [b"READY\r\n"]


def test_a_new_speed_counts_at_once(sensors: Sensors) -> None:
    """The next measurement is a row of now away."""
    board = board_of(sensors)
    board.run(FIRST_REPORT_NS)
    sensors.set_speed(FIRST_REPORT_NS, 10.0)
    board.pace_changed(FIRST_REPORT_NS)
    assert board.next_due_ns() == FIRST_REPORT_NS + NS // 10
    assert len(board.run(FIRST_REPORT_NS + NS // 10)) == 1
    assert board.next_due_ns() == FIRST_REPORT_NS + NS // 5


def test_the_report_that_a_new_speed_replaces_does_not_come(sensors: Sensors) -> None:
    """Only the newer one."""
    board = board_of(sensors)
    board.run(FIRST_REPORT_NS)
    sensors.set_speed(FIRST_REPORT_NS, 0.5)
    board.pace_changed(FIRST_REPORT_NS)
    assert board.run(FIRST_REPORT_NS + NS) == []
    assert len(board.run(FIRST_REPORT_NS + 2 * NS)) == 1
