"""A session whose protocol says less than sensorline, or more: many devices, nothing to ask, own words."""

from collections.abc import Iterator, Sequence

import pytest

import sig
from drivers.errors import LinkLostError
from drivers.source import Channel, Device, Down, Measurement, Up
from drivers.stream.conversation import Conversation, Dropped, Event, Hello, Reply, Send
from drivers.stream.loan import Loan
from drivers.stream.unseen import SECONDS
from drivers.worth import STREAM
from tests.support.background import in_background
from tests.support.talk import LONGEST_S, Talk
from tests.support.waiting import DEADLINE_S, until


def device_of(channel: str) -> str:
    """`12` of `12/0`."""
    return channel.partition("/")[0]


class Nodes(Conversation):
    """Says `+12` (a node is there), `-12` (it is gone), `12/0=21.5`, `?12` (what it wants to know); is asked
    nothing but `read 12/0`."""

    verbs = frozenset({"read"})

    def __init__(self) -> None:
        super().__init__()
        self.looks: list[float] = []
        self.overdue: list[Event] = []

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        """Whole words only."""
        self.counters["lines"] += 1
        return [self._event(word, now) for word in data.decode().split()]

    def _event(self, word: str, now: float) -> Event:
        name = word[1:]
        if word.startswith("+"):
            return Hello(Device("node", "", "1", 0, {f"{name}/0": Channel(f"{name}/0")}, name))
        if word.startswith("-"):
            return Down(name, "switched off")
        if word.startswith("?"):
            return Send(f"!{name}".encode())
        if word.startswith("#"):
            return Reply(int(name), Measurement("12/0", 1, 5.0, None, now, now))
        channel, _, number = word.partition("=")
        return Measurement(channel, 1, float(number), None, now)

    def look(self, now: float) -> Sequence[Event]:
        """See `Conversation`."""
        self.looks.append(now)
        events, self.overdue = self.overdue, []
        return events

    def asks(self, channel: str) -> bool:
        """Of one node only."""
        return channel == "12/0"

    def send(self, request_id: int, verb: str, args: Sequence[str], _now: float) -> bytes:
        """See `Conversation`."""
        return f"{request_id} {verb} {' '.join(args)}".encode()


class NodesTalk(Talk):
    """Its wire keeps what is written."""

    def __init__(self) -> None:
        self.speaks = Nodes()
        super().__init__(speaks=self.speaks, device_of=device_of)
        self.written: list[bytes] = []
        self.wire.write = self.written.append  # type: ignore[method-assign, assignment]

    def hear(self, *words: str) -> None:
        """With the next reads, one each."""
        self.wire.incoming.extend(word.encode() for word in words)

    def last(self) -> None:
        """Run until all has been heard."""
        self.at_end_of_input(self.stopping.set)
        self.session.run(self.stopping)


@pytest.fixture
def talk() -> Iterator[NodesTalk]:
    """A session that has not begun."""
    made = NodesTalk()
    yield made
    made.session.end("the test is over")


def test_it_is_up_with_whoever_is_there_first(talk: NodesTalk) -> None:
    """Nothing is sent in greeting: there is no `hello`. Others come and go later."""
    talk.hear("+12")
    (device,) = talk.session.greet(talk.stopping)
    assert (device.name, talk.written) == ("12", [])
    talk.hear("+13", "-12", "-99")
    talk.last()
    assert [event.device.name if isinstance(event, Up) else event for event in talk.told] == [
        "13",
        Down("12", "switched off"),
    ]


def test_what_comes_with_the_hello_counts(talk: NodesTalk) -> None:
    """It is told when the devices are known; what came before the hello, or is another's, is not."""
    talk.hear("12/0=4 +12 12/0=5 13/0=6")
    talk.session.greet(talk.stopping)
    assert talk.heard == []
    talk.hear("12/0=7")
    talk.last()
    assert [(each.channel, each.value) for each in talk.heard] == [("12/0", 5.0), ("12/0", 7.0)]


def test_nobody_asks_for_a_port_to_be_opened_anew(talk: NodesTalk) -> None:
    """Where nothing can be asked, a board that is silent for long may just be slow."""
    with pytest.raises(LinkLostError, match="the test has lasted long enough"):
        talk.session.greet(talk.stopping)
    assert talk.clock.monotonic() > LONGEST_S - 1
    assert talk.troubles[0][1] == "the board did not say hello within 5 s; nothing came"


def test_silence_does_not_end_a_session_without_ping(talk: NodesTalk) -> None:
    """There is nothing to ask whether it is there."""
    talk.hear("+12")
    talk.session.greet(talk.stopping)
    assert talk.run() == "the test has lasted long enough"


def test_what_the_other_end_wants_to_know_is_sent(talk: NodesTalk) -> None:
    """In the greeting and later, in order."""
    talk.hear("?time", "+12")
    talk.session.greet(talk.stopping)
    assert talk.written == [b"!time"]
    talk.hear("?id ?config", "12/0=5")
    talk.last()
    assert talk.written == [b"!time", b"!id", b"!config"]


def test_what_the_other_end_wants_to_know_while_the_reading_is_lent(talk: NodesTalk) -> None:
    """Whoever has borrowed the reading does not write: the loan ends, and the link sends it."""
    talk.hear("+12")
    talk.session.greet(talk.stopping)
    quiet = talk.wire.read
    says = b"12/0=5"
    lent: list[bool] = []

    def read(_timeout_s: float) -> bytes:
        talk.clock.advance(0.5 / STREAM)
        return says

    def borrow(loan: Loan) -> bool:
        nonlocal says
        says = b"?id"
        loan.read()
        lent.append(loan.hold(lambda: False))
        talk.wire.read = quiet  # type: ignore[method-assign]
        talk.stopping.set()
        return True

    talk.borrower.takes = borrow
    talk.wire.read = read  # type: ignore[assignment, method-assign]
    talk.session.run(talk.stopping)
    assert lent == [True]


def test_what_time_alone_brings(talk: NodesTalk) -> None:
    """The conversation is asked some times a second."""
    talk.hear("+12")
    talk.session.greet(talk.stopping)
    talk.speaks.overdue = [Down("12", "not heard for an hour")]
    talk.run()
    assert talk.told == [Down("12", "not heard for an hour")]


@pytest.fixture
def running(talk: NodesTalk) -> Iterator[NodesTalk]:
    """Two nodes are up; the session runs on a thread of its own, while the clock stands still."""
    talk.hear("+12 +13")
    talk.session.greet(talk.stopping)
    talk.wire.patient = True
    thread, results = in_background(lambda: talk.session.run(talk.stopping))
    yield talk
    talk.stopping.set()
    talk.wire.woken.set()
    thread.join(DEADLINE_S)
    assert results == [None]


def asking(talk: NodesTalk, channel: str) -> tuple[object, list[object]]:
    """A live read that is out: its thread, and its outcome later."""
    before = talk.session.waiting
    asked = in_background(
        lambda: talk.session.exchange("read", (channel,), talk.clock.monotonic() + 60.0, None)
    )
    until(lambda: talk.session.waiting == before + 1 or asked[1], what="the read waits")
    return asked


def told(talk: NodesTalk, *words: str) -> None:
    """Words that come while the session runs, a second later."""
    talk.clock.advance(1.0)
    talk.hear(*words)
    talk.wire.woken.set()


def test_a_read_of_what_cannot_be_asked_gets_the_next_value(running: NodesTalk) -> None:
    """Nothing is sent; what was asked for by others is not touched."""
    _, outcome = asking(running, "13/0")
    told(running, "12/0=1 13/0=2")
    until(lambda: outcome, what="the read's end")
    assert outcome == [Measurement("13/0", 1, 2.0, None, running.clock.monotonic())]
    assert running.written == []


def test_the_newest_line_of_no_use(talk: NodesTalk) -> None:
    """For whoever asks why nothing comes."""
    assert talk.session.dropped is None
    talk.speaks.dropped = Dropped("no number in it", b"DHTxx test!")
    assert talk.session.dropped == "no number in it: 'DHTxx test!'"


def test_reads_that_wait_are_counted(running: NodesTalk) -> None:
    """Those that were sent, and those that wait for the next value."""
    asking(running, "12/0")
    asking(running, "13/0")
    assert running.session.waiting == 2
    running.session.end("the test is over")
    assert running.session.waiting == 0


def test_a_read_of_what_can_be_asked_is_sent(running: NodesTalk) -> None:
    """As with every protocol."""
    _, outcome = asking(running, "12/0")
    until(lambda: running.written == [b"1 read 12/0"], what="the request")
    told(running, "12/0=1 #1")
    until(lambda: outcome, what="the read's end")
    assert outcome == [
        Measurement("12/0", 1, 5.0, None, running.clock.monotonic(), running.clock.monotonic())
    ]


def test_what_is_known_meanwhile_needs_no_wait(running: NodesTalk) -> None:
    """`unless` is asked first."""
    known = Measurement("13/0", 1, 2.0, None, 0.0)
    assert running.session.exchange("read", ("13/0",), 0.0, lambda: known) is known


def test_a_node_goes_while_reads_wait(running: NodesTalk) -> None:
    """Those of its channels fail at once, asked or waited for; another's go on."""
    _, asked = asking(running, "12/0")
    until(lambda: running.written == [b"1 read 12/0"], what="the request")
    _, other = asking(running, "13/0")
    told(running, "-12")
    until(lambda: asked, what="the end of the read that was sent")
    assert [(type(error), str(error)) for error in asked] == [
        (sig.NotConnected, "board: 12 is not there: switched off")
    ]
    assert other == []
    told(running, "-13")
    until(lambda: other, what="the end of the read that waited")
    assert [str(error) for error in other] == ["board: 13 is not there: switched off"]


def test_the_session_ends_while_a_read_waits(running: NodesTalk) -> None:
    """It fails with the reason."""
    _, outcome = asking(running, "13/0")
    running.session.end("unplugged")
    until(lambda: outcome, what="the read's end")
    assert [(type(error), str(error)) for error in outcome] == [(sig.NotConnected, "board: unplugged")]


class Words(Conversation):
    """Says `name=value`, with whatever name."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    @property
    def seen(self) -> Sequence[str]:
        """See `Conversation`."""
        return self.names

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        """One word."""
        name, _, number = data.decode().partition("=")
        events: list[Event] = [] if self.names else [Hello(Device("text", "", "", 0, {}, any_channel=True))]
        self.names.append(name)
        self.counters["lines"] += 1
        return [*events, Measurement(name, 1, float(number), None, now)]


def test_a_channel_that_has_not_come_yet() -> None:
    """Who reads it before it is missed hears, when the time is up, what came instead."""
    talk = Talk(speaks=Words(), intervals={"temprature": None})
    talk.wire.incoming.append(b"temp=21.5")
    talk.greet()
    with pytest.raises(sig.RequestTimeout, match=r"no value of temprature yet; seen: temp$"):
        talk.session.exchange("read", ("temprature",), talk.clock.monotonic(), None)
    with pytest.raises(sig.RequestTimeout, match="no value came") as raised:
        talk.session.exchange("read", ("temp",), talk.clock.monotonic(), None)
    assert "seen" not in str(raised.value)


def test_a_channel_that_never_comes() -> None:
    """Its sensor hears that the measurement failed, and why; who reads it is told so at once."""
    talk = Talk(speaks=Words(), intervals={"temprature": None})
    talk.wire.incoming.append(b"temp=21.5")
    talk.greet()
    talk.run()
    missed = talk.heard[-1]
    assert (missed.channel, missed.value) == ("temprature", None)
    assert missed.fault == "no field temprature; seen: temp"
    assert missed.measured == pytest.approx(1000.0 + SECONDS, abs=1.0)
    with pytest.raises(sig.RequestError, match="board: no field temprature; seen: temp"):
        talk.session.exchange("read", ("temprature",), talk.clock.monotonic() + 60.0, None)
    talk.session.end("the test is over")
