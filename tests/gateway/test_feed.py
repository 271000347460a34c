"""One listener for all who want the router's events."""

import gc
import json
import threading
from typing import Any

import pytest

import sig
from gateway import feed as feed_module
from gateway import mailbox as mailbox_module
from gateway.event_id import EventId
from gateway.feed import EARLY, Feed
from gateway.mailbox import BIG, MAX_NAME, Mailbox
from tests.support.receipts import Kept


@pytest.fixture
def router() -> sig.Router:
    """With nobody in it."""
    return sig.Router()


def test_each_has_every_event(router: sig.Router) -> None:
    """The same object, encoded once, with ids that ascend."""
    feed, one, other = Feed(router), Mailbox(), Mailbox()
    feed.add(one)
    feed.add(other)
    signal = router.addSender("temp", ["#changed"]).getSignal("#changed")
    assert signal is not None
    signal.trigger({"a": 1})
    first, second = one.events(9), other.events(9)
    assert all(mine is yours for mine, yours in zip(first, second, strict=True))
    assert [(noted.sender, noted.event) for noted in first] == [("temp", "#connect"), ("temp", "#changed")]
    assert json.loads(first[1].body.data) == {"a": 1}
    assert first[0].id < first[1].id
    assert first[1].id.ms == round(first[1].utc * 1000)


def test_it_listens_while_there_is_a_mailbox(router: sig.Router) -> None:
    """One listener, however many there are; none after the last has gone, who may go twice."""
    feed, one, other = Feed(router), Mailbox(), Mailbox()
    assert "everything: 0" in str(router)
    feed.add(one)
    feed.add(other)
    assert "everything: 1" in str(router)
    feed.remove(one)
    feed.remove(one)
    router.addSender("temp", ["hot"])
    assert (one.depth, other.depth) == (0, 1)
    feed.remove(other)
    feed.remove(other)
    assert "everything: 0" in str(router)


def test_an_event_is_taken_down_at_once(router: sig.Router) -> None:
    """What others do to its data later does not matter."""
    feed, mailbox, data = Feed(router), Mailbox(), {"a": 1}
    signal = router.addSender("temp", ["hot"]).getSignal("hot")
    feed.add(mailbox)
    assert signal is not None
    signal.trigger(data)
    data["a"] = 2
    (noted,) = mailbox.events(9)
    assert noted.body.data == '{"a":1}'


def test_a_full_mailbox_is_its_own_trouble(router: sig.Router, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one has the event; with both full it is not encoded."""
    monkeypatch.setattr(mailbox_module, "CAPACITY", 1)
    feed, slow, quick = Feed(router), Mailbox(), Mailbox()
    feed.add(slow)
    feed.add(quick)
    for name in ("a", "b"):
        router.addSender(name, ["hot"])
        assert quick.events(9)[0].sender == name
    assert [(name, loss.count) for name, loss in slow.losses().items()] == [("b", 1)]
    assert quick.losses() == {}
    feed.remove(quick)

    def no(*_: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(feed_module, "event_body", no)
    router.addSender("c", ["hot"])
    assert list(slow.losses()) == ["c"]


def test_names_that_are_too_long_or_no_characters(router: sig.Router) -> None:
    """Are dropped and counted, and mended."""
    feed, mailbox = Feed(router), Mailbox()
    feed.add(mailbox)
    router.addSender("x" * MAX_NAME, ["hot"])
    router.addSender("a\ud800", ["hot"])
    assert list(mailbox.losses()) == [""]
    assert [noted.sender for noted in mailbox.events(9)] == ["a?"]


def test_from_many_threads(router: sig.Router) -> None:
    """All mailboxes have the same order, which is that of the ids, each one once."""
    feed, boxes = Feed(router), (Mailbox(), Mailbox())
    for box in boxes:
        feed.add(box)
    signals: list[Any] = [router.addSender(str(number), ["hot"]).getSignal("hot") for number in range(4)]

    def work(signal: Any) -> None:
        for number in range(500):
            signal.trigger(number)

    threads = [threading.Thread(target=work, args=(signal,)) for signal in signals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    one, other = (box.events(9999) for box in boxes)
    ids = [noted.id for noted in one]
    assert (len(ids), ids) == (2004, sorted(set(ids)))
    assert [noted.id for noted in other] == ids


def test_a_finalizer_in_the_middle(router: sig.Router, monkeypatch: pytest.MonkeyPatch) -> None:
    """A garbage collection may trigger an event while another is handed out."""
    feed, mailbox = Feed(router), Mailbox()
    signal = router.addSender("temp", ["hot", "gone"]).getSignal("hot")
    gone: Any = router.addSender("other", ["gone"]).getSignal("gone")
    assert signal is not None

    class Garbage:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            gone.trigger()

    feed.add(mailbox)
    put = Mailbox.put

    def collecting(box: Mailbox, noted: Any) -> None:
        if noted.event == "hot":
            Garbage()
            gc.collect()
        put(box, noted)

    monkeypatch.setattr(Mailbox, "put", collecting)
    signal.trigger()
    assert [noted.event for noted in mailbox.events(9)] == ["gone", "hot"]


def test_ids_go_on_after_those_of_an_earlier_run(router: sig.Router) -> None:
    """Also where the clock stands before them; with room for those of events that came meanwhile."""
    feed, mailbox = Feed(router), Mailbox()
    feed.add(mailbox)
    signal = router.addSender("temp", ["hot"]).getSignal("hot")
    assert signal is not None
    ahead = EventId(9_000_000_000_000, 5)
    feed.go_on_after(ahead)
    signal.trigger()
    feed.go_on_after(EventId(7, 7))
    signal.trigger()
    early, first, second = (noted.id for noted in mailbox.events(9))
    assert early < ahead < first < second
    assert (first.ms, first.number) == (ahead.ms, ahead.number + EARLY + 1)
    assert second == first._replace(number=first.number + 1)


def test_a_mailbox_that_takes_the_place_of_another(router: sig.Router) -> None:
    """Each event is in one of the two; to add it again, or to remove the first, changes nothing."""
    feed, before, after = Feed(router), Mailbox(), Mailbox()
    feed.add(before)
    signal = router.addSender("temp", ["#changed"]).getSignal("#changed")
    assert signal is not None
    signal.trigger(1)
    feed.exchange(before, after)
    feed.add(after)
    feed.remove(before)
    signal.trigger(2)
    assert [noted.event for noted in before.events(9)] == ["#connect", "#changed"]
    assert [json.loads(noted.body.data) for noted in after.events(9)] == [2]
    feed.remove(after)
    signal.trigger(3)
    assert after.events(9) == []


def test_what_others_have_heard_already(router: sig.Router) -> None:
    """As an event with an id of its own, in nobody's mailbox."""
    feed, box = Feed(router), Mailbox()
    feed.add(box)
    noted = feed.noted("temp", "#changed", {"a": 1})
    router.addSender("temp", ["#changed"])
    (event,) = box.events(9)
    assert (noted.sender, noted.event, json.loads(noted.body.data)) == ("temp", "#changed", {"a": 1})
    assert noted.id < event.id


def changed(router: sig.Router) -> sig.Signal:
    """Of a sender that has just come."""
    signal = router.addSender("temp", ["#changed"]).getSignal("#changed")
    assert signal is not None
    return signal


def test_a_kept_reading_is_held_by_who_keeps_things(router: sig.Router) -> None:
    """It is safe when the last of them says so; who only looks has nothing to say."""
    feed, one, other, looks = Feed(router), Mailbox(keeps=True), Mailbox(keeps=True), Mailbox()
    signal, device = changed(router), Kept()
    for box in (one, other, looks):
        feed.add(box)
    device.say(signal, 1, {"a": 1})
    signal.trigger({"a": 2})
    mine, yours, seen = (box.events(9) for box in (one, other, looks))
    assert [[noted.receipt is not None for noted in each] for each in (mine, yours, seen)] == [
        [True, False]
    ] * 3
    receipt = mine[0].receipt
    assert receipt is not None
    receipt.release()
    assert device.told == 0
    receipt.release()
    assert (device.safe, device.lost) == ([1], [])


def test_a_kept_reading_that_nobody_keeps(router: sig.Router) -> None:
    """It is safe when the listeners have run: there is no feed, or nobody in it who keeps things."""
    feed, device, signal = Feed(router), Kept(), changed(router)
    device.say(signal, 1, {})
    feed.add(Mailbox())
    device.say(signal, 2, {})
    assert (device.safe, device.lost) == ([1, 2], [])


def test_a_kept_reading_that_has_no_room(router: sig.Router, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those who keep things it is lost, and to be sent again, be it that another has it; who only looks
    may miss it."""
    monkeypatch.setattr(mailbox_module, "CAPACITY", 1)
    feed, full, free, looks = Feed(router), Mailbox(keeps=True), Mailbox(keeps=True), Mailbox()
    device, signal = Kept(), changed(router)
    for box in (full, free, looks):
        feed.add(box)
    device.say(signal, 1, {})
    free.events(9)
    device.say(signal, 2, {})
    (noted,) = free.events(9)
    assert noted.receipt is not None
    assert device.told == 0
    noted.receipt.release()
    assert device.lost == [2]
    feed.remove(full)
    feed.remove(free)
    device.say(signal, 3, {})
    assert device.safe == [3]


def test_a_kept_reading_that_cannot_be_encoded(router: sig.Router, monkeypatch: pytest.MonkeyPatch) -> None:
    """For want of memory, say: nobody has it, so it is not safe."""
    feed, box, device, signal = Feed(router), Mailbox(keeps=True), Kept(), changed(router)
    feed.add(box)

    def fail(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(feed_module, "event_body", fail)
    device.say(signal, 1, {})
    assert (device.safe, device.lost, box.depth) == ([], [1], 0)


def test_a_kept_reading_that_is_too_long(router: sig.Router, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are too many long ones, it is lost likewise."""
    monkeypatch.setattr(mailbox_module, "BIG_BYTES", BIG)
    feed, box, device, signal = Feed(router), Mailbox(keeps=True), Kept(), changed(router)
    feed.add(box)
    device.say(signal, 1, "x" * BIG)
    assert device.lost == [1]


def test_who_gives_up_loses_what_it_has(router: sig.Router) -> None:
    """And what comes after that."""
    feed, box, device, signal = Feed(router), Mailbox(keeps=True), Kept(), changed(router)
    feed.add(box)
    device.say(signal, 1, {})
    signal.trigger({})
    box.give_up()
    assert (device.lost, box.depth) == ([1], 0)
    device.say(signal, 2, {})
    assert device.lost == [1, 2]
