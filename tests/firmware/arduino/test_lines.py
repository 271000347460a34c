"""Lines in and out of the board, against the golden bytes and bad ones: docs/protocol.md, section 1."""

import json
from collections.abc import Callable

import pytest

from firmware_sim.line import encode
from tests.e2e.conftest import ROOT
from tests.firmware.arduino.rig import Board

VECTORS = json.loads((ROOT / "tests" / "vectors" / "sensorline.json").read_text())
REQUESTS = {
    "$Q 17 read temp*0A6D05BE": "E 17 busy 1650 ms: the sensor needs its time",
    "$Q 18 hello*12D8EBD8": "H 18 1 rig 24A16057 7 1.0 3 0 8",
    "$Q 19 interval temp 5000*ED5447DB": "A 19 temp 5000",
    "$Q 20 ping*84805DFE": "A 20 7 0 0",
    "$Q 18 again*B76916A2": "A 18 7 1 0",
}


@pytest.mark.parametrize("line", REQUESTS)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_golden_requests(board: Board, line: str, end: bytes) -> None:
    """The bytes of the protocol's own examples are understood."""
    assert board.step(line.encode() + end)[0] == REQUESTS[line]


def test_golden_acknowledgement(board: Board) -> None:
    """The protocol's own K, with what it asks for."""
    board.take(22)
    assert [line.split()[3] for line in board.ask("Q 1 again")[2:]] == [
        "37",
        "38",
        "39",
        "40",
        "41",
        "42",
        "43",
        "44",
    ]
    assert board.step(b"$K 7 41 43*0951204B\n") == ["B 7 temp 43 44000 0.00"]


def test_golden_bytes_of_the_board(rig_sent: bytes) -> None:
    """What it sends is what the protocol says, byte by byte."""
    assert rig_sent == b"$H 0 1 rig 24A16057 7 1.0 3 0 8*%08X\n" % crc("H 0 1 rig 24A16057 7 1.0 3 0 8")


@pytest.fixture
def rig_sent(make_board: Callable[..., Board]) -> bytes:
    """The first line that a board sends, as it is on the wire."""
    board = make_board()
    sent: bytes = board.sent_at_start()
    return sent.splitlines(keepends=True)[0]


def crc(body: str) -> int:
    """CRC-32, a bit at a time, as the protocol's page has it."""
    value = 0xFFFFFFFF
    for byte in body.encode():
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xEDB88320 if value & 1 else value >> 1
    return value ^ 0xFFFFFFFF


@pytest.mark.parametrize("damaged", VECTORS["damaged"], ids=lambda one: one["name"])
def test_damaged_lines(board: Board, damaged: dict[str, str]) -> None:
    """Are dropped without a word, and the next line is understood."""
    line = damaged.get("line", "").encode("latin-1") or bytes.fromhex(damaged.get("bytes", ""))
    assert board.step(line + b"\n" + encode("Q 9 ping")) == ["A 9 7 0 0"]


@pytest.mark.parametrize(
    "before", [b"\xff\x00$", b"$" * 400, b"$" + b"x" * 400 + b"\n", b"\n\r\n*\n$*00000000\n"]
)
def test_what_comes_before_a_line(board: Board, before: bytes) -> None:
    """Costs nothing: garbage, a line too long, an empty one; nor does a line whose LF was lost."""
    good = encode("Q 9 ping")
    assert board.step(before + good) == ["A 9 7 0 0"]
    assert board.step(good[:-1] + good) == ["A 9 7 0 0"]
    assert [line for byte in good for line in board.step(bytes([byte]))] == ["A 9 7 0 0"]


@pytest.mark.parametrize(
    "body",
    [
        "Q 0 ping",
        "Q 65536 ping",
        "Q",
        "Q 1",
        "Z 1 ping",
        "Q x ping",
        "Q 01 ping",
        "Q 4294967297 ping",
        "QQ 1 ping",
    ],
)
def test_what_is_no_request(board: Board, body: str) -> None:
    """Is not answered."""
    assert board.ask(body) == []


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("Q 5 interval temp", "E 5 bad_argument a field is missing or wrong"),
        ("Q 5 interval temp 1.5", "E 5 bad_argument a field is missing or wrong"),
        ("Q 5 interval temp 010", "E 5 bad_argument a field is missing or wrong"),
        ("Q 5 interval temp 12345678901234567", "E 5 bad_argument a field is missing or wrong"),
        ("Q 5 interval", "E 5 bad_argument a field is missing or wrong"),
        ("Q 5 read", "E 5 bad_argument a field is missing or wrong"),
        ("Q 5 read tem", "E 5 unknown_channel tem"),
        ("Q 5 interval lux 1", "E 5 unknown_channel lux"),
        ("Q 5 dance", "E 5 unknown_verb dance"),
        ("Q 5 interval temp 4294967296", "A 5 temp 86400000"),
        ("Q 5 read door and what a later version says", "A 5 door 1 0 0.00"),
        ("Q 5 " + "x" * 144, "E 5 unknown_verb " + "x" * 131),
    ],
)
def test_answers_to_bad_requests(board: Board, body: str, answer: str) -> None:
    """Name what is wrong; the longest is cut to what a line may hold."""
    assert board.ask(body) == [answer]


@pytest.mark.parametrize(
    ("hundredths", "text"),
    [
        (0, "0.00"),
        (-7, "-0.07"),
        (100, "1.00"),
        (-100, "-1.00"),
        (12345, "123.45"),
        (-2147483640, "-21474836.40"),
        (2147483647, "21474836.47"),
    ],
)
def test_values(make_board: Callable[..., Board], hundredths: int, text: str) -> None:
    """Hundredths as a decimal number."""
    board: Board = make_board(value_bytes=4)
    board.start()
    board.set("values", hundredths, 2)
    assert board.ask("Q 1 read door") == [f"A 1 door 1 0 {text}"]


@pytest.mark.parametrize(
    "ms", [1, 9, 10, 999999, 1000000, 4294967295, 2**32, 2**32 + 1, 4294967296 * 2 + 967296, 2**40 - 1]
)
def test_times(board: Board, ms: int) -> None:
    """Of any size that 34 years may give."""
    board.ask("Q 1 interval temp 0", "Q 1 interval hum 0")
    for wrap in range(ms >> 32):
        board.at((wrap << 32) + 2**32 - 1)
        board.at((wrap + 1) << 32)
    assert board.at(ms, "Q 2 ping") == [f"A 2 7 {ms} 0"]


def test_the_largest_boot_number(make_board: Callable[..., Board]) -> None:
    """4294967295, in the hello, in ping and in what is kept."""
    board: Board = make_board()
    assert board.start(4294967295)[0] == "H 0 1 rig 24A16057 4294967295 1.0 3 0 8"
    board.take(1)
    assert board.ask("K 4294967295 0 1", "Q 1 ping") == [
        "A 1 4294967295 2000 2",
        "B 4294967295 temp 1 2000 0.00",
    ]
