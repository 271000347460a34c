"""What keeps the network going."""

import pytest

from drivers.stream.conversation import Note
from drivers.stream.mysensors.internal import ALL_GIVEN, LEAST_UTC, version_of
from tests.drivers.stream.mysensors.talk import PRESENTED, Talk


def notes(talk: Talk) -> list[str]:
    """Words for whoever debugs it."""
    return [event.text for event in talk.events if isinstance(event, Note)]


def test_numbers() -> None:
    """Each once, with the child that asked, and on the disk before anybody hears of it."""
    talk = Talk()
    talk.say("255;255;3;0;3;", "255;77;3;0;3;")
    assert talk.sent() == ["255;255;3;0;4;1", "255;77;3;0;4;2"]
    assert talk.notes.recall()["ids"] == [1, 2]
    talk.say("12;0;1;0;0;20.5", "255;3;3;0;3;")
    assert "255;3;3;0;4;13" in talk.sent()
    again = Talk(talk.notes)
    again.say("255;255;3;0;3;")
    assert again.sent() == ["255;255;3;0;4;14"]


def test_no_number_is_left() -> None:
    """One word about it, and no answer: two nodes of one number would be worse than one without."""
    talk = Talk()
    for _ in range(254):
        talk.say("255;255;3;0;3;")
    assert talk.sent() == ["255;255;3;0;4;254"]
    talk.say("255;255;3;0;3;", "255;255;3;0;3;")
    assert (talk.sent(), notes(talk)) == ([], [ALL_GIVEN])


def test_a_node_without_a_number_is_no_device() -> None:
    """Whatever it says."""
    talk = Talk()
    talk.say("255;255;3;0;6;0", "255;255;3;0;22;1", "255;255;3;0;11;Name")
    assert talk.events == []


def test_units_are_metric() -> None:
    """The child that asked is answered."""
    talk = Talk()
    talk.say(*PRESENTED)
    talk.say("12;255;3;0;6;0")
    assert talk.sent() == ["12;255;3;0;6;M"]


def test_the_time_is_not_told_while_it_is_not_known() -> None:
    """A Pi without a clock starts in the past."""
    talk = Talk()
    talk.say(*PRESENTED)
    talk.utc = LEAST_UTC - 1
    talk.say("12;255;3;0;1;")
    assert talk.sent() == []
    talk.utc = LEAST_UTC
    talk.say("12;255;3;0;1;")
    assert len(talk.sent()) == 1


def test_ping_and_registration() -> None:
    """Are answered as a gateway does."""
    talk = Talk()
    talk.say(*PRESENTED)
    talk.say("12;255;3;0;24;1", "12;255;3;0;26;2.3.2")
    assert talk.sent() == ["12;255;3;0;25;1", "12;255;3;0;27;1"]


def test_names() -> None:
    """Of a sketch, and of its version: told of when they change."""
    talk = Talk()
    talk.say(*PRESENTED)
    talk.say("12;255;3;0;11;Greenhouse", "12;255;3;0;12;1.4")
    assert [(one.model, one.firmware) for one in talk.devices()] == [
        ("Greenhouse", "2.3.2"),
        ("Greenhouse", "1.4"),
    ]
    talk.say("12;255;3;0;11;Greenhouse", "12;255;3;0;12;1.4")
    assert talk.events == []


def test_words_of_the_gateway() -> None:
    """Are notes, cut short; so is that a node has locked itself."""
    talk = Talk()
    talk.say("0;255;3;0;9;" + "x" * 200, "0;0;3;0;9;read: 3-3-0", "12;255;3;0;28;debug", "12;255;3;0;23;LDB")
    assert notes(talk) == ["x" * 120, "read: 3-3-0", "debug", "node 12 has locked itself: LDB"]


@pytest.mark.parametrize("version", ["2.0.0", "2.3.2", "2.4.0-alpha", "10.1", "2"])
def test_discovery_after_a_start(version: str) -> None:
    """Once for each start of the gateway, as soon as its version is known."""
    talk = Talk()
    talk.say("0;255;3;0;14;Gateway startup complete.")
    assert talk.sent() == []
    talk.say(f"0;255;3;0;2;{version}")
    assert talk.sent() == ["255;255;3;0;20;"]
    talk.say(f"0;255;3;0;2;{version}", f"0;255;0;0;17;{version}")
    assert talk.sent() == []
    talk.say("0;255;3;0;14;Gateway startup complete.")
    assert talk.sent() == ["255;255;3;0;20;"]


@pytest.mark.parametrize("version", ["1.5.4", "", "new"])
def test_an_old_gateway_is_not_told_to_discover(version: str) -> None:
    """It knows no such message; with a version that cannot be read, it is not known that it does."""
    talk = Talk()
    talk.say(f"0;255;3;0;2;{version}", "0;255;3;0;14;")
    assert talk.sent() == []
    assert talk.devices()[0].firmware == version


def test_before_2_2_a_heartbeat_says_that_a_node_is_awake() -> None:
    """From then on it is the message before sleep, and a heartbeat says only that a node is there."""
    for library, line, other in (
        ("2.1.1", "12;255;3;0;22;1", None),
        ("2.3.2", "12;255;3;0;32;500", "12;255;3;0;22;1"),
    ):
        talk = Talk()
        talk.say(f"12;255;0;0;17;{library}", "12;0;0;0;6;", line)
        talk.say("12;9;1;0;0;1")
        assert talk.sent() == [], library
        if other is not None:
            talk.say(other)
            assert talk.sent() == []
        talk.say(line)
        assert talk.sent() == ["12;255;3;0;19;"]
        talk.say(line)
        assert talk.sent() == []


def test_a_node_that_does_not_sleep_is_asked_at_once() -> None:
    """Its heartbeat changes nothing."""
    talk = Talk()
    talk.say(*PRESENTED, "12;255;3;0;22;1")
    talk.say("12;9;1;0;0;1")
    assert talk.sent() == ["12;255;3;0;19;"]


@pytest.mark.parametrize("number", [4, 5, 7, 8, 10, 13, 15, 16, 17, 18, 20, 21, 25, 29, 30, 31])
def test_what_a_controller_need_not_know(number: int) -> None:
    """Is counted, and says that the node is there."""
    talk = Talk()
    talk.say(*PRESENTED)
    talk.say(f"12;255;3;0;{number};x")
    assert talk.events == []
    assert talk.count("skipped") == 1


def test_versions() -> None:
    """Only what comes first matters."""
    assert version_of("2.3.2") == (2, 3)
    assert version_of("2.4.0-alpha") == (2, 4)
    assert version_of("1.5") == (1, 5)
    assert version_of("2") == (2,)
    assert version_of("") == version_of("x.y") == version_of("2.x") == (0,)
