"""The line codec: golden bytes in both directions, and any bytes at all."""

import pickle
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.errors import LineError
from firmware_sim.line import MAX_LINE, LineReader, decode, encode, is_value, is_word, number

# Correct lines with a bad field: the board does not receive such messages, it must not send them
BAD_FIELDS = {
    "a missing field, with a correct checksum",
    "an exponent, with a correct checksum",
    "not a number, with a correct checksum",
    "a leading zero, with a correct checksum",
    "sequence 0, with a correct checksum",
    "a number over 2^53 - 1, with a correct checksum",
    "a channel's name of 25 bytes, with a correct checksum",
}

bodies = st.lists(
    st.text([chr(c) for c in range(0x21, 0x7F) if chr(c) not in "$*"], min_size=1, max_size=12),
    min_size=1,
    max_size=11,
).map(" ".join)


def test_checksum_is_the_one_of_the_specification() -> None:
    """The CRC of 123456789 is CBF43926."""
    assert encode("123456789") == b"$123456789*CBF43926\n"


def test_golden_lines_are_written(vectors: dict[str, Any]) -> None:
    """Every golden line comes out of the encoder, byte for byte."""
    for entry in vectors["lines"]:
        assert encode(" ".join(entry["fields"])) == entry["line"].encode() + b"\n", entry["name"]


def test_golden_lines_are_read(vectors: dict[str, Any]) -> None:
    """Every golden line gives its fields, with LF and with CR LF."""
    for entry in vectors["lines"]:
        for end in (b"\n", b"\r\n"):
            assert LineReader().feed(entry["line"].encode() + end) == [" ".join(entry["fields"])], entry[
                "name"
            ]


def test_lines_of_the_future_are_correct_lines(vectors: dict[str, Any]) -> None:
    """Lines to be skipped are read as lines: what to skip is a question of their letter."""
    for entry in vectors["skipped"]:
        assert decode(entry["line"].encode()) == entry["line"][1:-9], entry["name"]


def test_damaged_lines_are_dropped_and_counted(vectors: dict[str, Any]) -> None:
    """Every golden line with a damaged frame gives nothing, and is counted."""
    frames = [entry for entry in vectors["damaged"] if entry["name"] not in BAD_FIELDS]
    assert len(frames) == len(vectors["damaged"]) - len(BAD_FIELDS)
    for entry in frames:
        reader = LineReader()
        assert reader.feed(entry["line"].encode() + b"\n") == [], entry["name"]
        assert reader.damaged == 1, entry["name"]


def test_bad_fields_are_recognised(vectors: dict[str, Any]) -> None:
    """The golden lines with a bad field hold a word, number or value that is none."""
    lines = {entry["name"].partition(",")[0]: entry["line"][1:-9].split() for entry in vectors["damaged"]}
    assert not is_value(lines["an exponent"][4])
    assert not is_value(lines["not a number"][4])
    assert number(lines["a leading zero"][2]) is None
    assert number(lines["a number over 2^53 - 1"][3]) is None
    assert number("9007199254740991") == 2**53 - 1
    assert not is_word(lines["a channel's name of 25 bytes"][1])


def test_golden_streams_whole_and_byte_by_byte(vectors: dict[str, Any]) -> None:
    """Lines are found in every golden stream, however it arrives."""
    for entry in vectors["streams"]:
        data = bytes.fromhex(entry["bytes"])
        assert LineReader().feed(data) == entry["bodies"], entry["name"]
        reader = LineReader()
        found = [body for byte in data for body in reader.feed(bytes([byte]))]
        assert found == entry["bodies"], entry["name"]


@pytest.mark.parametrize(
    "body", ["", " ", "a  b", " a", "a ", "a\tb", "a$b", "a*b", "é", "a\nb", "x" * 149], ids=repr
)
def test_what_the_protocol_does_not_allow_is_not_sent(body: str) -> None:
    """The encoder refuses a body outside the specification."""
    with pytest.raises(LineError, match="expected 1 to 148 bytes"):
        encode(body)


@pytest.mark.parametrize("text", ["23.5", "-4", "0.07", "0", "00.50", "123456789012345", "1.23456789012345"])
def test_values(text: str) -> None:
    """These are values."""
    assert is_value(text)


@pytest.mark.parametrize(
    "text", ["", "-", "+1", "1.", ".5", "1e2", "nan", "inf", "1,5", "1234567890123456", "٣", "1 2"]
)
def test_not_values(text: str) -> None:
    """These are not."""
    assert not is_value(text)


@given(bodies, st.binary(max_size=200).map(lambda data: data.replace(b"\n", b"")))
def test_a_line_survives_garbage_before_it(body: str, garbage: bytes) -> None:
    """What is encoded is decoded, whatever came before it in the same line."""
    assert LineReader().feed(garbage + encode(body)) == [body]


@settings(deadline=None)  # long streams on a busy machine
@given(st.lists(st.one_of(bodies.map(encode), st.binary(max_size=200))), st.data())
def test_pieces_do_not_matter(parts: list[bytes], data: st.DataObject) -> None:
    """The same bytes in any pieces give the same lines; between two calls little is held."""
    stream = b"".join(parts)
    whole = LineReader()
    expected = whole.feed(stream)
    reader = LineReader()
    empty = len(pickle.dumps(reader))
    found = []
    at = 0
    while at < len(stream):
        size = data.draw(st.integers(1, len(stream) - at))
        found += reader.feed(stream[at : at + size])
        at += size
        assert len(pickle.dumps(reader)) < empty + MAX_LINE
    assert found == expected


@given(bodies, st.integers(0, 159), st.integers(0, 7))
def test_a_flipped_bit_never_gives_another_body(body: str, index: int, bit: int) -> None:
    """One flipped bit anywhere gives the body or nothing, never a third thing."""
    line = bytearray(encode(body))
    line[index % len(line)] ^= 1 << bit
    assert set(LineReader().feed(bytes(line) + b"\n")) <= {body}


@given(st.binary(max_size=300))
def test_any_bytes_are_a_line_or_nothing(data: bytes) -> None:
    """Whatever decodes is what the encoder would have written."""
    body = decode(data)
    if body is not None:
        assert data.removesuffix(b"\r").endswith(encode(body)[:-1])
        assert zlib.crc32(body.encode()) == int(encode(body)[-9:-1], 16)
