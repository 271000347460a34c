"""Values: names, kinds, what is no number, batteries, and reads."""

import pytest

from drivers.source import Channel
from drivers.stream.conversation import Hello
from tests.drivers.stream.mysensors.talk import PRESENTED, Talk


def offered(talk: Talk) -> dict[str, tuple[str, str]]:
    """The channels that a sensor may be made of unasked, of the device told of last."""
    channels: dict[str, Channel] = dict(talk.devices()[-1].channels)
    return {name: (one.kind, one.unit) for name, one in channels.items() if one.offered}


def test_a_value_of_a_presented_child() -> None:
    """Its channel is told of before it."""
    talk = Talk()
    talk.say(*PRESENTED)
    talk.say("12;0;1;0;0;20.5")
    assert type(talk.events[0]) is Hello
    assert talk.values() == {"12/0": 20.5, "12/0/V_TEMP": 20.5}
    talk.say("12;0;1;0;0;20.6")
    assert talk.devices() == []


def test_further_kinds_of_a_child_have_long_names() -> None:
    """Also when they come first: a hygrometer's channel is its humidity."""
    talk = Talk()
    talk.say(*PRESENTED)
    talk.say("12;1;1;0;0;20.5", "12;1;1;0;1;61.2")
    assert talk.values() == {"12/1/V_TEMP": 20.5, "12/1": 61.2, "12/1/V_HUM": 61.2}
    assert offered(talk) == {"12/1/V_TEMP": ("temperature", "C"), "12/1": ("humidity", "%")}


def test_of_a_child_for_several_kinds_the_first_that_comes_is_meant() -> None:
    """Unless the preferred one comes: then that, from then on."""
    talk = Talk()
    talk.say(*PRESENTED)
    talk.say("12;2;1;0;23;47.3")
    assert talk.values() == {"12/2": 47.3, "12/2/V_LIGHT_LEVEL": 47.3}
    assert offered(talk) == {"12/2": ("", "%")}
    talk.say("12;2;1;0;37;1834.00", "12;2;1;0;23;47.3")
    assert talk.values() == {"12/2": 1834.0, "12/2/V_LEVEL": 1834.0, "12/2/V_LIGHT_LEVEL": 47.3}
    assert offered(talk) == {"12/2": ("light", "lx"), "12/2/V_LIGHT_LEVEL": ("", "%")}


def test_a_child_that_was_not_presented() -> None:
    """Has values at once, with the kind that the type says; a sensor is made of it when it comes again."""
    talk = Talk()
    talk.say("12;0;1;0;0;20.5")
    assert talk.values() == {"12/0": 20.5, "12/0/V_TEMP": 20.5}
    assert talk.devices()[-1].channels["12/0"].kind == "temperature"
    assert offered(talk) == {}
    talk.say("12;0;1;0;0;20.6")
    assert offered(talk) == {"12/0": ("temperature", "C")}
    talk.say("12;0;1;0;0;20.7")
    assert talk.devices() == []


def test_a_presentation_makes_it_sure() -> None:
    """And says what a level is."""
    talk = Talk()
    talk.say("12;2;1;0;37;1834")
    assert talk.devices()[-1].channels["12/2"].unit == ""
    talk.say("12;255;0;0;17;2.3.2", "12;2;0;0;16;Lux")
    assert offered(talk) == {"12/2": ("light", "lx")}


def test_a_unit_that_the_sketch_says() -> None:
    """Holds where the type says none."""
    talk = Talk()
    talk.say(*PRESENTED, "12;5;0;0;15;Tank")
    talk.say("12;5;1;0;13;120", "12;5;1;0;43;cm")
    assert offered(talk) == {"12/5": ("", "cm")}
    talk.say("12;5;1;0;43;cm")
    assert talk.devices() == []
    talk.say("12;0;1;0;0;20.5", "12;0;1;0;43;F")
    assert offered(talk)["12/0"] == ("temperature", "C")


@pytest.mark.parametrize(
    "payload", ["nan", "inf", "ovf", "", "20.", ".5", "2 0", "1e3", "0x10", "--5", "1_0", "٣"]
)
def test_what_is_no_number(payload: str) -> None:
    """Is a failed measurement of what is a number otherwise, known before or not."""
    talk = Talk()
    talk.say(*PRESENTED)
    for _ in range(2):
        talk.say(f"12;0;1;0;0;{payload}")
        assert talk.values() == {"12/0": None, "12/0/V_TEMP": None}
        said = f"the node says {payload!r} instead of a number" if payload else "the node says nothing"
        assert {one.fault for one in talk.measurements()} == {said}
    assert talk.count("no_number") == 2


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        ("20.5", 20.5),
        (" 5", 5.0),
        ("-3.50", -3.5),
        ("+1", 1.0),
        ("0", 0.0),
        ("1834.00", 1834.0),
        ("007", 7.0),
        ("4294967295", 4294967295.0),
        ("123456789012345678901234", 123456789012345678901234.0),
    ],
)
def test_numbers(payload: str, value: float) -> None:
    """As the libraries of C write them."""
    talk = Talk()
    talk.say(*PRESENTED)
    talk.say(f"12;0;1;0;0;{payload}")
    assert talk.values()["12/0"] == value


@pytest.mark.parametrize(
    "line", ["12;0;1;0;47;20.5", "12;0;1;0;40;FF0000", "12;0;1;0;49;1;2;3", "12;0;1;0;24;x"]
)
def test_texts(line: str) -> None:
    """Are no values, whatever is in them, nor faults."""
    talk = Talk()
    talk.say(*PRESENTED)
    talk.say(line)
    assert talk.measurements() == []
    assert talk.count("texts") == 1


def test_what_may_be_either() -> None:
    """Is a value while it is a number."""
    talk = Talk()
    talk.say(*PRESENTED)
    talk.say("12;9;1;0;24;7", "12;9;1;0;24;07:59:40")
    assert talk.values() == {"12/9": 7.0, "12/9/V_VAR1": 7.0}
    assert talk.count("no_number") == 0


def test_a_battery() -> None:
    """A channel of the node's, and a word about it, told of when it changes."""
    talk = Talk()
    talk.say(*PRESENTED)
    talk.say("12;255;3;0;0;87")
    assert talk.devices()[-1].channels["12/battery"].kind == "battery"
    assert talk.values() == {"12/battery": 87.0}
    talk.say("12;255;3;0;0;87")
    assert (talk.devices(), talk.values()) == ([], {"12/battery": 87.0})
    talk.say("12;255;3;0;0;86")
    assert talk.devices()[-1].about == {"battery": "86 %"}
    talk.say("12;255;3;0;0;nan")
    assert talk.values() == {"12/battery": None}
    assert talk.count("no_number") == 1


def test_a_node_that_wants_a_value_gets_the_last() -> None:
    """As it was written; of what is not known, nothing."""
    talk = Talk()
    talk.say(*PRESENTED)
    talk.say("12;0;2;0;0;")
    assert talk.sent() == []
    talk.say("12;0;1;0;0; 5", "12;0;1;0;0;nan")
    talk.say("12;0;2;0;0;", "12;0;2;0;1;", "12;7;2;0;0;")
    assert talk.sent() == ["12;0;1;0;0;5"]
    talk.say("12;0;1;0;0;20.50\r", "12;0;2;0;0;")
    assert talk.sent() == ["12;0;1;0;0;20.50"]


def test_a_node_with_too_many_quantities() -> None:
    """Those beyond 300 are left out."""
    talk = Talk()
    talk.say("12;255;0;0;17;2.3.2", *(f"12;{child};0;0;6;x" for child in range(200)))
    for child in range(200):
        talk.say(f"12;{child};1;0;0;1", f"12;{child};1;0;1;1")
    assert talk.count("skipped") == 100
    talk.say("12;0;1;0;0;20.5")
    assert talk.values()["12/0"] == 20.5


def test_a_child_that_is_another_sensor_each_time() -> None:
    """Does not use up what a node may have."""
    talk = Talk()
    talk.say("12;255;0;0;17;2.3.2")
    for number in range(400):
        talk.say(f"12;0;0;0;{6 + number % 2};x", "12;0;1;0;0;20.5")
    assert talk.count("skipped") == 0


def test_the_answer_to_a_read() -> None:
    """Is the next value, under the name that was asked for, with the time of the first try."""
    talk = Talk()
    talk.say(*PRESENTED)
    talk.say("12;0;1;0;0;20.5")
    talk.conversation.send(5, "read", ("12/0/V_TEMP",), 1000.5)
    talk.conversation.send(5, "read", ("12/0/V_TEMP",), 1001.5)
    talk.say("12;1;1;0;1;60")
    assert talk.replies() == []
    talk.say("12;0;1;0;0;20.6", after=2.0)
    (reply,) = talk.replies()
    assert (reply.id, reply.result) == (5, talk.measurements()[1])
    assert talk.measurements()[1].channel == "12/0/V_TEMP"
    assert [one.asked for one in talk.measurements()] == [1000.5, 1000.5]
    talk.say("12;0;1;0;0;20.7")
    assert talk.replies() == []
    assert [one.asked for one in talk.measurements()] == [None, None]


def test_a_fault_is_an_answer() -> None:
    """The sensor is broken, and the sketch says so."""
    talk = Talk()
    talk.say(*PRESENTED, "12;0;1;0;0;20.5")
    talk.conversation.send(5, "read", ("12/0",), talk.now)
    talk.say("12;0;1;0;0;nan")
    (reply,) = talk.replies()
    assert reply.result == talk.measurements()[0]
