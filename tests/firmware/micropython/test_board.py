"""The board under MicroPython on a real pty: requests, intervals, sensors that fail, a line that is noisy."""

from collections.abc import Callable
from pathlib import Path

from firmware_sim.line import encode
from tests.firmware.micropython.wire import Wire
from tests.support.micropython_board import NEEDED
from tests.support.waiting import until

pytestmark = NEEDED
Start = Callable[..., Wire]


def test_hello(board: Start) -> None:
    """Asked for, it has all that the protocol wants, and how many readings it keeps."""
    wire = board("interval=60000", "keeps=115")
    fields = wire.ask("Q 65535 hello").split()
    assert fields[:4] == ["H", "65535", "1", "mpy-unix"]
    assert len(fields[4]) == 12
    assert fields[5:8] == ["1", "mpy-1.0.0", "2"]
    assert fields[9:] == ["115"]
    assert wire.starting("C 65535 0") == "C 65535 0 temp temperature C 0.01 -40 85 60000"
    assert wire.starting("C 65535 1") == "C 65535 1 hum humidity % 0.1 0 100 60000"


def test_a_board_that_keeps_none(board: Start) -> None:
    """Says nothing of it, and knows nothing of it."""
    wire = board("interval=60000", "keeps=0")
    assert len(wire.ask("Q 1 hello").split()) == 9
    assert wire.ask("Q 2 again") == "E 2 unknown_verb no verb again"
    assert len(wire.ask("Q 3 ping").split()) == 4


def test_readings_come_by_themselves(board: Start) -> None:
    """One number after the other; both channels of one measurement have one time."""
    wire = board("interval=50")
    wire.board.measure(temp="-4.07", hum="absent")
    first = wire.starting("R temp").split()
    for seq in range(int(first[2]) + 1, int(first[2]) + 20, 2):
        hum, temp = wire.starting("R ").split(), wire.starting("R ").split()
        assert [hum[1], temp[1]] == ["hum", "temp"]
        assert [int(hum[2]), int(temp[2])] == [seq, seq + 1]
        assert hum[3] == first[3]
        assert int(temp[3]) > int(first[3])
        first = temp
    assert [hum[4], temp[4]] == ["!absent", "-4.07"]
    assert int(temp[3]) >= 9 * 50


VALUES = {
    "23.18": "23.18",
    "-0.004": "0.00",
    "-39.999": "-40.00",
    "85": "85.00",
    "85.01": "!range",
    "-41": "!range",
    "checksum": "!checksum",
    "busy": "!busy",
    "strange": "!absent",
}


def test_values(board: Start) -> None:
    """At the channel's resolution; what cannot be one is a fault."""
    wire = board("interval=20")
    for temp, said in VALUES.items():
        wire.board.measure(temp=temp)
        while not wire.starting("R temp").endswith(f" {said}"):
            pass


def test_a_read_is_measured_after_it_was_asked_for(board: Start) -> None:
    """It takes the next number; its time lies after what the board said before."""
    wire = board("interval=0")
    for request in range(1, 20):
        now = int(wire.ask(f"Q {request} ping").split()[3])
        answer = wire.ask(f"Q {request + 100} read temp").split()
        assert answer[:4] == ["A", str(request + 100), "temp", str(request)]
        assert int(answer[4]) > now
        assert answer[5] == "23.18"


ANSWERS = {
    "Q 5": "E 5 bad_argument expected a verb",
    "Q 5 dance": "E 5 unknown_verb no verb dance",
    "Q 5 read": "E 5 bad_argument read: expected a channel",
    "Q 5 read tmp": "E 5 unknown_channel no channel tmp",
    "Q 5 interval temp": "E 5 bad_argument interval: expected a channel and milliseconds",
    "Q 5 interval temp -1": "E 5 bad_argument interval: expected milliseconds, got -1",
    "Q 5 interval temp 01": "E 5 bad_argument interval: expected milliseconds, got 01",
    "Q 5 interval tmp 1": "E 5 unknown_channel no channel tmp",
    "Q 5 interval temp 9007199254740991": "A 5 temp 86400000",
    "Q 5 interval temp 70 and more": "A 5 temp 70",
    "Q 5 interval temp 7": "A 5 temp 50",
    "Q 5 interval temp 0": "A 5 temp 0",
}


def test_answers(board: Start) -> None:
    """As the simulator's; an interval is no shorter than the part can do."""
    wire = board("interval=0", "shortest=50")
    assert {request: wire.ask(request) for request in ANSWERS} == ANSWERS


def test_any_verb_gets_an_answer_that_fits(board: Start) -> None:
    """However long what is echoed."""
    wire = board("interval=0")
    for body in (f"Q 7 {'x' * 140}", f"Q 7 read {'x' * 130}", f"Q 7 interval temp {'9' * 120}"):
        assert wire.ask(body).startswith("E 7 ")


def test_what_is_no_request_is_not_answered(board: Start) -> None:
    """Unknown letters, ids that are none, damaged lines, garbage, half a line; the next is understood."""
    wire = board("interval=0")
    wire.until_ping(1)
    for body in (
        "Z 1",
        "Q",
        "Q 0 ping",
        "Q 65536 ping",
        "Q -1 ping",
        "Q x ping",
        "Q 01 ping",
        "R temp 1 2 3",
    ):
        wire.tell(body)
    wire.send(b"\x00\xff$$$" * 100 + b"\n")
    wire.send(encode("Q 9 ping").replace(b"9", b"8"))
    wire.send(b"$Q 9 pi")
    assert wire.until_ping(2) == []
    wire.send(b"\x03\x03\x04")  # Ctrl-C, Ctrl-D: bytes like others
    assert wire.until_ping(3) == []


def test_an_interval_of_none_stops_the_readings(board: Start) -> None:
    """And the other channel goes on."""
    wire = board("interval=20")
    wire.ask("Q 1 interval temp 0")
    wire.until_ping(2)
    for _ in range(5):
        assert wire.starting("R ").startswith("R hum")
    wire.ask("Q 3 interval temp 30")
    assert wire.starting("R temp")


def test_a_part_is_not_asked_too_soon(board: Start) -> None:
    """A read waits for it, if that is short; else it is told to come again, and for how long to wait."""
    wire = board("interval=0", "shortest=300")
    first = wire.ask("Q 1 read temp").split()
    second = wire.ask("Q 2 read hum").split()
    assert int(second[4]) >= int(first[4]) + 300


def test_a_part_that_takes_long_between_two(board: Start) -> None:
    """As a DHT22 does: a read in between is refused; at the time that it is told then it waits."""
    wire = board("interval=3000", "shortest=3000")
    wire.starting("R hum")
    answer = wire.ask("Q 1 read temp").split()
    assert answer[:3] == ["E", "1", "busy"]
    assert answer[4] == "ms:"
    assert 350 < int(answer[3]) <= 3000 - 350
    assert wire.ask("Q 2 interval temp 10") == "A 2 temp 3000"


def test_a_part_that_takes_its_time_to_measure(board: Start) -> None:
    """The board answers meanwhile; a second read is refused, the same one once more is not answered twice."""
    wire = board("interval=0", "takes=500")
    wire.tell("Q 1 read temp")
    wire.tell("Q 1 read temp")
    wire.tell("Q 2 read hum")
    wire.tell("Q 3 ping")
    said = [wire.next(lambda _: True) for _ in range(3)]
    while said[0][0] in "HC":
        said = [*said[1:], wire.next(lambda _: True)]
    assert said[0].startswith("E 2 busy ")
    assert said[1].startswith("A 3 ")
    asked = int(said[1].split()[3])
    assert said[2].startswith("A 1 temp 1 ")
    assert int(said[2].split()[4]) >= asked + 400
    assert wire.until_ping(4) == []


def test_a_sensor_that_fails_is_told(board: Start) -> None:
    """A read is an error that takes no number."""
    wire = board("interval=0")
    wire.board.measure(temp="checksum")
    assert wire.ask("Q 1 read temp") == "E 1 sensor_fault checksum"
    assert wire.ask("Q 2 ping").endswith(" 0")
    wire.board.measure(temp="20")
    assert wire.ask("Q 3 read temp").startswith("A 3 temp 1 ")


def test_a_mistake_in_a_sensor_s_program(board: Start) -> None:
    """A note says which, in a line's letters; the reading is a fault, and the board goes on."""
    wire = board("interval=0")
    wire.board.measure(temp="broken")
    wire.tell("Q 1 read temp")
    assert wire.starting("D ") == "D Told: ValueError: broken, as ? it ? was told"
    assert wire.starting("E 1") == "E 1 sensor_fault absent"
    wire.board.measure()
    assert wire.ask("Q 2 read temp").startswith("A 2 temp 1 ")


def test_who_it_is_outlives_its_power(board: Start) -> None:
    """Drawn once; the boot number counts."""
    wire = board("interval=0")
    first = wire.ask("Q 1 hello").split()
    wire.board.reset()
    second = wire.starting("H 0 ").split()
    assert first[4] == second[4]
    assert int(second[5]) == int(first[5]) + 1


def test_nobody_reads(board: Start) -> None:
    """What the port has no room for is lost; the board goes on, and answers when somebody does."""
    wire = board("interval=20", "keeps=50")  # there is room for an answer, however busy we are
    until(lambda: wire.board.full)
    wire.next(lambda _: True)  # else the answer may find no room, either
    until(lambda: int(wire.ask("Q 2 ping").split()[-1]) > 20)


def test_files_that_cannot_be_written(tmp_path: Path, board: Start) -> None:
    """Each start has a number of its own all the same."""
    wire = board("interval=0")
    (tmp_path / "files" / "sensorline.boot.new").mkdir()
    boots = set()
    for _ in range(3):
        wire.board.reset()
        boots.add(wire.starting("H 0 ").split()[5])
    assert len(boots) == 3
    assert all(0 < int(boot) < 2**32 for boot in boots)
