"""Who answers a live read."""

import pytest

from drivers.stream.mysensors.asking import ANSWER_S, MISSES, OFTEN_S, PAUSE_S
from tests.drivers.stream.mysensors.talk import PRESENTED, Talk

REQUEST = "12;0;2;0;0;"
VALUE = "12;0;1;0;0;20.5"


def known() -> Talk:
    """A thermometer that reported a while ago."""
    talk = Talk()
    talk.say(*PRESENTED, VALUE)
    talk.now += 2 * OFTEN_S
    return talk


def answering() -> Talk:
    """One that has answered twice."""
    talk = known()
    for _ in range(2):
        talk.wait(PAUSE_S + 1)
        talk.say(VALUE, after=ANSWER_S / 2)
    assert talk.conversation.asks("12/0")
    return talk


def test_two_answers() -> None:
    """Make it one that is asked, under both of its names."""
    talk = known()
    assert not talk.conversation.asks("12/0")
    talk.wait(0.0)
    assert talk.sent() == [REQUEST]
    talk.say(VALUE, after=ANSWER_S)
    assert not talk.conversation.asks("12/0")
    talk.wait(PAUSE_S - ANSWER_S)
    assert talk.sent() == []
    talk.wait(2.0)
    assert talk.sent() == [REQUEST]
    talk.say(VALUE, after=ANSWER_S)
    assert talk.conversation.asks("12/0")
    assert talk.conversation.asks("12/0/V_TEMP")
    assert not talk.conversation.asks("12/1")
    talk.wait(1000.0)
    assert talk.sent() == []


def test_a_value_that_comes_later_is_no_answer() -> None:
    """And it is not asked again."""
    talk = known()
    talk.wait(0.0)
    talk.say(VALUE, after=ANSWER_S + 0.1)
    talk.wait(1000.0)
    assert talk.sent() == []
    assert not talk.conversation.asks("12/0")


def test_another_value_is_no_answer() -> None:
    """Only that which was asked for."""
    talk = known()
    talk.wait(0.0)
    talk.say("12;1;1;0;1;60", after=0.1)
    talk.say(VALUE, after=ANSWER_S)
    talk.wait(1000.0)
    assert REQUEST not in talk.sent()


def test_one_at_a_time() -> None:
    """So that a radio network is not flooded at a start."""
    talk = Talk()
    talk.say(*PRESENTED, VALUE, "12;1;1;0;1;60")
    talk.wait(OFTEN_S + 1)
    assert talk.sent() == [REQUEST]
    talk.wait(0.1)
    assert talk.sent() == []
    talk.wait(2.0)
    assert talk.sent() == ["12;1;2;0;1;"]


@pytest.mark.parametrize(
    "lines",
    [("12;255;3;0;32;500",), ("12;3;0;0;3;", "12;3;1;0;2;1"), ("12;4;0;0;0;", "12;4;1;0;16;1")],
    ids=["asleep", "a relay", "a switch"],
)
def test_who_is_never_asked(lines: tuple[str, ...]) -> None:
    """Whoever sleeps, and what a request may switch."""
    talk = Talk()
    talk.say("12;255;0;0;17;2.3.2", "12;0;0;0;6;", *lines)
    if len(lines) == 1:
        talk.say(VALUE)
    talk.wait(1000.0)
    assert talk.sent() == []


def test_what_comes_often_is_not_asked_for() -> None:
    """Its next value is as good."""
    talk = Talk()
    talk.say(*PRESENTED)
    for _ in range(100):
        talk.say(VALUE, after=OFTEN_S)
        talk.wait(0.0)
        assert talk.sent() == []


def test_one_that_is_gone_is_not_asked() -> None:
    """It cannot answer."""
    talk = known()
    for _ in range(2):
        talk.wait(100_000.0)
        assert talk.sent() == []


def test_what_may_be_the_work_of_a_damaged_line_is_not_asked_for() -> None:
    """It has come once."""
    talk = Talk()
    talk.say(VALUE)
    talk.wait(100.0)
    assert talk.sent() == []


def test_reads_that_are_not_answered() -> None:
    """Three in a row, and the next value is waited for again; one answer between, and it is not."""
    talk = answering()
    for number in range(10):
        talk.conversation.send(number, "read", ("12/0",), talk.now)
        talk.wait(10.0)
        talk.wait(10.0)
        if number % 2:
            talk.conversation.send(100 + number, "read", ("12/0",), talk.now)
            talk.say(VALUE)
    for number in range(10, 10 + MISSES):
        assert talk.conversation.asks("12/0")
        talk.conversation.send(number, "read", ("12/0",), talk.now)
        talk.wait(2.0)
        talk.wait(1.0)
    assert not talk.conversation.asks("12/0")
    talk.wait(1000.0)
    assert talk.sent() == []


def test_one_that_sleeps_by_now_is_not_asked_any_more() -> None:
    """It would not hear it: a read waits for its next value."""
    talk = answering()
    talk.say("12;255;3;0;32;500")
    assert not talk.conversation.asks("12/0")
    assert not talk.conversation.asks("12/0/V_TEMP")
