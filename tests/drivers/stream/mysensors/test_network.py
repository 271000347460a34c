"""Who is there."""

import pytest

from drivers.source import Down
from drivers.stream.conversation import Hello
from drivers.stream.mysensors.network import TELLING, TOLD_IN_A_ROW
from tests.drivers.stream.mysensors.talk import PRESENTED, Talk


def test_a_node_is_there_when_it_is_heard() -> None:
    """Whatever it says, and once."""
    for line in ("12;255;3;0;22;1", "12;255;3;0;21;0", "12;255;0;0;17;2.3.2", "12;0;0;0;6;", "12;0;1;0;0;1"):
        talk = Talk()
        talk.say(line)
        assert {device.name for device in talk.devices()} == {"12"}, line
        talk.say("12;255;3;0;22;1", "12;255;3;0;22;2")
        assert talk.devices() == []


def test_a_node_that_falls_silent_is_gone() -> None:
    """After its time, once, with the reason; then it is there again, with all its channels."""
    talk = Talk()
    talk.say(*PRESENTED, "12;0;1;0;0;20.5")
    talk.wait(3599.0)
    assert talk.downs() == []
    talk.wait(1.0)
    assert talk.downs() == [Down("12", "nothing heard for 60 min")]
    talk.wait(1.0)
    assert talk.downs() == []
    talk.say("12;0;1;0;0;20.6")
    assert [device.name for device in talk.devices()] == ["12"]
    assert "12/0" in talk.devices()[0].channels
    assert talk.values()["12/0"] == 20.6


def test_one_of_several_is_gone() -> None:
    """The others are not, and are watched on."""
    talk = Talk()
    talk.say(*PRESENTED, "13;255;0;0;17;2.3.2", "0;255;3;0;2;2.3.2")
    talk.say("12;255;3;0;22;1", after=3000.0)
    talk.wait(3000.0)
    assert [down.device for down in talk.downs()] == ["13"]
    talk.wait(60_000.0)
    assert [down.device for down in talk.downs()] == ["12"]
    assert talk.downs()[0].reason == "nothing heard for 17.5 h"


def test_the_gateway_is_never_gone_by_itself() -> None:
    """It answers when it is asked, or the link is lost."""
    talk = Talk()
    talk.say("0;255;3;0;2;2.3.2")
    assert talk.wait(1e9) == []


def test_all_numbers() -> None:
    """254 nodes, each a device."""
    talk = Talk()
    talk.say(*(f"{node};255;3;0;22;1" for node in range(1, 255)))
    assert len({device.name for device in talk.devices()}) == 254
    talk.wait(3600.0)
    assert len(talk.downs()) == 254


@pytest.mark.parametrize("count", [1, 12])
def test_what_waits_for_a_sleeping_node_is_bounded(count: int) -> None:
    """Each line once, the newest eight."""
    talk = Talk()
    talk.say(*PRESENTED, "12;255;3;0;32;500")
    node = talk.conversation._network.node(12)
    for number in range(count):
        for _ in range(2):
            node.wait(b"%d\n" % number)
    talk.say("12;255;3;0;32;500")
    assert talk.sent() == [str(number) for number in range(count)][-8:]


def test_a_node_that_is_known_well_is_missed_soon() -> None:
    """Eight silences of a minute are known: five minutes are enough, though it was an hour when it came."""
    talk = Talk()
    talk.say(*PRESENTED)
    for _ in range(9):
        talk.say("12;0;1;0;0;20.5", after=60.0)
        talk.wait(0.0)
    for _ in range(30):
        assert talk.downs() == []
        talk.wait(10.0)
    assert talk.downs() == [Down("12", "nothing heard for 5 min")]


def test_news_without_end_are_told_of_at_a_pace() -> None:
    """A node that changes its name with each line; its newest one is told in the end, and so is another's."""
    talk = Talk()
    talk.say(*PRESENTED, "13;255;0;0;17;2.3.2")
    told = 0
    for number in range(1000):
        talk.say(f"12;255;3;0;11;Sketch {number}", after=0.001)
        told += len(talk.devices())
    assert told < 2 * TOLD_IN_A_ROW / TELLING
    talk.say("13;255;3;0;11;Cellar")
    assert talk.devices() == []
    talk.wait(1.0)
    assert [(device.name, device.model) for device in talk.devices()] == [
        ("12", "Sketch 999"),
        ("13", "Cellar"),
    ]
    assert talk.wait(1.0) == []
    talk.say("12;255;3;0;11;Air")
    assert [device.model for device in talk.devices()] == ["Air"]


def test_news_of_a_node_that_has_gone_meanwhile() -> None:
    """Are told when it is back."""
    talk = Talk()
    talk.say(*PRESENTED)
    for number in range(1000):
        talk.say(f"12;255;3;0;11;Sketch {number}")
    talk.conversation.send(1, "hello", (), talk.now)
    assert not [event for event in talk.wait(1.0) if isinstance(event, Hello)]
    talk.say("12;255;3;0;22;1")
    assert [device.model for device in talk.devices()] == ["Sketch 999"]
