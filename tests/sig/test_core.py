"""One connection's protocol, without threads and sockets: bytes, events, and a clock of the test's own."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sig.errors import BadParams
from sig.limits import Limits
from sig.net.core import NEVER, TRANSITIONS, Core, Event, Life
from sig.net.sendorder import Kind
from sig.wire import JsonCodec, Message

LIMITS = Limits(handshake_s=5.0, ping_s=10.0, dead_s=25.0, max_message=1000, plain_max_message=400)


@dataclass(eq=False)
class Waiter:
    """A call of a test's."""

    what: str = "m"
    timeout_s: float = 2.0
    deadline: float = NEVER
    is_sent: bool = False


def core(window: int = 0) -> Core:
    """One that was made at 0 s; with a window its peer is one of ours."""
    made = Core(JsonCodec(), LIMITS, 0.0)
    if window:
        made.pipeline(window)
    return made


def line(**message: Any) -> bytes:
    """A message as a peer writes it."""
    return json.dumps(message).encode() + b"\n"


def sent(one: Core, now: float = 0.0) -> list[Message]:
    """All that may go out now."""
    text = b""
    while piece := one.take(now):
        text += piece
    return [json.loads(each) for each in text.splitlines()]


def called(one: Core, waiter: Waiter, method: str = "m") -> int:
    """The id of a call of ours."""
    call_id, data = one.pack_call(method, {})
    one.add(Kind.CALL, call_id, data, waiter)
    return call_id


def test_a_life_goes_one_way() -> None:
    """Whatever is tried, by the table: an end is an end, and only the first two lives send."""
    for before in Life:
        for after in Life:
            one = core()
            one.life = before
            assert one.become(after) is (after in TRANSITIONS[before])
            if one.life is after and after is not before:
                assert one.sends is (after in (Life.KNOWN, Life.STRANGER))
    assert TRANSITIONS[Life.ENDED] == frozenset()


STREAM = (
    line(method="signal", params={"n": 1})
    + line(method="signal", params={"n": 2})
    + line(id=7, method="request", params={"x": "}"})
    + line(method="signal", params={"n": 3})
    + line(id=1, status=0, response=23.5)
    + line(id=9, method="signal", params={"n": 4})
)


@pytest.mark.parametrize("size", [1, 7, 50, len(STREAM)])
def test_what_comes_is_the_same_in_pieces_of_any_size(size: int) -> None:
    """Signals of ours as lists, calls as they came, answers with whom they are for; in order."""
    one = core(window=100)
    waiter = Waiter()
    assert called(one, waiter) == 1
    events: list[Event] = []
    for start in range(0, len(STREAM), size):
        events += one.feed(STREAM[start : start + size], 1.0)
    flat: list[Any] = []
    for each in events:
        flat += each if isinstance(each, list) else [each]
    assert flat == [
        {"n": 1},
        {"n": 2},
        {"id": 7, "method": "request", "params": {"x": "}"}},
        {"n": 3},
        (waiter, {"id": 1, "status": 0, "response": 23.5}),
        {"id": 9, "method": "signal", "params": {"n": 4}},
    ]
    assert one.heard == 1.0
    assert one.pending == {}


def test_an_answer_that_was_taken_when_a_fault_came_is_not_lost() -> None:
    """For want of memory, say: who waits for it is told at the end."""
    one = core(window=8)
    waiter = Waiter()
    call_id = called(one, waiter)

    class Faulty(dict[str, Any]):
        def get(self, *_: Any) -> Any:
            raise MemoryError

    with pytest.raises(MemoryError):
        one.sort([{"id": call_id, "status": 0}, Faulty()], 1.0)
    assert [each for each, _ in one.end("no memory")] == [waiter]


def test_signals_that_come_together_are_one_list() -> None:
    """As far as no call is between them."""
    events = core(window=8).feed(STREAM, 0.0)
    assert [len(each) for each in events if isinstance(each, list)] == [2, 1]


def test_what_is_no_message_is_a_fault_after_what_came_before_it() -> None:
    """Nothing of it is lost."""
    one = core(window=8)
    assert one.feed(line(id=1, method="m") + b"no object\n", 0.0) == [{"id": 1, "method": "m"}]
    assert "what is no message" in one.fault


@pytest.mark.parametrize("call_id", [7, "x", [1], None])
def test_an_answer_that_nobody_waits_for_is_dropped(call_id: Any) -> None:
    """Late, or made up."""
    assert core(window=8).feed(line(id=call_id, status=0), 0.0) == []


def test_pings_and_credits_are_its_own_affair() -> None:
    """It says what to answer; a count that is none is refused."""
    one = core(window=8)
    good = {"status": 0, "response": None}
    assert one.serve({"id": 1, "method": "ping"}) == good
    assert one.serve({"method": "credit", "params": {"signals": 3}}) == good
    for params in ({"signals": -1}, {"signals": "3"}, [3], None):
        refused = one.serve({"method": "credit", "params": params})
        assert refused is not None
        assert refused["error"] == "bad_params"
        assert "expected a count" in refused["exception"]
    assert one.serve({"method": "credit", "params": {"signals": 0}}) == good
    assert one.serve({"id": 3, "method": "request"}) is None


def test_a_stranger_has_no_affairs() -> None:
    """What it asks for is to be refused."""
    one = core()
    assert one.become(Life.STRANGER)
    assert one.serve({"id": 1, "method": "ping"}) is None
    assert one.next_deadline() == LIMITS.handshake_s
    one.expire(LIMITS.handshake_s)
    assert one.fault == ""
    one.expire(LIMITS.handshake_s + 0.1)
    assert "did not authorize within 5 s" in one.fault
    later = Core(JsonCodec(), LIMITS, 100.0)
    assert later.become(Life.STRANGER)
    later.expire(100.0 + LIMITS.handshake_s)
    assert later.fault == ""


def test_credit_lets_signals_go() -> None:
    """As many as the window, and then as many as are worked off."""
    one = core(window=2)
    one.add_signals([line(n=number) for number in range(4)])
    assert [each["n"] for each in sent(one)] == [0, 1]
    assert one.size == len(line(n=2) + line(n=3))
    assert one.serve({"method": "credit", "params": {"signals": 1}})
    assert [each["n"] for each in sent(one)] == [2]
    assert one.unsent() == 1
    assert one.size == 0


def test_signals_that_are_too_large_are_dropped_and_counted() -> None:
    """The others of the piece go."""
    one = core(window=8)
    one.add_signals([line(n="x" * 1100), line(n=1)])
    assert sent(one) == [{"n": 1}]
    one.add_signals([line(n="x" * 1100)])
    assert one.too_large == 2


def test_what_was_worked_off_is_told_in_eighths_of_the_window() -> None:
    """Not each signal, and never to a peer that is none of ours."""
    one = core(window=16)
    one.feed(line(method="signal"), 0.0)
    assert one.unreported < one.report_every
    one.feed(line(method="signal") * 2, 0.0)
    assert one.unreported >= one.report_every
    assert json.loads(one.pack_done(one.due())) == {"method": "credit", "params": {"signals": 3}}
    assert one.unreported == 0
    assert core().report_every == NEVER
    assert [core(window=window).report_every for window in (1, 15, 20)] == [1, 1, 2]


def test_a_message_that_the_peer_does_not_take_is_not_sent() -> None:
    """A pysig takes less than one of ours."""
    assert core(window=8).pack({"data": "x" * 900})
    with pytest.raises(BadParams, match="larger than the peer takes"):
        core(window=8).pack({"data": "x" * 1000})
    with pytest.raises(BadParams, match=r"larger than the peer takes \(400\)"):
        core().pack({"data": "x" * 400})


def test_what_is_as_large_as_may_be_is_sent() -> None:
    """Of calls, and of signals that are more together."""
    one = core(window=8)
    frame = len(one.pack({"data": ""}))
    largest = one.pack({"data": "x" * (LIMITS.max_message - frame)})
    assert len(largest) == LIMITS.max_message
    one.add_signals([largest, largest])
    assert len(sent(one)) == 2
    assert one.too_large == 0


def test_a_new_one_sends_and_counts_its_calls_from_one() -> None:
    """A call has its name in it."""
    one = core()
    assert one.sends is True
    assert one.new_id() == 1
    call_id, data = one.pack_call("read", {"a": 1})
    assert json.loads(data) == {"id": 2, "method": "read", "params": {"a": 1}}
    assert call_id == 2


def test_what_may_go_at_once_is_not_queued() -> None:
    """To one of ours, unless something waits, or its kind waits for credit. Its answer is waited for."""
    one, waiter = core(window=8), Waiter()
    assert one.add(Kind.CALL, 1, line(id=1), waiter, at_once=True)
    assert (one.size, sent(one), one.pending, waiter.is_sent) == (0, [], {1: waiter}, True)
    assert not one.add(Kind.SIGNAL, None, line(n=1), at_once=True)
    assert not one.add(Kind.REPLY, None, line(n=2), at_once=True)
    assert sent(one) == [{"n": 2}, {"n": 1}]
    assert not one.add(Kind.REPLY, None, line(n=3))
    assert not core().add(Kind.REPLY, None, line(n=4), at_once=True)


def test_signals_wait_for_credit_and_replies_do_not() -> None:
    """With one of ours there is nothing else to be waited for."""
    one = core(window=1)
    one.add(Kind.SIGNAL, None, line(n=1))
    one.add(Kind.SIGNAL, None, line(n=2))
    one.add(Kind.REPLY, None, line(id=1))
    assert sent(one) == [{"id": 1}, {"n": 1}]
    assert one.pause(0.0) is None


def test_the_next_call_of_a_pysig_shows_that_it_has_read_the_reply() -> None:
    """Then there is no pause; after a message without an id there is."""
    one = core()
    one.feed(line(id=1, method="m"), 0.0)
    one.add(Kind.REPLY, None, line(id=1, status=0))
    assert len(sent(one)) == 1
    one.add(Kind.REPLY, None, line(id=2, status=0))
    one.feed(line(method="m"), 0.0)
    assert sent(one) == []
    one.feed(line(id=2, method="m"), 0.0)
    assert len(sent(one)) == 1


def test_a_call_is_given_up_when_its_time_is_up() -> None:
    """Once; an answer that comes later is dropped."""
    one = core(window=8)
    early, late = Waiter(deadline=3.0), Waiter(what="late", deadline=4.0)
    first, _ = called(one, early), called(one, late)
    assert one.next_deadline() == 3.0
    assert one.expire(2.9) == []
    ((waiter, answer),) = one.expire(3.0)
    assert waiter is early
    assert answer["error"] == "timeout"
    assert "no answer to 'm' to the peer in time" in answer["exception"]
    assert one.give_up(first, 3.0) == []
    assert one.feed(line(id=first, status=0), 3.0) == []
    assert one.next_deadline() == 4.0


def test_towards_a_pysig_time_runs_from_when_a_call_is_sent() -> None:
    """It waits for the answer to the one before, however long that takes."""
    one = core()
    first, second = Waiter(), Waiter()
    first_id, second_id = called(one, first), called(one, second)
    assert [each["id"] for each in sent(one, 1.0)] == [first_id]
    assert (first.deadline, second.deadline) == (3.0, NEVER)
    assert (first.is_sent, second.is_sent) == (True, False)
    one.feed(line(id=first_id, status=0), 2.5)
    assert [each["id"] for each in sent(one, 2.5)] == [second_id]
    assert second.deadline == 4.5


def test_a_call_that_a_pysig_does_not_answer_holds_up_the_next_one_only_so_long() -> None:
    """Then there is a pause, in which it may read what was sent."""
    one = core()
    called(one, Waiter())
    called(one, Waiter())
    assert len(sent(one, 0.0)) == 1
    assert len(one.expire(2.0)) == 1
    assert sent(one, 2.0) == []
    pause_s = one.pause(2.0)
    assert pause_s is not None
    assert pause_s == pytest.approx(LIMITS.plain_gap_s)
    assert len(sent(one, 2.0 + pause_s)) == 1


def test_a_call_that_is_given_up_before_it_is_sent_is_not_sent() -> None:
    """A pysig would be waited for, by nobody, and all that follow with it."""
    one = core()
    first, second, third = Waiter(), Waiter(deadline=1.0), Waiter()
    first_id, third_id = called(one, first), (called(one, second, "a longer name"), called(one, third))[1]
    assert [each["id"] for each in sent(one)] == [first_id]
    before = one.size
    ((waiter, answer),) = one.expire(1.5)
    assert waiter is second
    assert answer["error"] == "timeout"
    assert before > one.size == len(one.pack({"id": third_id, "method": "m", "params": {}}))
    one.feed(line(id=first_id, status=0), 1.6)
    assert [each["id"] for each in sent(one, 1.6)] == [third_id]
    assert one.size == 0


def test_a_pysig_that_answers_what_nobody_waits_for_any_more() -> None:
    """As who gave it up was stopped in the middle: the next call goes all the same."""
    one = core()
    first_id = called(one, Waiter())
    called(one, Waiter())
    assert len(sent(one)) == 1
    del one.pending[first_id]
    assert sent(one, 1.0) == []
    one.expire(1.0)
    assert sent(one, 1.0) == []
    assert len(sent(one, 1.0 + LIMITS.plain_gap_s)) == 1


def test_a_silent_peer_is_asked_and_then_found_dead() -> None:
    """One of ours: a pysig knows no ping."""
    one, plain = core(window=8), core()
    assert one.next_deadline() == LIMITS.ping_s
    assert not one.shall_ping(10.0)
    assert one.shall_ping(10.1)
    assert not one.shall_ping(20.0)
    assert one.shall_ping(20.2)
    one.expire(25.0)
    assert one.fault == ""
    one.expire(25.1)
    assert "nothing was heard of it for 25 s" in one.fault
    one.feed(line(id=1, method="ping"), 1000.0)
    one.fault = ""
    one.expire(1025.0)
    assert one.fault == ""
    plain.expire(1000.0)
    assert not plain.shall_ping(1000.0)
    assert plain.fault == ""
    assert plain.next_deadline() == NEVER


def test_at_the_end_all_that_wait_are_answered() -> None:
    """With why; what was asked for later is no more sent."""
    one = core(window=8)
    waiters = [Waiter(), Waiter()]
    for each in waiters:
        called(one, each)
    ended = one.end("the cable is cut")
    assert [waiter for waiter, _ in ended] == waiters
    assert {answer["error"] for _, answer in ended} == {"not_connected"}
    assert "ended: the cable is cut" in ended[0][1]["exception"]
    assert not one.sends
    assert [waiter for waiter, _ in one.end("again")] == waiters


def test_what_waits_is_taken_along_when_the_peer_proves_to_be_one_of_ours() -> None:
    """In the same order."""
    one = core()
    for number in range(3):
        one.add(Kind.SIGNAL, number, line(n=number))
    assert sent(one) == [{"n": 0}]
    waiter = Waiter()
    called(one, waiter)
    one.pipeline(8)
    assert [each.get("n") for each in sent(one)] == [1, 2, None]
    assert waiter.is_sent


def test_a_reply_that_waits_is_taken_along_too() -> None:
    """While a pysig, as which it began, had a call to answer."""
    one = core()
    called(one, Waiter())
    sent(one)
    one.add(Kind.REPLY, None, line(n=1))
    assert sent(one) == []
    one.pipeline(8)
    assert sent(one) == [{"n": 1}]


def test_a_peer_that_says_again_how_much_it_takes() -> None:
    """Nothing that waits is lost, or overtaken."""
    one = core(window=1)
    for number in range(3):
        one.add(Kind.SIGNAL, None, line(n=number))
    one.add(Kind.CALL_IN_ORDER, None, line(n="call"))
    assert sent(one) == [{"n": 0}]
    one.pipeline(8)
    assert [each["n"] for each in sent(one)] == [1, 2, "call"]


def test_a_call_that_was_sent_and_is_given_up_is_not_counted_off_again() -> None:
    """What waits is what others have left."""
    one = core()
    waiter = Waiter()
    call_id = called(one, waiter)
    sent(one)
    one.add(Kind.REPLY, None, line(n=1))
    size = one.size
    one.give_up(call_id, 1.0)
    assert one.size == size


@dataclass
class End:
    """One of two that talk to each other, and what it has on its way to the other."""

    core: Core
    wire: bytearray = field(default_factory=bytearray)
    signalled: int = 0
    heard: list[Any] = field(default_factory=list)
    answered: list[Any] = field(default_factory=list)

    def hear(self, data: bytes) -> None:
        """Answer calls with their params; tell at once that signals are worked off."""
        for event in self.core.feed(data, 0.0):
            if isinstance(event, list):
                self.heard += event
            elif isinstance(event, tuple):
                self.answered.append(event[0])
            elif self.core.serve(event) is None:
                answer = {"id": event["id"], "status": 0, "response": event["params"]}
                self.core.add(Kind.REPLY, None, self.core.pack(answer))
        if self.core.unreported >= self.core.report_every:
            self.core.add(Kind.REPLY, None, self.core.pack_done(self.core.due()))


@settings(max_examples=150, deadline=None)
@given(
    window=st.integers(1, 20),
    steps=st.lists(
        st.tuples(st.sampled_from(["signal", "call", "send", "hear"]), st.booleans(), st.integers(1, 300))
    ),
)
def test_two_cores_understand_each_other(window: int, steps: list[tuple[str, bool, int]]) -> None:
    """Whatever both do, and however the bytes are cut: signals in order, each call answered once."""
    ends = (End(core(window)), End(core(window)))
    waiters: list[Waiter] = []
    for what, at_second, count in steps:
        one, other = (ends[1], ends[0]) if at_second else ends
        if what == "signal":
            one.core.add_signals([line(method="signal", params=one.signalled)])
            one.signalled += 1
        elif what == "call":
            waiters.append(Waiter())
            called(one.core, waiters[-1])
        elif what == "send":
            one.wire += one.core.take(0.0)
        else:
            piece = bytes(other.wire[:count])
            del other.wire[:count]
            one.hear(piece)
    while any(end.core.size or end.wire for end in ends):
        for one, other in (ends, ends[::-1]):
            one.wire += one.core.take(0.0)
            other.hear(bytes(one.wire))
            one.wire.clear()
    assert sorted(map(id, ends[0].answered + ends[1].answered)) == sorted(map(id, waiters))
    assert ends[1].heard == list(range(ends[0].signalled))
    assert ends[0].heard == list(range(ends[1].signalled))
