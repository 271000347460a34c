"""The board as a state machine, with a clock made of numbers."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.line import decode, encode
from firmware_sim.recording import Recording
from firmware_sim.sensorline import Identity, SensorlineBoard
from firmware_sim.sensorline.board import MAX_BATCH, MAX_BOOT
from firmware_sim.sensors import NS, Sensors

MS = NS // 1000


def run(board: SensorlineBoard, now_ns: int) -> list[str]:
    """The bodies of what `board` sends by then."""
    found = [decode(line[:-1]) for line in board.run(now_ns)]
    assert None not in found
    return [body for body in found if body is not None]


def send(board: SensorlineBoard, now_ns: int, body: str, delay_ns: int = 0) -> None:
    """A line to it."""
    board.receive(now_ns, encode(body), lambda: delay_ns)


def ask(board: SensorlineBoard, now_ns: int, body: str, delay_ns: int = 0) -> list[str]:
    """What it sends in the 5 ms after a request, readings left out."""
    send(board, now_ns, body, delay_ns)
    return [body for body in run(board, now_ns + delay_ns + 5 * MS) if body[0] != "R"]


def golden(vectors: dict[str, Any], name: str) -> str:
    """The body of the golden line of that name."""
    (line,) = [entry["line"] for entry in vectors["lines"] if entry["name"] == name]
    return str(line[1:-9])


def test_start_says_hello_and_reads_at_once(sensors: Sensors) -> None:
    """At power on the hello comes, then the first reading of each channel."""
    board = SensorlineBoard(sensors, Identity("greenhouse-uno", "24A16057F685", "1.2.0"), 7)
    board.start(5 * NS)
    assert run(board, 5 * NS) == [
        "H 0 1 greenhouse-uno 24A16057F685 7 1.2.0 3 0",
        "C 0 0 temp temperature C 0.01 -40 85 1000",
        "C 0 1 hum humidity % 0.01 0 100 1000",
        "C 0 2 lux light lx 0.1 0 65535 1000",
        "R temp 1 0 21",
        "R hum 2 0 42",
        "R lux 3 0 7.5",
    ]


def test_each_interval_is_the_next_row(board: SensorlineBoard) -> None:
    """Readings follow the recording, which starts over at its end; the time is the measurement's."""
    assert run(board, 999 * MS) == []
    assert run(board, 1000 * MS) == ["R temp 4 1000 20.5", "R hum 5 1000 41", "R lux 6 1000 !range"]
    late = run(board, 3 * NS + 200 * MS)
    assert late[:3] == ["R temp 7 3200 20", "R hum 8 3200 40", "R lux 9 3200 0"]
    assert board.counters()["readings_skipped"] == 3


def test_a_little_late_loses_nothing(board: SensorlineBoard) -> None:
    """What was due while the caller was busy comes at once, each reading with its own time."""
    ask(board, 0, "Q 1 interval temp 50")
    assert [body for body in run(board, 260 * MS) if "temp" in body] == [
        f"R temp {n} {50 * (n - 3)} 20" for n in range(4, 9)
    ]


def test_golden_ping(board: SensorlineBoard, vectors: dict[str, Any]) -> None:
    """The golden ping gets the golden answer."""
    run(board, 4900 * MS)
    assert ask(board, 5000 * MS, golden(vectors, "ping: the request")) == [
        golden(vectors, "ping: the answer")
    ]


def test_golden_interval(board: SensorlineBoard, vectors: dict[str, Any]) -> None:
    """The golden interval gets the golden answer, and holds."""
    request, answer = golden(vectors, "interval: the request"), golden(vectors, "interval: the answer")
    assert ask(board, 500 * MS, request) == [answer]
    assert "C 9 0 temp temperature C 0.01 -40 85 5000" in ask(board, 600 * MS, "Q 9 hello")
    assert not [body for body in run(board, 700 * MS) if "temp" in body]
    assert board.next_due_ns() == 1000 * MS  # of the others


def test_golden_read(board: SensorlineBoard, sensors: Sensors, vectors: dict[str, Any]) -> None:
    """The golden live read gets the golden answer, with the next sequence number and a later time."""
    for name in ("temp", "hum", "lux"):
        ask(board, 0, f"Q 1 interval {name} 0")
    board.seq = 4
    sensors.hold("temp", "23.17")
    request, answer = golden(vectors, "live read: the request"), golden(vectors, "live read: the answer")
    assert ask(board, 4479 * MS + 1, request) == [answer]


def test_golden_errors(board: SensorlineBoard, sensors: Sensors, vectors: dict[str, Any]) -> None:
    """A wrong channel and a failed sensor give the golden errors."""
    assert ask(board, 0, "Q 21 read tmp") == [golden(vectors, "an error with a text")]
    sensors.fault("temp", "absent")
    assert ask(board, 0, "Q 23 read temp") == [golden(vectors, "a sensor's fault in an answer")]


def test_golden_reading_of_a_failed_sensor(
    board: SensorlineBoard, sensors: Sensors, vectors: dict[str, Any]
) -> None:
    """A failed sensor reports its word in place of a value."""
    sensors.fault("temp", "absent")
    ask(board, 153 * MS, "Q 1 interval temp 1000")
    sensors.silence("hum")
    sensors.silence("lux")
    run(board, 1 * NS)
    readings = [body for at in range(1, 5) for body in run(board, at * NS + 153 * MS)]
    assert golden(vectors, "the sensor failed").replace("temp 4", "temp 7") in readings


def test_golden_hello_on_request(board: SensorlineBoard, vectors: dict[str, Any]) -> None:
    """A hello that is asked for carries the request's id in every line."""
    lines = ask(board, 153 * MS, golden(vectors, "hello asked for"))
    assert lines[0] == golden(vectors, "hello").replace("H 0", "H 18").replace(" 2 153", " 3 153")
    assert [line[:6] for line in lines[1:]] == ["C 18 0", "C 18 1", "C 18 2"]


def test_every_golden_request_is_answered(board: SensorlineBoard, vectors: dict[str, Any]) -> None:
    """Each golden request gets exactly one answer of its id."""
    requests = [entry["fields"] for entry in vectors["lines"] if entry["fields"][0] == "Q"]
    assert len(requests) == 5
    for _, request_id, *rest in requests:
        answers = ask(board, 0, " ".join(["Q", request_id, *rest]))
        assert all(answer.split()[1] == request_id for answer in answers)
        assert sum(answer[0] in "AEH" for answer in answers) == 1


def test_unknown_letters_are_skipped(board: SensorlineBoard, vectors: dict[str, Any]) -> None:
    """A message that is no request of version 1 is counted and not answered."""
    for entry in vectors["skipped"]:
        assert ask(board, 0, entry["line"][1:-9]) == []
    assert board.counters()["messages_unknown"] == len(vectors["skipped"])


@pytest.mark.parametrize("body", ["Q", "Q 0 ping", "Q 65536 ping", "Q -1 ping", "Q x ping", "Q 01 ping"])
def test_requests_without_a_usable_id_are_dropped(board: SensorlineBoard, body: str) -> None:
    """Without an id there is nobody to answer."""
    assert ask(board, 0, body) == []
    assert board.counters()["requests_unusable"] == 1


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("Q 5", "E 5 bad_argument expected a verb"),
        ("Q 5 dance", "E 5 unknown_verb no verb dance"),
        ("Q 5 read", "E 5 bad_argument read: expected a channel"),
        ("Q 5 interval temp", "E 5 bad_argument interval: expected a channel and milliseconds"),
        ("Q 5 interval temp -1", "E 5 bad_argument interval: expected milliseconds, got -1"),
        ("Q 5 interval temp 01", "E 5 bad_argument interval: expected milliseconds, got 01"),
        ("Q 5 interval tmp 1", "E 5 unknown_channel no channel tmp"),
        ("Q 5 interval temp 9007199254740991", "A 5 temp 86400000"),
        ("Q 5 interval temp 70 and more", "A 5 temp 70"),
        ("Q 5 ping and more", "A 5 7 0"),
        ("Q 65535 read hum and more", "A 65535 hum 4 1 40"),
    ],
)
def test_answers(board: SensorlineBoard, request_: str, answer: str) -> None:
    """Bad requests get the error of the specification; fields after the known ones are ignored."""
    assert ask(board, 0, request_) == [answer]


@settings(deadline=None)  # a busy machine
@given(st.text([chr(c) for c in range(0x21, 0x7F) if chr(c) not in "$*"], min_size=1, max_size=140))
def test_any_verb_gets_an_answer_that_fits(verb: str) -> None:
    """However long what is echoed, the answer is a line of the protocol."""
    columns: dict[str, tuple[str, ...]] = dict.fromkeys(("temp", "hum", "lux"), ("1", "2"))
    board = SensorlineBoard(Sensors(Recording(NS, columns), 0, 1.0, ""), Identity(), 1)
    board.start(0)
    board.run(0)
    for body in (f"Q 7 {verb}", f"Q 7 read {verb}", f"Q 7 interval temp {verb}"[:148]):
        assert len(ask(board, 0, body)) >= 1


def test_interval_zero_stops_the_readings(board: SensorlineBoard) -> None:
    """A channel with interval 0 only answers reads."""
    for name in ("temp", "hum", "lux"):
        assert ask(board, 0, f"Q 3 interval {name} 0") == [f"A 3 {name} 0"]
    assert board.next_due_ns() is None
    assert run(board, 100 * NS) == []
    assert ask(board, 100 * NS, "Q 4 read temp") == ["A 4 temp 4 100001 20.5"]
    assert ask(board, 101 * NS, "Q 3 interval temp 1000") == ["A 3 temp 1000"]
    assert board.next_due_ns() == 102 * NS


def test_read_is_measured_after_the_request_arrived(board: SensorlineBoard) -> None:
    """The reading's millisecond begins after the request's arrival, also when that is on the millisecond."""
    for arrival, time in ((10 * MS, 11), (20 * MS + 999_999, 21)):
        send(board, arrival, "Q 8 read temp")
        assert run(board, time * MS - 1) == []
        assert run(board, time * MS)[0].split()[4] == str(time)


def test_readings_and_answers_are_in_order_of_time(board: SensorlineBoard) -> None:
    """Neither the sequence nor the time ever steps back, whatever is read between."""
    for ms in range(0, 3000, 7):
        send(board, ms * MS, f"Q {ms + 1} read hum")
    fields = [body.split() for ms in range(1, 4000, 90) for body in run(board, ms * MS)]
    seqs = [int(f[2] if f[0] == "R" else f[3]) for f in fields if f[0] in "RA"]
    times = [int(f[3] if f[0] == "R" else f[4]) for f in fields if f[0] in "RA"]
    assert seqs == list(range(4, 4 + len(seqs)))
    assert times == sorted(times)


def test_a_slow_answer_is_measured_late(board: SensorlineBoard) -> None:
    """A board that is slow carries the request out later: the reading is as fresh as the answer."""
    send(board, 0, "Q 6 read temp", delay_ns=300 * MS)
    send(board, 0, "Q 7 ping")
    assert run(board, 300 * MS) == []
    assert run(board, 301 * MS) == ["A 6 temp 4 301 20", "A 7 7 301"]


def test_too_many_requests_are_refused(board: SensorlineBoard) -> None:
    """The ninth waiting request is told so, at once."""
    for request_id in range(1, 10):
        send(board, 0, f"Q {request_id} ping", delay_ns=NS)
    assert run(board, 0) == ["E 9 busy 8 requests are waiting"]


def test_silent_channel(board: SensorlineBoard, sensors: Sensors) -> None:
    """A silent channel takes no sequence numbers; its read fails."""
    sensors.silence("temp")
    assert run(board, 1 * NS) == ["R hum 4 1000 41", "R lux 5 1000 !range"]
    assert ask(board, 1 * NS, "Q 2 read temp") == ["E 2 sensor_fault absent"]
    assert ask(board, 1 * NS, "Q 2 read lux") == ["E 2 sensor_fault range"]


def test_reset_forgets_everything_but_counts_the_boot(board: SensorlineBoard) -> None:
    """A reset: another boot, sequence and time from the start, intervals as before any request."""
    ask(board, 0, "Q 1 interval temp 50")
    send(board, 400 * MS, "Q 2 ping", delay_ns=NS)
    board.start(500 * MS)
    lines = run(board, 500 * MS)
    assert lines[0] == "H 0 1 greenhouse-uno 24A16057F685 8 1.2.0 3 0"
    assert lines[1].endswith(" 1000")
    assert lines[4] == "R temp 1 0 20"
    assert not [body for body in run(board, 3 * NS) if body[0] == "A"]


def test_boot_numbers_go_round(sensors: Sensors) -> None:
    """After the largest boot number comes 1, never 0."""
    board = SensorlineBoard(sensors, Identity(), MAX_BOOT)
    board.start(0)
    board.start(0)
    assert board.boot == 1


def test_new_speed_is_announced(board: SensorlineBoard, sensors: Sensors) -> None:
    """Another speed gives a hello of the same boot; an interval that was asked for stays."""
    ask(board, 0, "Q 1 interval hum 5000")
    sensors.set_speed(500 * MS, 10.0)
    board.pace_changed(500 * MS)
    lines = run(board, 500 * MS)
    assert [line.split()[-1] for line in lines] == ["500", "100", "5000", "100"]
    assert run(board, 600 * MS)[0] == "R temp 4 600 20.5"


def test_faster_than_a_millisecond(recording: Recording) -> None:
    """Below a millisecond the announced interval is 1; the readings come in batches of bounded size."""
    board = SensorlineBoard(Sensors(recording, 0, 10_000.0, ""), Identity(), 1)
    board.start(0)
    assert run(board, 0)[1].endswith(" 1")
    assert len(run(board, 10 * MS)) == 3 * 100
    assert len(run(board, 200 * MS)) == MAX_BATCH
    assert board.next_due_ns() is not None


def test_lines_are_bytes_with_their_end(board: SensorlineBoard) -> None:
    """What is sent is whole lines."""
    assert board.run(NS)[0] == encode("R temp 4 1000 20.5")
