"""Captures are written as docs/capture.md says: the golden file, and what it does not have."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.stream.capture import MOST_BYTES, CaptureWriter, header
from drivers.stream.tap import NOTE, READ, WRITTEN

VECTORS = Path(__file__).parents[2] / "vectors"
GOLDEN = json.loads((VECTORS / "capture.json").read_text())
WAYS = {"device": READ, "gateway": WRITTEN}
ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "\\": b"\\"}


def written(*pieces: tuple[float, str, bytes]) -> str:
    writer = CaptureWriter()
    return "".join(line for piece in pieces for line in writer.lines(*piece))


def test_the_golden_file() -> None:
    """Made anew from what it holds, byte by byte."""
    about = GOLDEN["header"]
    text = header(about["link"], about["port"], int(about["baud"]), about["protocol"], about["start"])
    writer = CaptureWriter()
    for entry in GOLDEN["entries"]:
        way = NOTE if "note" in entry else WAYS[entry["by"]]
        data = entry["note"].encode() if "note" in entry else bytes.fromhex(entry["hex"])
        text += "".join(writer.lines(entry["at_us"] / 1e6, way, data))
    assert text == (VECTORS / "capture.txt").read_text()


def test_what_is_not_known() -> None:
    """A dash."""
    assert header("a", None, None, None, None) == (
        "sig-gateway capture 1 link=a port=- baud=- protocol=- start=-\n"
    )


def test_time_never_goes_back() -> None:
    """A piece that is told of late has the time of the one before."""
    assert written((2.0, READ, b"a"), (1.0, READ, b"b"), (2.5, READ, b"c")) == (
        "+2.000000 < a\n+2.000000 < b\n+2.500000 < c\n"
    )


def test_nothing_makes_no_line() -> None:
    """And a note is one line, whatever is in it."""
    assert written((1.0, READ, b"")) == ""
    assert written((1.0, NOTE, b"port closed:\n a\r\nb \xff")) == "# +1.000000 port closed: a b \ufffd\n"


@pytest.mark.parametrize("size", [MOST_BYTES, MOST_BYTES + 1, 3 * MOST_BYTES])
def test_long_pieces_are_cut(size: int) -> None:
    """Into lines of the same time."""
    lines = written((1.0, READ, b"x" * size)).splitlines()
    assert [len(line) - len("+1.000000 < ") for line in lines] == [
        *[MOST_BYTES] * (size // MOST_BYTES),
        *([size % MOST_BYTES] if size % MOST_BYTES else []),
    ]


@given(st.binary(min_size=1, max_size=40))
def test_every_byte_can_be_read_back(data: bytes) -> None:
    """By a reader that knows the page only; ASCII, no outer space, the shorter form."""
    (line,) = written((0.0, WRITTEN, data)).splitlines()
    assert line.isascii()
    assert line == line.strip()
    mark, _, rest = line.removeprefix("+0.000000 ").partition(" ")
    assert read_back(mark, rest) == data
    assert len(rest) <= len(data.hex(" "))


def read_back(mark: str, text: str) -> bytes:
    """The bytes of a line."""
    if mark.endswith("x"):
        return bytes.fromhex(text)
    pattern = r"\\x([0-9a-f]{2})|\\(.)|(.)"
    return b"".join(
        bytes.fromhex(digits) if digits else ESCAPES[letter] if letter else plain.encode()
        for digits, letter, plain in re.findall(pattern, text)
    )
