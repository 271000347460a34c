"""Who nodes and children are, and who is asked for it."""

from drivers.stream.mysensors.presenting import PRESENT_S
from tests.drivers.stream.mysensors.talk import PRESENTED, Talk

ASKED = "12;255;3;0;19;"


def test_an_unknown_node_is_asked_once() -> None:
    """Whatever it says."""
    for line in (
        "12;0;1;0;0;20.5",
        "12;255;3;0;22;5",
        "12;255;3;0;0;87",
        "12;255;3;0;21;0",
        "12;0;1;1;0;20.5",
    ):
        talk = Talk()
        talk.say(line)
        assert talk.sent() == [ASKED], line
        talk.say(line, line)
        assert ASKED not in talk.sent()
        talk.say(line, after=2 * PRESENT_S)
        assert ASKED not in talk.sent()


def test_one_that_presents_itself_is_not_asked() -> None:
    """Nor is the gateway, which does so at each start."""
    talk = Talk()
    talk.say(*PRESENTED, "12;0;1;0;0;20.5", "0;255;3;0;22;5", "0;255;3;0;9;log")
    assert ASKED not in talk.sent()
    assert "0;255;3;0;19;" not in talk.sent()


def test_an_unknown_child_of_a_known_node() -> None:
    """Is asked for once; several of them, with one word."""
    talk = Talk()
    talk.say(*PRESENTED)
    talk.say("12;7;1;0;0;20.5", "12;8;1;0;0;20.5", "12;7;1;0;0;20.5")
    assert talk.sent() == [ASKED]
    talk.say("12;7;1;0;0;20.5", after=PRESENT_S)
    assert talk.sent() == []
    talk.say("12;8;1;0;0;20.5")
    assert talk.sent() == [ASKED]
    talk.say("12;7;1;0;0;20.5", "12;8;1;0;0;20.5", after=10 * PRESENT_S)
    assert talk.sent() == []


def test_one_that_sleeps_is_asked_when_it_wakes() -> None:
    """It would not hear it."""
    talk = Talk()
    talk.say(*PRESENTED, "12;255;3;0;32;500")
    talk.say("12;7;1;0;0;20.5", "12;255;3;0;33;60000")
    assert talk.sent() == []
    talk.say("12;255;3;0;32;500")
    assert talk.sent() == [ASKED]


def test_a_restart() -> None:
    """Is another boot; a presentation that was asked for is none."""
    talk = Talk()
    talk.say(*PRESENTED)
    first = talk.devices()[-1].boot
    talk.say("12;255;0;0;17;2.3.2")
    assert talk.devices()[-1].boot == first + 1
    talk.say("12;7;1;0;0;20.5")
    talk.say("12;255;0;0;17;2.3.2")
    assert talk.devices()[-1].boot == first + 1
    talk.say("12;255;0;0;18;2.4.0", after=PRESENT_S)
    assert (talk.devices()[-1].boot, talk.devices()[-1].firmware) == (first + 2, "2.4.0")


def test_a_restarted_node_may_not_sleep_any_more() -> None:
    """Until it says so."""
    talk = Talk()
    talk.say(*PRESENTED, "12;255;3;0;32;500", "12;255;0;0;17;2.3.2")
    talk.say("12;7;1;0;0;20.5")
    assert talk.sent() == [ASKED]


def test_a_child_that_is_another_sensor_now() -> None:
    """What it reported before is forgotten."""
    talk = Talk()
    talk.say(*PRESENTED, "12;0;1;0;0;20.5")
    talk.say("12;0;0;0;7;Damp")
    talk.say("12;0;1;0;1;60")
    assert talk.values() == {"12/0": 60.0, "12/0/V_HUM": 60.0}
    assert set(talk.devices()[-1].channels) == {"12/0", "12/0/V_HUM"}
    talk.say("12;0;1;0;0;20.5")
    assert talk.values() == {"12/0/V_TEMP": 20.5}


def test_the_same_again_is_no_news() -> None:
    """Each of a node's children presents itself at each start."""
    talk = Talk()
    talk.say(*PRESENTED, "12;0;1;0;0;20.5")
    talk.say("12;0;0;0;6;Air")
    assert talk.events == []
    talk.say("12;0;0;0;6;Wall")
    assert [device.name for device in talk.devices()] == ["12"]


def test_the_gateway_has_sensors_of_its_own() -> None:
    """Its presentation is as good as its version."""
    talk = Talk()
    talk.say("0;255;0;0;17;2.3.2", "0;1;0;0;6;Box", "0;1;1;0;0;31.5")
    assert talk.values() == {"0/1": 31.5, "0/1/V_TEMP": 31.5}
    assert talk.devices()[-1].name == "0"
