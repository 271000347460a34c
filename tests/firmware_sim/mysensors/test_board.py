"""The gateway and its nodes, with a clock made of numbers. Lines are as the serial API 2.x has them."""

import pytest

from firmware_sim.mysensors.board import PRESENT_NS, RADIO_NS, MySensorsBoard, mysensors_board
from firmware_sim.mysensors.node import AWAKE_NS
from firmware_sim.recording import Recording
from firmware_sim.sensors import NS, Sensors

FIRST_NS = 4 * PRESENT_NS
GATEWAY = [
    "0;255;3;0;9;0 MCO:BGN:INIT GW,CP=RNNGA---,FQ=16,REL=255,VER=2.3.2",
    "0;255;3;0;14;Gateway startup complete.",
    "0;255;0;0;17;2.3.2",
]
NODE_12 = [
    "12;255;0;0;17;2.3.2",
    "12;255;3;0;6;0",
    "12;255;3;0;11;Greenhouse node",
    "12;255;3;0;12;1.4",
    "12;0;0;0;6;Air temperature",
    "12;1;0;0;7;Air humidity",
]


def run(board: MySensorsBoard, now_ns: int) -> list[str]:
    """What it says by then, without the lines of its log of values."""
    return [line for line in everything(board, now_ns) if "TSF:MSG:READ" not in line]


def everything(board: MySensorsBoard, now_ns: int) -> list[str]:
    """What it says by then."""
    lines = [line.decode() for line in board.run(now_ns)]
    assert all(line.endswith("\n") and len(line) <= 120 for line in lines)
    return [line[:-1] for line in lines]


@pytest.fixture
def started(sensors: Sensors) -> MySensorsBoard:
    """Started at moment 0; what it says at the start is out, and the presentations are."""
    board = MySensorsBoard(sensors, "seed")
    board.start(0)
    for number in range(4):
        board.run(number * PRESENT_NS)
    return board


def ask(board: MySensorsBoard, line: str, now_ns: int = FIRST_NS - NS // 10) -> list[str]:
    """What it says to a line, in the time of the radio."""
    board.receive(now_ns, f"{line}\n".encode(), lambda: 0)
    return run(board, now_ns + RADIO_NS)


def test_the_start(sensors: Sensors) -> None:
    """The gateway, then one node after the other."""
    board = mysensors_board()(sensors, "seed")
    assert isinstance(board, MySensorsBoard)
    board.start(0)
    assert run(board, 0) == GATEWAY
    assert run(board, PRESENT_NS) == NODE_12
    assert run(board, 2 * PRESENT_NS)[-1] == "20;2;0;0;16;Lux"
    assert run(board, 3 * PRESENT_NS)[2:] == ["31;255;3;0;11;Bed", "31;255;3;0;12;1.0", "31;0;0;0;6;Soil"]


def test_values(started: MySensorsBoard) -> None:
    """Each node each row; the sleeper each fifth, with what belongs to its sleep, and its charge."""
    assert run(started, FIRST_NS) == [
        "12;0;1;0;0;20.5",
        "12;1;1;0;1;41.0",
        "20;2;1;0;37;nan",
        "20;2;1;0;23;nan",
        "31;255;3;0;33;0",
        "31;0;1;0;0;20.5",
        "31;255;3;0;0;87",
        "31;255;3;0;32;500",
    ]
    assert run(started, FIRST_NS + NS) == [
        "12;0;1;0;0;21.0",
        "12;1;1;0;1;42.0",
        "20;2;1;0;37;7.50",
        "20;2;1;0;23;0.8",
    ]
    for row in (2, 3):
        assert len(run(started, FIRST_NS + row * NS)) == 4
    assert run(started, FIRST_NS + 4 * NS)[-1] == "0;255;3;0;22;5200"
    assert run(started, FIRST_NS + 5 * NS)[4:] == [
        "31;255;3;0;33;4500",
        "31;0;1;0;0;20.0",
        "31;255;3;0;32;500",
    ]


def test_the_log(started: MySensorsBoard) -> None:
    """Now and then a value is announced by a line of the log."""
    lines = [line for row in range(200) for line in everything(started, FIRST_NS + row * NS)]
    logs = [at for at, line in enumerate(lines) if line.startswith("0;255;3;0;9;")]
    assert 40 <= len(logs) <= 160
    for at in logs:
        assert lines[at + 1].split(";")[-1] == lines[at].rpartition(":")[2]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("0;255;3;0;2;", ["0;255;3;0;2;2.3.2"]),
        ("0;255;3;0;18;", ["0;255;3;0;22;1100"]),
        ("0;255;3;0;19;", ["0;255;0;0;17;2.3.2"]),
        ("0;255;3;0;13;", GATEWAY[1:]),
        ("0;0;1;0;0;5", []),
        ("0;255;3;0;5;1", []),
        ("255;255;3;0;20;", ["12;255;3;0;21;0", "20;255;3;0;21;0"]),
        ("255;0;1;0;0;5", []),
        ("255;255;3;0;4;9", []),
        ("12;255;3;0;19;", NODE_12),
        ("12;255;3;0;13;", NODE_12),
        ("12;255;3;0;18;", ["12;255;3;0;22;1110"]),
        ("12;255;3;0;24;", ["12;255;3;0;25;1"]),
        ("12;0;2;0;0;", ["12;0;1;0;0;20.5"]),
        ("12;1;2;0;1;", ["12;1;1;0;1;41.0"]),
        ("12;1;2;0;0;", []),
        ("20;2;2;0;37;", []),
        ("12;3;1;1;2;1", ["12;3;1;1;2;1"]),
        ("12;3;1;0;2;1", []),
        ("12;255;3;0;1;1700000000", []),
        ("31;255;3;0;19;", ["0;255;3;0;9;1110 !TSF:MSG:SEND,0-0-31-31,st=NACK:"]),
        ("99;255;3;0;19;", ["0;255;3;0;9;1110 !TSF:MSG:SEND,0-0-99-99,st=NACK:"]),
        ("rubbish", []),
    ],
)
def test_what_is_answered(started: MySensorsBoard, line: str, answer: list[str]) -> None:
    """By the gateway, at once; by a node, after the time of the radio; by a sleeper not."""
    said = ask(started, line)
    assert said[-len(answer) :] == answer if answer else said == []


def test_an_answer_waits(started: MySensorsBoard) -> None:
    """As long as the fault `slow` has it."""
    started.receive(NS, b"0;255;3;0;2;\n", lambda: 7)
    assert run(started, NS + 6) == []
    assert run(started, NS + 7) == ["0;255;3;0;2;2.3.2"]


def test_fahrenheit(started: MySensorsBoard) -> None:
    """For a node that was answered I, until it is answered M."""
    assert ask(started, "12;255;3;0;6;I") == []
    assert run(started, FIRST_NS)[0] == "12;0;1;0;0;68.9"
    assert ask(started, "12;255;3;0;6;M", FIRST_NS) == []
    assert run(started, FIRST_NS + NS)[0] == "12;0;1;0;0;21.0"


def test_a_sleeper_hears_for_half_a_second(started: MySensorsBoard) -> None:
    """After it has said that it will sleep."""
    run(started, FIRST_NS)
    awake = FIRST_NS + AWAKE_NS - RADIO_NS - 1
    assert ask(started, "31;255;3;0;18;", awake) == [f"31;255;3;0;22;{(awake + RADIO_NS) // 1_000_000}"]
    assert "NACK" in ask(started, "31;255;3;0;18;", awake + 1)[0]


def test_a_reset_of_the_gateway_is_none_of_the_nodes(started: MySensorsBoard) -> None:
    """They go on, and do not present themselves."""
    started.start(10 * NS)
    assert run(started, 10 * NS) == GATEWAY
    assert run(started, 10 * NS + FIRST_NS)[0].startswith("12;0;1;0;0;")
    assert started.counters()["boots"] == 2
    assert started.interrupted().startswith(b"0;255;3;0;9;")


def test_silence_and_faults_of_a_channel(started: MySensorsBoard, sensors: Sensors) -> None:
    """A silent channel is not said, a failed one is nan."""
    sensors.silence("temp")
    sensors.fault("hum", "absent")
    assert run(started, FIRST_NS)[:2] == ["12;1;1;0;1;nan", "20;2;1;0;37;nan"]


def test_a_new_node_asks_until_it_has_a_number(started: MySensorsBoard) -> None:
    """Each row; then it presents itself, and reports with the others."""
    usage, carry_out = started.commands["new-node"]
    assert usage == "new-node"
    assert carry_out([], 0) == "it asks for a number"
    assert run(started, FIRST_NS - NS // 10) == ["255;255;3;0;3;"]
    assert run(started, FIRST_NS)[0] == "255;255;3;0;3;"
    assert started.status()["joining"] is True
    for wrong in ("0", "255", "x", ""):
        assert ask(started, f"255;255;3;0;4;{wrong}", FIRST_NS) == []
    assert ask(started, "255;255;3;0;4;1", FIRST_NS) == [
        "1;255;0;0;17;2.3.2",
        "1;255;3;0;6;0",
        "1;255;3;0;11;New node",
        "1;255;3;0;12;0.1",
        "1;0;0;0;6;",
    ]
    assert started.status() == {"nodes": [1, 12, 20, 31], "silent_nodes": [], "joining": False}
    assert "1;0;1;0;0;21.0" in run(started, FIRST_NS + NS)
    assert ask(started, "255;255;3;0;4;2", FIRST_NS + NS) == []


def test_a_node_that_falls_silent(started: MySensorsBoard) -> None:
    """It says nothing and hears nothing, until it speaks again; or it presents itself."""
    _, carry_out = started.commands["node"]
    assert carry_out(["12", "silent"], 0) == "node 12 is silent"
    assert started.status()["silent_nodes"] == [12]
    assert run(started, FIRST_NS)[0] == "20;2;1;0;37;nan"
    assert "NACK" in ask(started, "12;255;3;0;19;", FIRST_NS)[0]
    assert carry_out(["12", "ok"], 0) == "node 12 speaks"
    assert ask(started, "12;255;3;0;19;", FIRST_NS + RADIO_NS) == NODE_12
    assert carry_out(["12", "reboot"], 0) == "node 12 speaks"
    assert run(started, FIRST_NS + 2 * RADIO_NS) == NODE_12
    for wrong in ([], ["12"], ["99", "silent"], ["x", "ok"], ["12", "dance"], ["12", "ok", "ok"]):
        with pytest.raises(ValueError, match=r"a node \(12, 20, 31\) and what it is to do"):
            carry_out(wrong, 0)
    with pytest.raises(ValueError, match="got 1 arguments"):
        started.commands["new-node"][1](["x"], 0)


def test_counters(started: MySensorsBoard) -> None:
    """What came, what was rubbish, what was too long."""
    started.receive(NS, b"0;255;3;0;2;\nrubbish\n" + b"x" * 200 + b"\n", lambda: 0)
    assert started.counters() == {"boots": 1, "reports": 0, "messages": 1, "rubbish": 2}
    started.receive(NS, b"0;255;3", lambda: 0)
    started.start(2 * NS)
    started.receive(2 * NS, b";0;2;\n", lambda: 0)
    assert started.counters() == {"boots": 2, "reports": 0, "messages": 1, "rubbish": 3}


def test_the_charge_falls(recording: Recording) -> None:
    """By one in fifty reports of the sleeper, and is never none."""
    board = MySensorsBoard(Sensors(recording, 0, 1.0, "s"), "s")
    board.start(0)
    board.run(0)
    lines = [line for row in range(5 * 60) for line in run(board, FIRST_NS + row * NS)]
    charges = [line for line in lines if line.startswith("31;255;3;0;0;")]
    assert charges == ["31;255;3;0;0;87"] * 10 + ["31;255;3;0;0;86"] * 2
