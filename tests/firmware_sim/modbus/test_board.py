"""The bus, with a clock made of numbers."""

import pytest

from firmware_sim.errors import SimulatorError
from firmware_sim.modbus.board import (
    BABBLE,
    DEFAULT_SLAVES,
    THINKING_NS,
    ModbusBoard,
    modbus_board,
    parse_slaves,
)
from firmware_sim.modbus.rtu import crc, frame, gap_ns
from firmware_sim.pace import byte_ns
from firmware_sim.sensors import NS, Sensors

READ_1 = bytes.fromhex("01 04 00 01 00 02 20 0B")
READ_2 = frame(bytes.fromhex("02 03 00 00 00 02"))
# Row 0 of the recording: 20 °C, 40 %.
ANSWER_1 = frame(bytes.fromhex("01 04 04 00 C8 01 90"))
ANSWER_2 = frame(bytes.fromhex("02 03 04 01 90 00 C8"))


def bus(sensors: Sensors, slaves: str = "1:xy-md02,2:rs-ws-n01", baud: int = 0) -> ModbusBoard:
    """A bus that is started at moment 0."""
    board = modbus_board(slaves, baud)(sensors, "seed")
    assert isinstance(board, ModbusBoard)
    board.start(0)
    return board


def ask(board: ModbusBoard, now_ns: int, request: bytes) -> list[bytes]:
    """What comes in answer, in the time that a slave thinks."""
    board.receive(now_ns, request, lambda: 0)
    return board.run(now_ns + THINKING_NS)


def tell(board: ModbusBoard, command: str, now_ns: int = 0) -> str:
    """Carry out a command."""
    return board.commands["slave"][1](command.split(), now_ns)


def test_each_slave_answers_for_itself(sensors: Sensors) -> None:
    """After it has thought; another id is silence, and so is a broadcast."""
    board = bus(sensors)
    board.receive(0, READ_1, lambda: 0)
    assert board.next_due_ns() == THINKING_NS
    assert board.run(THINKING_NS - 1) == []
    assert board.run(THINKING_NS) == [ANSWER_1]
    assert ask(board, NS // 10, READ_2) == [ANSWER_2]
    for other in (0, 3, 247):
        assert ask(board, NS // 5, frame(bytes([other]) + READ_1[1:-2])) == []
    assert board.counters() == {"requests": 5, "answers": 2, "requests_damaged": 0}


def test_the_default_has_three(sensors: Sensors) -> None:
    """As the documentation says."""
    board = modbus_board(None, 0)(sensors, "seed")
    assert board.status()["slaves"] == {1: "xy-md02 ok", 2: "rs-ws-n01 ok", 3: "r444a01 ok"}
    assert (
        ",".join(f"{slave.id}:{slave.name}" for slave in parse_slaves(DEFAULT_SLAVES).values())
        == DEFAULT_SLAVES
    )


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("01 03 00 01 00 01", 2),
        ("01 04 00 00 00 02", 2),
        ("01 04 00 02 00 02", 2),
        ("01 04 00 01 00 00", 3),
        ("01 04 00 01 00 7E", 3),
        ("01 06 01 01 00 08", 1),
        ("01 05 00 00 FF 00", 1),
        ("01 2B 0E 01 00", 1),
    ],
)
def test_exceptions(sensors: Sensors, asked: str, code: int) -> None:
    """A register that is not there, a count, a function."""
    data = bytes.fromhex(asked)
    assert ask(bus(sensors), 0, frame(data)) == [frame(bytes([data[0], data[1] | 0x80, code]))]


def test_a_value_out_of_range_reads_zero(sensors: Sensors) -> None:
    """A register cannot say that there is none."""
    board = bus(sensors, "1:rs-gz")
    assert ask(board, NS, frame(bytes.fromhex("01 03 00 07 00 02"))) == [
        frame(bytes.fromhex("01 03 04 00 00 00 00"))
    ]


def test_a_damaged_request_is_not_answered(sensors: Sensors) -> None:
    """It is counted."""
    board = bus(sensors)
    assert ask(board, 0, READ_1[:-1] + b"\x00") == []
    assert board.counters()["requests_damaged"] == 1


def test_a_reset_forgets_the_half_of_a_request(sensors: Sensors) -> None:
    """And keeps its counts."""
    board = bus(sensors)
    ask(board, 0, READ_1[:-1] + b"\x00")
    assert ask(board, 0, READ_1[:5]) == []
    board.start(1)
    assert ask(board, 2, READ_1[5:]) == []
    assert ask(board, NS // 10, READ_1) == [ANSWER_1]
    assert board.counters()["requests_damaged"] == 2


def test_slow(sensors: Sensors) -> None:
    """The fault lets an answer wait."""
    board = bus(sensors)
    board.receive(0, READ_1, lambda: NS)
    assert board.next_due_ns() == NS + THINKING_NS


def test_silent_and_ok(sensors: Sensors) -> None:
    """Also a slave that was told so while it thought; the other one answers."""
    board = bus(sensors)
    board.receive(0, READ_1, lambda: 0)
    assert tell(board, "1 silent") == "slave 1 is silent"
    assert board.run(THINKING_NS) == []
    assert ask(board, NS // 10, READ_1) == []
    assert ask(board, NS // 5, READ_2) == [ANSWER_2]
    assert board.status()["slaves"][1] == "xy-md02 silent"
    assert tell(board, "1 ok") == "slave 1 is ok"
    assert ask(board, NS // 2, READ_1) == [ANSWER_1]


@pytest.mark.parametrize(("words", "late_ns"), [("1 late", 2 * NS), ("1 late 0.5", NS // 2)])
def test_late(sensors: Sensors, words: str, late_ns: int) -> None:
    """By two seconds, or by as many as are said."""
    board = bus(sensors)
    tell(board, words)
    board.receive(0, READ_1, lambda: 0)
    assert board.next_due_ns() == THINKING_NS + late_ns
    (answer,) = board.run(THINKING_NS + late_ns)
    assert answer[:3] == b"\x01\x04\x04"


def test_wrong_crc(sensors: Sensors) -> None:
    """All but the CRC is right."""
    board = bus(sensors)
    tell(board, "1 wrong-crc")
    (answer,) = ask(board, 0, READ_1)
    assert answer[:-2] == ANSWER_1[:-2]
    assert crc(answer[:-2]) != int.from_bytes(answer[-2:], "little")


def test_double(sensors: Sensors) -> None:
    """The second time after a pause that ends a frame."""
    board = bus(sensors, baud=9600)
    tell(board, "1 double")
    board.receive(0, READ_1, lambda: 0)
    due = board.next_due_ns()
    assert due is not None
    assert board.run(due) == [ANSWER_1]
    again = board.next_due_ns()
    assert again == due + len(ANSWER_1) * byte_ns(9600) + gap_ns(9600)
    assert board.run(again) == [ANSWER_1]
    assert board.next_due_ns() is None


@pytest.mark.parametrize(("words", "code"), [("1 exception", 4), ("1 exception 6", 6)])
def test_exception(sensors: Sensors, words: str, code: int) -> None:
    """Server device failure, or what is said; whatever it is asked."""
    board = bus(sensors)
    tell(board, words)
    assert ask(board, 0, READ_1) == [frame(bytes([1, 0x84, code]))]


def test_babble(sensors: Sensors) -> None:
    """Bytes without a pause as long as t3.5, the answers of others among them; over with the word `ok`, and
    never two of it at once."""
    board = bus(sensors)
    for _ in range(3):
        tell(board, "2 babble")
    said = b"".join(piece for at in range(0, NS, NS // 100) for piece in board.run(at))
    assert len(said) == pytest.approx(0.99 * 9600 / 11, abs=2 * BABBLE)
    assert len(set(said)) > 200
    assert any(piece[:3] == ANSWER_1[:3] for piece in _one_second(board, READ_1))
    tell(board, "2 ok")
    board.run(3 * NS)
    assert board.next_due_ns() is None
    tell(board, "2 babble", 4 * NS)
    assert board.run(4 * NS) != []


def _one_second(board: ModbusBoard, request: bytes) -> list[bytes]:
    board.receive(NS, request, lambda: 0)
    return [piece for at in range(NS, 2 * NS, NS // 100) for piece in board.run(at)]


def test_a_reset_ends_no_babble(sensors: Sensors) -> None:
    """It loses what was on its way."""
    board = bus(sensors)
    tell(board, "2 babble")
    board.receive(0, READ_1, lambda: 0)
    board.start(NS)
    assert ANSWER_1 not in board.run(NS + THINKING_NS)
    assert board.run(NS + NS // 10) != []
    assert len(board.interrupted()) > 2


def test_the_wire_takes_its_time(sensors: Sensors) -> None:
    """At 9,600 baud: the request's 8 bytes, t3.5, then the answer; a second request waits for the wire. How
    long the wire was in use is counted: two requests of 8 bytes, two answers of 9, four gaps."""
    byte, gap = byte_ns(9600), gap_ns(9600)
    board = bus(sensors, baud=9600)
    board.receive(0, READ_1, lambda: 0)
    assert board.next_due_ns() == 8 * byte + gap
    assert board.run(8 * byte + gap) == [ANSWER_1]
    board.receive(8 * byte + gap, READ_2, lambda: 0)
    end = 8 * byte + gap + 9 * byte + gap
    assert board.next_due_ns() == end + 8 * byte + gap
    assert board.run(end + 8 * byte + gap) == [ANSWER_2]
    assert board.status()["busy_ms"] == (34 * byte + 4 * gap) // 1_000_000


@pytest.mark.parametrize(
    "words",
    [
        "",
        "1",
        "9 ok",
        "x ok",
        "1 dance",
        "1 late x",
        "1 late 1 2",
        "1 ok 1",
        "1 exception 0",
        "1 exception 256",
    ],
)
def test_wrong_commands(sensors: Sensors, words: str) -> None:
    """Nothing changes."""
    board = bus(sensors)
    with pytest.raises(ValueError, match="got"):
        tell(board, words)
    assert board.status()["slaves"][1] == "xy-md02 ok"


@pytest.mark.parametrize(
    "text", ["", "1", "1:", "1:nothing", "0:cwt", "248:cwt", "x:cwt", "1:cwt,1:cwt", "1:cwt,,2:cwt"]
)
def test_wrong_slaves(text: str) -> None:
    """All names are said, and an example."""
    with pytest.raises(
        SimulatorError, match=r"--slaves: expected ID:NAME .* xy-md02, .*; an example: 1:xy-md02,"
    ):
        parse_slaves(text)


def test_slaves_with_spaces() -> None:
    """Are understood."""
    assert list(parse_slaves("1:cwt, 247:orch-s4")) == [1, 247]
