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
