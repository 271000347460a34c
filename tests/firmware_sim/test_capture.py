"""Captures, read: the golden file, every rule of docs/capture.md, and what is no capture."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.capture import MAX_LINE, CaptureError, Piece, read_header, read_line

VECTORS = Path(__file__).parents[1] / "vectors"
GOLDEN = (VECTORS / "capture.txt").read_bytes().splitlines(keepends=True)
HEADER = b"sig-gateway capture 1 link=a port=/dev/x baud=9600 protocol=text start=-"


def pieces(lines: list[bytes]) -> list[Piece]:
    """What those lines hold, joined where one write was cut in two."""
    found: list[Piece] = []
    before = 0
    for line in lines:
        piece = read_line(line, before)
        if piece is None:
            continue
        before = piece.at_ns
        found.append(piece)
    return found


def test_the_golden_file() -> None:
    """Its header, and each byte at its time."""
    golden: dict[str, Any] = json.loads((VECTORS / "capture.json").read_text())
    assert read_header(GOLDEN[0]) == golden["header"]
    wanted = []
    for entry in golden["entries"]:
        if "hex" in entry:
            data = bytes.fromhex(entry["hex"])
            wanted += [
                Piece(entry["at_us"] * 1000, entry["by"] == "device", data[at : at + 1024])
                for at in range(0, len(data), 1024)
            ]
    assert pieces(GOLDEN[1:]) == wanted


def test_the_page_s_example() -> None:
    """docs/capture.md shows a capture that is one."""
    page = (Path(__file__).parents[2] / "docs" / "capture.md").read_text()
    header, *lines = page.partition("```\n")[2].partition("```")[0].encode().splitlines()
    assert read_header(header)["link"] == "greenhouse"
    assert [piece.data for piece in pieces(lines)][-2:] == [
        bytes.fromhex("010400010002200b"),
        bytes.fromhex("0104040131 02222ace"),
    ]


@pytest.mark.parametrize(
    ("line", "piece"),
    [
        (b"+0 < a", Piece(0, True, b"a")),
        (b"+1.5 > a b\r\n", Piece(1_500_000_000, False, b"a b")),
        (b"+0.000001 <x 0A\n", Piece(1000, True, b"\n")),
        (b"+999999999.999999 >x 0a fF", Piece(999_999_999_999_999_000, False, b"\n\xff")),
        (rb"+0 < \\x\n\r\t\x7f\x20", Piece(0, True, b"\\x\n\r\t\x7f ")),
        (b"+0 <  x", Piece(0, True, b" x")),
        (b"# +0 < a", None),
        ("# 23 °C".encode(), None),
        (b"# \xff", None),
        (b"\n", None),
        (b"\r\n", None),
    ],
)
def test_lines(line: bytes, piece: Piece | None) -> None:
    """As the page has them, leniently where it says so."""
    assert read_line(line, 0) == piece


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"hello", "expected '+SECONDS < bytes', '>', '<x' or '>x', or a comment; got 'hello'"),
        (b"+0 <", "expected '+SECONDS"),
        (b"+0 < ", "expected '+SECONDS"),
        (b"+0 =x 00", "expected '+SECONDS"),
        (b"-1 < a", "expected '+SECONDS"),
        (b"+1. < a", "expected '+SECONDS"),
        (b"+0.1234567 < a", "expected '+SECONDS"),
        (b"+1234567890 < a", "expected '+SECONDS"),
        (b" +0 < a", "expected '+SECONDS"),
        (b"+0 < a\tb", "expected '+SECONDS"),
        (b"+0 < \xc2\xb0", r"expected ASCII, other bytes as \xHH; got byte 0xc2"),
        (rb"+0 < \q", r"expected \\, \n, \r, \t or \xHH; got '\\q'"),
        (rb"+0 < \x4", r"got '\\x'"),
        (b"+0 < \\", "got '\\\\'"),
        (b"+0 <x 0", "expected two digits a byte and a space between; got '0'"),
        (b"+0 <x 0102", "got '0102'"),
        (b"+0 <x 01  02", "got '01  02'"),
        (b"+0 <x zz", "got 'zz'"),
        (b"+0.9 < a", "expected a time that is not before the line above's; got +0.9"),
        (b"+0 < " + b"a" * MAX_LINE, "expected a line of at most 8192 bytes; got a longer one"),
        (b"#" * (MAX_LINE + 1), "expected a line of at most 8192 bytes"),
    ],
)
def test_lines_that_are_none(line: bytes, said: str) -> None:
    """Each says what was expected and what is there."""
    with pytest.raises(CaptureError) as error:
        read_line(line, 1_000_000_000 if line.startswith(b"+0.9") else 0)
    assert said in str(error.value)


def test_the_longest_line() -> None:
    """Its end does not count."""
    longest = b"+0 < " + b"a" * (MAX_LINE - 5)
    assert read_line(longest + b"\r\n", 0) == Piece(0, True, b"a" * (MAX_LINE - 5))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"", "expected a capture's header, 'sig-gateway capture 1 link=…'; got ''"),
        (b"$R temp 4", "expected a capture's header"),
        (HEADER.replace(b"capture 1", b"capture 2"), "expected version 1; got '2': take a newer sig-gateway"),
        (HEADER.replace(b" baud=9600", b""), "expected baud= in the header"),
        (HEADER + b"  x=1", "expected a capture's header"),
        (HEADER + rb" x=\q", r"expected \\, \n"),
    ],
)
def test_headers_that_are_none(line: bytes, said: str) -> None:
    """A newer version is named as one."""
    with pytest.raises(CaptureError) as error:
        read_header(line)
    assert said in str(error.value)


def test_more_keys_are_no_mistake() -> None:
    """Values are unescaped, and may hold an equals sign."""
    values = read_header(HEADER + rb" parity=even note=a\x20b=c" + b"\n")
    assert (values["parity"], values["note"], values["start"]) == ("even", "a b=c", "-")


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing else ever comes of them."""
    for line in (data, b"+1 < " + data, b"+1 <x " + data):
        try:
            piece = read_line(line, 0)
        except CaptureError:
            continue
        assert piece is None or piece.data
