"""What a link says of lines that it could not use."""

import logging

import pytest

from drivers.stream.conversation import Dropped
from firmware_sim.line import encode
from tests.drivers.stream.test_session import Talk
from tests.support.house import House
from tests.support.scripted_board import ScriptedBoard
from tests.support.waiting import until


def test_each_is_logged_but_not_more_than_one_a_second(caplog: pytest.LogCaptureFixture) -> None:
    """With its reason, its bytes, and how many were left out; only at level debug."""
    caplog.set_level(logging.DEBUG, logger="drivers")
    talk = Talk()
    talk.greet()
    for data in (b"$R temp\x1b*0badc0de\n", b"x\n" * 7, encode("R temp x"), b"y\n"):
        talk.wire.incoming.append(data)
        talk.session._read_once(0.0)
        talk.clock.advance(0.6)
    damaged = r"wrong checksum, is '0badc0de', should be 'CB758B81': '$R temp\x1b*0badc0de'"
    malformed = "not the fields of a R line: b'R temp x': '$R temp x*2A1A3F86'"
    said = [
        (record.levelno, record.getMessage()) for record in caplog.records if "dropped" in record.getMessage()
    ]
    assert said == [
        (logging.DEBUG, f"board: dropped a line: {damaged}"),
        (logging.DEBUG, f"board: dropped a line: {malformed} (7 more since the last such line here)"),
    ]


def test_they_are_counted_from_a_channel_s_last_reading_on() -> None:
    """Good readings of another channel do not hide that this one's are damaged."""
    talk = Talk()
    talk.greet()
    for data in (b"x\n", encode("R temp 1 5 20.5"), b"x\nx\n", encode("D note")):
        talk.wire.incoming.append(data)
        talk.session._read_once(0.0)
    assert (talk.session.dropped.since("temp"), talk.session.dropped.since("hum")) == (2, 3)


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
