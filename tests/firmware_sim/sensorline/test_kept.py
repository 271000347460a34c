"""Section 7 of the protocol on the board, with a clock made of numbers."""

import pytest

from firmware_sim.line import MAX_BODY, decode, encode
from firmware_sim.sensorline import Identity, SensorlineBoard
from firmware_sim.sensors import NS, Sensors

MS = NS // 1000
WHO = Identity("greenhouse-uno", "24A16057F685", "2.0.0")


def run(board: SensorlineBoard, now_ns: int) -> list[str]:
    """The bodies of what `board` sends by then."""
    return [body for line in board.run(now_ns) if (body := decode(line[:-1])) is not None]


def send(board: SensorlineBoard, now_ns: int, body: str) -> None:
    """A line to it."""
    board.receive(now_ns, encode(body), lambda: 0)


def started(sensors: Sensors, kept: int, baud: int = 0) -> SensorlineBoard:
    """Boot 7, started at moment 0: its hello and its first three readings are out."""
    board = SensorlineBoard(sensors, WHO, 7, kept, baud)
    board.start(0)
    board.run(0)
    return board


@pytest.fixture
def keeper(sensors: Sensors) -> SensorlineBoard:
    """A board that keeps ten."""
    return started(sensors, 10)


def again(board: SensorlineBoard, now_ns: int, until_ns: int = 0) -> list[str]:
    """The answer to `again`, and what comes after it in 100 ms."""
    send(board, now_ns, "Q 18 again")
    return run(board, until_ns or now_ns + 100 * MS)


def test_the_hello_says_how_many(sensors: Sensors) -> None:
    """As its last field; of none it says nothing."""
    board = SensorlineBoard(sensors, WHO, 7, 115)
    board.start(0)
    assert run(board, 0)[0] == "H 0 1 greenhouse-uno 24A16057F685 7 2.0.0 3 0 115"
    board = SensorlineBoard(sensors, WHO, 7)
    board.start(0)
    assert run(board, 0)[0] == "H 0 1 greenhouse-uno 24A16057F685 7 2.0.0 3 0"


def test_a_board_that_keeps_none_knows_nothing_of_it(sensors: Sensors) -> None:
    """A `K` is an unknown letter, `again` an unknown verb, a ping names no newest."""
    board = started(sensors, 0)
    for body in ("K 7 3 1", "Q 1 again", "Q 2 ping"):
        send(board, 0, body)
    assert run(board, 1) == ["E 1 unknown_verb no verb again", "A 2 7 0"]
    assert board.counters()["messages_unknown"] == 1


def test_ping_names_the_newest(keeper: SensorlineBoard, sensors: Sensors) -> None:
    """It is the newest of this boot; 0 before there is one."""
    send(keeper, 0, "Q 2 ping")
    assert run(keeper, 0) == ["A 2 7 0 3"]
    for name in ("temp", "hum", "lux"):
        sensors.silence(name)
    keeper.start(1)
    send(keeper, 1, "Q 2 ping")
    assert run(keeper, 2)[-1] == "A 2 8 0 0"


def test_nothing_is_sent_again_unasked(keeper: SensorlineBoard) -> None:
    """A gateway that does not know it is not bothered."""
    send(keeper, 0, "K 7 1")
    bodies = run(keeper, 200 * MS) + run(keeper, 400 * MS)
    keeper.start(500 * MS)
    bodies += run(keeper, 700 * MS)
    assert {body[0] for body in bodies} == {"H", "C", "R"}


def test_again_sends_what_is_kept(keeper: SensorlineBoard) -> None:
    """As it was, oldest first; what was acknowledged is not there any more."""
    send(keeper, 0, "K 7 1")
    assert again(keeper, 10 * MS) == ["A 18 7 2 3", "B 7 hum 2 0 40", "B 7 lux 3 0 0"]
    send(keeper, 200 * MS, "K 7 3")
    assert again(keeper, 210 * MS) == ["A 18 7 4 3"]


def test_each_kind_of_reading_is_kept(keeper: SensorlineBoard, sensors: Sensors) -> None:
    """Those that were asked for, and those of a sensor that failed."""
    send(keeper, 0, "K 7 3")
    send(keeper, 500 * MS, "Q 5 read temp")
    sensors.fault("hum", "absent")
    run(keeper, 1000 * MS)
    send(keeper, 1001 * MS, "Q 6 read hum")
    assert run(keeper, 1003 * MS) == ["E 6 sensor_fault absent"]
    assert again(keeper, 1010 * MS) == [
        "A 18 7 4 7",
        "B 7 temp 4 501 20",
        "B 7 temp 5 1000 20.5",
        "B 7 hum 6 1000 !absent",
        "B 7 lux 7 1000 !range",
    ]


def test_what_is_overwritten_is_told(keeper: SensorlineBoard) -> None:
    """As a gap with its counts, before the rest; until it is acknowledged."""
    for second in range(1, 4):
        run(keeper, second * NS)
    found = again(keeper, 3001 * MS)
    assert found[:3] == ["A 18 7 3 12", "G 7 1 2 temp 1 hum 1", "B 7 lux 3 0 0"]
    assert len(found) == 12
    send(keeper, 3200 * MS, "K 7 2")
    assert again(keeper, 3210 * MS)[1][0] == "B"


def test_a_reset_begins_another_boot(keeper: SensorlineBoard) -> None:
    """What is kept of the one before is sent with its age; the boot that runs is named first."""
    send(keeper, 0, "K 7 1")
    keeper.start(600 * MS)
    run(keeper, 600 * MS)
    send(keeper, 600 * MS, "K 8 2")
    assert again(keeper, 700 * MS) == [
        "A 18 8 3 3 7 2 3",
        "B 7 hum 2 0 40 700",
        "B 7 lux 3 0 0 702",
        "B 8 lux 3 0 0",
    ]
    send(keeper, 900 * MS, "K 7 3")
    assert again(keeper, 910 * MS) == ["A 18 8 3 3", "B 8 lux 3 0 0"]


def test_a_gap_of_an_earlier_boot(sensors: Sensors) -> None:
    """Of what it has no reading any more, it still says what was lost; the boot is named, and keeps none."""
    board = started(sensors, 3)
    board.start(600 * MS)
    run(board, 600 * MS)
    assert again(board, 700 * MS)[:2] == ["A 18 8 1 3 7 4 3", "G 7 1 3 temp 1 hum 1 lux 1"]
    send(board, 900 * MS, "K 7 3")
    assert again(board, 910 * MS)[0] == "A 18 8 1 3"


def test_no_power_no_readings(keeper: SensorlineBoard) -> None:
    """What outlives a reset does not outlive that."""
    keeper.power_lost()
    keeper.start(600 * MS)
    run(keeper, 600 * MS)
    assert again(keeper, 610 * MS)[0] == "A 18 8 1 3"


def test_what_did_not_come_is_sent_again(keeper: SensorlineBoard) -> None:
    """Numbers and ranges; what is not there is ignored, or is told as lost."""
    for second in range(1, 4):
        run(keeper, second * NS)
    send(keeper, 3100 * MS, "K 7 0 4 1-3 12 11-12 90-9007199254740991")
    send(keeper, 3100 * MS, "K 6 4 1-9")
    assert [body.split()[:4] for body in run(keeper, 3200 * MS)] == [
        ["B", "7", "temp", "4"],
        ["G", "7", "1", "2"],
        ["B", "7", "lux", "3"],
        ["B", "7", "lux", "12"],
        ["B", "7", "hum", "11"],
    ]
    assert keeper.counters()["sent_again"] == 4


def test_what_is_asked_for_twice_comes_once(keeper: SensorlineBoard) -> None:
    """A gateway asks until it has it: what waits to be sent grows no longer than what is kept."""
    for _ in range(5):
        send(keeper, 100 * MS, "K 7 0 2-3")
    assert [body.split()[3] for body in run(keeper, 300 * MS)] == ["2", "3"]


def test_what_was_acknowledged_meanwhile_is_not_sent(keeper: SensorlineBoard) -> None:
    """Nor what was overwritten."""
    send(keeper, 100 * MS, "K 7 0 1-3")
    send(keeper, 100 * MS, "K 7 2")
    assert [body.split()[3] for body in run(keeper, 300 * MS)] == ["3"]
    send(keeper, 400 * MS, "K 7 2 3")
    keeper.commands["kept"][1](["0"], 400 * MS)
    assert [body[0] for body in run(keeper, 500 * MS)] == ["H", "C", "C", "C"]


@pytest.mark.parametrize(
    "body", ["K", "K 7", "K 7 x", "K x 2", "K 7 2 x", "K 7 2 3-", "K 7 2 3-1", "K 7 2 -3"]
)
def test_a_line_that_is_none_does_nothing(keeper: SensorlineBoard, body: str) -> None:
    """It is counted."""
    send(keeper, 0, body)
    assert keeper.counters()["requests_unusable"] == 1
    assert again(keeper, 10 * MS)[0] == "A 18 7 1 3"


def test_what_is_due_goes_first(sensors: Sensors) -> None:
    """At 1,200 baud a kept reading takes 0.2 s: readings and answers go out between them, at their times."""
    board = started(sensors, 10, 1200)
    send(board, 500 * MS, "Q 18 again")
    send(board, 600 * MS, "Q 19 ping")
    assert run(board, 500 * MS) == ["A 18 7 1 3", "B 7 temp 1 0 20"]
    assert run(board, 600 * MS) == ["A 19 7 600 3"]
    assert board.next_due_ns() == 500 * MS + len(encode("B 7 temp 1 0 20")) * (11 * NS // 1200)
    assert [body[0] for body in run(board, 1000 * MS)] == ["B", "B", "R", "R", "R"]
    assert board.next_due_ns() == 2 * NS


def test_a_reading_at_the_same_time_goes_first(sensors: Sensors) -> None:
    """The kept one waits."""
    board = started(sensors, 10)
    send(board, 1 * NS, "K 7 0 1")
    assert [body[0] for body in run(board, 1 * NS)] == ["R", "R", "R", "B"]


def test_a_caller_who_comes_late_gets_no_burst(sensors: Sensors) -> None:
    """What could have gone out long before goes out from a quarter of a second before on."""
    board = started(sensors, 1000, 1200)
    run(board, 200 * MS)
    send(board, 200 * MS, "Q 18 again")
    run(board, 200 * MS)
    assert [body.split()[3] for body in run(board, 900 * MS) if body[0] == "B"] == ["2", "3"]


def test_as_many_boots_as_a_line_has_room_for(sensors: Sensors) -> None:
    """Its readings are sent all the same."""
    board = SensorlineBoard(sensors, WHO, 4_000_000_000, 1000)
    for start in range(12):
        board.start(start * MS)
        board.run(start * MS)
    found = again(board, 20 * MS, 250 * MS)
    assert found[0].startswith("A 18 4000000011 1 3 4000000000 1 3 4000000001 1 3 ")
    assert MAX_BODY - 16 < len(found[0]) <= MAX_BODY
    assert len(found) == 1 + 12 * 3


def test_the_command(keeper: SensorlineBoard) -> None:
    """It changes the size, and says so with a hello."""
    carry = keeper.commands["kept"][1]
    assert carry(["2"], 10 * MS) == "2 readings are kept"
    assert run(keeper, 10 * MS)[0].endswith(" 3 10 2")
    assert keeper.status() == {"boot": 7, "seq": 3, "kept": 2, "room": 2}
    for wrong in ([], ["-1"], ["65536"], ["1", "2"]):
        with pytest.raises(ValueError, match=r"got"):
            carry(wrong, 10 * MS)
