"""Which channels have come, and which may come yet."""

from drivers.stream.mysensors.silence import WAKING_S
from tests.drivers.stream.mysensors.talk import GOLDEN, PRESENTED, Talk


def test_what_has_come() -> None:
    """In order, under all names."""
    talk = Talk()
    talk.say(*GOLDEN)
    seen = talk.conversation.seen
    assert list(seen)[:3] == ["12/0", "12/0/V_TEMP", "12/1"]
    assert (len(seen), seen[0], list(seen[-1:])) == (8, "12/0", ["12/battery"])


def test_what_may_come_yet() -> None:
    """A channel of a node that has not been heard, or not through three wakings."""
    talk = Talk()
    talk.say(*PRESENTED)
    seen = talk.conversation.seen
    assert "12/9" in seen
    assert "99/0" in seen
    for _ in range(2):
        assert "12/9" in seen
        talk.say("12;0;1;0;0;20.5", after=WAKING_S)
    assert "12/9" not in seen
    assert "12/0" in seen
    assert "12/1" not in seen


def test_a_battery_may_always_come() -> None:
    """A node says how full it is when its sketch wants to: until then that is no mistake of the config."""
    talk = Talk()
    talk.say(*PRESENTED)
    for _ in range(20):
        talk.say("12;0;1;0;0;20.5", after=WAKING_S)
    unseen = talk.conversation.unseen
    assert "12/battery" in talk.conversation.seen
    words = unseen("12/battery")
    assert words is not None
    assert words.startswith("node 12 has not said yet how full its battery is")
    assert "sendBatteryLevel()" in words
    talk.say("12;255;3;0;0;87")
    assert unseen("12/battery") is None
    assert unseen("99/battery") is not None


def test_why_a_channel_has_not_come() -> None:
    """Of what its own node has said: other nodes' channels are no help."""
    talk = Talk()
    talk.say(*PRESENTED, "20;2;1;0;37;400")
    unseen = talk.conversation.unseen
    for _ in range(2):
        assert unseen("12/9") is None, "it may come yet"
        talk.say("12;0;1;0;0;20.5", after=WAKING_S)
    assert unseen("12/9") == "no field 12/9; seen: 12/0, 12/0/V_TEMP"
    assert unseen("12/0") is None
    assert unseen("99/1") is None
    assert unseen("temprature") is None


def test_what_no_node_can_have() -> None:
    """Is missed at once."""
    seen = Talk().conversation.seen
    for name in ("temprature", "", "1234/0", "x/0", "²/0", 5, None):
        assert name not in seen


def test_a_child_that_is_another_sensor_now() -> None:
    """What it reported before is not counted among what has come, however often it changes."""
    talk = Talk()
    talk.say("12;255;0;0;17;2.3.2")
    for child_type, value_type in ((6, 0), (7, 1)) * 3:
        talk.say(f"12;0;0;0;{child_type};", f"12;0;1;0;{value_type};20.5")
        assert len(talk.conversation.seen) == 2
    assert list(talk.conversation.seen) == ["12/0", "12/0/V_HUM"]
