"""What is known after a restart."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.notes import ForgetfulNotes
from drivers.stream.mysensors import Conversation
from drivers.stream.mysensors.network import LONGEST_NOTE_S, NOTE_S
from drivers.stream.mysensors.silence import WAKING_S
from tests.drivers.stream.mysensors.talk import GOLDEN, PRESENTED, Talk


class CountingNotes(ForgetfulNotes):
    """Counts how often they are written, and keeps them as a file would."""

    def __init__(self) -> None:
        super().__init__()
        self.written = 0

    def note(self, content: dict[str, Any]) -> None:
        """See `Notes`."""
        self.written += 1
        super().note(json.loads(json.dumps(content)))


def after(talk: Talk) -> Talk:
    """The next start, with what is noted by then."""
    talk.wait(LONGEST_NOTE_S)
    return Talk(talk.notes)


def test_all_that_is_known_of_a_node() -> None:
    """Its names, its channels and their kinds, from its first word on."""
    talk = Talk(CountingNotes())
    talk.say(*GOLDEN)
    before = talk.devices()[-1]
    again = after(talk)
    again.say("12;255;3;0;22;1")
    assert again.sent() == []
    (device,) = again.devices()
    assert device.channels == before.channels
    assert (device.name, device.model, device.firmware) == (before.name, before.model, before.firmware)
    assert device.about == {}  # what its battery has now, it has not said
    again.say("12;2;1;0;23;40.5")
    assert again.values() == {"12/2/V_LIGHT_LEVEL": 40.5}
    assert again.devices() == []


def test_that_it_sleeps_and_for_how_long() -> None:
    """It is not gone sooner than before the restart, and is not disturbed."""
    talk = Talk(CountingNotes())
    talk.say(*GOLDEN)
    talk.say("12;255;3;0;33;1", after=7000.0)
    again = after(talk)
    again.say("12;9;1;0;0;1")
    assert again.sent() == []
    again.wait(20_000.0)
    assert again.downs() == []
    again.wait(20_000.0)
    assert [down.device for down in again.downs()] == ["12"]


def test_a_unit_and_who_answers() -> None:
    """A read is live at once after a restart."""
    talk = Talk(CountingNotes())
    talk.say("12;255;0;0;17;2.3.2", "12;5;0;0;15;Tank", "12;5;1;0;13;120", "12;5;1;0;43;cm")
    for _ in range(2):
        talk.wait(61.0)
        assert talk.sent() == ["12;5;2;0;13;"]
        talk.say("12;5;1;0;13;121", after=0.1)
    again = after(talk)
    assert again.conversation.asks("12/5")
    again.say("12;5;1;0;13;120")
    assert again.devices()[0].channels["12/5"].unit == "cm"
    assert again.wait(100.0) == []


def test_who_does_not_answer_is_not_asked_again_and_again() -> None:
    """After each restart; but a new sketch may."""
    talk = Talk(CountingNotes())
    talk.say("12;255;0;0;17;2.3.2", "12;0;0;0;6;Air", "12;0;1;0;0;20.5")
    talk.wait(61.0)
    assert talk.sent() == ["12;0;2;0;0;"]
    talk.say("12;0;1;0;0;20.5", after=30.0)
    again = after(talk)
    again.say("12;0;1;0;0;20.5")
    again.wait(61.0)
    assert again.sent() == []
    again.say("12;255;3;0;12;2.0")
    again.wait(61.0)
    assert again.sent() == ["12;0;2;0;0;"]


def test_what_may_be_the_work_of_a_damaged_line_is_not_noted() -> None:
    """A value that came once, of a child that was not presented."""
    talk = Talk(CountingNotes())
    talk.say(*GOLDEN, "112;0;1;0;0;20.5", "12;9;1;0;0;20.5")
    talk.wait(NOTE_S)
    noted = talk.notes.recall()
    assert set(noted["nodes"]) == {"0", "12"}
    assert set(noted["nodes"]["12"]["children"]) == {"0", "1", "2"}
    talk.say("12;9;1;0;0;20.5")
    assert "12/9" in after(talk).conversation.seen


def test_a_node_that_never_presents_itself_is_noted_all_the_same() -> None:
    """With what has come twice, so that its number is not given away."""
    talk = Talk(CountingNotes())
    talk.say("46;0;1;0;0;20.3", "46;0;1;0;0;20.4", "46;0;1;0;1;60")
    talk.wait(NOTE_S)
    noted = talk.notes.recall()["nodes"]["46"]["children"]["0"]
    assert list(noted["reported"]) == ["0"]


def test_little_is_written() -> None:
    """Once for all that a node presents, and not for its values."""
    notes = CountingNotes()
    talk = Talk(notes)
    talk.say(*(line for line in GOLDEN if line != "255;255;3;0;3;"))
    assert notes.written == 0
    talk.wait(NOTE_S)
    assert notes.written == 1
    for number in range(2000):
        talk.say(f"12;0;1;0;0;{number / 10}", f"12;255;3;0;0;{number % 100}", after=WAKING_S)
        talk.wait(0.0)
    assert notes.written <= 2


BAD: list[Any] = [
    {"ids": 5, "nodes": []},
    {"ids": ["1", 0.5, True, None, -1, 255], "nodes": {"x": {}, "300": {}, "255": {}, "-1": {}, "1": 5}},
    {"nodes": {"12": {"sketch": 5, "silence_s": "x", "children": 5, "sleeps": "yes"}}},
    {
        "nodes": {
            "12": {"silence_s": -5, "children": {"0": {"type": 99, "main": "x", "reported": {"99": {}}}}}
        }
    },
    {"nodes": {"12": {"children": {"0": {"type": True, "unit": [], "reported": {"0": {"tried": "x"}}}}}}},
    {"nodes": {"12": {"silence_s": 1e308, "children": {"0": {"main": 23, "reported": {"0": {}}}}}}},
]


@pytest.mark.parametrize("content", BAD)
def test_notes_that_do_not_fit(content: dict[str, Any]) -> None:
    """What can be used is; the rest is as if it were not there."""
    notes = CountingNotes()
    notes.note(content)
    talk = Talk(notes)
    talk.say("12;0;1;0;0;20.5", "12;0;1;0;0;20.5", "255;255;3;0;3;")
    assert talk.values()["12/0/V_TEMP"] == 20.5
    assert talk.wait(100_000.0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 300) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["ids", "nodes", "12", "0", "children", "reported", "type", "main", "silence_s"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["ids", "nodes"]), JSON))
def test_any_notes(content: dict[str, Any]) -> None:
    """Nothing raises."""
    notes = ForgetfulNotes()
    notes.note(content)
    conversation = Conversation(notes)
    conversation.receive("".join(f"{line}\n" for line in GOLDEN).encode(), 1000.0)
    conversation.look(2000.0)


def test_what_never_rests_is_noted_ever_more_rarely() -> None:
    """Two nodes of one number, say: each line is news, and an hour of them some twenty writings."""
    notes = CountingNotes()
    talk = Talk(notes)
    talk.say(*PRESENTED)
    for second in range(3600):
        talk.say(f"12;0;0;0;6;{'Air' if second % 2 else 'Water'}", after=1.0)
        talk.wait(0.0)
    assert 10 < notes.written < 25
