"""A session over a transport and a clock of the test's own: who gets the line, and when it is lost."""

import logging
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

import sig
from drivers.errors import LinkLostError
from drivers.source import Device, Measurement
from drivers.stream import lender as lender_module
from drivers.stream import session as session_module
from drivers.stream.lender import SPAN_S, STREAM
from drivers.stream.loan import Loan
from drivers.stream.sensorline import Conversation
from drivers.stream.session import ATTEMPT_S, MAX_WAITING, PINGS, Session
from firmware_sim.line import decode, encode
from tests.support.background import in_background
from tests.support.fake_clock import FakeClock
from tests.support.waiting import until

HELLO = ["H {id} 1 m 24A1 {boot} f 1 0", "C {id} 0 temp temperature C 0.01 -40 85 {interval}"]
# On the test's clock: a board that answers pings would be kept for ever.
LONGEST_S = 2000.0
Answer = Callable[[list[str]], list[str] | None]


class Wire:
    """Stands for a transport: what is written is answered by `answer`, and comes back with the next read.

    A read with nothing to come lets the clock go on by its time-out, as a real one would.
    """

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.answer: Answer = self.healthy
        self.boot = 7
        self.interval = 1000
        self.written: list[list[str]] = []
        self.incoming: deque[bytes] = deque()
        self.broken: str | None = None
        self.closed = False
        self.woken = 0

    def healthy(self, fields: list[str]) -> list[str] | None:
        """What a board says."""
        request_id, verb, *arguments = fields
        if verb == "hello":
            return [body.format(id=request_id, boot=self.boot, interval=self.interval) for body in HELLO]
        if verb == "ping":
            return [f"A {request_id} {self.boot} 5"]
        if verb == "interval":
            self.interval = int(arguments[1])
            return [f"A {request_id} {' '.join(arguments)}"]
        return None

    def verbs(self) -> list[str]:
        """The verbs of all requests so far."""
        return [fields[1] for fields in self.written]

    def read(self, timeout_s: float) -> bytes:
        """See `Transport`."""
        if self.broken:
            raise LinkLostError(self.broken)
        if self.incoming:
            return self.incoming.popleft()
        self.clock.advance(timeout_s)
        if self.clock.monotonic() > LONGEST_S:
            raise LinkLostError("the test has lasted long enough")
        return b""

    def write(self, data: bytes) -> None:
        """See `Transport`."""
        assert not self.closed
        if self.broken:
            raise LinkLostError(self.broken)
        body = decode(data[:-1])
        assert body is not None
        fields = body.split(" ")[1:]
        self.written.append(fields)
        for line in self.answer(fields) or []:
            self.incoming.append(encode(line))

    def wake(self) -> None:
        """See `Transport`."""
        assert not self.closed
        self.woken += 1

    def close(self) -> None:
        """See `Transport`."""
        assert not self.closed
        self.closed = True


class Talk:
    """A session on a wire, and what it reported."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.wire = Wire(self.clock)
        self.measured: list[Measurement] = []
        self.boards: list[tuple[Board, bool]] = []
        self.stopping = threading.Event()
        self.offered: list[float] = []
        self.borrower: Callable[[Loan], bool] = lambda _: False
        self.session = Session(
            "board",
            self.wire,  # type: ignore[arg-type]  # has what a session uses of a transport
            Conversation(),
            self.clock,
            on_measurement=self.measured.append,
            on_board=lambda board, restarted: self.boards.append((board, restarted)),
            breathe=lambda: None,
            lend=self.lend,
        )

    def lend(self, loan: Loan) -> bool:
        """The link offers its reading."""
        self.offered.append(self.clock.monotonic())
        return self.borrower(loan)

    def greet(self) -> Device:
        """Until the board is known."""
        return self.session.greet(self.stopping)

    def run(self) -> str:
        """Until the link is lost; returns why."""
        with pytest.raises(LinkLostError) as caught:
            self.session.run(self.stopping)
        return str(caught.value)

    def say(self, *bodies: str) -> None:
        """Lines from the board, with the next read."""
        self.wire.incoming.append(b"".join(map(encode, bodies)))

    def read_until(self, condition: Callable[[], object]) -> None:
        """What the reader's thread does, until `condition` is true."""

        def read() -> object:
            self.session._read_once(0.0)
            return condition()

        until(read)

    def at_end_of_input(self, action: Callable[[], object]) -> None:
        """Have `action` called once, when the reader waits and nothing is there."""
        read = self.wire.read

        def once(timeout_s: float) -> bytes:
            if not self.wire.incoming:
                self.wire.read = read  # type: ignore[method-assign]
                action()
            return read(timeout_s)

        self.wire.read = once  # type: ignore[method-assign]


@pytest.fixture
def talk() -> Iterator[Talk]:
    """A session that has not begun."""
    made = Talk()
    yield made
    if not made.wire.closed:
        made.session.end("the test is over")


def test_the_greeting_asks_until_the_hello_comes(talk: Talk) -> None:
    """Twice a second; a boot loader swallows the first ones."""
    answers = iter([None, None, None])
    talk.wire.answer = lambda fields: next(answers, talk.wire.healthy(fields))
    board = talk.greet()
    assert (board.identity, board.boot) == ("24A1", 7)
    assert talk.wire.verbs() == ["hello"] * 4
    assert talk.clock.monotonic() == pytest.approx(1001.5)
    assert talk.boards == []


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (b"", "nothing came"),
        (b"\x00\xff" * 50, "100 bytes came, and not one good line .wrong baud rate.."),
        (b"x\ny\n", r"4 bytes came, and not one good line \(wrong baud rate\?\); last: no '\$'"),
        (
            b"$D boot*0badc0de\n",
            "17 bytes came, .*; last: wrong checksum, is '0badc0de', should be '8363B705'",
        ),
        (encode("D boot") + encode("X 1"), "2 good lines came, but no complete hello$"),
        (
            encode("D boot") + encode("H 0 2"),
            "1 good lines came, .*; last: not the fields of a H line: b'H 0 2'",
        ),
    ],
    ids=["nothing", "noise", "lines of noise", "wrong checksum", "other lines", "no hello"],
)
def test_a_greeting_that_fails_says_what_came(talk: Talk, said: bytes, text: str) -> None:
    """Nothing, noise, and a board that says something else have different causes."""
    talk.wire.answer = lambda fields: None
    talk.wire.incoming.append(said)
    with pytest.raises(LinkLostError, match=f"did not say hello within 5 s; {text}"):
        talk.greet()
    assert talk.clock.monotonic() == pytest.approx(1005.0)


def test_a_greeting_ends_when_the_link_is_closed(talk: Talk) -> None:
    """At once."""
    talk.wire.answer = lambda fields: None
    talk.at_end_of_input(talk.stopping.set)
    with pytest.raises(LinkLostError, match="closing"):
        talk.greet()
    assert talk.clock.monotonic() < 1001


def test_requests_for_later_are_sent_one_after_the_other(talk: Talk) -> None:
    """Each when the line is free; what a read brings is a measurement, what a hello brings is news."""
    talk.greet()

    def answer(fields: list[str]) -> list[str] | None:
        if fields[1] != "read":
            return talk.wire.healthy(fields)
        return [f"A {fields[0]} temp {len(talk.wire.written)} 50 21.5"]

    talk.wire.answer = answer
    for request in (("interval", "temp", "250"), ("hello",), ("read", "temp"), ("read", "temp")):
        talk.session.ask_later(*request)
    talk.at_end_of_input(lambda: setattr(talk.wire, "answer", lambda fields: None))
    talk.run()
    assert talk.wire.verbs()[1:5] == ["interval", "hello", "read", "read"]
    assert [measurement.value for measurement in talk.measured] == [21.5, 21.5]
    assert [(board.channels["temp"].interval_s, restarted) for board, restarted in talk.boards] == [
        (0.25, False)
    ]


def test_a_request_for_later_that_is_not_answered_holds_up_the_next_for_an_attempt(talk: Talk) -> None:
    """No longer."""
    talk.greet()
    times: list[float] = []

    def answer(fields: list[str]) -> list[str] | None:
        times.append(talk.clock.monotonic())
        return None

    talk.wire.answer = answer
    talk.session.ask_later("read", "temp")
    talk.session.ask_later("read", "temp")
    talk.run()
    assert times[1] - times[0] == pytest.approx(ATTEMPT_S, abs=0.3)


def test_a_flood_of_notes_is_counted_not_logged(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    """A few a minute are logged, and how many more there were."""
    caplog.set_level(logging.INFO)
    talk.greet()
    talk.say(*["D in the loop"] * 500)
    talk.read_until(lambda: talk.session.counters["lines"] > 500)
    assert caplog.text.count("in the loop") == 20
    talk.clock.advance(60)
    talk.say("D still there")
    talk.read_until(lambda: "still there" in caplog.text)
    assert "the board said 480 more notes" in caplog.text


def stream(talk: Talk, seconds: float, borrower: Callable[[Loan], None]) -> None:
    """A fast stream of readings for so long, which `borrower` is offered; then the link is lost or closed."""
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
        assert loan.read(0.0)
        borrower(loan)
        return True

    talk.borrower = borrow
    talk.wire.read = read  # type: ignore[assignment, method-assign]
    with suppress(LinkLostError):
        talk.session.run(talk.stopping)
    assert [measurement.seq for measurement in talk.measured] == list(range(1, number + 1))


def test_a_stream_is_lent(talk: Talk) -> None:
    """To whoever would read it; what it reads is measured as ever, and what it meets is met here."""

    def unplug(loan: Loan) -> None:
        talk.wire.broken = "unplugged"
        talk.wire.read = partial(Wire.read, talk.wire)  # type: ignore[method-assign]
        assert not loan.read(0.0)

    stream(talk, LONGEST_S, unplug)
    assert len(talk.offered) == 1
    assert len(talk.measured) > STREAM * SPAN_S


def test_nothing_is_lent_while_an_answer_is_awaited(talk: Talk) -> None:
    """The link's own request holds the line for an attempt."""
    healthy = talk.wire.answer
    talk.wire.answer = lambda fields: None if fields[1] == "interval" else healthy(fields)
    talk.session.ask_later("interval", "temp", "500")
    started = talk.clock.monotonic()
    stream(talk, 2 * ATTEMPT_S, Loan.recall)
    assert talk.wire.verbs() == ["hello", "interval"]
    assert talk.offered[0] - started >= ATTEMPT_S


def test_nothing_is_lent_while_somebody_asks(talk: Talk) -> None:
    """The answer is read where it is noticed at once."""
    talk.wire.answer = lambda fields: talk.wire.healthy(fields) if fields[1] == "hello" else None
    talk.greet()
    waiting, _ = in_background(lambda: talk.session.exchange("read", ("temp",), LONGEST_S, None))
    until(lambda: talk.wire.verbs()[-1] == "read")
    stream(talk, 1.0, Loan.recall)
    assert talk.offered == []
    talk.session.end("the test is over")
    waiting.join()


def close(talk: Talk) -> None:
    """As `Link.close` does."""
    talk.stopping.set()
    talk.session.wake()


WANTED = pytest.mark.parametrize(
    "wanted",
    [
        lambda talk: talk.session.ask_later("interval", "temp", "500"),
        lambda talk: talk.session._want_hello("a reading seems late"),
        close,
    ],
    ids=["a request of the link's", "a hello", "the end"],
)


@WANTED
def test_what_is_wanted_just_before_it_is_lent(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, wanted: Callable[[Talk], None]
) -> None:
    """Whoever wants it sees no loan to recall, but the link sees what is wanted."""

    class Late(Loan):
        """A loan that is wanted back before the lender has it."""

        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            wanted(talk)
            talk.session.wake()

    monkeypatch.setattr(lender_module, "Loan", Late)
    stream(talk, 2 * SPAN_S, Loan.recall)
    assert talk.offered == []


@WANTED
def test_what_is_wanted_while_it_is_lent_ends_the_loan(talk: Talk, wanted: Callable[[Talk], None]) -> None:
    """Though the borrower reads on."""
    useful: list[bool] = []

    def borrower(loan: Loan) -> None:
        wanted(talk)
        useful.append(loan.hold(lambda: False))
        talk.stopping.set()

    stream(talk, LONGEST_S, borrower)
    assert useful == [True]


def test_a_request_while_it_is_lent_ends_the_loan(talk: Talk) -> None:
    """Its asker may be the borrower itself, which cannot read while it waits."""
    useful: list[bool] = []
    asked: list[threading.Thread] = []

    def borrower(loan: Loan) -> None:
        asked.append(in_background(lambda: talk.session.exchange("ping", (), LONGEST_S, None))[0])
        useful.append(loan.hold(lambda: loan.read(0.0)))
        talk.stopping.set()

    stream(talk, LONGEST_S, borrower)
    asked[0].join()
    assert useful == [True]


def test_a_silent_board_is_pinged_then_lost(talk: Talk) -> None:
    """After five seconds, three times, a second apart."""
    talk.greet()
    talk.wire.answer = lambda fields: None
    assert "the board has been silent for 8" in talk.run()
    assert talk.wire.verbs() == ["hello"] + ["ping"] * PINGS


def test_a_board_that_answers_pings_is_kept(talk: Talk) -> None:
    """However long it says nothing else."""
    talk.greet()
    talk.wire.answer = lambda f: talk.wire.healthy(f) if talk.wire.verbs().count("ping") < 20 else None
    talk.run()
    assert talk.wire.verbs().count("ping") == 20 + PINGS - 1
    assert talk.clock.monotonic() > 1000 + 19 * 5


def test_a_board_that_only_answers_is_pinged_seldom(talk: Talk) -> None:
    """It has no interval to be late for."""
    talk.wire.interval = 0
    talk.greet()
    talk.wire.answer = lambda fields: None
    assert "silent for 33" in talk.run()


def test_silence_shows_although_requests_hold_the_line(talk: Talk) -> None:
    """A dashboard that asks without end must not keep a dead board up."""
    talk.greet()
    talk.wire.answer = lambda fields: None
    assert talk.session._turn.acquire(blocking=False)
    try:
        assert "the board has been silent for 8" in talk.run()
        assert talk.wire.verbs() == ["hello"]
    finally:
        talk.session._turn.release()


def test_a_restart_whose_hello_was_lost_is_greeted(talk: Talk) -> None:
    """Readings wait for the hello that the session asks for; the new board is reported."""
    talk.greet()
    talk.wire.boot = 8
    talk.say("R temp 5 5000 20", "R temp 1 100 21")
    talk.at_end_of_input(lambda: talk.say("R temp 2 1100 22"))
    talk.run()
    assert [(board.boot, restarted) for board, restarted in talk.boards] == [(8, True)]
    assert talk.wire.verbs()[:2] == ["hello", "hello"]


def test_a_hello_by_the_board_itself_is_reported(talk: Talk) -> None:
    """It restarted, and said so."""
    talk.greet()
    talk.wire.boot = 9
    talk.say(*(body.format(id=0, boot=9, interval=500) for body in HELLO), "D brown-out")
    talk.run()
    assert [
        (board.boot, board.channels["temp"].interval_s, restarted) for board, restarted in talk.boards
    ] == [(9, 0.5, True)]


class Requester(threading.Thread):
    """A thread that makes one request and keeps what came of it."""

    def __init__(self, session: Session, clock: FakeClock, timeout_s: float = 1e6) -> None:
        super().__init__(name="requester")
        self.session, self.deadline = session, clock.monotonic() + timeout_s
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
        self.join(20)
        assert not self.is_alive()
        return self


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts are short: a requester waits for real."""
    monkeypatch.setattr(session_module, "ATTEMPT_S", 0.01)


@pytest.mark.usefixtures("fast")
def test_a_lost_request_is_sent_again_with_its_id(talk: Talk) -> None:
    """Until it is answered; a late second answer is dropped."""
    talk.greet()
    requester = Requester(talk.session, talk.clock)
    until(lambda: talk.wire.verbs().count("read") >= 3)
    reads = [fields for fields in list(talk.wire.written) if fields[1] == "read"]
    assert len({fields[0] for fields in reads}) == 1
    talk.say(f"A {reads[0][0]} temp 1 5 21.5", f"A {reads[0][0]} temp 2 6 21.5")
    talk.session._read_once(0.0)
    result = requester.done().result
    assert isinstance(result, Measurement)
    assert result.seq == 1
    assert [m.seq for m in talk.measured] == [1, 2]
    assert talk.session.counters["late"] == 1


@pytest.mark.parametrize(
    ("refusal", "kind", "text"),
    [
        ("unknown_verb", sig.RequestError, "the board refused: unknown_verb"),
        ("unknown_channel no temp", sig.RequestError, "the board refused: unknown_channel .no temp."),
        ("bad_argument", sig.BadParams, "the board refused: bad_argument"),
        ("sensor_fault absent", sig.RequestError, "the sensor failed: absent; check its wiring"),
        ("sensor_fault", sig.RequestError, "the sensor failed: no reason given; check its wiring"),
        ("busy", sig.Busy, "the board refused: busy"),
        ("new_code", sig.RequestError, "the board refused: new_code"),
    ],
)
def test_refusals_have_types(talk: Talk, refusal: str, kind: type[Exception], text: str) -> None:
    """The protocol's codes are the product's errors."""
    talk.greet()
    requester = Requester(talk.session, talk.clock)
    until(lambda: talk.wire.verbs().count("read") == 1)
    talk.say(f"E {talk.wire.written[-1][0]} {refusal}")
    talk.session._read_once(0.0)
    error = requester.done().error
    assert type(error) is kind
    assert re.fullmatch(f"board: {text}", str(error))


def test_a_request_times_out(talk: Talk) -> None:
    """It says what was asked, how long, how often."""
    talk.greet()
    error = Requester(talk.session, talk.clock, timeout_s=0.0).done().error
    assert isinstance(error, sig.RequestTimeout)
    assert str(error) == "board: the board did not answer 'read temp' within 0.0 s (0 attempts)"
    talk.say("A 2 temp 1 5 20")
    talk.session._read_once(0.0)
    assert talk.session.counters["late"] == 1


def test_a_request_that_no_line_can_carry(talk: Talk) -> None:
    """Bad params, and the line is free again."""
    talk.greet()
    with pytest.raises(sig.BadParams, match="expected"):
        talk.session.exchange("read", ("a\nb",), talk.clock.monotonic() + 1, None)
    assert talk.session._turn.acquire(blocking=False)
    talk.session._turn.release()


def test_what_answers_meanwhile_need_not_be_asked(talk: Talk) -> None:
    """`unless` is asked when the line is ours."""
    talk.greet()
    assert talk.session.exchange("read", ("temp",), talk.clock.monotonic(), lambda: "known") == "known"
    assert talk.wire.verbs() == ["hello"]


def test_a_line_that_stays_taken_is_busy(talk: Talk) -> None:
    """When the time is up."""
    talk.greet()
    with talk.session._turn, pytest.raises(sig.Busy, match="other requests kept this link busy"):
        talk.session.exchange("read", ("temp",), talk.clock.monotonic(), None)


def test_a_flood_of_requests_is_bounded(talk: Talk) -> None:
    """64 wait; the next one is told so at once. When the session ends, all fail."""
    talk.greet()
    requesters = [Requester(talk.session, talk.clock) for _ in range(MAX_WAITING)]
    until(lambda: talk.session._waiting == MAX_WAITING)
    with pytest.raises(sig.Busy, match="64 requests wait for this link already; ask less often"):
        talk.session.exchange("read", ("temp",), talk.clock.monotonic() + 1e6, None)
    talk.session.end("unplugged")
    for requester in requesters:
        assert isinstance(requester.done().error, sig.NotConnected)
        assert str(requester.error) == "board: unplugged"
    assert talk.session._waiting == 0


def test_the_end_frees_everybody_at_once(talk: Talk) -> None:
    """Who waits for an answer, who waits for the line, who comes later; and a wake then does nothing."""
    talk.greet()
    waiting = Requester(talk.session, talk.clock)
    until(lambda: talk.wire.verbs().count("read") == 1)
    queued = Requester(talk.session, talk.clock)
    until(lambda: talk.session._waiting == 2)
    talk.session.wake()
    talk.session.end("unplugged")
    late = Requester(talk.session, talk.clock)
    for requester in (waiting, queued, late):
        assert isinstance(requester.done().error, sig.NotConnected)
    talk.session.wake()
    assert (talk.wire.woken, talk.wire.closed) == (1, True)


def test_the_end_gives_the_reader_s_own_turn_back(talk: Talk) -> None:
    """A ping was on the line."""
    talk.greet()
    assert talk.session._write_own("ping")
    talk.session.end("lost")
    assert talk.wire.closed


def test_a_write_that_fails_is_not_connected(talk: Talk) -> None:
    """The reader finds the loss by itself."""
    talk.greet()
    talk.wire.broken = "writing failed: Input/output error"
    with pytest.raises(sig.NotConnected, match="board: writing failed"):
        talk.session.exchange("read", ("temp",), talk.clock.monotonic() + 1, None)
    assert talk.run() == "writing failed: Input/output error"


@pytest.mark.usefixtures("fast")
def test_whoever_has_the_line_asks_for_the_hello(talk: Talk) -> None:
    """A board restarts while a read waits: the read is answered after the hello, not timed out."""
    talk.greet()
    talk.say("R temp 9 9000 20")
    talk.session._read_once(0.0)
    requester = Requester(talk.session, talk.clock)
    until(lambda: talk.wire.verbs().count("read") >= 1)
    talk.wire.boot = 8
    # Like a real one, the board answers reads at once, but they mean nothing before its hello.
    talk.wire.answer = lambda f: [f"A {f[0]} temp 2 200 21"] if f[1] == "read" else talk.wire.healthy(f)
    talk.say("R temp 1 100 20")
    talk.session._read_once(0.0)
    talk.read_until(lambda: talk.boards)
    assert talk.boards[0][0].boot == 8
    talk.read_until(lambda: not requester.is_alive())
    assert isinstance(requester.done().result, Measurement)


def test_the_end_frees_who_waits_for_that_hello(talk: Talk) -> None:
    """Also then, at once."""
    talk.greet()
    talk.session._want_hello("restarted")
    requester = Requester(talk.session, talk.clock)
    until(lambda: talk.wire.verbs().count("hello") == 2)
    talk.session.end("unplugged")
    assert isinstance(requester.done().error, sig.NotConnected)


def test_ids_begin_anew_after_65535(talk: Talk) -> None:
    """0 is nobody's."""
    talk.session._next_id = 65535
    assert [talk.session._new_id() for _ in range(3)] == [65535, 1, 2]
