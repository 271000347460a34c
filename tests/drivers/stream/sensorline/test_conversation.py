"""What a board says over time: hellos, restarts, gaps, answers. No port, no clock but the one passed in."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.source import Measurement
from drivers.stream.conversation import Event, Hello, HelloWanted, Note, Refusal, Reply, Unusable
from drivers.stream.sensorline import Conversation
from firmware_sim.line import encode

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[3] / "vectors" / "sensorline.json").read_text())
HELLO = [
    "H {id} 1 m 24A1 {boot} f 2 {time}",
    "C {id} 0 temp temperature C 0.01 -40 85 1000",
    "C {id} 1 hum humidity % 1 0 100 0",
]


def lines(*bodies: str) -> bytes:
    """The bytes of these bodies, by the simulator's encoder."""
    return b"".join(encode(body) for body in bodies)


def hello(request_id: int = 0, boot: int = 7, time_ms: int = 0) -> bytes:
    """A hello of two channels."""
    return lines(*(body.format(id=request_id, boot=boot, time=time_ms) for body in HELLO))


def talk(now: float = 100.0, boot: int = 7) -> Conversation:
    """A conversation that has its hello, of a board started at `now`."""
    conversation = Conversation()
    events = conversation.receive(hello(boot=boot), now)
    assert [type(event) for event in events] == [Hello]
    return conversation


def kinds(events: Sequence[Event]) -> list[str]:
    """The events' names."""
    return [type(event).__name__ for event in events]


def test_a_hello_is_the_board_and_its_channels() -> None:
    """All that the lines say, intervals in seconds."""
    (event,) = Conversation().receive(hello(), 100.0)
    assert isinstance(event, Hello)
    board = event.device
    assert (board.model, board.identity, board.firmware, board.boot) == ("m", "24A1", "f", 7)
    assert list(board.channels) == ["temp", "hum"]
    assert board.channels["temp"].interval_s == 1.0
    assert board.channels["hum"].interval_s == 0.0


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_hello_with_a_line_lost_is_none(lost: int) -> None:
    """Readings wait, a hello is asked for; the next complete one counts."""
    pieces = hello().splitlines(keepends=True)
    conversation = Conversation()
    assert conversation.receive(b"".join(pieces[:lost] + pieces[lost + 1 :]), 100.0) == []
    assert kinds(conversation.receive(lines("R temp 1 5 20"), 100.1)) == ["HelloWanted"]
    assert conversation.counters["early"] == 1
    assert kinds(conversation.receive(hello(9) + lines("R temp 2 6 20"), 100.2)) == ["Hello", "Measurement"]


def test_the_lines_of_two_hellos_are_not_mixed() -> None:
    """A channel of another hello does not complete this one."""
    first, second = (hello(i).splitlines(keepends=True) for i in (5, 6))
    conversation = Conversation()
    assert conversation.receive(first[0] + first[1] + second[2], 100.0) == []
    assert kinds(conversation.receive(first[2], 100.0)) == ["Hello"]


@given(st.permutations(range(6)), st.sets(st.integers(0, 5)))
def test_a_hello_of_any_damage_is_right_or_none(order: list[int], lost: set[int]) -> None:
    """Lines of two equal hellos in any order, any of them lost: what comes out is the board."""
    pieces = (hello(5) + hello(6)).splitlines(keepends=True)
    conversation = Conversation()
    for index in order:
        if index not in lost:
            for event in conversation.receive(pieces[index], 100.0):
                assert isinstance(event, Hello)
                assert list(event.device.channels) == ["temp", "hum"]


def test_two_channels_of_one_name_are_no_hello() -> None:
    """Such a board cannot be understood."""
    conversation = Conversation()
    twice = lines("H 0 1 m i 7 f 2 0", "C 0 0 temp t C 1 0 9 0", "C 0 1 temp t C 1 0 9 0")
    assert conversation.receive(twice, 100.0) == []
    assert conversation.counters["malformed"] == 1


def test_a_channel_line_beyond_the_hello_s_count_is_ignored() -> None:
    """Also one without any hello."""
    conversation = Conversation()
    assert (
        conversation.receive(lines("C 0 0 a t C 1 0 9 0", "H 0 1 m i 7 f 1 0", "C 0 1 b t C 1 0 9 0"), 1.0)
        == []
    )
    assert kinds(conversation.receive(lines("C 0 0 a t C 1 0 9 0"), 1.0)) == ["Hello"]


def test_a_reading_has_the_gateway_s_time() -> None:
    """Measured half a second after the board's start."""
    (event,) = talk().receive(lines("R temp 1 500 23.18"), 100.6)
    assert isinstance(event, Measurement)
    assert event.measured == pytest.approx(100.5, abs=0.007)
    assert event._replace(measured=0.0) == Measurement("temp", 1, 23.18, None, 0.0, None)


def test_a_fault_is_a_measurement_without_a_value() -> None:
    """With the board's word for it."""
    (event,) = talk().receive(lines("R temp 1 0 !absent"), 100.0)
    assert event == Measurement("temp", 1, None, "the board reports 'absent' instead of a value", 100.0, None)


def test_a_repeated_line_is_dropped() -> None:
    """Same sequence, same time: the same reading."""
    conversation = talk()
    assert kinds(conversation.receive(lines("R temp 1 5 20", "R temp 1 5 20"), 100.1)) == ["Measurement"]
    assert conversation.counters["repeated"] == 1


def test_gaps_are_counted() -> None:
    """1, then 5: three are lost; the reading counts."""
    conversation = talk()
    events = conversation.receive(lines("R temp 1 5 20", "R temp 5 6 20", "R hum 6 6 50"), 100.1)
    assert kinds(events) == ["Measurement"] * 3
    assert conversation.counters["lost"] == 3


@pytest.mark.parametrize("reading", ["R temp 2 90000 20", "R temp 9 4000 20", "R temp 3 4000 20"])
def test_sequence_or_time_backwards_is_a_restart(reading: str) -> None:
    """Readings are dropped until there is a hello."""
    conversation = talk()
    conversation.receive(lines("R temp 3 5000 20"), 105.0)
    assert kinds(conversation.receive(lines(reading, "R temp 10 95000 20"), 190.0)) == ["HelloWanted"] * 2
    assert conversation.counters["restarts"] == 1
    events = conversation.receive(hello(boot=8, time_ms=96000) + lines("R temp 4 96000 21"), 191.0)
    assert kinds(events) == ["Hello", "Measurement"]


def test_another_boot_in_a_hello_is_a_restart() -> None:
    """Sequence and clock start anew."""
    conversation = talk()
    conversation.receive(lines("R temp 50 60000 20"), 160.0)
    events = conversation.receive(hello(boot=8) + lines("R temp 1 500 21"), 200.6)
    assert kinds(events) == ["Hello", "Measurement"]
    assert conversation.counters["restarts"] == 1
    assert isinstance(events[1], Measurement)
    assert 200.0 <= events[1].measured <= 200.6


def test_the_same_boot_in_a_hello_is_no_restart() -> None:
    """A hello that was asked for disturbs neither sequence nor clock."""
    conversation = talk()
    conversation.receive(lines("R temp 1 5 20"), 100.1)
    assert kinds(conversation.receive(hello(4, time_ms=900), 101.0)) == ["Hello"]
    conversation.receive(lines("R temp 1 5 20", "R temp 3 1000 20"), 101.0)
    assert {name: conversation.counters[name] for name in ("restarts", "repeated", "lost")} == {
        "restarts": 0,
        "repeated": 1,
        "lost": 1,
    }


def test_a_hello_whose_time_goes_back_is_a_restart_whatever_its_boot() -> None:
    """Not every board can count its boots; it is heard from its first reading on, by a new clock."""
    conversation = talk()
    conversation.receive(lines("R temp 5 5000 21.5"), 105.0)
    (again,) = conversation.receive(hello(time_ms=100), 110.0)
    assert isinstance(again, Hello)
    assert again.anew
    (reading,) = conversation.receive(lines("R temp 1 1000 20"), 110.9)
    assert isinstance(reading, Measurement)
    assert reading.measured == pytest.approx(110.9)
    assert conversation.counters["restarts"] == 1
    (once_more,) = conversation.receive(hello(4, time_ms=1100), 111.0)
    assert isinstance(once_more, Hello)
    assert not once_more.anew


def test_another_board_with_the_same_boot_is_a_restart() -> None:
    """Two boards may have counted to the same number; behind a multiplexer one may take the other's place."""
    conversation = talk()
    conversation.receive(lines("R temp 5 5000 21.5"), 105.0)
    other = [body.replace("24A1", "24A2") for body in HELLO]
    events = conversation.receive(lines(*(body.format(id=0, boot=7, time=0) for body in other)), 110.0)
    assert kinds(events) == ["Hello"]
    assert conversation.counters["restarts"] == 1
    (reading,) = conversation.receive(lines("R temp 1 1000 20"), 111.0)
    assert isinstance(reading, Measurement)
    assert reading.measured == pytest.approx(111.0)


def test_a_hello_sets_the_clock_anew() -> None:
    """A board whose clock is off by a tenth is doubted after 20 s, and right after a hello."""
    conversation = talk()
    assert kinds(conversation.receive(lines("R temp 1 27000 21.5"), 130.0)) == ["HelloWanted", "Measurement"]
    assert kinds(conversation.receive(hello(time_ms=27000), 130.0)) == ["Hello"]
    (reading,) = conversation.receive(lines("R temp 2 27900 21.5"), 131.0)
    assert isinstance(reading, Measurement)
    assert reading.measured == pytest.approx(130.9, abs=0.01)


def test_half_a_hello_of_another_boot_stops_the_readings() -> None:
    """Its head says that the board restarted; its channels may be others."""
    conversation = talk()
    conversation.receive(hello(boot=8).splitlines(keepends=True)[0], 200.0)
    assert kinds(conversation.receive(lines("R temp 1 5 20"), 200.1)) == ["HelloWanted"]


def test_a_ping_answered_by_another_boot_is_a_restart() -> None:
    """And the ping is answered all the same."""
    conversation = talk()
    conversation.send(4, "ping", (), 101.0)
    assert kinds(conversation.receive(lines("A 4 8 500"), 101.0)) == ["HelloWanted", "Reply"]
    assert kinds(conversation.receive(lines("R temp 1 5 20"), 101.0)) == ["HelloWanted"]


def test_a_ping_keeps_the_clock_in_step() -> None:
    """Its answer tells the board's time as a reading does."""
    conversation = talk(now=103.0)  # the hello was 3 s late
    conversation.send(4, "ping", (), 101.0)
    assert kinds(conversation.receive(lines("A 4 7 4000"), 104.0)) == ["Reply"]
    (event,) = conversation.receive(lines("R temp 1 4500 20"), 106.0)
    assert isinstance(event, Measurement)
    assert event.measured == pytest.approx(104.5, abs=0.02)


def test_a_reading_that_seems_seconds_late_is_doubted() -> None:
    """It may be of a boot whose hello was lost: a hello is asked for."""
    conversation = talk()
    events = conversation.receive(lines("R temp 1 1000 20"), 103.5)
    assert kinds(events) == ["HelloWanted", "Measurement"]


def test_a_reading_of_a_channel_that_the_board_has_not_is_dropped() -> None:
    """And counted."""
    conversation = talk()
    assert conversation.receive(lines("R wind 1 5 20"), 100.1) == []
    assert conversation.counters["unknown_channel"] == 1


def test_a_live_read_is_a_measurement_and_a_reply() -> None:
    """Both the same; it takes its place in the sequence, and knows when it was asked."""
    conversation = talk()
    assert conversation.send(17, "read", ("temp",), 104.0) == lines("Q 17 read temp")
    measurement, reply = conversation.receive(lines("A 17 temp 1 4480 23.17"), 104.6)
    assert isinstance(measurement, Measurement)
    assert reply == Reply(17, measurement)
    assert (measurement.value, measurement.asked) == (23.17, 104.0)
    assert 104.0 <= measurement.measured <= 104.6


@given(st.integers(0, 10_000), st.floats(0, 3), st.floats(0, 3))
def test_a_live_read_is_never_stamped_before_its_request(board_ms: int, wait: float, way: float) -> None:
    """Nor after its arrival, however wrong the board's clock is."""
    conversation = talk()
    asked = 100.0 + wait
    conversation.send(17, "read", ("temp",), asked)
    measurement = conversation.receive(lines(f"A 17 temp 1 {board_ms} 23.17"), asked + way)[-2]
    assert isinstance(measurement, Measurement)
    assert asked <= measurement.measured <= asked + way


def test_a_request_sent_again_keeps_its_first_time() -> None:
    """The answer may be the first attempt's."""
    conversation = talk()
    conversation.send(17, "read", ("temp",), 104.0)
    conversation.send(17, "read", ("temp",), 105.0)
    measurement = conversation.receive(lines("A 17 temp 1 4480 23.17"), 105.1)[0]
    assert isinstance(measurement, Measurement)
    assert measurement.asked == 104.0


def test_late_answers_are_dropped() -> None:
    """Of a request that nobody made, or of the one before."""
    conversation = talk()
    assert conversation.receive(lines("A 3 temp 1 5 20", "E 3 busy"), 100.1) == []
    conversation.send(17, "read", ("temp",), 100.0)
    conversation.send(18, "read", ("temp",), 101.0)
    assert conversation.receive(lines("A 17 temp 1 5 20", "E 17 busy x"), 100.1) == []
    assert conversation.counters["late"] == 4


@pytest.mark.parametrize(
    ("verb", "args", "answer"),
    [
        ("read", ("temp",), "A 5 hum 1 5 40"),
        ("read", ("temp",), "A 5 temp 1 5"),
        ("read", ("temp",), "A 5"),
        ("interval", ("temp", "100"), "A 5 hum 100"),
        ("interval", ("temp", "100"), "A 5 temp"),
        ("interval", ("temp", "100"), "A 5 temp soon"),
        ("ping", (), "A 5 7"),
        ("ping", (), "A 5 0 1"),
        ("ping", (), "A 5 7 x"),
    ],
)
def test_an_answer_that_does_not_fit_is_said_to_be_none(
    verb: str, args: tuple[str, ...], answer: str
) -> None:
    """It is counted as malformed; and being undamaged, it would be the same when asked again."""
    conversation = talk()
    conversation.send(5, verb, args, 100.0)
    (event,) = conversation.receive(lines(answer), 100.1)
    assert isinstance(event, Unusable)
    assert event.id == 5
    assert event.reason
    assert conversation.counters["malformed"] == 1


def test_the_interval_in_force_is_the_answer() -> None:
    """The board may have limited it."""
    conversation = talk()
    conversation.send(5, "interval", ("temp", "1"), 100.0)
    assert conversation.receive(lines("A 5 temp 100"), 100.1) == [Reply(5, 100)]


def test_an_answer_to_hello_is_not_an_a_line() -> None:
    """An `A` for it says nothing."""
    conversation = talk()
    conversation.send(5, "hello", (), 100.0)
    assert conversation.receive(lines("A 5 x"), 100.1) == []


def test_refusals_and_notes() -> None:
    """Come as they are."""
    conversation = talk()
    conversation.send(5, "read", ("temp",), 100.0)
    events = conversation.receive(lines("E 5 sensor_fault absent: no answer", "D low battery"), 100.1)
    assert events == [Refusal(5, "sensor_fault", "absent: no answer"), Note("low battery")]


def test_a_live_read_after_a_silent_restart_is_no_reply() -> None:
    """Its sequence goes backwards: a hello is asked for, and the request stays open."""
    conversation = talk()
    conversation.receive(lines("R temp 9 9000 20"), 109.0)
    conversation.send(5, "read", ("temp",), 110.0)
    assert kinds(conversation.receive(lines("A 5 temp 1 100 20"), 110.1)) == ["HelloWanted"]


@pytest.mark.parametrize("vector", VECTORS["skipped"], ids=lambda vector: str(vector["name"]))
def test_lines_of_a_later_version_are_skipped(vector: dict[str, Any]) -> None:
    """And counted, not as errors."""
    conversation = talk()
    assert conversation.receive(vector["line"].encode() + b"\n", 100.1) == []
    assert (conversation.counters["skipped"], conversation.counters["malformed"]) == (1, 0)


@pytest.mark.parametrize("args", [("a\nb",), ("$",), ("é",), ("\udc80",), ("x" * 150,)])
def test_a_request_that_no_line_can_carry_is_refused(args: tuple[str, ...]) -> None:
    """With a ValueError, as every conversation does."""
    with pytest.raises(ValueError, match=r"."):
        Conversation().send(1, "read", args, 0.0)


some_lines = st.sampled_from(
    [hello(), hello(3), hello(boot=9)]
    + [lines(body) for body in ("R temp 1 5 20", "R temp 4 900 -3.5", "R hum 2 7 !absent", "R wind 3 8 1")]
    + [lines(body) for body in ("A 3 temp 9 990 20", "A 3 7 5", "A 3 temp 1000", "E 3 busy", "D x", "K 1 2")]
)
damaged = (
    st.binary(max_size=30)
    | some_lines
    | some_lines.map(lambda data: data[:-7])
    | some_lines.map(lambda d: d[5:])
)


@given(
    st.lists(damaged, max_size=12).map(b"".join),
    st.sampled_from([None, ("read", ("temp",)), ("ping", ()), ("interval", ("temp", "5")), ("hello", ())]),
    st.lists(st.integers(0, 500), max_size=4),
)
def test_cuts_make_no_difference(
    data: bytes, asked: tuple[str, tuple[str, ...]] | None, cuts: list[int]
) -> None:
    """Any bytes, cut anywhere, at one moment: the same events and counters; nothing is raised."""

    def events(pieces: Sequence[bytes]) -> tuple[list[Event], dict[str, int]]:
        conversation = Conversation()
        if asked is not None:
            conversation.send(3, *asked, 50.0)
        found = [event for piece in pieces for event in conversation.receive(piece, 100.0)]
        return found, {name: n for name, n in conversation.counters.items() if name != "damaged"}

    whole = events([data])
    assert events([data[i : i + 1] for i in range(len(data))]) == whole
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    assert events([data[a:b] for a, b in itertools.pairwise(places)]) == whole


def test_every_counter_is_there_from_the_start() -> None:
    """Another thread may read them while the reader counts: none may be added later."""
    conversation = talk()
    names = set(Conversation().counters)
    conversation.send(3, "read", ("temp",), 0.0)
    conversation.receive(
        b"x\n" + lines("R temp 1 5 20", "R temp 1 5 20", "R", "A 9 x", "Z", "R w 2 6 1"), 1.0
    )
    assert set(conversation.counters) == names
    assert not any(isinstance(event, HelloWanted) for event in conversation.receive(b"", 1.0))
