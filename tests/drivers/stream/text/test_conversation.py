"""What a sketch says over time. No port, no clock but the one passed in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.source import Measurement
from drivers.stream.conversation import Dropped, Hello, Reply, Send
from drivers.stream.text.conversation import ANSWER_LINES, ASK_AFTER_S, DEVICE, SETTLED_LINES
from drivers.stream.text.json_lines import MAX_DOCUMENT
from drivers.stream.text.names import MAX_NAMES
from drivers.stream.text.splitter import MAX_LINE
from tests.drivers.stream.text.made import made, said, values

ALL_KEYS = (
    {"format": "json"},
    {"format": "csv"},
    {"format": "csv", "header": True, "decimal": ","},
    {"format": "csv", "separator": " "},
    {"format": "pairs"},
    {"format": "pairs", "checksum": "nmea", "terminator": "#"},
    {"pattern": r"(?P<a>\d+).(?P<b>\S*)", "ignore": "^x"},
)


def test_a_header_that_comes_with_the_opening() -> None:
    """It is used at once, before it can be known that it is whole; of one that is cut, the rest."""
    for header, first in ((b"temp,hum\n", "temp"), (b"mp,hum\n", "mp")):
        talk = made(format="csv", header=True)
        assert talk.receive(header, 0.1) == []
        events = talk.receive(b"21.5,40\n", 0.2)
        assert values(events) == {"1": 21.5, "2": 40.0, first: 21.5, "hum": 40.0}
        assert talk.counters["half"] == 0


def test_the_first_line_that_fits_is_the_hello() -> None:
    """Once; its values follow it."""
    talk = made(format="pairs")
    assert talk.receive(b"DHTxx test!\n", 2.0) == []
    assert talk.receive(b"T: 21.5\nT: 22\n", 3.0) == [
        Hello(DEVICE),
        Measurement("T", 1, 21.5, None, 3.0),
        Measurement("T", 2, 22.0, None, 3.0),
    ]
    assert talk.receive(b"T: 22 H: nan\n", 4.0) == [
        Measurement("T", 3, 22.0, None, 4.0),
        Measurement("H", 1, None, "the board reports 'nan' instead of a value", 4.0),
    ]
    assert (DEVICE.model, DEVICE.identity, DEVICE.channels, DEVICE.any_channel) == ("text", "", {}, True)
    assert talk.seen == ("T", "H")


def test_a_line_of_failures_is_a_hello_too() -> None:
    """The sketch is there, its sensor is not."""
    assert [type(event) for event in made(format="pairs").receive(b"T: nan\n", 2.0)] == [Hello, Measurement]


def test_what_does_not_fit_is_counted_and_shown() -> None:
    """By its cause; the newest is there to look at."""
    talk = made(format="pairs", ignore="^Failed")
    said(talk, [b"hello\n", b"# comment\n", b"\n", b"Failed to read\n", b"T: 5\n"])
    assert talk.counters == {"lines": 1, "damaged": 0, "malformed": 2, "ignored": 1, "half": 0, "late": 0}
    assert talk.dropped == Dropped("a comment", b"# comment")
    talk = made(format="pairs", checksum="nmea")
    said(talk, [b"$T:5*73\n", b"hello\n"])
    assert talk.counters == {"lines": 0, "damaged": 2, "malformed": 0, "ignored": 0, "half": 0, "late": 0}
    assert talk.dropped is not None
    assert talk.dropped.line == b"hello"


def test_the_first_line_after_the_opening_may_be_half() -> None:
    """`1.5,40` may have been `21.5,40`: it is thrown away, and counted apart."""
    talk = made(format="csv")
    events = talk.receive(b"1.5,40\n21.5,40\n", 0.5)
    assert values(events) == {"1": 21.5, "2": 40.0}
    assert talk.counters["half"] == 1
    assert talk.counters["malformed"] == 0
    assert talk.dropped is None


def test_a_header_after_the_reset_is_whole() -> None:
    """The end of an old line, a second of silence, and the header that comes first."""
    talk = made(format="csv", header=True)
    assert said(talk, [b"1.5"], 0.1) == []
    assert said(talk, [b"temp,hum\n"], 1.8) == []
    assert values(said(talk, [b"21.5,40\n"], 3.0)) == {"1": 21.5, "2": 40.0, "temp": 21.5, "hum": 40.0}


def test_a_document_is_measured_when_its_last_line_comes() -> None:
    """`time` is the arrival."""
    talk = made(format="json")
    assert talk.receive(b'{\n "t": 21.5\n', 2.0) == []
    assert talk.receive(b"}\n", 2.5) == [Hello(DEVICE), Measurement("t", 1, 21.5, None, 2.5)]
    assert talk.counters["lines"] == 1


# Asking


def test_without_ask_nothing_can_be_asked() -> None:
    """A read waits for the next value then."""
    talk = made(format="pairs")
    assert talk.verbs == frozenset()
    assert not talk.asks("T")


def test_the_next_line_with_the_channel_is_the_answer() -> None:
    """Lines without it are not; it is asked once, and answered once."""
    talk = made(format="pairs", ask="R")
    assert talk.verbs == {"hello", "read"}
    assert talk.asks("T")
    assert talk.send(7, "read", ("T",), 2.0) == b"R\n"
    assert values(talk.receive(b"H: 40\n", 2.1)) == {"H": 40.0}
    answer = Measurement("T", 1, 21.5, None, 2.2, 2.0)
    assert talk.receive(b"T: 21.5 T: 22\n", 2.2) == [
        answer,
        Reply(7, answer),
        Measurement("T.2", 1, 22.0, None, 2.2),
    ]
    assert talk.receive(b"T: 21.5\n", 2.3) == [Measurement("T", 2, 21.5, None, 2.3)]


def test_a_failed_measurement_is_an_answer() -> None:
    """The sensor was asked, and has failed."""
    talk = made(format="pairs", ask="R")
    talk.send(7, "read", ("T",), 2.0)
    answer = Measurement("T", 1, None, "the board reports 'nan' instead of a value", 2.2, 2.0)
    assert talk.receive(b"T: nan\n", 2.2) == [Hello(DEVICE), answer, Reply(7, answer)]


def test_asked_again_the_first_time_counts() -> None:
    """The same request, sent twice; another has its own time."""
    talk = made(format="pairs", ask={"T": "t", "H": "h"})
    assert talk.send(7, "read", ("T",), 2.0) == b"t\n"
    assert talk.send(7, "read", ("T",), 3.0) == b"t\n"
    (_, answer, reply) = talk.receive(b"T: 21.5\n", 3.1)
    assert isinstance(answer, Measurement)
    assert answer.asked == 2.0
    assert reply == Reply(7, answer)
    assert talk.send(8, "read", ("H",), 4.0) == b"h\n"
    (answer, reply) = talk.receive(b"H: 40\n", 4.1)
    assert isinstance(answer, Measurement)
    assert answer.asked == 4.0


def test_a_line_that_was_under_way_is_no_answer() -> None:
    """It was measured before; so was a document that had begun."""
    talk = made(format="pairs", ask="R")
    talk.receive(b"T: 21", 2.0)
    talk.send(7, "read", ("T",), 2.0)
    assert [type(event) for event in talk.receive(b".5\n", 2.1)] == [Hello, Measurement]
    assert [type(event) for event in talk.receive(b"T: 21.6\n", 2.2)] == [Measurement, Reply]
    talk = made(format="json", ask="R")
    talk.receive(b'{\n"T": 21.5\n', 2.0)
    talk.send(7, "read", ("T",), 2.0)
    assert [type(event) for event in talk.receive(b', "H": 4\n}\n', 2.1)] == [Hello, Measurement, Measurement]
    assert [type(event) for event in talk.receive(b'{"T": 21.6}\n', 2.2)] == [Measurement, Reply]


def test_a_channel_that_does_not_come_is_not_asked_for() -> None:
    """After enough lines without it, altogether or since it was asked for."""
    said_of = r"no field temprature; seen: temp, hum"
    talk = made(format="pairs", ask="R")
    for _ in range(SETTLED_LINES - 1):
        said(talk, [b"temp: 21.5 hum: 40\n"])
    assert talk.send(7, "read", ("temprature",), 2.0) == b"R\n"
    said(talk, [b"temp: 21.5 hum: 40\n"])
    with pytest.raises(ValueError, match=said_of):
        talk.send(8, "read", ("temprature",), 3.0)
    assert talk.send(9, "read", ("temp",), 3.0) == b"R\n"
    fresh = made(format="pairs", ask="R")
    for _ in range(ANSWER_LINES):
        assert fresh.send(7, "read", ("temprature",), 2.0) == b"R\n"
        said(fresh, [b"temp: 21.5 hum: 40\n"])
    with pytest.raises(ValueError, match=said_of):
        fresh.send(7, "read", ("temprature",), 2.0)
    assert fresh.send(8, "read", ("temprature",), 2.0) == b"R\n"
    with pytest.raises(ValueError, match="'hum' cannot be asked for, only temp"):
        made(format="pairs", ask={"temp": "T"}).send(9, "read", ("hum",), 3.0)


def test_a_sketch_that_only_answers_is_greeted_with_what_it_answers() -> None:
    """Its answer is the hello, and no answer to a read; asked again, the next line is one again."""
    talk = made(format="pairs", ask={"T": "t", "H": "h"})
    for request_id in (1, 2):
        assert talk.send(request_id, "hello", (), 2.0) == b"t\nh\n"
        events = talk.receive(b"T: 21.5\nH: 40\n", 2.1)
        assert [type(event) for event in events] == [Hello, Measurement, Measurement]
        assert not [event for event in events if isinstance(event, Measurement) and event.asked]


def test_a_silent_sketch_is_asked() -> None:
    """When it was up, and nothing that fits has come for a while; then again after as long."""
    talk = made(format="pairs", ask="R")
    assert talk.look(3 * ASK_AFTER_S) == ()
    talk.receive(b"T: 21.5\n", 40.0)
    assert talk.look(40.0 + ASK_AFTER_S - 0.1) == ()
    talk.receive(b"hello\n", 41.0)
    assert talk.look(40.0 + ASK_AFTER_S) == (Send(b"R\n"),)
    assert talk.look(40.1 + ASK_AFTER_S) == ()
    (answer,) = talk.receive(b"T: 22\n", 41.0 + ASK_AFTER_S)
    assert isinstance(answer, Measurement)
    assert answer.asked is None
    assert talk.look(40.0 + 2 * ASK_AFTER_S) == ()
    assert talk.look(41.0 + 2 * ASK_AFTER_S) == (Send(b"R\n"),)
    silent = made(format="pairs")
    silent.receive(b"T: 21.5\n", 40.0)
    assert silent.look(400.0) == ()


def test_a_channel_with_a_text_of_its_own_is_asked_for_by_its_own_time() -> None:
    """Whatever the sketch says of the others by itself."""
    talk = made(format="pairs", ask={"H": "h"})
    talk.receive(b"T: 21.5\n", 40.0)
    for second in range(41, 50):
        talk.receive(b"T: 21.5\n", float(second))
        assert talk.look(float(second)) == ()
    talk.receive(b"T: 21.5\n", 50.0)
    assert talk.look(50.0) == (Send(b"h\n"),)
    assert talk.look(51.0) == ()
    assert talk.send(7, "read", ("H",), 60.0) == b"h\n"  # though eleven lines came without it


def test_live_reads_do_not_keep_it_from_being_asked() -> None:
    """What answers one says nothing of a channel's pace, and what waits for the pace would wait for ever."""
    talk = made(format="pairs", ask="R")
    talk.receive(b"T: 21.5\n", 40.0)
    for second in range(41, 50):
        talk.send(second, "read", ("T",), float(second))
        talk.receive(b"T: 21.5\n", second + 0.1)
        assert talk.look(second + 0.2) == ()
    assert talk.look(50.0) == (Send(b"R\n"),)


def test_a_sketch_that_cannot_be_asked_is_not() -> None:
    """However silent it is."""
    silent = made(format="pairs")
    silent.receive(b"T: 21.5\n", 40.0)
    assert silent.look(400.0) == ()


# When nothing fits


def came(data: bytes, **keys: object) -> str:
    """What is said after these bytes."""
    talk = made(**keys)
    said(talk, [data])
    return talk.came(len(data))


def test_what_is_said_when_nothing_fits() -> None:
    """In words that lead to the remedy; the base class puts "no line fitted within 5 s" before it."""
    assert made(format="csv").absence == "no line fitted"
    assert came(b"", format="csv") == "nothing came"
    assert came(b"T: 21.5", format="csv") == (
        "7 bytes came; not one line ended (wrong baud rate? Or do lines "
        "end with something else: see terminator)"
    )
    assert came(b"\xff\x80\x81\xfe\n" * 3, format="csv") == (
        "15 bytes came; they are no text (wrong baud rate? Sketches use 9600, or else 115200)"
    )
    assert came(b"T: 21.5\n", format="csv") == (
        "8 bytes came; this would read them: format: pairs (see docs/text.md); "
        "last: no number in it: 'T: 21.5'"
    )
    assert came(b"$R temp 1 5 20.5*5F64D0AB\n", format="csv").startswith(
        "26 bytes came; this is sensorline: write protocol: sensorline; last: "
    )
    assert came(b"hello, world\n", format="csv") == (
        "13 bytes came; see docs/text.md; last: no number in it: 'hello, world'"
    )


def test_a_half_line_alone_is_looked_at_too() -> None:
    """Though it is not counted as bad."""
    talk = made(format="csv")
    talk.receive(b"T: 21.5\n", 0.1)
    assert talk.came(8) == (
        "8 bytes came; this would read them: format: pairs (see docs/text.md); last: 'T: 21.5'"
    )


# Any bytes

LINES = st.lists(
    st.binary(max_size=40)
    | st.text('{}[]",:=.;#$*% 0123456789ntaf\t\r\n', max_size=60).map(str.encode)
    | st.sampled_from([b"\n", b'{"t": 5', b"}", b"T: 21.5", b"1,2", b"$T:5*71", b"x" * MAX_LINE]),
    max_size=30,
)


@settings(deadline=None)
@given(LINES, st.sampled_from(ALL_KEYS))
def test_any_bytes(pieces: list[bytes], keys: dict[str, object]) -> None:
    """Nothing raises; events are what they should be; every name is counted by itself."""
    talk = made(**keys)
    events = said(talk, pieces)
    if events:
        assert isinstance(events[0], Hello)
    counts: dict[str, int] = {}
    for event in events[1:]:
        assert isinstance(event, Measurement)
        counts[event.channel] = counts.get(event.channel, 0) + 1
        assert event.seq == counts[event.channel]
        assert (event.value is None) != (event.fault is None)
    assert set(talk.seen) == set(counts)
    assert talk.came(sum(map(len, pieces)))


@settings(deadline=None)
@given(LINES, st.sampled_from(ALL_KEYS))
def test_cuts_do_not_matter(pieces: list[bytes], keys: dict[str, object]) -> None:
    """The events of bytes are those of the same bytes in one piece."""
    assert said(made(**keys), pieces) == said(made(**keys), [b"".join(pieces)])


def test_memory_is_bounded() -> None:
    """Names without end, lines without end, documents without end."""
    talk = made(format="json")
    for number in range(2 * MAX_NAMES):
        said(talk, [b'{"n%d": 1}\n' % number])
    assert len(talk.seen) == MAX_NAMES
    said(talk, [b'{\n "x": [\n'] + [b"1, 1, 1, 1,\n"] * 100_000 + [b"y" * MAX_LINE] * 1000)
    held = [vars(talk._reader._parser), vars(talk._splitter)]
    sizes = [len(str(value)) for each in held for value in each.values()]
    assert sum(sizes) < 10 * (MAX_DOCUMENT + MAX_LINE)
