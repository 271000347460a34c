"""A session over a transport and a clock of the test's own: who gets the line, and when it is lost."""

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

import sig
from drivers.errors import LinkLostError, SilentError
from drivers.source import Measurement, Up
from drivers.stream import lender as lender_module
from drivers.stream import session
from drivers.stream.lender import SPAN_S
from drivers.stream.line import ATTEMPT_S, MAX_WAITING
from drivers.stream.loan import Loan
from drivers.stream.session import LEAST_SILENCE_S, PINGS, StreamSession
from drivers.worth import STREAM
from firmware_sim.line import encode
from tests.support.background import in_background
from tests.support.talk import HELLO, LONGEST_S, Talk, Wire
from tests.support.waiting import DEADLINE_S, until


@pytest.fixture
def talk() -> Iterator[Talk]:
    """A session that has not begun."""
    made = Talk()
    yield made
    made.session.end("the test is over")


@pytest.fixture
def running(talk: Talk) -> Iterator[Talk]:
    """A session whose board is up, on a thread of its own, while the clock stands still."""
    talk.greet()
    talk.wire.patient = True
    thread, results = in_background(lambda: talk.session.run(talk.stopping))
    yield talk
    talk.stopping.set()
    talk.wire.woken.set()
    thread.join(DEADLINE_S)
    assert not [result for result in results if isinstance(result, Exception)], results


def test_the_greeting_asks_until_the_hello_comes(talk: Talk) -> None:
    """Twice a second; a boot loader swallows the first ones."""
    answers = iter([None, None, None])
    talk.wire.answer = lambda fields: next(answers, talk.wire.healthy(fields))
    board = talk.greet()
    assert (board.identity, board.boot) == ("24A1", 7)
    assert talk.wire.verbs() == ["hello"] * 4
    assert talk.clock.monotonic() == pytest.approx(1001.5)
    assert (talk.told, talk.troubles) == ([], [])


def test_a_board_that_starts_slowly_is_asked_on_while_the_port_stays_open(talk: Talk) -> None:
    """From 5 s on it is said that nobody answers; it is asked less often, and comes up after a minute."""
    talk.wire.answer = lambda f: talk.wire.healthy(f) if talk.clock.monotonic() > 1055 else None
    talk.greet()
    assert not talk.wire.closed
    assert [round(when) for when, _ in talk.troubles] == list(range(5, 56, 5))
    assert talk.troubles[0][1] == "the board did not say hello within 5 s; nothing came"
    steps = [after - before for before, after in pairwise(talk.wire.sent_at)]
    assert steps[:9] == pytest.approx([0.5] * 9)
    assert steps[11:] == pytest.approx([2.0] * len(steps[11:]))


def test_opening_the_port_anew_is_worth_a_try_when_patience_is_over() -> None:
    """And only then: it resets many boards."""
    talk = Talk(patience_s=30.0)
    talk.wire.answer = lambda fields: None
    with pytest.raises(
        LinkLostError, match="did not say hello within 30 s; nothing came; opening the port anew"
    ):
        talk.greet()
    assert talk.session.ran_out_of_patience
    talk.session.end("the test is over")


def test_a_greeting_says_what_came_instead(talk: Talk) -> None:
    """The remedy for noise is another than that for a program that prints something else."""
    talk.wire.answer = lambda f: talk.wire.healthy(f) if talk.troubles else None
    talk.wire.incoming.append(b"Humidity: 40.1%  Temperature: 21.5\r\n")
    talk.greet()
    assert "text, but not sensorline: 'Humidity: 40.1%" in talk.troubles[0][1]


def test_a_greeting_ends_when_the_link_is_closed(talk: Talk) -> None:
    """At once."""
    talk.wire.answer = lambda fields: None
    talk.at_end_of_input(talk.stopping.set)
    with pytest.raises(LinkLostError, match="closing"):
        talk.greet()
    assert talk.clock.monotonic() < 1001


def test_a_greeting_ends_when_the_port_is_another_one(talk: Talk) -> None:
    """What is open then is a port that is not there any more."""
    talk.wire.answer = lambda fields: None
    talk.at_end_of_input(lambda: setattr(talk, "replaced", True))
    with pytest.raises(LinkLostError, match="another port has taken this one's place"):
        talk.greet()
    assert talk.clock.monotonic() < 1001


def test_the_board_is_brought_to_what_is_wanted(talk: Talk) -> None:
    """A first value of each channel in use, then the interval; the answer tells what is in force."""
    talk.intervals = {"temp": 250}
    talk.greet()
    talk.at_end_of_input(lambda: setattr(talk.wire, "answer", lambda fields: None))
    talk.run()
    assert talk.wire.verbs()[1:4] == ["read", "interval", "ping"]
    assert [measurement.value for measurement in talk.heard] == [21.5]
    assert [event.device.channels["temp"].interval_s for event in talk.told if isinstance(event, Up)] == [
        0.25
    ]


def test_what_was_lost_on_the_way_is_asked_again(talk: Talk) -> None:
    """An interval and a first read whose answers were damaged twice."""
    talk.intervals = {"temp": 200}
    lost = {"read": 2, "interval": 2}

    def answer(fields: list[str]) -> list[str] | None:
        if lost.get(fields[1], 0):
            lost[fields[1]] -= 1
            return None
        return talk.wire.healthy(fields)

    talk.wire.answer = answer
    talk.greet()
    talk.run()
    assert talk.wire.verbs().count("read") == talk.wire.verbs().count("interval") == 3
    assert talk.wire.interval == 200
    assert talk.heard[0].value == 21.5


def test_a_board_that_restarts_again_and_again_has_not_more_to_answer(talk: Talk) -> None:
    """What waits for the line is a set of things to be done, not a log."""
    talk.intervals = {"temp": 250}
    talk.greet()
    talk.wire.answer = lambda fields: None
    for boot in range(8, 68):
        talk.say(*(body.format(id=0, boot=boot, interval=1000, time=0) for body in HELLO))
    healed_at: list[int] = []

    def heal() -> None:
        talk.wire.answer = talk.wire.healthy
        talk.wire.boot = 67
        healed_at.append(len(talk.wire.written))

    talk.at_end_of_input(heal)
    talk.run()
    assert talk.boots()[:60] == list(range(8, 68))
    asked = [verb for verb in talk.wire.verbs()[healed_at[0] :] if verb != "ping"]
    assert sorted(set(asked)) == ["interval", "read"]
    assert len(asked) <= 4


def test_the_link_s_own_requests_come_before_those_of_others(running: Talk) -> None:
    """Sixteen threads ask without end; a sensor that is added gets its value with the next turn."""
    talk = running
    enough = threading.Event()

    def ask() -> None:
        while not enough.is_set():
            talk.session.exchange("ping", (), 1e9, None)

    threads = [in_background(ask)[0] for _ in range(16)]
    until(lambda: talk.wire.verbs().count("ping") > 100)
    asked = len(talk.wire.written)
    talk.intervals = {"temp": 250}
    talk.session.refresh("temp")
    until(lambda: talk.heard)
    until(lambda: talk.wire.interval == 250)
    verbs = talk.wire.verbs()[asked:]
    enough.set()
    for thread in threads:
        thread.join(DEADLINE_S)
    assert verbs.index("read") <= 4, verbs


def test_an_own_request_that_is_not_answered_lets_the_others_have_their_turn(talk: Talk) -> None:
    """A channel that answers no read does not hold up those that do."""
    talk.intervals = {"temp": None}
    talk.greet()
    talk.wire.answer = lambda fields: talk.wire.healthy(fields) if fields[1] == "ping" else None
    waiting, results = in_background(lambda: talk.session.exchange("ping", (), 1e9, None))
    until(lambda: talk.session.waiting == 1)
    talk.run()
    waiting.join(DEADLINE_S)
    assert results == [None]
    assert talk.wire.verbs()[1:4] == ["read", "ping", "read"]


def test_a_flood_of_notes_is_counted_not_logged(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    """A few a minute are logged, and how many more there were."""
    caplog.set_level(logging.INFO)
    talk.greet()
    talk.say(*["D in the loop"] * 500)

    def a_minute_later() -> None:
        talk.clock.advance(60)
        talk.say("D still there")

    talk.at_end_of_input(a_minute_later)
    talk.run()
    assert caplog.text.count("in the loop") == 20
    assert "the board said 480 more notes" in caplog.text
    assert "still there" in caplog.text


def stream(talk: Talk, seconds: float, borrower: Callable[[Loan], None]) -> list[int]:
    """A fast stream of readings for so long, which `borrower` is offered; then the link is lost or closed.

    Returns the numbers of those that were sent.
    """
    talk.greet()
    answers, number, until_s = talk.wire.read, 0, talk.clock.monotonic() + seconds

    def read(_timeout_s: float) -> bytes:
        nonlocal number
        if talk.wire.incoming:
            return answers(0.0)
        if talk.clock.monotonic() > until_s:
            raise LinkLostError("the stream has ended")
        talk.clock.advance(0.5 / STREAM)
        number += 1
        return encode(f"R temp {number} {talk.clock.monotonic() * 1000:.0f} 21.5")

    def borrow(loan: Loan) -> bool:
        loan.read()
        borrower(loan)
        return True

    talk.borrower.takes = borrow
    talk.wire.read = read  # type: ignore[assignment, method-assign]
    with suppress(LinkLostError):
        talk.session.run(talk.stopping)
    return list(range(1, number + 1))


def test_a_stream_is_lent(talk: Talk) -> None:
    """To whoever would read it; what it reads is measured as ever, and what it meets is met here."""

    def unplug(loan: Loan) -> None:
        talk.wire.broken = "unplugged"
        talk.wire.read = partial(Wire.read, talk.wire)  # type: ignore[method-assign]
        loan.read()

    sent = stream(talk, LONGEST_S, unplug)
    assert [measurement.seq for measurement in talk.heard] == sent
    assert len(talk.borrower.offered) == 1
    assert len(talk.heard) > STREAM * SPAN_S


def test_nothing_is_lent_while_an_answer_is_awaited(talk: Talk) -> None:
    """The link's own request holds the line for an attempt."""
    talk.wire.answer = lambda fields: talk.wire.healthy(fields) if fields[1] == "hello" else None
    talk.intervals = {"temp": 500}
    started = talk.clock.monotonic()
    sent = stream(talk, 12 * ATTEMPT_S, Loan.recall)
    assert [measurement.seq for measurement in talk.heard] == sent
    assert talk.wire.verbs().count("interval") == 8
    assert talk.borrower.offered[0] - started >= 8 * ATTEMPT_S


def test_nothing_is_lent_while_somebody_asks(talk: Talk) -> None:
    """The answer is read where it is noticed at once."""
    talk.wire.answer = lambda fields: talk.wire.healthy(fields) if fields[1] == "hello" else None
    waiting, _ = in_background(lambda: talk.session.exchange("read", ("temp",), 1e9, None))
    until(lambda: talk.session.waiting == 1)
    stream(talk, 1.0, Loan.recall)
    assert talk.borrower.offered == []
    assert talk.wire.verbs()[1] == "read"
    talk.session.end("the test is over")
    waiting.join(DEADLINE_S)


def close(talk: Talk) -> None:
    """As `Link.close` does."""
    talk.stopping.set()
    talk.session.wake()


def want(talk: Talk) -> None:
    """As `Link.add` does."""
    talk.intervals = {"temp": 500}
    talk.session.refresh("temp")


WANTED = pytest.mark.parametrize("wanted", [want, close], ids=["a request of the link's", "the end"])


@WANTED
def test_what_is_wanted_just_before_it_is_lent(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, wanted: Callable[[Talk], None]
) -> None:
    """Whoever wants it sees no loan to recall, but the link sees what is wanted."""
    talk.wire.answer = lambda fields: talk.wire.healthy(fields) if fields[1] == "hello" else None

    class Late(Loan):
        """A loan that is wanted back before the lender has it."""

        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            wanted(talk)

    monkeypatch.setattr(lender_module, "Loan", Late)
    stream(talk, 2 * SPAN_S, Loan.recall)
    assert talk.borrower.offered == []


@WANTED
def test_what_is_wanted_while_it_is_lent_ends_the_loan(talk: Talk, wanted: Callable[[Talk], None]) -> None:
    """Though the borrower reads on."""
    talk.wire.answer = lambda fields: talk.wire.healthy(fields) if fields[1] == "hello" else None
    useful: list[bool] = []

    def borrower(loan: Loan) -> None:
        wanted(talk)
        useful.append(loan.hold(lambda: False))
        talk.stopping.set()

    sent = stream(talk, LONGEST_S, borrower)
    assert [measurement.seq for measurement in talk.heard] == sent
    assert useful == [True]


def test_a_hello_that_is_wanted_ends_the_loan(talk: Talk) -> None:
    """The borrower reads that the board's clock went back; only the link can ask."""
    useful: list[bool] = []

    def borrower(loan: Loan) -> None:
        talk.wire.incoming.append(encode("R temp 1 1 20"))
        loan.read()
        useful.append(loan.hold(lambda: False))
        talk.stopping.set()

    stream(talk, LONGEST_S, borrower)
    assert useful == [True]


def test_a_request_while_it_is_lent_ends_the_loan(talk: Talk) -> None:
    """Its asker may be the borrower itself, which cannot read while it waits."""
    useful: list[bool] = []
    asked: list[threading.Thread] = []

    def borrower(loan: Loan) -> None:
        asked.append(in_background(lambda: talk.session.exchange("ping", (), 1e9, None))[0])
        useful.append(loan.hold(lambda: True))
        talk.stopping.set()

    stream(talk, LONGEST_S, borrower)
    talk.session.end("the test is over")
    asked[0].join(DEADLINE_S)
    assert useful == [True]


def test_a_silent_board_is_pinged_then_greeted_on_the_open_port(talk: Talk) -> None:
    """After five seconds, three times, a second apart; opening the port anew would reset it."""
    talk.greet()
    talk.wire.answer = lambda fields: None
    with pytest.raises(SilentError, match="the board has been silent for 8"):
        talk.session.run(talk.stopping)
    assert talk.wire.verbs() == ["hello"] + ["ping"] * PINGS
    assert not talk.wire.closed
    talk.wire.answer = talk.wire.healthy
    assert talk.greet().identity == "24A1"


def test_a_board_that_answers_pings_is_kept(talk: Talk) -> None:
    """However long it says nothing else."""
    talk.greet()
    talk.wire.answer = lambda f: talk.wire.healthy(f) if talk.wire.verbs().count("ping") < 20 else None
    talk.run()
    assert talk.wire.verbs().count("ping") == 20 + PINGS - 1
    assert talk.clock.monotonic() > 1000 + 19 * LEAST_SILENCE_S


def test_a_board_that_only_answers_is_pinged_seldom(talk: Talk) -> None:
    """It has no interval to be late for."""
    talk.wire.interval = 0
    talk.greet()
    talk.wire.answer = lambda fields: None
    assert "silent for 33" in talk.run()


def test_silence_shows_although_requests_hold_the_line(talk: Talk) -> None:
    """A dashboard that asks without end must not keep a dead board up; who waits is told why at once."""
    talk.greet()
    talk.wire.answer = lambda fields: None
    waiting, results = in_background(lambda: talk.session.exchange("read", ("temp",), 1e9, None))
    until(lambda: talk.session.waiting == 1)
    assert "the board has been silent for 8" in talk.run()
    assert set(talk.wire.verbs()) == {"hello", "read"}
    waiting.join(DEADLINE_S)
    assert isinstance(results[0], sig.NotConnected)
    assert "has been silent" in str(results[0])


def test_a_restart_whose_hello_was_lost_is_greeted(talk: Talk) -> None:
    """Readings wait for the hello that the session asks for; the new board is reported."""
    talk.greet()
    talk.wire.boot = 8
    talk.say("R temp 5 5000 20", "R temp 1 100 21")
    talk.at_end_of_input(lambda: talk.say("R temp 2 1100 22"))
    talk.run()
    assert talk.boots() == [8]
    assert talk.wire.verbs()[:2] == ["hello", "hello"]


def test_a_hello_by_the_board_itself_is_reported(talk: Talk) -> None:
    """It restarted, and said so."""
    talk.greet()
    talk.wire.boot = 9
    talk.say(*(body.format(id=0, boot=9, interval=500, time=0) for body in HELLO), "D brown-out")
    talk.run()
    assert talk.boots() == [9]


class Requester(threading.Thread):
    """A thread that makes one request and keeps what came of it."""

    def __init__(self, session: StreamSession, deadline: float = 1e6) -> None:
        super().__init__(name="requester")
        self.session, self.deadline = session, deadline
        self.result: object = None
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self.result = self.session.exchange("read", ("temp",), self.deadline, None)
        except sig.RequestError as error:
            self.error = error

    def done(self) -> "Requester":
        """When it is."""
        self.join(DEADLINE_S)
        assert not self.is_alive()
        return self


def test_a_lost_request_is_sent_again_with_its_id(talk: Talk) -> None:
    """Until it is answered, a second apart; a second answer is dropped."""
    talk.greet()
    lost = iter([None, None])

    def answer(fields: list[str]) -> list[str] | None:
        if fields[1] != "read":
            return None
        return next(lost, [f"A {fields[0]} temp {number} {number} 21.5" for number in (1, 2)])

    talk.wire.answer = answer
    requester = Requester(talk.session)
    until(lambda: talk.session.waiting == 1)
    talk.run()
    result = requester.done().result
    assert isinstance(result, Measurement)
    assert result.seq == 1
    assert [measurement.seq for measurement in talk.heard] == [1, 2]
    reads = [
        (fields, at)
        for fields, at in zip(talk.wire.written, talk.wire.sent_at, strict=True)
        if fields[1] == "read"
    ]
    assert len({fields[0] for fields, _ in reads}) == 1
    assert len(reads) == 3
    assert all(ATTEMPT_S <= after[1] - before[1] <= 1.3 * ATTEMPT_S for before, after in pairwise(reads))
    assert talk.session.counters["late"] == 1


@pytest.mark.parametrize(
    ("refusal", "kind", "text"),
    [
        ("E {} unknown_verb", sig.RequestError, "the board refused: unknown_verb"),
        ("E {} unknown_channel no temp", sig.RequestError, "the board refused: unknown_channel .no temp."),
        ("E {} bad_argument", sig.BadParams, "the board refused: bad_argument"),
        ("E {} sensor_fault absent", sig.RequestError, "the sensor failed: absent; check its wiring"),
        ("E {} sensor_fault", sig.RequestError, "the sensor failed: no reason given; check its wiring"),
        ("E {} busy", sig.Busy, "the board refused: busy"),
        ("E {} new_code", sig.RequestError, "the board refused: new_code"),
        ("A {} temp 5 5 nan", sig.BadReply, "the board answered, but that is no reading: 'temp 5 5 nan'"),
    ],
)
def test_refusals_have_types(running: Talk, refusal: str, kind: type[Exception], text: str) -> None:
    """The protocol's codes are the product's errors; what is no answer is said, not waited out."""
    running.wire.answer = lambda fields: [refusal.format(fields[0])]
    error = Requester(running.session).done().error
    assert type(error) is kind
    assert re.fullmatch(f"board: {text}", str(error))


def test_a_board_that_says_when_is_asked_again_then(running: Talk) -> None:
    """As often as it says so: who asked gets the value, and waits for it no longer than he wanted to."""
    busy = iter(["5 ms: the sensor needs its time", "1 ms"])

    def answer(fields: list[str]) -> list[str] | None:
        text = next(busy, None)
        return running.wire.healthy(fields) if text is None else [f"E {fields[0]} busy {text}"]

    running.wire.answer = answer
    result = Requester(running.session).done().result
    assert isinstance(result, Measurement)
    assert running.wire.verbs() == ["hello", "read", "read", "read"]


def test_a_board_whose_time_comes_too_late_is_busy(running: Talk) -> None:
    """That is said at once, with its words."""
    running.wire.answer = lambda fields: [f"E {fields[0]} busy 60000 ms: slow"]
    error = Requester(running.session, running.clock.monotonic() + 59.0).done().error
    assert isinstance(error, sig.Busy)
    assert str(error) == "board: the board refused: busy (60000 ms: slow)"
    assert running.wire.verbs() == ["hello", "read"]


def test_a_board_that_says_at_once_is_not_asked_without_end(
    running: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is a pause, and it counts."""
    monkeypatch.setattr(session, "SOONEST_AGAIN_S", 60.0)
    running.wire.answer = lambda fields: [f"E {fields[0]} busy 0 ms"]
    assert isinstance(Requester(running.session, running.clock.monotonic() + 59.0).done().error, sig.Busy)
    assert running.wire.verbs() == ["hello", "read"]


def test_who_waits_for_a_busy_board_hears_of_its_end(running: Talk) -> None:
    """At once, and not when the time has come."""
    running.wire.answer = lambda fields: [f"E {fields[0]} busy 60000 ms"]
    waiting = Requester(running.session)
    until(lambda: running.wire.verbs().count("read") == 1)
    until(lambda: running.session.waiting == 0)
    running.session.end("unplugged")
    assert isinstance(waiting.done().error, sig.NotConnected)


def test_a_request_times_out(running: Talk) -> None:
    """It says what was asked, how long, how often."""
    running.wire.answer = lambda fields: None
    error = Requester(running.session, running.clock.monotonic() + 0.05).done().error
    assert isinstance(error, sig.RequestTimeout)
    assert str(error) == "board: the board did not answer 'read temp' within 0.0 s (1 attempts)"
    late = running.wire.written[-1][0]
    running.wire.incoming.append(encode(f"A {late} temp 1 5 20"))
    running.wire.wake()
    until(lambda: running.session.counters["late"] == 1, what="the late answer is counted")


def test_a_request_that_no_line_can_carry(running: Talk) -> None:
    """Bad params, and the line is free again."""
    with pytest.raises(sig.BadParams, match="expected"):
        running.session.exchange("read", ("a\nb",), 1e6, None)
    assert Requester(running.session).done().error is None


def test_a_verb_that_the_protocol_does_not_have(running: Talk) -> None:
    """It is refused with those that there are."""
    with pytest.raises(sig.BadParams, match="one of again, hello, interval, ping, read, got 'dance'"):
        running.session.exchange("dance", (), 1e6, None)


def test_what_answers_meanwhile_need_not_be_asked(running: Talk) -> None:
    """`unless` is asked when the line is ours."""
    assert running.session.exchange("read", ("temp",), 1e6, lambda: "known") == "known"
    assert running.wire.verbs() == ["hello"]


def test_a_line_that_stays_taken_is_busy(running: Talk) -> None:
    """When the time is up."""
    running.wire.answer = lambda fields: None
    first = Requester(running.session)
    until(lambda: running.wire.verbs().count("read") == 1)
    with pytest.raises(sig.Busy, match="other requests kept this link busy until the time was up"):
        running.session.exchange("read", ("temp",), running.clock.monotonic(), None)
    running.session.end("the test is over")
    first.done()


def test_a_flood_of_requests_is_bounded(running: Talk) -> None:
    """64 wait; the next one is told so at once. When the session ends, all fail."""
    running.wire.answer = lambda fields: None
    requesters = [Requester(running.session) for _ in range(MAX_WAITING)]
    until(lambda: running.session.waiting == MAX_WAITING)
    with pytest.raises(sig.Busy, match="64 requests wait for this link already; ask less often"):
        running.session.exchange("read", ("temp",), 1e6, None)
    running.session.end("unplugged")
    for requester in requesters:
        assert isinstance(requester.done().error, sig.NotConnected)
        assert str(requester.error) == "board: unplugged"
    assert running.session.waiting == 0


def test_the_end_frees_everybody_at_once(running: Talk) -> None:
    """Who waits for an answer, who waits for the line, who comes later; a wake then does nothing."""
    running.wire.answer = lambda fields: None
    waiting = Requester(running.session)
    until(lambda: running.wire.verbs().count("read") == 1)
    queued = Requester(running.session)
    until(lambda: running.session.waiting == 2)
    running.session.end("unplugged")
    running.session.end("twice is as good as once")
    late = Requester(running.session)
    for requester in (waiting, queued, late):
        assert isinstance(requester.done().error, sig.NotConnected)
    running.session.wake()
    assert running.wire.closed


def test_a_port_that_takes_no_requests_ends_the_session(talk: Talk) -> None:
    """Though it delivers readings: every request would fail for ever."""
    talk.greet()
    talk.say("R temp 1 5 21")

    def full(fields: list[str]) -> list[str] | None:
        raise LinkLostError("writing failed: the port took nothing for 1 s")

    talk.wire.answer = full
    requester = Requester(talk.session)
    until(lambda: talk.session.waiting == 1)
    assert talk.run() == "writing failed: the port took nothing for 1 s"
    talk.session.end("the port took nothing for 1 s")
    assert "took nothing" in str(requester.done().error)


def test_a_read_that_a_restart_overtakes_is_asked_after_the_hello(talk: Talk) -> None:
    """Like a real one, the board answers reads at once, but they mean nothing before its hello."""
    talk.greet()
    talk.say("R temp 9 9000 20")

    def restart(fields: list[str]) -> list[str] | None:
        if fields[1] == "read" and talk.wire.boot == 7:
            talk.wire.boot = 8
            return ["R temp 1 100 20", f"A {fields[0]} temp 2 200 21"]
        return talk.wire.healthy(fields)

    talk.wire.answer = restart
    talk.wire.seq = 300
    requester = Requester(talk.session)
    until(lambda: talk.session.waiting == 1)
    talk.run()
    assert talk.boots() == [8]
    assert isinstance(requester.done().result, Measurement)
    assert talk.wire.verbs()[1:4] == ["read", "hello", "read"]
    assert talk.wire.sent_at[3] < ATTEMPT_S


KEEPS = ["H 0 1 m 24A1 7 f 1 0 4", "C 0 0 temp temperature C 0.01 -40 85 1000"]


def test_a_board_that_keeps_readings_is_asked_for_them_and_told() -> None:
    """`again` after the hello, as the link's own request; then what is safe, what is late, what is lost."""
    talk = Talk()
    kept = ["G 7 1 1 temp 1", "B 7 temp 2 800 20.5", "R temp 4 1000 21"]

    def answer(fields: list[str]) -> list[str]:
        return [f"A {fields[0]} 7 2 3", *kept] if fields[1:] == ["again"] else []

    talk.wire.answer = answer
    talk.say(*KEEPS, "R temp 3 900 21")
    talk.greet()
    talk.run()
    assert talk.wire.verbs().count("again") == 1
    assert [(m.seq, m.late) for m in talk.heard] == [(3, False), (2, True), (4, False)]
    assert [(lost.channel, lost.count) for lost in talk.lost] == [("temp", 1)]
    assert talk.pressures > 0


def test_a_board_that_starts_again_with_the_same_boot_is_asked_anew() -> None:
    """Else nothing that it keeps would be asked for, or acknowledged."""
    talk = Talk()
    talk.wire.answer = lambda fields: [f"A {fields[0]} 7 1 1"] if fields[1:] == ["again"] else []
    talk.say(*KEEPS, "R temp 1 9000 21")
    talk.greet()
    talk.at_end_of_input(lambda: talk.say(*KEEPS, "R temp 1 1000 22"))
    talk.run()
    assert talk.wire.verbs().count("again") == 2
    assert [measurement.value for measurement in talk.heard] == [21.0, 22.0]


def test_what_came_with_the_hello_and_nobody_heard_of_is_lost() -> None:
    """The board sends it again: it is not taken for heard."""
    told: list[bool] = []
    talk = Talk()
    talk.say(*KEEPS, "R temp 1 900 21")
    talk.greet()
    (first,) = talk.session._first
    assert first.receipt is not None
    first.receipt._tell = lambda _receipt, safe: told.append(safe)
    talk.session.end("closing")
    assert told == [False]
