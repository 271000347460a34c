"""One line and its fields."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.stream.mysensors.message import (
    MAX_LINE,
    MAX_SENT,
    LineReceiver,
    Message,
    MessageError,
    encode,
    parse,
)
from tests.drivers.stream.mysensors.talk import VECTORS

LINES = [entry for key in ("golden", "recorded", "outward") for entry in VECTORS[key]]
MESSAGES = st.builds(
    Message,
    *[st.integers(0, most) for most in (255, 255, 4, 1, 255)],
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=15),
)


@pytest.mark.parametrize("entry", LINES, ids=lambda entry: entry["line"])
def test_golden_lines(entry: dict[str, object]) -> None:
    """Each is its fields, with CR and without; and its fields are the line."""
    line = str(entry["line"]).encode()
    assert list(parse(line)) == entry["fields"]
    assert parse(line + b"\r") == parse(line)
    if len(line) < MAX_SENT:
        assert encode(parse(line)) == line + b"\n"


FIELDS = [
    ("five fields", "expected node;child;command;ack;type;payload, got 5 fields"),
    ("a node that is no number", "node: expected a number from 0 to 255, got 'x'"),
    ("node 256", "node: expected a number from 0 to 255, got '256'"),
    ("child 256", "child: expected a number from 0 to 255, got '256'"),
    ("command 5", "command: expected a number from 0 to 4, got '5'"),
    ("ack 2", "ack: expected a number from 0 to 1, got '2'"),
    ("a signed node", "node: expected a number from 0 to 255, got '-1'"),
    ("an empty field", "child: expected a number from 0 to 255, got ''"),
]


@pytest.mark.parametrize(("name", "error"), FIELDS)
def test_what_is_no_line(name: str, error: str) -> None:
    """The error says which field, what was expected, and what came."""
    (line,) = (entry["line"] for entry in VECTORS["bad"] if entry["name"] == name)
    with pytest.raises(MessageError, match=f"^{re.escape(error)}"):
        parse(line.encode())


def test_the_last_type_and_the_first_that_is_too_large() -> None:
    """A type has no more than a byte."""
    assert parse(b"12;0;1;0;255;").type == 255
    with pytest.raises(MessageError, match="type: expected a number from 0 to 255, got '256'"):
        parse(b"12;0;1;0;256;")


def test_a_payload_is_what_is_left() -> None:
    """With its semicolons, in UTF-8 or Latin-1, and with nothing that a screen could not take."""
    assert parse(b"12;4;1;0;49;55.7;13.0;18").payload == "55.7;13.0;18"
    assert parse("12;0;0;0;6;Küche".encode()).payload == "Küche"
    assert parse("12;0;0;0;6;Küche".encode("latin-1")).payload == "Küche"
    assert parse(b"12;0;0;0;6;a\x1b[2Jb").payload == "a\ufffd[2Jb"


def test_a_line_may_be_so_long() -> None:
    """A log line is longer than any other."""
    assert len(parse(b"0;255;3;0;9;" + b"x" * (MAX_LINE - 12)).payload) == MAX_LINE - 12
    with pytest.raises(MessageError, match="expected at most 240 bytes, got 241"):
        parse(b"0;255;3;0;9;" + b"x" * (MAX_LINE - 11))


def test_what_no_gateway_takes() -> None:
    """More than 99 bytes, in UTF-8, or a second line."""
    fits = Message(12, 0, 1, 0, 47, "x" * (MAX_SENT - 13))
    assert len(encode(fits)) == MAX_SENT
    with pytest.raises(MessageError, match="expected at most 99 bytes, as a gateway takes no more, got 100"):
        encode(fits._replace(payload=fits.payload + "x"))
    with pytest.raises(MessageError, match="got 100"):
        encode(fits._replace(payload="ü" + fits.payload[1:]))
    with pytest.raises(MessageError, match="payload: expected printable characters"):
        encode(fits._replace(payload="a\nb"))


@given(MESSAGES)
def test_there_and_back(message: Message) -> None:
    """Whatever the fields."""
    assert parse(encode(message)[:-1]) == message


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    """A message, or an error of ours."""
    try:
        message = parse(data)
    except MessageError:
        return
    assert message.payload.isprintable()
    assert all(0 <= number <= 255 for number in message[:5])


@given(st.lists(st.binary(max_size=60).map(lambda line: line.replace(b"\n", b"")), max_size=8), st.data())
def test_lines_cut_anywhere(lines: list[bytes], data: st.DataObject) -> None:
    """The same lines come, whole, byte by byte or in pieces."""
    whole = b"".join(line + b"\n" for line in lines)
    receiver, found = LineReceiver(), []
    while whole:
        size = data.draw(st.integers(1, len(whole)))
        found += receiver.receive(whole[:size], 0.0)
        whole = whole[size:]
    assert found == lines


def test_a_line_without_an_end() -> None:
    """Takes no memory, is refused, and the next one is whole."""
    receiver = LineReceiver()
    for _ in range(1000):
        assert receiver.receive(b"1" * 1000, 0.0) == []
    assert len(receiver._rest) == MAX_LINE + 1
    long, good = receiver.receive(b"2\n12;0;1;0;0;20.5\n", 0.0)
    with pytest.raises(MessageError, match="expected at most 240 bytes"):
        parse(long)
    assert good == b"12;0;1;0;0;20.5"
