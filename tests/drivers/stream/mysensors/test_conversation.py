"""What is said over a MySensors gateway's port: whole starts, damaged lines, requests."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.notes import ForgetfulNotes
from drivers.source import Measurement
from drivers.stream.conversation import Dropped, Event, Hello, Note, Send
from drivers.stream.mysensors import Conversation
from drivers.stream.mysensors.message import MAX_LINE, QUIET_S
from tests.drivers.stream.mysensors.talk import GOLDEN, PRESENTED, UTC, VECTORS, Talk


def local_seconds(utc: float) -> int:
    """What a clock on the wall of this machine shows, as seconds since 1970."""
    there = time.localtime(utc)
    return int(utc) + there.tm_gmtoff


def test_golden_lines() -> None:
    """Each is answered as a controller has to."""
    talk = Talk()
    for entry in VECTORS["golden"]:
        talk.say(entry["line"])
        wanted = [line.replace("<local seconds>", str(local_seconds(UTC))) for line in entry["sent"] if line]
        assert talk.sent() == wanted, entry
    assert talk.count("lines") == 25
    assert talk.count("malformed") == 0


def test_golden_values() -> None:
    """Those are the values, each under its short name and its long one, and no others."""
    talk = Talk()
    talk.say(*GOLDEN)
    assert talk.values() == {
        "12/0": -3.5,
        "12/0/V_TEMP": -3.5,
        "12/1": 61.2,
        "12/1/V_HUM": 61.2,
        "12/2": 1834.0,
        "12/2/V_LEVEL": 1834.0,
        "12/2/V_LIGHT_LEVEL": 47.3,
        "12/battery": 87.0,
    }
    assert all(one.fault is None and one.measured == talk.now for one in talk.measurements())
    numbers = [one.seq for one in talk.measurements()]
    assert numbers == sorted(numbers)


def test_golden_devices() -> None:
    """A gateway and a node, with what they said of themselves."""
    talk = Talk()
    talk.say(*GOLDEN)
    gateway = next(device for device in talk.devices() if device.name == "0")
    assert (gateway.model, gateway.firmware, gateway.identity) == ("MySensors gateway", "2.3.2", "")
    node = talk.devices()[-1]
    assert (node.name, node.model, node.firmware) == ("12", "Greenhouse node", "1.4")
    assert node.any_channel
    assert node.about == {"battery": "87 %"}
    assert [(one.name, one.kind, one.unit) for one in node.channels.values() if one.offered] == [
        ("12/0", "temperature", "C"),
        ("12/1", "humidity", "%"),
        ("12/2", "light", "lx"),
        ("12/2/V_LIGHT_LEVEL", "", "%"),
        ("12/battery", "battery", "%"),
    ]
    assert all(one.unannounced and not one.interval_s for one in node.channels.values())


def test_recorded_lines() -> None:
    """Of a real network in which nobody presents himself any more: the first value is one."""
    talk = Talk()
    talk.say(*(entry["line"] for entry in VECTORS["recorded"]))
    values = talk.values()
    assert (values["46/0"], values["46/1/V_LIGHT_LEVEL"], values["46/battery"]) == (20.3, 99.1, 102.0)
    assert (values["44/0"], values["44/1"], values["48/1"], values["48/3"]) == (20.1, 60.8, 55.9, 329.0)
    assert "1/0" not in values  # the time of day, as a text
    assert talk.sent().count("46;255;3;0;19;") == 1


def comparable(events: list[Event]) -> list[object]:
    """Answers that belong together may come as one or as several."""
    return [event for event in events if not isinstance(event, Send)]


ALL = GOLDEN + [entry["line"] for entry in VECTORS["recorded"]]
BYTES = "".join(f"{line}\r\n" for line in ALL).encode()


def in_pieces(pieces: list[bytes]) -> None:
    """The same is understood as of the whole."""
    whole, cut = Talk(), Talk()
    whole.say(*ALL)
    events = [event for piece in pieces for event in cut.conversation.receive(piece, cut.now)]
    assert comparable(events) == comparable(whole.events)
    assert cut.conversation.counters == whole.conversation.counters


def test_byte_by_byte() -> None:
    """And with CR before each LF."""
    in_pieces([bytes([byte]) for byte in BYTES])


@given(st.sets(st.integers(1, len(BYTES) - 1), max_size=30))
def test_cut_anywhere(cuts: set[int]) -> None:
    """Lines are merged and split."""
    places = [0, *sorted(cuts), len(BYTES)]
    in_pieces([BYTES[begin:end] for begin, end in itertools.pairwise(places)])


@given(st.lists(st.binary(max_size=80) | st.sampled_from([line.encode() for line in GOLDEN]), max_size=20))
def test_any_bytes(chunks: list[bytes]) -> None:
    """Nothing raises, whatever comes, and what is told holds together."""
    conversation = Conversation(ForgetfulNotes())
    there: set[str] = set()
    for number, chunk in enumerate(chunks):
        for event in (
            *conversation.receive(chunk + b"\n", 1000.0 + number),
            *conversation.look(1000.0 + number),
        ):
            if isinstance(event, Hello):
                there.add(event.device.name)
            elif isinstance(event, Measurement):
                assert event.channel.partition("/")[0] in there
                assert (event.value is None) is (event.fault is not None)
    assert not conversation.asks("12/0")


@pytest.mark.parametrize("entry", VECTORS["bad"], ids=lambda entry: entry["name"])
def test_bad_lines(entry: dict[str, str]) -> None:
    """Are counted, kept as the newest bad one, answered with nothing, and make no node."""
    talk = Talk()
    talk.say(entry["line"])
    assert talk.events == []
    if entry["line"]:
        assert talk.count("malformed") == 1
        assert talk.conversation.dropped is not None
        assert talk.conversation.dropped.line == entry["line"].encode()
    assert talk.count("lines") == 0


def test_a_log_line_cut_by_a_reset() -> None:
    """Its beginning and the next line are one line; what comes then is understood."""
    talk = Talk()
    talk.conversation.receive(b"0;255;3;0;9;0 MCO:BGN:IN", talk.now)
    talk.say("0;255;3;0;14;Gateway startup complete.", "12;0;1;0;0;20.5")
    assert talk.values()["12/0"] == 20.5
    assert any(isinstance(event, Note) for event in talk.events)


def test_a_dropped_line_says_why() -> None:
    """For whoever debugs it."""
    talk = Talk()
    talk.say("12;0;1;0;58;20.5")
    assert talk.conversation.dropped == Dropped("type: expected at most 57, got 58", b"12;0;1;0;58;20.5")


def test_echoes_are_no_values() -> None:
    """Nor news of any other kind, but the node is there."""
    talk = Talk()
    talk.say("12;3;1;1;2;1", "12;255;3;1;11;Other name", "12;0;0;1;6;x")
    assert talk.count("echoes") == 3
    assert talk.values() == {}
    assert [device.name for device in talk.devices()] == ["12"]
    assert talk.devices()[0].channels == {}


def test_firmware_updates_are_ignored() -> None:
    """Stream messages are for who keeps firmware."""
    talk = Talk()
    talk.say("12;255;4;0;0;0A0001005000D4460102", "12;255;4;0;255;")
    assert talk.count("skipped") == 2
    assert talk.count("malformed") == 0


def test_hello_and_ping_ask_for_the_version() -> None:
    """The answer is one to both; without a request it is none."""
    talk = Talk()
    conversation = talk.conversation
    assert conversation.send(1, "hello", (), talk.now) == b"0;255;3;0;2;\n"
    talk.say("0;255;3;0;2;2.3.2")
    assert [device.name for device in talk.devices()] == ["0"]
    assert [reply.id for reply in talk.replies()] == [1]
    assert talk.sent() == ["255;255;3;0;20;"]
    assert conversation.send(2, "ping", (), talk.now) == b"0;255;3;0;2;\n"
    talk.say("0;255;3;0;2;2.3.2")
    assert ([reply.id for reply in talk.replies()], talk.devices(), talk.sent()) == ([2], [], [])
    talk.say("0;255;3;0;2;2.3.2")
    assert talk.events == []


def test_another_version_is_told() -> None:
    """The gateway was flashed anew."""
    talk = Talk()
    talk.say("0;255;3;0;2;2.3.2", "0;255;3;0;2;2.4.0-alpha")
    assert [device.firmware for device in talk.devices()] == ["2.3.2", "2.4.0-alpha"]


def test_a_new_greeting_finds_everybody_anew() -> None:
    """The link has forgotten who was there: each is told of again when it is heard, with its channels."""
    talk = Talk()
    talk.say(*GOLDEN)
    talk.conversation.send(7, "hello", (), talk.now)
    talk.say("12;0;1;0;0;20.5", "12;0;1;0;0;20.6", "0;255;3;0;2;2.3.2")
    assert [device.name for device in talk.devices()] == ["12", "0"]
    assert "12/2" in talk.devices()[0].channels
    assert isinstance(talk.events[0], Hello)


def test_a_read_of_what_was_never_heard() -> None:
    """Says so, with an example."""
    talk = Talk()
    talk.say(*GOLDEN)
    for channel in ("12/9", "13/0", "12", "12/", "x/0", "1234/0", "²/0", ""):
        with pytest.raises(ValueError, match="expected a channel such as 12/0 that has come before, got"):
            talk.conversation.send(1, "read", (channel,), talk.now)
    assert talk.conversation.send(1, "read", ("12/0",), talk.now) == b"12;0;2;0;0;\n"
    assert talk.conversation.send(1, "read", ("12/2/V_LIGHT_LEVEL",), talk.now) == b"12;2;2;0;23;\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "nothing came"),
        ("$R temp 1 2 21.5*00000000", "what came is text, but not MySensors: '$R temp"),
        (
            "\x00\x81\x00\x81",
            "and not one good line (wrong baud rate? 8 MHz boards use 38400); last: expected",
        ),
        ("0;255;3;0;9;TSF:MSG:READ", "1 good lines came, but no version; is it a gateway"),
    ],
)
def test_what_came_instead_of_a_version(line: str, words: str) -> None:
    """In words that lead to the remedy."""
    talk = Talk()
    talk.say(line)
    assert words in talk.conversation.came(len(line))


def test_values_that_come_fast_are_values() -> None:
    """The short way through is as good as the long one: CR, spaces, and another node's device first."""
    talk = Talk()
    talk.say(*GOLDEN)
    talk.say("12;0;1;0;0; 5\r", "12;0;1;0;0;-0.25", "12;0;1;0;0;+1")
    assert [one.value for one in talk.measurements() if one.channel == "12/0"] == [5.0, -0.25, 1.0]
    assert talk.count("lines") == 28


def test_the_first_line_after_the_opening_may_be_half() -> None:
    """Of `12;0;1;0;0;20.5` only the end came, and node 2 has said nothing."""
    for first in ("2;0;1;0;0;20.5", "0;255;3;0;0;98"):
        conversation = Conversation(ForgetfulNotes())
        assert conversation.receive(f"{first}\n".encode(), 0.1) == []
        assert conversation.receive(b"2;0;1;0;0;20.6\n2;0;1;0;0;20.7\n", 0.2) != []
        assert (conversation.counters["half"], conversation.counters["lines"]) == (1, 2)


@pytest.mark.parametrize("first", ["0;255;3;0;2;2.3.2", "0;255;3;0;14;Gateway startup complete.", "\r"])
def test_a_first_line_that_is_whole(first: str) -> None:
    """What only the gateway says, and the rest of what nothing is left of."""
    conversation = Conversation(ForgetfulNotes())
    conversation.receive(f"{first}\n2;0;1;0;0;20.5\n".encode(), 0.1)
    assert conversation.counters["half"] == 0


def test_what_comes_after_silence_is_whole() -> None:
    """A gateway that was reset; bytes that were left in the port before that are none of it."""
    conversation = Conversation(ForgetfulNotes())
    conversation.receive(b"1", 0.0)
    conversation.receive(b"2;0;1;0;0;20.5\n", QUIET_S)
    assert (conversation.counters["half"], conversation.seen[0]) == (0, "2/0")


def test_a_value_of_a_line_that_was_cut_for_its_length() -> None:
    """Is none: what was cut off may have been more than spaces."""
    talk = Talk()
    talk.say(*PRESENTED, "12;0;1;0;0;20.5")
    long = b"12;0;1;0;0;20" + b" " * (MAX_LINE - 12) + b"is no value"
    assert talk.conversation.receive(long, talk.now) == []
    assert talk.conversation.receive(b"\n", talk.now) == []
    assert talk.count("malformed") == 1


def test_a_greeting_of_a_gateway_that_never_said_its_version() -> None:
    """Finds its nodes anew, too: the link has lost them."""
    talk = Talk()
    talk.conversation.send(1, "hello", (), talk.now)
    talk.say(*PRESENTED, "12;0;1;0;0;20.5")
    talk.conversation.send(2, "hello", (), talk.now)
    talk.say("12;0;1;0;0;20.5", after=60.0)
    assert [device.name for device in talk.devices()] == ["12"]
