"""Lines of the serial API: recorded ones, rubbish, and what is too long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.mysensors.message import MAX_LINE, Lines, Message, parse

# Recorded at a gateway of version 2.1.1: domogik-plugin-mysensors.readthedocs.io, "dev"; the others are of
# mysensors.org's serial API page, in its words.
GOLDEN = {
    "0;255;3;0;9;MCO:BGN:INIT GW,CP=RNNGA--,VER=2.1.1": Message(
        0, 255, 3, 0, 9, "MCO:BGN:INIT GW,CP=RNNGA--,VER=2.1.1"
    ),
    "0;255;3;0;14;Gateway startup complete.": Message(0, 255, 3, 0, 14, "Gateway startup complete."),
    "0;255;0;0;18;2.1.1": Message(0, 255, 0, 0, 18, "2.1.1"),
    "46;0;1;0;0;20.3": Message(46, 0, 1, 0, 0, "20.3"),
    "46;255;3;0;0;102": Message(46, 255, 3, 0, 0, "102"),
    "48;3;1;0;37;329.0": Message(48, 3, 1, 0, 37, "329.0"),
    "12;6;0;0;3;My Light": Message(12, 6, 0, 0, 3, "My Light"),
    "1;0;1;0;24;07:59:40": Message(1, 0, 1, 0, 24, "07:59:40"),
    "3;0;2;0;3;": Message(3, 0, 2, 0, 3, ""),
    "255;255;3;0;3;": Message(255, 255, 3, 0, 3, ""),
    "12;4;1;0;49;55.722526;13.017972;18": Message(12, 4, 1, 0, 49, "55.722526;13.017972;18"),
}


@pytest.mark.parametrize("text", GOLDEN)
def test_golden_lines(text: str) -> None:
    """Both ways."""
    assert parse(text.encode()) == GOLDEN[text]
    assert parse(text.encode() + b"\r") == GOLDEN[text]
    assert GOLDEN[text].line() == text.encode() + b"\n"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello",
        b"1;2;3;4;5",
        b"1;2;3;4;x;",
        b"-1;2;3;0;5;",
        b"256;0;1;0;0;1",
        b"1;;1;0;0;1",
        b" 1;0;1;0;0;1",
    ],
)
def test_rubbish_is_none(line: bytes) -> None:
    """A gateway answers nothing to it."""
    assert parse(line) is None


def test_any_bytes_are_a_payload() -> None:
    """What is not UTF-8 is replaced."""
    assert parse(b"1;2;1;0;0;\xff") == Message(1, 2, 1, 0, 0, "\ufffd")


def test_lines_in_pieces() -> None:
    """Whole ones come out."""
    lines = Lines()
    assert lines.feed(b"0;255;3") == []
    assert lines.feed(b";0;2;\n0;255;") == [b"0;255;3;0;2;"]
    assert lines.feed(b"3;0;18;\n\n") == [b"0;255;3;0;18;", b""]


def test_a_line_longer_than_the_gateway_s_buffer_is_thrown_away() -> None:
    """99 bytes and the end fit."""
    lines = Lines()
    longest = b"x" * (MAX_LINE - 1)
    assert lines.feed(longest + b"\n") == [longest]
    for piece in (b"x" * MAX_LINE + b"\n", b"x" * 500, b"x" * 500 + b"\n"):
        assert lines.feed(piece) == []
    assert lines.too_long == 2
    assert lines.feed(b"ok\n") == [b"ok"]
    assert lines.feed(b"x" * MAX_LINE) == lines.feed(b"\n") == []
    assert lines.too_long == 3


@given(st.binary(max_size=60))
def test_any_line_is_read_or_refused(line: bytes) -> None:
    """What is read says the same again."""
    message = parse(line)
    if message is not None and "\ufffd" not in message.payload:
        assert parse(message.line()[:-1]) == message
