"""What goes out when: the rules for our own peers and for a pysig, on a clock of the test's own."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from sig.limits import Limits
from sig.net.sendorder import PIECE, Kind, OneAtATime, Pipelined
from tests.support.examples import examples

GAP_S, HOLD_S = 0.05, 1.0


def one_at_a_time() -> OneAtATime:
    return OneAtATime(Limits(plain_gap_s=GAP_S, plain_hold_s=HOLD_S))


def test_pipelined_signals_keep_to_the_window() -> None:
    """Replies and calls pass at any time, signals as many as are granted, remove_sender behind them."""
    order = Pipelined(2)
    for number in range(3):
        order.add(Kind.SIGNAL, b"s%d" % number, None)
    order.add(Kind.CALL_IN_ORDER, b"remove", 1)
    order.add(Kind.CALL, b"c", 2)
    order.add(Kind.REPLY, b"r", None)
    assert order.take(0)[0] == b"crs0s1"
    assert order.take(0)[0] == b""
    order.grant(1)
    assert order.take(0)[0] == b"s2remove"
    order.grant(100)
    for _ in range(3):
        order.add(Kind.SIGNAL, b"s", None)
    assert order.take(0)[0] == b"ss"
    assert [waiting[1] for waiting in order.rest()] == [b"s"]


@pytest.mark.parametrize("kind", [Kind.REPLY, Kind.SIGNAL])
def test_a_piece_has_at_most_a_message_more_than_it_should(kind: Kind) -> None:
    """It ends with the message that fills it; what is left is the next one."""
    order = Pipelined(1000)
    for data in (b"a" * 1000, b"b" * (PIECE - 1001), b"c", b"d", b"e" * (PIECE - 3), b"f", b"g" * 9, b"h"):
        order.add(kind, data, None)
    pieces = []
    while piece := order.take(0)[0]:
        pieces.append((len(piece), piece[:1], piece[-1:]))
    assert pieces == [(PIECE, b"a", b"c"), (PIECE + 8, b"d", b"g"), (1, b"h", b"h")]


def test_replies_fill_a_piece_before_signals_do() -> None:
    """Those that are in it count."""
    order = Pipelined(1000)
    order.add(Kind.REPLY, b"r" * (PIECE - 1), None)
    order.add(Kind.SIGNAL, b"s", None)
    order.add(Kind.SIGNAL, b"t", None)
    assert [order.take(0)[0][-1:] for _ in range(2)] == [b"s", b"t"]


def test_one_call_at_a_time() -> None:
    """The next one goes after the answer to the last one, or when that is given up and a pause is over."""
    order = one_at_a_time()
    for number in range(3):
        order.add(Kind.SIGNAL, b"s%d" % number, number)
    assert (order.take(0)[0], order.take(0)[0], order.pause(0)) == (b"s0", b"", None)
    order.answered(7, 0, given_up=False)
    assert order.take(5)[0] == b""
    order.answered(0, 5, given_up=False)
    assert (order.take(5)[0], order.take(5)[0]) == (b"s1", b"")
    order.answered(1, 9, given_up=True)
    assert order.take(9)[0] == b""
    assert order.pause(9) == pytest.approx(GAP_S)
    assert order.take(9 + GAP_S)[0] == b"s2"


def test_replies_wait_while_a_call_is_unanswered() -> None:
    """But not for ever."""
    order = one_at_a_time()
    order.add(Kind.CALL, b"c", 1)
    assert order.take(0)[0] == b"c"
    order.heard_call()
    order.add(Kind.REPLY, b"r", None)
    assert (order.take(0.5)[0], order.pause(0.5)) == (b"", 0.5)
    assert order.take(HOLD_S)[0] == b"r"
    order.add(Kind.CALL, b"d", 2)
    order.answered(1, HOLD_S, given_up=False)
    assert (order.take(HOLD_S)[0], order.take(HOLD_S + GAP_S)[0]) == (b"", b"d")


def test_after_a_reply_there_is_a_pause_unless_the_peer_calls_again() -> None:
    """Which shows that it has read the reply, if it was owed no other."""
    order = one_at_a_time()
    for call in range(3):
        order.heard_call()
        order.add(Kind.REPLY, b"r%d" % call, None)
        assert order.take(0)[0] == b"r%d" % call
    order.add(Kind.CALL, b"c", 1)
    assert (order.take(0)[0], order.take(GAP_S)[0]) == (b"", b"c")


def test_overlapping_calls_of_the_peer_show_nothing() -> None:
    """Two threads of it call: the second call does not mean that the first one's reply was read."""
    order = one_at_a_time()
    order.heard_call()
    order.heard_call()
    order.add(Kind.REPLY, b"r1", None)
    assert order.take(0)[0] == b"r1"
    order.heard_call()
    order.add(Kind.REPLY, b"r2", None)
    assert (order.take(0)[0], order.take(GAP_S)[0]) == (b"", b"r2")


def test_calls_and_replies_take_turns() -> None:
    """A peer that calls without pause does not keep our own calls from going out."""
    order = one_at_a_time()
    order.add(Kind.SIGNAL, b"s", 1)
    order.heard_call()
    order.add(Kind.REPLY, b"r1", None)
    assert order.take(0)[0] == b"r1"
    order.heard_call()
    order.add(Kind.REPLY, b"r2", None)
    assert (order.take(0)[0], order.take(0)[0]) == (b"s", b"")
    order.answered(1, 0, given_up=False)
    assert order.take(0)[0] == b"r2"


class PysigMachine(RuleBasedStateMachine):
    """Against a pysig that reads within the pause: nothing of ours is ever unread when the next goes out."""

    def __init__(self) -> None:
        super().__init__()
        self.order = one_at_a_time()
        self.now = 0.0
        self.sent: list[str] = []
        self.unread: str | None = None
        self.read_by = 0.0
        self.call_id = 0
        self.handling: int | None = None
        self.calling = False

    @rule()
    def we_call(self) -> None:
        self.call_id += 1
        self.order.add(Kind.CALL, b"call%d" % self.call_id, self.call_id)

    @precondition(lambda self: not self.calling)
    @rule()
    def peer_calls(self) -> None:
        self.calling = True
        self.order.heard_call()
        self.order.add(Kind.REPLY, b"reply", None)

    @rule()
    def we_send(self) -> None:
        data = self.order.take(self.now)[0].decode()
        if data:
            assert self.unread is None, "it would meet another object in one read"
            assert self.handling is None, "it is not read while a call is handled"
            self.unread, self.read_by = data, self.now + GAP_S

    @precondition(lambda self: self.unread is not None and self.handling is None)
    @rule()
    def peer_reads(self) -> None:
        assert self.unread is not None
        if self.unread == "reply":
            self.calling = False
        else:
            self.handling = int(self.unread.removeprefix("call"))
        self.unread = None

    @precondition(lambda self: self.handling is not None)
    @rule()
    def peer_answers(self) -> None:
        assert self.handling is not None
        self.order.answered(self.handling, self.now, given_up=False)
        self.handling = None

    @rule(seconds=st.floats(0, GAP_S))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        if self.unread is not None and self.now >= self.read_by and self.handling is None:
            self.peer_reads()
        if self.handling is not None:
            self.peer_answers()


TestPysigMachine = PysigMachine.TestCase
TestPysigMachine.settings = settings(max_examples=examples(200), stateful_step_count=60)
