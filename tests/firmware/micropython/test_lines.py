"""Lines, under MicroPython, against the golden bytes and against the simulator's own decoder."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.line import LineReader, decode, encode, is_value, number
from tests.support.micropython_board import NEEDED, run

pytestmark = NEEDED
VECTORS = Path(__file__).parents[2] / "vectors" / "sensorline.json"
READ_ALL = """
import json, sys
from sensorline.lines import LineReader, decode, encode, number
asked = json.load(open(sys.argv[1]))
bytes_of = lambda text: bytes([int(text[at:at + 2], 16) for at in range(0, len(text), 2)])
def read(data, step):
    reader, found = LineReader(), []
    for at in range(0, len(data), step):
        found += reader.feed(data[at:at + step])
    return found
print(json.dumps({
    "decoded": [decode(bytes_of(text)) for text in asked["lines"]],
    "encoded": [encode(body).decode() for body in asked["bodies"]],
    "streams": [read(bytes_of(text), len(text)) for text in asked["streams"]],
    "pieces": [read(bytes_of(text), 1) for text in asked["streams"]],
    "numbers": [number(text) for text in asked["numbers"]],
}))
"""


@pytest.fixture
def golden() -> dict[str, Any]:
    """The golden bytes."""
    found: dict[str, Any] = json.loads(VECTORS.read_text())
    return found


def read_all(folder: Path, **asked: list[str]) -> dict[str, Any]:
    """What MicroPython makes of it."""
    all_of_it = {"lines": [], "bodies": [], "streams": [], "numbers": [], **asked}
    (folder / "asked.json").write_text(json.dumps(all_of_it))
    said: dict[str, Any] = json.loads(run(READ_ALL, str(folder / "asked.json")))
    return said


def test_golden_lines(golden: dict[str, Any], tmp_path: Path) -> None:
    """Each is understood, and made again byte for byte."""
    lines = [entry["line"] for entry in golden["lines"] + golden["skipped"]]
    bodies = [line[1:-9] for line in lines]
    said = read_all(tmp_path, lines=[line.encode().hex() for line in lines], bodies=bodies)
    assert said["decoded"] == bodies
    assert said["encoded"] == [f"{line}\n" for line in lines]


def test_golden_streams(golden: dict[str, Any], tmp_path: Path) -> None:
    """In one piece and byte by byte."""
    said = read_all(tmp_path, streams=[entry["bytes"] for entry in golden["streams"]])
    assert said["streams"] == said["pieces"] == [entry["bodies"] for entry in golden["streams"]]


def test_damaged_lines(golden: dict[str, Any], tmp_path: Path) -> None:
    """What the simulator drops is dropped: the golden ones, and thousands that chance damaged."""
    chance = random.Random(14)
    lines = [entry["line"].encode() for entry in golden["damaged"]]
    good = [entry["line"].encode() for entry in golden["lines"]]
    for _ in range(1000):
        line = bytearray(chance.choice(good))
        for _ in range(chance.choice((0, 1, 1, 2))):
            at = chance.randrange(len(line))
            line[at : at + chance.choice((0, 1, 1))] = chance.randbytes(chance.choice((0, 1)))
        lines.append(bytes(line))
    for body in (b" a", b"a ", b"a  b", b"a*b", b"a\x1fb", b"a\x7fb", b"a\xffb", b"", b"a" * 148, b"a" * 149):
        lines.append(encode("x").replace(b"x", body))
        lines.append(_with_checksum(body))
        lines.append(_with_checksum(body) + b"\r")
    said = read_all(tmp_path, lines=[line.hex() for line in lines])
    assert said["decoded"] == [decode(line) for line in lines]
    assert 100 < sum(body is not None for body in said["decoded"]) < len(lines) - 100


def test_streams_of_garbage(golden: dict[str, Any], tmp_path: Path) -> None:
    """The same bodies are found in them."""
    chance = random.Random(15)
    good = [entry["line"].encode() for entry in golden["lines"]]
    streams = []
    for _ in range(60):
        parts = [
            chance.choice((*good, b"\n", b"\n", b"\r\n", b"$", chance.randbytes(9), b"x" * 200))
            for _ in range(20)
        ]
        streams.append(b"".join(parts))
    said = read_all(tmp_path, streams=[stream.hex() for stream in streams])
    assert said["streams"] == said["pieces"] == [LineReader().feed(stream) for stream in streams]
    assert sum(len(found) for found in said["streams"]) > 30


def test_numbers(tmp_path: Path) -> None:
    """As the protocol has them."""
    texts = [
        "0",
        "1",
        "01",
        "00",
        "",
        "-1",
        "+1",
        "1.0",
        "x",
        "1x",
        " 1",
        "9007199254740991",
        "9007199254740992",
    ]
    texts += ["10000000000000000", "4294967296", "1073741824"]
    assert read_all(tmp_path, numbers=texts)["numbers"] == [number(text) for text in texts]


def test_values(tmp_path: Path) -> None:
    """Steps of the last decimal as a value, without a float."""
    said = run(
        "from sensorline.lines import decimal\n"
        "pairs = (0, 0), (-4, 0), (0, 2), (7, 2), (-7, 2), (-123, 2), (2318, 2), (5, 1), (655350, 1)\n"
        "for steps, decimals in pairs: print(decimal(steps, decimals))"
    ).split()
    assert said == ["0", "-4", "0.00", "0.07", "-0.07", "-1.23", "23.18", "0.5", "65535.0"]
    assert all(is_value(text) for text in said)


def test_words(tmp_path: Path) -> None:
    """Whatever a person calls a board, it is a word."""
    said = run(
        "from sensorline.lines import word\n"
        "for text in ('my board', 'a$b*c', 'é', '', 'x' * 30): print(word(text))"
    ).split("\n")[:-1]
    assert said == ["myboard", "abc", "-", "-", "x" * 24]


def test_the_checksum_of_a_small_port(tmp_path: Path) -> None:
    """Where `binascii` has none, ours is the same."""
    said = run(
        "import sys\n"
        "class Small: hexlify = None\n"
        "sys.modules['binascii'] = Small()\n"
        "from sensorline.lines import crc32, encode\n"
        "print('%08X' % crc32(b'123456789'))\n"
        "print(encode('K 7 40').decode(), end='')"
    )
    assert said.split() == ["CBF43926", "$K", "7", "40*DDDE31AB"]


def _with_checksum(body: bytes) -> bytes:
    from zlib import crc32

    return b"$%b*%08X" % (body, crc32(body))
