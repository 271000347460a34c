"""What a link says of lines that it could not use."""

import logging

import pytest

from drivers.stream.conversation import Dropped
from drivers.stream.dropped import MAX_CHANNELS, DroppedLines
from tests.support.house import House
from tests.support.scripted_board import ScriptedBoard
from tests.support.waiting import until


def test_each_is_logged_but_not_more_than_one_a_second(caplog: pytest.LogCaptureFixture) -> None:
    """With its reason, its bytes, and how many were left out; only at level debug."""
    caplog.set_level(logging.DEBUG, logger="drivers")
    lines = DroppedLines("board")
    lines.note(1, Dropped("no '$'", b"x\x1b"), 100.0)
    lines.note(8, Dropped("no '$'", b"y"), 100.9)
    lines.note(9, Dropped("wrong checksum", b"z"), 101.0)
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.DEBUG, r"board: dropped a line: no '$': 'x\x1b'"),
        (logging.DEBUG, "board: dropped a line: wrong checksum: 'z' (7 more since the last such line here)"),
    ]


def test_they_are_counted_from_a_channel_s_last_reading_on() -> None:
    """Good readings of another channel do not hide that this one's are damaged."""
    lines = DroppedLines("board")
    lines.note(1, Dropped("no '$'", b"x"), 100.0)
    lines.note_reading("temp")
    lines.note(3, Dropped("no '$'", b"x"), 100.0)
    assert (lines.count, lines.since("temp"), lines.since("hum")) == (3, 2, 3)


def test_made_up_channels_take_no_memory() -> None:
    """The newest are known."""
    lines = DroppedLines("board")
    lines.note(2, Dropped("no '$'", b"x"), 100.0)
    for number in range(MAX_CHANNELS + 1):
        lines.note_reading(f"T{number}")
    assert (lines.since("T0"), lines.since("T1"), lines.since(f"T{MAX_CHANNELS}")) == (2, 0, 0)


def test_a_link_knows_how_many(board: ScriptedBoard) -> None:
    """None while it is down."""
    with House(str(board.link)) as house:
        assert house.link.dropped_since_reading("temp") == 0
        house.wait_for("#changed")
        board.say(b"x\n")
        until(lambda: house.link.dropped_since_reading("temp") == 1)
        board.report("temp", "22.5")
        until(lambda: house.link.dropped_since_reading("temp") == 0)


def test_a_long_line_is_cut() -> None:
    """A log line stays one."""
    text = str(Dropped("no '$'", b"\n" * 159))
    assert len(text) < 200
    assert text.endswith("…")
