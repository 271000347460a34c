"""`gateway.fleet.speaker`: a gateway's side of a fleet, with real routers and somebody else's session."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

import sig
from gateway.fleet import keys, workers
from gateway.fleet.follower import Ask, Deliver, Follower
from gateway.fleet.keys import Gateway
from gateway.fleet.message import START, Event, Page, Position, parse_event
from gateway.fleet.questions import pages_pool
from gateway.fleet.session import close, open_session
from gateway.fleet.speaker import BEATS_S, Speaker
from gateway.fleet.spool import MemorySpool
from tests.support.fleet_routers import Routers, routers
from tests.support.waiting import happens, until

if TYPE_CHECKING:
    import zenoh

GATEWAY = Gateway("north", "green house")


class Noting(MemorySpool):
    """Knows what was confirmed."""

    def __init__(self) -> None:
        super().__init__(epoch=7)
        self.confirmed: list[tuple[str, Position]] = []

    def confirm(self, consumer: str, position: Position) -> None:
        self.confirmed.append((consumer, position))


class House:
    """A speaker on one session, and another session that hears and asks."""

    def __init__(self, fleet: Routers) -> None:
        self.routers = fleet
        self.ours = open_session(fleet.settings())
        self.theirs: zenoh.Session = open_session(fleet.settings(1))
        self.spool = Noting()
        self.heard: list[Event] = []
        self.heads: list[str] = []
        self.present: set[str] = set()
        self.asked: list[tuple[str, str, Any]] = []
        self.senders: Callable[[], Any] = lambda: [{"sender": "temp"}]
        self.hold = threading.Event()
        self.held = threading.Event()
        self._declared = [
            self.theirs.declare_subscriber(GATEWAY.key(keys.EVENTS), self._hear),
            self.theirs.liveliness().declare_subscriber("sig/1/**", self._see, history=True),
        ]
        self.speaker = Speaker(self.ours, GATEWAY, self.spool, self._answer, lambda: self.senders())

    def close(self) -> None:
        self.hold.set()
        assert self.speaker.close(60.0)
        close(self.ours)
        close(self.theirs)

    def say(self, data: str = "1", sender: str = "temp", event: str = "#changed") -> Event:
        return self.speaker.say(sender, event, data, 1234, True)

    def is_heard(self) -> None:
        """Declarations travel: what is said from now on is heard."""

        def heard() -> bool:
            self.say()
            return bool(self.heard)

        until(heard)

    def get(self, key: str, payload: str | None = None) -> list[Any]:
        """The answers' texts, or errors; declarations travel, so it is asked until there is one."""
        got: list[Any] = []

        def ask() -> bool:
            for reply in self.theirs.get(key, payload=payload, timeout=60.0):
                answer = reply.ok or reply.err
                assert answer is not None
                got.append(answer.payload.to_string() if reply.ok else ValueError(answer.payload.to_string()))
            return bool(got)

        until(ask)
        return got

    def request(self, method: str = "read", **more: Any) -> Any:
        (answer,) = self.get(GATEWAY.key(keys.ASK), asked(method, **more))
        return json.loads(answer)

    def confirm(self, consumer: str, position: str) -> bool:
        """Whether one has come by now."""
        self.theirs.put(GATEWAY.key(keys.CONFIRMED, consumer), position)
        return bool(self.spool.confirmed)

    def page(self, ask: Ask) -> Page:
        asked = "" if ask.after is None else f"?after={ask.after}"
        asked += "" if ask.before is None else f";before={ask.before}"
        return Page.parse(self.get(GATEWAY.key(keys.EVENTS) + asked)[0])

    def _answer(self, sender: str, method: str, params: Any, timeout_s: float) -> Any:
        self.asked.append((sender, method, params))
        if method == "wait":
            self.held.set()
            happens(self.hold)
        if sender != "temp":
            raise sig.UnknownSender(f"{sender} is not here")
        return round(timeout_s)

    def _hear(self, sample: zenoh.Sample) -> None:
        if sample.attachment is None:
            self.heads.append(sample.payload.to_string())
        else:
            self.heard.append(parse_event(sample.payload.to_string(), sample.attachment.to_string()))

    def _see(self, sample: zenoh.Sample) -> None:
        import zenoh

        if sample.kind == zenoh.SampleKind.PUT:
            self.present.add(str(sample.key_expr))
        else:
            self.present.discard(str(sample.key_expr))


def asked(method: str, **more: Any) -> str:
    """A request's payload."""
    return json.dumps({"sender": "temp", "method": method, "timeout_s": 60, **more})


@pytest.fixture(scope="module")
def fleet() -> Iterator[Routers]:
    with routers(2) as made:
        yield made


@pytest.fixture
def house(fleet: Routers) -> Iterator[House]:
    made = House(fleet)
    yield made
    made.close()


def test_an_event_is_heard_as_it_was_said(house: House) -> None:
    """With its number, time and names, whatever is in them."""
    house.is_heard()
    said = house.speaker.say("a/b *", "ü#", '{"value":1.5}', 99, False)
    until(lambda: house.heard[-1] == said)
    assert said == Event(Position(7, said.position.seq), 99, False, "a/b *", "ü#", '{"value":1.5}')


def test_odd_names(house: House) -> None:
    """Are heard as they are, at once and in a page."""
    house.is_heard()
    odd = [house.say(sender=""), house.say(event=""), house.say(sender="*", event="*")]
    page = house.page(Ask(Position(7, odd[0].position.seq - 1)))
    assert list(page.events) == odd
    until(lambda: house.heard[-1] == odd[-1])


def test_threads_that_speak_at_the_same_time_are_heard_in_order(house: House) -> None:
    """In the order of the numbers, each once."""
    house.is_heard()
    threads = [threading.Thread(target=lambda: [house.say() for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: house.heard[-1].position == house.spool.head)
    numbers = [event.position.seq for event in house.heard]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_what_was_missed_comes_in_a_page(house: House) -> None:
    """A consumer with a cursor has all, in order."""
    said = [house.say(str(number)) for number in range(5)]
    follower = Follower(START)
    follower.came(0.0)
    ask = follower.ask(0.0)
    assert ask is not None
    assert follower.page(ask, house.page(ask), 0.0) == [Deliver(event) for event in said]
    part = house.page(Ask(said[0].position, said[3].position))
    assert list(part.events) == said[1:3]
    assert house.page(Ask(None)).head == said[-1].position


@pytest.mark.parametrize("asked", ["after=7", "after=7-1;before=x", "after=-1-3"])
def test_a_page_of_nothing_that_can_be_understood(house: House, asked: str) -> None:
    """Is refused, with what was expected."""
    (error,) = house.get(f"{GATEWAY.key(keys.EVENTS)}?{asked}")
    assert isinstance(error, ValueError)
    assert "expected a position such as 7-1041" in str(error)


def test_a_page_that_the_disk_does_not_give(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is an error that says why; the next works again."""
    house.page(Ask(None))
    with monkeypatch.context() as broken:

        def fail(*_: object) -> Page:
            raise OSError("the card is gone")

        broken.setattr(house.spool, "page", fail)
        (error,) = house.get(GATEWAY.key(keys.EVENTS))
        assert "the card is gone" in str(error)
    assert house.page(Ask(None)).head == house.spool.head


def test_requests(house: House) -> None:
    """Answered with what the sender says, or with what is wrong, in the time that the caller has."""
    assert house.request(params={"max_age": 1}, timeout_s=12) == {"status": "ok", "response": 12}
    assert ("temp", "read", {"max_age": 1}) in house.asked
    assert house.request(sender="a/b")["error"] == "unknown_sender"
    assert ("a/b", "read", None) in house.asked
    assert house.request(timeout_s=0)["error"] == "timeout"
    for payload in (None, "{}", "[" * 1000):
        (answer,) = house.get(GATEWAY.key(keys.ASK), payload)
        assert json.loads(answer)["error"] == "bad_params"


def test_a_question_to_every_gateway(house: House) -> None:
    """Is answered as this one."""
    got = house.get("sig/1/*/*/ask", asked("read"))
    assert json.loads(got[0])["status"] == "ok"
    assert [json.loads(each) for each in house.get("sig/1/*/*/senders")] == [[{"sender": "temp"}]]


def test_requests_that_take_long_hold_up_no_page(house: House) -> None:
    """Of too many of them each is refused at once, and pages come all the same."""
    house.say()
    house.page(Ask(None))
    waiting = [
        house.theirs.get(GATEWAY.key(keys.ASK), payload=asked("wait"), timeout=60.0)
        for _ in range(workers.AT_WORK + workers.WAITING)
    ]
    until(lambda: house.asked.count(("temp", "wait", None)) == workers.AT_WORK)
    until(lambda: house.request(timeout_s=1)["error"] == "busy")
    (refused,) = house.get(GATEWAY.key(keys.SENDERS))
    assert isinstance(refused, ValueError)
    assert "try again later" in str(refused)
    assert house.page(Ask(START)).head == house.spool.head
    house.hold.set()
    answers = [reply.ok for replies in waiting for reply in replies]
    assert len(answers) == len(waiting)
    assert None not in answers


@pytest.mark.parametrize("said", [lambda: 1 / 0, lambda: float("nan")])
def test_senders_that_cannot_be_said(house: House, said: Callable[[], Any]) -> None:
    """The gateway's fault is an error for who asked, and in the log; the next answer is right again."""
    before, house.senders = house.senders, said
    (error,) = house.get(GATEWAY.key(keys.SENDERS))
    assert isinstance(error, ValueError)
    assert "Error" in str(error)
    house.senders = before
    assert house.get(GATEWAY.key(keys.SENDERS)) == ['[{"sender": "temp"}]']


def test_who_is_there(house: House) -> None:
    """The gateway, and each of its senders while it is connected."""
    up = GATEWAY.key(keys.UP)
    until(lambda: house.present == {up})
    for _ in range(2):  # twice is once
        house.speaker.connect("temp")
    house.speaker.connect("a/b")
    until(lambda: house.present == {up, f"{up}/temp", f"{up}/a%2Fb"})
    for _ in range(2):
        house.speaker.disconnect("temp")
    until(lambda: house.present == {up, f"{up}/a%2Fb"})
    assert house.speaker.close()
    until(lambda: house.present == set())
    house.speaker.connect("temp")
    assert house.say().position == house.spool.head


@pytest.mark.parametrize("name", ["*", "**", "$*"])
def test_a_sender_that_is_called_as_a_pattern_is(house: House, name: str) -> None:
    """Is itself alone: its token stands for no other's, and its events are its own."""
    up = GATEWAY.key(keys.UP)
    house.speaker.connect(name)
    until(lambda: len(house.present) == 2)
    (token,) = house.present - {up}
    assert token == f"{up}/{quote(name, safe='')}"
    house.speaker.disconnect(name)
    until(lambda: house.present == {up})
    house.is_heard()
    said = house.say(sender=name)
    until(lambda: house.heard[-1] == said)


def test_what_is_confirmed_is_noted(house: House) -> None:
    """By whom; what cannot be understood is not."""
    until(lambda: house.confirm("a b", "7-3"))
    assert set(house.spool.confirmed) == {("a b", Position(7, 3))}
    for name, text in (("x/y", "7-4"), ("a", "7"), ("a", b"\xff")):
        house.theirs.put(f"{GATEWAY.key(keys.CONFIRMED)}/{name}", text)
    house.theirs.put(GATEWAY.key(keys.CONFIRMED, "b"), "7-5")
    until(lambda: ("b", Position(7, 5)) in house.spool.confirmed)
    assert {name for name, _ in house.spool.confirmed} == {"a b", "b"}


def test_where_the_head_is_is_said_when_nothing_follows(house: House) -> None:
    """Half a second after an event, then more and more rarely; from the start again after the next."""
    house.is_heard()
    now = 100.0
    for pause in (*BEATS_S, BEATS_S[-1]):
        due = house.speaker.beat(now)
        assert due == now + pause
        assert house.speaker.beat(due - 0.01) == due
        now = due
    until(lambda: len(house.heads) == len(BEATS_S))
    assert set(house.heads) == {str(house.spool.head)}
    house.say()
    assert house.speaker.beat(now) == now + BEATS_S[0]


def test_a_thread_for_several_speakers(house: House) -> None:
    """A thread that gives pages for several speakers is ended by who made it."""
    pages = pages_pool("shared")
    other = Gateway("north", "second")
    speaker = Speaker(house.ours, other, MemorySpool(epoch=1), lambda *_: 1, list, pages)
    assert house.get(other.key(keys.EVENTS))
    assert speaker.close()
    speaker = Speaker(house.ours, other, MemorySpool(epoch=2), lambda *_: 1, list, pages)
    assert house.get(other.key(keys.EVENTS))
    assert speaker.close()
    pages.close()
    assert pages.join(60.0)


def test_a_session_that_has_ended() -> None:
    """Nothing fails: what is said is in the spool."""
    with routers(1) as made:
        session = open_session(made.settings())
        spool = MemorySpool()
        speaker = Speaker(session, GATEWAY, spool, lambda *_: 1, list)
        close(session)
        assert speaker.say("temp", "#changed", "1", 0, True).position == spool.head
        speaker.beat(0.0)
        speaker.beat(1.0)
        assert speaker.close()
