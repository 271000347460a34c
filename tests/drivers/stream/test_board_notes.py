"""What a board says for whoever debugs it."""

import logging

import pytest

from drivers.stream.board_notes import MAX_NOTES, NOTES_S, BoardNotes
from drivers.stream.conversation import Note


def test_no_more_than_so_many_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """The rest is counted, and said when the minute is over."""
    caplog.set_level(logging.INFO)
    notes = BoardNotes("board")
    for number in range(MAX_NOTES + 3):
        notes.take(Note(f"note {number}"), 100.0)
    assert [record.getMessage() for record in caplog.records] == [
        f"board: the board says: note {number}" for number in range(MAX_NOTES)
    ]
    notes.take(Note("later"), 100.0 + NOTES_S)
    assert "board: the board said 3 more notes" in caplog.text
    assert "board: the board says: later" in caplog.text


def test_chatter(caplog: pytest.LogCaptureFixture) -> None:
    """It is for whoever asked for more, and takes nobody's place."""
    caplog.set_level(logging.DEBUG)
    notes = BoardNotes("radio")
    for _ in range(2 * MAX_NOTES):
        notes.take(Note("TSF:MSG:READ", chatter=True), 100.0)
    notes.take(Note("all ids are given"), 100.0)
    levels = [record.levelno for record in caplog.records]
    assert levels == [logging.DEBUG] * 2 * MAX_NOTES + [logging.INFO]
