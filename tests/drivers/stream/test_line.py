"""One queue of requests, one in flight: who gets the line, and that nobody waits for ever."""

import random
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import sig
from drivers.request import Request
from drivers.stream.conversation import Refusal, Reply, Unusable
from drivers.stream.line import ATTEMPT_S, MAX_ID, MAX_WAITING, Answer, Line, Place
from tests.support.background import in_background
from tests.support.examples import examples
from tests.support.waiting import DEADLINE_S

NOW = 1000.0
LATER = NOW + ATTEMPT_S


@pytest.fixture
def line() -> Line:
    """A line that is free."""
    return Line("board")


def asks(line: Line, request: Request) -> bool:
    """Queue it, and leave the writing to the link's thread; whether that has to be woken."""
    return line.ask(request, NOW, at_once=False) is Place.FIRST


def ask(line: Line, channel: str = "temp", unless: Callable[[], object | None] | None = None) -> Request:
    """Somebody asks for a value."""
    request = Request("read", (channel,), unless=unless)
    asks(line, request)
    return request


def own(verb: str = "hello") -> Request:
    """A request of the link's own."""
    return Request(verb, own=True)


def failure(request: Request) -> Exception:
    """What whoever asked gets, by now."""
    assert request.wait(0.0)
    assert request.error is not None
    assert request.result is None
    return request.error


def test_a_request_is_queued_sent_and_answered(line: Line) -> None:
    """Only then is the line free for another."""
    assert (line.idle, line.waiting, line.in_flight, line.due(NOW)) == (True, 0, None, False)
    request = ask(line)
    assert (line.idle, line.waiting, line.in_flight, line.due(NOW)) == (False, 1, None, True)
    assert not request.wait(0.0)
    assert line.take(NOW) is request
    assert (request.sent, request.attempts, request.id) == (NOW, 1, 1)
    assert (line.idle, line.waiting, line.in_flight, line.due(NOW)) == (False, 1, request, False)
    assert not request.wait(-1.0)
    assert line.complete(Reply(request.id, "21.5")) is request
    assert (line.idle, line.waiting, line.in_flight, line.due(LATER)) == (True, 0, None, False)
    assert request.wait(0.0)
    assert (request.result, request.error) == ("21.5", None)


def test_a_request_says_what_it_asks() -> None:
    """In messages."""
    assert str(Request("interval", ("temp", "200"))) == "interval temp 200"
    assert str(own()) == "hello"


def test_whoever_waits_is_woken_by_the_answer(line: Line) -> None:
    """On another thread."""
    request = ask(line)
    thread, results = in_background(lambda: request.wait(DEADLINE_S))
    line.take(NOW)
    line.complete(Reply(request.id, None))
    thread.join()
    assert results == [True]


def test_only_who_finds_nothing_on_the_way_has_to_wake_the_writer(line: Line) -> None:
    """The writer comes back by itself as soon as what is in flight is answered."""
    assert asks(line, Request("read", ("temp",)))
    assert asks(line, Request("read", ("temp",))), "the first is not sent yet, so the writer may still sleep"
    flying = line.take(NOW)
    assert flying is not None
    assert not asks(line, Request("read", ("temp",)))
    line.complete(Reply(flying.id, None))
    assert asks(line, Request("read", ("temp",)))


def test_whoever_finds_the_line_idle_writes_itself(line: Line) -> None:
    """Then it is in flight with an id of its own; nobody else may, and no queue is jumped."""
    first, second, third = (Request("read", (name,)) for name in ("temp", "hum", "lux"))
    assert line.ask(first, NOW, at_once=True) is Place.FLYING
    assert (line.in_flight, line.waiting, line.idle) == (first, 1, False)
    assert (first.id, first.attempts, first.sent) == (1, 1, NOW)
    assert line.take(NOW) is None, "it is on its way"
    assert line.ask(second, NOW, at_once=True) is Place.WAITING
    assert line.complete(Reply(first.id, "21.5")) is first
    assert line.ask(third, NOW, at_once=True) is Place.FIRST
    assert line.in_flight is None
    assert [line.take(NOW), line.take(LATER)] == [second, second]
    assert (second.id, second.attempts, third.id) == (2, 2, 0)


def test_what_could_not_be_written_at_once_is_sent_by_the_link(line: Line) -> None:
    """Without waiting for the answer that cannot come."""
    request = Request("read", ("temp",))
    line.ask(request, NOW, at_once=True)
    line.overdue(request)
    assert line.due(NOW)
    assert line.take(NOW) is request
    assert (request.id, request.attempts, request.sent) == (1, 2, NOW)
    assert not line.due(NOW)


def test_others_are_served_in_the_order_of_asking_one_at_a_time(line: Line) -> None:
    """None is sent while another is on the way."""
    requests = [ask(line) for _ in range(3)]
    for number, request in enumerate(requests, 1):
        assert line.take(NOW) is request
        assert line.take(NOW) is None
        assert line.take(LATER - 0.001) is None
        assert request.id == number
        line.complete(Reply(number, None))


def test_an_answer_of_another_id_is_nobody_s(line: Line) -> None:
    """The one in flight goes on waiting."""
    assert line.complete(Reply(1, None)) is None
    request = ask(line)
    line.take(NOW)
    assert line.complete(Reply(request.id + 1, None)) is None
    assert line.complete(Refusal(0, "busy", "")) is None
    assert line.in_flight is request
    assert not request.wait(0.0)
    assert line.complete(Reply(request.id, None)) is request
    assert line.complete(Reply(request.id, None)) is None, "twice"


def test_what_is_not_answered_is_sent_again_with_its_id(line: Line) -> None:
    """So that whichever answer comes is good."""
    request, second = ask(line), ask(line)
    line.take(NOW)
    assert not line.due(LATER - 0.001)
    for attempt in range(2, 6):
        now = NOW + (attempt - 1) * ATTEMPT_S
        assert line.due(now)
        assert line.take(now) is request
        assert (request.id, request.attempts, request.sent) == (1, attempt, now)
    assert line.waiting == 2
    line.complete(Reply(1, None))
    assert line.take(now) is second
    assert second.id == 2


def test_the_board_s_refusal_is_raised_by_its_kind(line: Line) -> None:
    """Also an answer that is none."""
    for answer, kind in (
        (Refusal(1, "bad_argument", "no such"), sig.BadParams),
        (Unusable(2, "it said nan"), sig.BadReply),
    ):
        request = ask(line)
        line.take(NOW)
        assert line.complete(answer) is request
        error = failure(request)
        assert type(error) is kind
        assert str(error).startswith("board: ")


def test_so_many_may_wait_and_no_more(line: Line) -> None:
    """The one in flight, and one of the link's own, count too."""
    requests = [ask(line) for _ in range(MAX_WAITING)]
    for _ in range(2):
        with pytest.raises(sig.Busy, match=f"board: {MAX_WAITING} requests wait .*; ask less often"):
            ask(line)
        assert line.waiting == MAX_WAITING
        line.take(NOW)
    line.complete(Reply(1, None))
    requests.append(ask(line))
    line.put_first(own(), NOW)
    with pytest.raises(sig.Busy):
        ask(line)
    assert [line.withdraw(request) for request in requests] == [False] + [True] * MAX_WAITING


def test_ids_are_used_up_and_then_begin_at_one(line: Line) -> None:
    """0 is no request's: a board says hello with it by itself."""
    ids = []
    for _ in range(MAX_ID + 2):
        ids.append(line.put_first(own("ping"), NOW).id)
        line.complete(Reply(ids[-1], None))
    assert ids == [*range(1, MAX_ID + 1), 1, 2]
    assert MAX_ID == 65535


def test_the_link_s_own_go_before_others(line: Line) -> None:
    """The other in flight is put back at the head, and keeps its id."""
    first, second = ask(line), ask(line)
    line.take(NOW)
    hello = line.put_first(own(), NOW + 0.5)
    assert (hello.id, hello.sent, hello.attempts) == (2, NOW + 0.5, 1)
    assert (line.in_flight, line.waiting) == (hello, 3)
    assert line.take(NOW + ATTEMPT_S) is None, "the hello is on the way, and not late yet"
    assert line.complete(Reply(first.id, "too late")) is None
    assert line.complete(Reply(hello.id, None)) is hello
    assert line.take(NOW + 0.6) is first
    assert (first.id, first.attempts, first.sent) == (1, 2, NOW + 0.6)
    line.complete(Reply(1, None))
    assert line.take(NOW) is second
    assert second.id == 3


def test_of_the_link_s_own_the_newest_counts(line: Line) -> None:
    """An older one is given up, and is not put back; the one that asks anew is the session."""
    hello, ping = line.put_first(own(), NOW), line.put_first(own("ping"), NOW)
    assert (line.in_flight, line.waiting) == (ping, 1)
    assert line.complete(Reply(hello.id, None)) is None
    line.complete(Reply(ping.id, None))
    assert line.idle


def test_one_of_the_link_s_own_that_is_not_answered_makes_way(line: Line) -> None:
    """It is counted, and asked again, by the session."""
    request = ask(line)
    ping = line.put_first(own("ping"), NOW)
    assert line.take(LATER - 0.001) is None
    assert line.take(LATER) is request
    assert ping.attempts == 1
    assert line.waiting == 1


def test_late_and_alone_it_leaves_the_line_free(line: Line) -> None:
    """Nothing is sent in its place."""
    line.put_first(own("ping"), NOW)
    assert line.take(LATER) is None
    assert line.idle


def test_what_is_known_by_now_is_not_asked(line: Line) -> None:
    """A row of requests is answered at once, and the next one is sent."""
    known: list[float] = [21.5]
    row = [ask(line, unless=lambda: known[-1]) for _ in range(5)]
    asking = ask(line, "hum", unless=lambda: None)
    assert line.take(NOW) is asking
    assert [(request.wait(0.0), request.result, request.attempts) for request in row] == [(True, 21.5, 0)] * 5
    assert asking.id == 1
    assert line.waiting == 1


def test_a_question_that_raises_is_the_askers_affair(line: Line) -> None:
    """Whoever asked gets what `unless` has raised; who writes goes on to the next."""
    first, broken, last = ask(line), ask(line, unless=lambda: 1 // 0), ask(line, "hum")
    assert line.take(0.0) is first
    assert line.complete(Reply(first.id, 21.5)) is first
    assert line.take(0.0) is last
    assert isinstance(broken.error, ZeroDivisionError)
    assert broken.wait(0)
    assert line.waiting == 1


def test_a_row_of_known_answers_empties_the_line(line: Line) -> None:
    """Then there is nothing to write."""
    ask(line, unless=lambda: 0)
    assert line.take(NOW) is None
    assert line.idle


def test_what_came_since_the_first_attempt_answers_before_the_second(line: Line) -> None:
    """Nor is a value that is put back asked for again."""
    came: list[object] = []
    request = ask(line, unless=lambda: came[0] if came else None)
    assert line.take(NOW) is request
    came.append("a reading")
    assert line.take(LATER) is None
    assert request.wait(0.0)
    assert (request.result, line.idle) == ("a reading", True)


def test_a_request_may_be_withdrawn_in_each_state(line: Line) -> None:
    """Queued, in flight, put back: it is not sent any more. Answered: it says so."""
    flying, queued, after = ask(line), ask(line), ask(line)
    line.take(NOW)
    assert line.withdraw(queued)
    assert not line.withdraw(queued)
    assert line.withdraw(flying)
    assert not line.withdraw(flying)
    assert line.complete(Reply(flying.id, None)) is None
    assert line.take(NOW) is after
    line.put_first(own(), NOW)
    assert line.withdraw(after)
    assert line.take(LATER) is None
    assert line.idle
    answered = ask(line)
    line.take(NOW)
    line.complete(Reply(answered.id, 1))
    assert not line.withdraw(answered)
    assert [request.wait(0.0) for request in (flying, queued, after, answered)] == [False, False, False, True]


def test_withdrawn_while_it_is_looked_in_vain_whether_it_is_known(line: Line) -> None:
    """It is not sent any more either: nobody waits, and the line is another's by then."""

    def give_up() -> None:
        assert line.withdraw(first)

    first = ask(line, unless=give_up)
    second = ask(line)
    assert line.take(NOW) is second
    assert (first.attempts, first.id, second.id) == (0, 0, 1)
    assert line.waiting == 1


def test_withdrawn_while_it_is_looked_whether_it_is_known(line: Line) -> None:
    """The answer is nobody's any more, and the next one is sent."""

    def give_up() -> object:
        assert line.withdraw(first)
        return 21.5

    first = ask(line, unless=give_up)
    second = ask(line)
    assert line.take(NOW) is second
    assert not first.wait(0.0)


def test_the_line_ends_while_it_is_looked_whether_it_is_known(line: Line) -> None:
    """It has failed already, and does not get an answer, too."""

    def cut() -> object:
        line.end("closing")
        return 21.5

    request = ask(line, unless=cut)
    assert line.take(NOW) is None
    assert isinstance(failure(request), sig.NotConnected)


def test_what_cannot_be_sent_is_refused(line: Line) -> None:
    """At once, and the line is free."""
    request, error = ask(line), sig.BadParams("no such word")
    line.refuse(request, error)
    assert not request.wait(0.0), "it is not in flight: whoever writes has lost it"
    assert line.waiting == 1
    line.take(NOW)
    line.refuse(request, error)
    assert failure(request) is error
    assert line.idle


def test_a_failure_is_everybody_s_and_the_line_goes_on(line: Line) -> None:
    """In flight or not; who asks later is served."""
    requests = [ask(line) for _ in range(3)]
    line.take(NOW)
    line.put_first(own("ping"), NOW)
    line.fail("the board is silent")
    for request in requests:
        error = failure(request)
        assert isinstance(error, sig.NotConnected)
        assert str(error) == "board: the board is silent"
    assert line.idle
    line.fail("again")
    later = ask(line)
    assert line.take(NOW) is later
    line.fail("with one in flight only")
    assert isinstance(failure(later), sig.NotConnected)


def test_at_the_end_all_fail_and_all_that_ask_later(line: Line) -> None:
    """With the reason."""
    request = ask(line)
    line.end("unplugged")
    assert str(failure(request)) == "board: unplugged"
    with pytest.raises(sig.NotConnected, match="board: unplugged"):
        ask(line)
    line.end("twice is as good as once")
    assert line.idle


def test_who_fails_at_the_end_and_asks_again_at_once_is_told_so(line: Line) -> None:
    """Else it would be queued on a line that nobody serves any more."""

    class Stubborn(Request):
        def settle(self, result: object, error: Exception | None) -> None:
            """See `Request`."""
            with pytest.raises(sig.NotConnected):
                ask(line)
            super().settle(result, error)

    request = Stubborn("read", ("temp",))
    asks(line, request)
    line.end("unplugged")
    assert isinstance(failure(request), sig.NotConnected)
    assert line.idle


class Counted(Request):
    """A request that counts how often it ends."""

    def __init__(self, number: int, *, own: bool = False) -> None:
        super().__init__("read", (str(number),), unless=lambda: self.known, own=own)
        self.known: object | None = None
        self.ends: Counter[str] = Counter()

    def settle(self, result: object, error: Exception | None) -> None:
        """See `Request`."""
        super().settle(result, error)
        self.ends["answered" if error is None else type(error).__name__] += 1


class LineMachine(RuleBasedStateMachine):
    """The model: a list of those who wait, one in flight, and how each must have ended."""

    def __init__(self) -> None:
        super().__init__()
        self.line = Line("board")
        self.now = NOW
        self.requests: list[Counted] = []
        self.queue: list[Counted] = []
        self.flying: Counted | None = None
        self.sent_at = 0.0
        self.over = False
        self.must_end: dict[Counted, str] = {}
        self.first_sent: list[int] = []

    def new(self, *, own: bool = False) -> Counted:
        """The next request."""
        request = Counted(len(self.requests), own=own)
        self.requests.append(request)
        return request

    def pick(self, data: st.DataObject) -> Counted:
        """One of those that were asked."""
        others = [request for request in self.requests if not request.own]
        return data.draw(st.sampled_from(others[-12:]))

    def sends(self, request: Counted) -> None:
        """It is in flight from now on."""
        self.flying, self.sent_at = request, self.now
        assert request.sent == self.now
        if request.attempts == 1 and not request.own:
            self.first_sent.append(int(request.args[0]))

    def ends(self, requests: list[Counted], how: str) -> None:
        """So they must have ended by now, where they are not the link's own."""
        self.must_end |= {request: how for request in requests if not request.own}

    @rule(count=st.sampled_from((1, 1, 1, 3, 20)))
    def ask(self, count: int) -> None:
        for _ in range(count):
            waiting = len(self.queue) + (self.flying is not None)
            request = self.new()
            try:
                wakes = asks(self.line, request)
            except sig.NotConnected:
                assert self.over
                self.requests.pop()
            except sig.Busy:
                assert waiting >= MAX_WAITING
                self.requests.pop()
            else:
                assert not self.over
                assert waiting < MAX_WAITING
                assert wakes == (self.flying is None)
                self.queue.append(request)

    @rule()
    def take(self) -> None:
        expected: Counted | None = None
        if self.flying is None or self.now >= self.sent_at + ATTEMPT_S:
            candidates = [] if self.flying is None or self.flying.own else [self.flying]
            candidates += self.queue
            known = next(
                (i for i, request in enumerate(candidates) if request.known is None), len(candidates)
            )
            self.ends(candidates[:known], "answered")
            expected = candidates[known] if known < len(candidates) else None
            self.queue = candidates[known + 1 :]
            self.flying = None
        before = (expected.id, expected.attempts) if expected is not None else None
        assert self.line.take(self.now) is expected
        if expected is not None and before is not None:
            assert expected.attempts == before[1] + 1
            assert before[0] in (0, expected.id)
            self.sends(expected)

    @rule()
    def put_first(self) -> None:
        if self.flying is not None and not self.flying.own:
            self.queue.insert(0, self.flying)
        request = self.new(own=True)
        assert self.line.put_first(request, self.now) is request
        self.sends(request)

    @precondition(lambda self: self.flying is not None)
    @rule(how=st.sampled_from(("answered", "RequestError", "BadReply")))
    def answer(self, how: str) -> None:
        flying = self.flying
        assert flying is not None
        answers: dict[str, Answer] = {
            "answered": Reply(flying.id, flying),
            "RequestError": Refusal(flying.id, "unknown_channel", ""),
            "BadReply": Unusable(flying.id, "it is no number"),
        }
        assert self.line.complete(answers[how]) is flying
        assert flying.wait(0.0)
        assert flying.result is (flying if how == "answered" else None)
        self.ends([flying], how)
        self.flying = None

    @precondition(lambda self: self.requests)
    @rule(data=st.data())
    def answer_late(self, data: st.DataObject) -> None:
        request = data.draw(st.sampled_from(self.requests[-12:]))
        if request is not self.flying:
            assert self.line.complete(Reply(request.id, request)) is None

    @precondition(lambda self: self.flying is not None)
    @rule()
    def refuse(self) -> None:
        assert self.flying is not None
        self.line.refuse(self.flying, sig.BadParams("no"))
        self.ends([self.flying], "BadParams")
        self.flying = None

    @precondition(lambda self: not all(request.own for request in self.requests))
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        request = self.pick(data)
        known = request in self.queue or request is self.flying
        assert self.line.withdraw(request) is known
        if known:
            request.ends["withdrawn"] += 1
            self.ends([request], "withdrawn")
            self.queue = [other for other in self.queue if other is not request]
            self.flying = None if request is self.flying else self.flying

    @precondition(lambda self: not all(request.own for request in self.requests))
    @rule(data=st.data())
    def a_value_comes(self, data: st.DataObject) -> None:
        request = self.pick(data)
        request.known = "a reading"

    @rule(seconds=st.sampled_from((0.1, ATTEMPT_S / 2, ATTEMPT_S)))
    def time_goes_by(self, seconds: float) -> None:
        self.now += seconds

    def fails(self) -> None:
        """Nobody waits any more."""
        self.ends([*self.queue, *([self.flying] if self.flying else [])], "NotConnected")
        self.queue, self.flying = [], None

    @rule()
    def fail(self) -> None:
        self.line.fail("silent")
        self.fails()

    @precondition(lambda self: len(self.requests) > 30)
    @rule()
    def end(self) -> None:
        self.line.end("over")
        self.over = True
        self.fails()

    @invariant()
    def the_line_says_what_the_model_says(self) -> None:
        assert self.line.in_flight is self.flying
        assert self.line.waiting == len(self.queue) + (self.flying is not None)
        assert self.line.idle == (not self.queue and self.flying is None)
        late = self.flying is not None and self.now >= self.sent_at + ATTEMPT_S
        assert self.line.due(self.now) == (bool(self.queue) if self.flying is None else late)

    @invariant()
    def each_ended_once_as_it_must(self) -> None:
        for request in self.requests:
            if not request.own:
                assert list(request.ends.elements()) == (
                    [self.must_end[request]] if request in self.must_end else []
                )

    @invariant()
    def first_attempts_are_in_the_order_of_asking(self) -> None:
        assert self.first_sent == sorted(self.first_sent)

    def teardown(self) -> None:
        """In the end nobody is left who waits."""
        self.end()
        self.the_line_says_what_the_model_says()
        assert {request for request in self.requests if not request.own} == set(self.must_end)
        self.each_ended_once_as_it_must()


TestLineMachine = LineMachine.TestCase
TestLineMachine.settings = settings(max_examples=examples(150), stateful_step_count=50, deadline=None)


class Crowd:
    """Threads that ask until the line ends; some have little patience. `ended`: how each request did."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.ended: Counter[str] = Counter()
        self.errors: list[str] = []
        self._lock = threading.Lock()
        self._all_here = threading.Barrier(MAX_WAITING + 1)
        self.threads = [
            threading.Thread(target=self.ask_on, args=(number,), name=f"asker-{number}")
            for number in range(MAX_WAITING)
        ]

    def ask_on(self, number: int) -> None:
        """One thread's work."""
        chance = random.Random(number)
        self._all_here.wait(DEADLINE_S)
        count, how = 0, ""
        while how != "over":
            count += 1
            args = (f"{number}.{count}",)
            known = args if chance.random() < 0.1 else None
            request = Request("read", args, unless=lambda known=known: known)  # type: ignore[misc]
            how = self.outcome(request, chance)
            with self._lock:
                self.ended[how] += 1

    def outcome(self, request: Request, chance: random.Random) -> str:
        """Ask once."""
        try:
            asks(self.line, request)
        except sig.Busy:
            return "busy"
        except sig.NotConnected:
            return "over"
        if not request.wait(chance.choice((0.0, 0.001, DEADLINE_S))):
            if self.line.withdraw(request):
                return "withdrawn"
            if not request.wait(DEADLINE_S):  # it is just being answered
                self.errors.append(f"{request} never ended")
                return "over"
        if request.error is not None:
            return type(request.error).__name__
        if request.result != request.args:
            self.errors.append(f"{request} got {request.result}")
        return "answered"

    def __enter__(self) -> "Crowd":
        for thread in self.threads:
            thread.start()
        self._all_here.wait(DEADLINE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.line.end("over")
        for thread in self.threads:
            thread.join(DEADLINE_S)


@pytest.mark.parametrize("seed", range(3))
def test_a_crowd_asks_and_everybody_returns(line: Line, seed: int) -> None:
    """64 threads, and one that takes, answers, refuses, fails and at last ends at random."""
    chance, now = random.Random(seed), NOW
    answered = 0
    with Crowd(line) as crowd:
        while answered < 1000:
            now += chance.choice((0.0, ATTEMPT_S))
            request = line.take(now) if chance.random() < 0.9 else line.put_first(own(), now)
            if request is None:
                continue
            what = chance.random()
            if what < 0.8:
                completed = line.complete(Reply(request.id, request.args))
                answered += completed is not None and not request.own
            elif what < 0.9:
                line.complete(Refusal(request.id, "unknown_channel", ""))
            elif what < 0.95:
                line.refuse(request, sig.BadParams("no"))
            elif what < 0.96:
                line.fail("silent")
    assert not [thread for thread in crowd.threads if thread.is_alive()]
    assert crowd.errors == []
    assert crowd.ended["over"] == MAX_WAITING
    assert crowd.ended["answered"] > 500
    assert line.idle
