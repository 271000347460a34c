"""The recorder: what it writes, when, and what becomes of it when that fails."""

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from drivers.reading import format_ms
from drivers.receipt import Receipt
from gateway import mailbox as mailbox_module
from gateway.encoding import event_body
from gateway.event_id import BEFORE_ALL, EventId
from gateway.history import again as again_module
from gateway.history import flushing
from gateway.history import heard as heard_module
from gateway.history import pending as pending_module
from gateway.history import recorder as recorder_module
from gateway.history.intake import NOT_CONNECTED, OFF, items_of
from gateway.history.pending import LOST, ROW_BYTES
from gateway.history.recorder import Recorder
from gateway.history.rows import Kept, Mark, Reading, Untimed
from gateway.mailbox import Mailbox, Noted
from gateway.storage.schema import StoreError
from tests.gateway.history.doubles import MemoryStore, Opening
from tests.support.fake_machine import RunningMachine, StagedClock
from tests.support.receipts import Kept as Device
from tests.support.waiting import until

WINDOW_S = 60.0


class Rig:
    """A recorder on a clock that a test moves on, with a disk in memory."""

    def __init__(
        self, opening: Opening | None = None, override: str | None = "set", client: str | None = None
    ) -> None:
        self.machine = RunningMachine()
        self.machine.client = client
        self.clock = StagedClock(self.machine, override=override)
        self.store = MemoryStore(opening)
        self.mailbox = Mailbox(keeps=True)
        self.device = Device()
        self.last: list[EventId] = []
        self.stopping = threading.Event()
        self.recorder = Recorder(
            self.store, self.mailbox, self.clock, WINDOW_S, self.stopping, self.last.append
        )
        self.thread: threading.Thread | None = None
        self.id = BEFORE_ALL

    def start(self) -> "Rig":
        """Until the file is open."""
        self.begin()
        until(lambda: self.recorder.status.opened)
        return self

    def begin(self) -> None:
        """On a thread of its own."""
        self.thread = threading.Thread(target=self.recorder.run, name="history")
        self.thread.start()

    def stop(self) -> None:
        """As the service does."""
        self.stopping.set()
        self.mailbox.post(None)
        self.store.held.set()
        if self.thread is not None:
            self.thread.join(20)
            assert not self.thread.is_alive()

    def say(
        self,
        value: float,
        sender: str = "temp",
        event: str = "#changed",
        receipt: Receipt | None = None,
        **more: Any,
    ) -> EventId:
        """A reading of now, or what else there is; returns its event's id."""
        at = self.clock.monotonic()
        time = format_ms(round(self.clock.stamp(at)[0] * 1000))
        data = {"value": value, "unit": "°C", "time": time, "quality": "good", "seq": 1}
        return self.hear(sender, event, {**data, **more}, receipt)

    def hear(self, sender: str, event: str, data: Any = None, receipt: Receipt | None = None) -> EventId:
        """Any event, now."""
        at = self.clock.monotonic()
        utc, unset = self.clock.stamp(at)
        self.id = self.id.next(utc)
        if self.mailbox.admits(sender, event, utc, at, known=not unset):
            body = event_body(data, utc, unset=unset)
            self.mailbox.put(Noted(sender, event, body, utc, at, not unset, self.id, receipt))
        return self.id

    def say_kept(self, seq: int, value: float = 20.0, event: str = "#changed") -> None:
        """A reading that its device keeps."""
        receipt = self.device.receipt(seq)
        self.say(value, event=event, receipt=receipt)
        receipt.release()

    def advance(self, seconds: float) -> None:
        """Time goes by, and the recorder sees it."""
        self.machine.advance(seconds)
        self.mailbox.post("look")

    def now_ms(self) -> int:
        """UTC."""
        return round(self.clock.utc() * 1000)

    @property
    def values(self) -> list[float]:
        """Of the readings on disk."""
        return [item.value for item in self.store.items if isinstance(item, Reading)]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Rig]]:
    """Makes recorders whose pauses are short."""
    monkeypatch.setattr(recorder_module, "PAUSE_S", 0.005)
    monkeypatch.setattr(recorder_module, "STEP_S", 0.0)
    made: list[Rig] = []

    def make_one(*arguments: Any, **more: Any) -> Rig:
        made.append(Rig(*arguments, **more))
        return made[-1]

    yield make_one
    for rig in made:
        rig.stop()


@pytest.fixture
def rig(make: Callable[..., Rig]) -> Rig:
    """One that is at work."""
    return make().start()


def test_a_window_at_a_time(rig: Rig) -> None:
    """All that was said in it is one commit, which says until when the gateway was at work."""
    assert [batch.items for batch in rig.store.batches] == [[]]
    said = rig.now_ms()
    rig.say(20.0)
    rig.advance(58)
    rig.say(21.0)
    until(lambda: rig.recorder.status.waiting == 2 and not rig.mailbox.depth)
    assert len(rig.store.batches) == 1
    before = rig.now_ms()
    rig.advance(1.5)
    until(lambda: len(rig.store.batches) == 2)
    assert rig.values == [20.0, 21.0]
    alive = rig.store.batches[1].alive
    assert alive is not None
    assert before + 1000 < alive <= rig.now_ms() + 1
    assert alive < said + WINDOW_S * 1000
    until(lambda: rig.recorder.status == (True, alive, 0, 0, None, rig.store.written))


def test_the_next_window_begins_with_its_first_event(rig: Rig) -> None:
    """Not when the one before ended."""
    rig.say(20.0)
    rig.advance(60)
    until(lambda: rig.values == [20.0])
    rig.advance(100)
    rig.say(21.0)
    rig.advance(58)
    until(lambda: not rig.mailbox.depth)
    assert rig.recorder.unwritten() != []
    rig.advance(2)
    until(lambda: rig.values == [20.0, 21.0])


def test_a_crowd_is_written_at_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """However young it is."""
    monkeypatch.setattr(recorder_module, "BATCH_BYTES", 10 * ROW_BYTES)
    for number in range(9):
        rig.say(number)
    until(lambda: not rig.mailbox.depth)
    assert rig.values == []
    rig.say(9)
    until(lambda: rig.values == list(range(10)))


class Asking:
    """Threads that want all to be on disk."""

    def __init__(self, rig: Rig, count: int) -> None:
        self.answers: list[bool] = []
        self._threads = [threading.Thread(target=self._ask, args=(rig,)) for _ in range(count)]
        for each in self._threads:
            each.start()

    def _ask(self, rig: Rig) -> None:
        self.answers.append(rig.recorder.flush(60.0))

    def join(self) -> list[bool]:
        """What they were answered."""
        for each in self._threads:
            each.join(60)
            assert not each.is_alive()
        return self.answers


def test_what_is_asked_for_is_written_at_once(rig: Rig) -> None:
    """However young it is; where nothing waits, nothing is written."""
    rig.say(20.0)
    assert rig.recorder.flush(60.0)
    assert rig.values == [20.0]
    assert len(rig.store.batches) == 2
    assert rig.recorder.flush(60.0)
    assert rig.recorder.flush(60.0)
    assert len(rig.store.batches) == 2


def test_whoever_asks_again_and_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits with the others: one commit in EVERY_S is the most, though something new has been heard each
    time. Here that is a minute, as the clock goes on beside."""
    monkeypatch.setattr(flushing, "EVERY_S", 60.0)
    for number in range(4):
        rig.say(20.0 + number)
        before = rig.recorder._flushing.wanted
        asking = Asking(rig, 5)
        if number:
            until(lambda: rig.recorder._flushing.wanted == before + 5)  # noqa: B023
            rig.advance(30.0)
            until(lambda: not rig.mailbox.letters())
            assert not rig.recorder.flush(0.05)
            assert len(rig.store.batches) == 1 + number
            rig.advance(40.0)
        assert asking.join() == [True] * 5
        assert len(rig.store.batches) == 2 + number
        assert rig.values == [20.0 + n for n in range(number + 1)]


def test_what_is_asked_for_cannot_be_written(rig: Rig) -> None:
    """Then it is not, in the time that was given; and is when it can be."""
    rig.store.problem = "the disk is full"
    rig.say(20.0)
    assert not rig.recorder.flush(0.1)
    until(lambda: rig.recorder.status.problem is not None)
    asking = Asking(rig, 1)
    rig.store.problem = None
    rig.advance(60)
    assert asking.join() == [True]
    assert rig.values == [20.0]


def test_who_asks_at_the_end(rig: Rig) -> None:
    """Is answered by the last commit."""
    rig.say(20.0)
    assert rig.recorder.flush(60.0)
    rig.say(21.0)
    asking = Asking(rig, 1)
    until(lambda: rig.recorder._flushing.wanted == 2)
    rig.stop()
    assert asking.join() == [True]
    assert rig.values == [20.0, 21.0]


def test_idle(rig: Rig) -> None:
    """Every five minutes it is noted that the gateway was at work; with a commit meanwhile, later."""
    rig.advance(250)
    rig.say(20.0)
    rig.advance(60)
    until(lambda: len(rig.store.batches) == 2)
    rig.advance(295)
    rig.mailbox.post("look")
    until(lambda: not rig.mailbox.letters())
    assert len(rig.store.batches) == 2
    rig.advance(6)
    until(lambda: len(rig.store.batches) == 3)
    assert rig.store.batches[2].items == []
    assert rig.store.batches[2].alive is not None


def test_what_is_not_written_yet_can_be_seen(rig: Rig) -> None:
    """That which the recorder has not taken, too; and what is being written."""
    rig.say(20.0)
    rig.store.begun.clear()
    rig.store.held.clear()
    rig.advance(60)
    assert rig.store.begun.wait(20)
    rig.say(21.0)
    assert [item.value for item in rig.recorder.unwritten() if isinstance(item, Reading)] == [20.0, 21.0]
    assert rig.mailbox.depth == 0
    rig.store.held.set()
    until(lambda: rig.values == [20.0])
    until(lambda: [item.value for item in rig.recorder.unwritten() if isinstance(item, Reading)] == [21.0])


def test_the_stop_loses_nothing(rig: Rig) -> None:
    """Of what was said until then; the file is closed."""
    rig.say(20.0)
    rig.hear("temp", "hot", {"a": 1})
    rig.stop()
    assert rig.values == [20.0]
    assert isinstance(rig.store.items[-1], Kept)
    assert rig.store.closed == 1


def test_a_stop_before_the_start(make: Callable[..., Rig]) -> None:
    """The file is opened for what has come."""
    rig = make()
    rig.say(20.0)
    rig.stopping.set()
    rig.begin()
    rig.stop()
    assert (rig.values, rig.store.opened) == ([20.0], 1)


def test_senders_that_go_with_the_gateway(rig: Rig) -> None:
    """Are told from those that go by themselves."""
    rig.hear("hum", "#disconnect")
    rig.machine.advance(1)
    rig.recorder.leave(rig.clock.monotonic())
    rig.hear("temp", "#disconnect")
    rig.stop()
    marks = [(item.sender, item.reason) for item in rig.store.items if isinstance(item, Mark)]
    assert marks == [("hum", NOT_CONNECTED), ("temp", OFF)]


def test_the_gateway_was_off(make: Callable[..., Rig]) -> None:
    """Since it last said that it was at work, nothing is known of those whose value was known then."""
    rig = make(Opening(EventId(7, 3), 5000, {"temp": None, "gone": "not connected", "hum": None})).start()
    assert rig.recorder.unwritten() == [Mark("temp", 5000, OFF), Mark("hum", 5000, OFF)] or rig.store.items
    rig.say(20.0)
    rig.stop()
    assert rig.store.items[:2] == [Mark("temp", 5000, OFF), Mark("hum", 5000, OFF)]
    assert rig.values == [20.0]


def test_when_it_was_off_is_not_known(make: Callable[..., Rig]) -> None:
    """As no clock was ever set: then there is no mark."""
    rig = make(Opening(EventId(7, 3), None, {"temp": None})).start()
    rig.stop()
    assert rig.store.items == []


def test_ids_go_on(make: Callable[..., Rig]) -> None:
    """The feed is told of the last one; events that came before are of higher ones, in their order."""
    rig = make(Opening(EventId(9_000_000_000_000, 3)))
    rig.say(20.0)
    rig.hear("temp", "hot")
    rig.hear("temp", "#disconnect")
    rig.start()
    assert rig.last == [EventId(9_000_000_000_000, 3)]
    rig.stop()
    ids = [item.id for item in rig.store.items if isinstance(item, Reading | Kept)]
    assert ids == [EventId(9_000_000_000_000, number) for number in (4, 5, 6)]


def test_ids_that_are_later_anyway(make: Callable[..., Rig]) -> None:
    """Stay as they are."""
    rig = make(Opening(EventId(1000, 3)))
    given = rig.say(20.0)
    rig.start()
    rig.stop()
    assert [item.id for item in rig.store.items if isinstance(item, Reading)] == [given]


def test_a_disk_that_cannot_be_written(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """What comes waits; it is tried again, ever more rarely, and said once, and once that it can be again."""
    caplog.set_level(logging.INFO)
    rig.store.problem = "disk full"
    rig.say(20.0)
    rig.advance(60)
    until(lambda: rig.recorder.status.problem == "disk full")
    rig.say(21.0)
    rig.advance(2.1)
    until(lambda: rig.recorder._again.pause_s == 4.0, what="the second try")
    rig.store.problem = None
    rig.advance(3)
    until(lambda: not rig.mailbox.depth)
    assert rig.values == []
    rig.advance(1.1)
    until(lambda: rig.values == [20.0, 21.0])
    until(lambda: rig.recorder.status.problem is None)
    assert rig.recorder._again.pause_s == 0.0
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "history: disk full; what comes meanwhile waits in memory",
        "history: it can be written again; 0 events were lost",
    ]


def test_it_is_tried_at_least_each_minute(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it has failed."""
    monkeypatch.setattr(again_module, "AGAIN_S", (2.0, 3.0))
    rig.store.problem = "disk full"
    rig.say(20.0)
    rig.advance(60)
    until(lambda: rig.recorder._again.pause_s == 2.0)
    rig.advance(2.1)
    until(lambda: rig.recorder._again.pause_s == 3.0)


def test_who_asks_while_the_disk_is_slow(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes no more out of the mailbox than there is room for."""
    monkeypatch.setattr(heard_module, "BUNCH", 1)
    rig.say(1)
    rig.store.begun.clear()
    rig.store.held.clear()
    rig.advance(60)
    assert rig.store.begun.wait(20)
    rig.recorder._heard._pending._most = 3 * ROW_BYTES
    for number in range(2, 7):
        rig.say(number)
    assert len(rig.recorder.unwritten()) == 3
    assert rig.mailbox.depth == 3


def test_a_disk_that_cannot_be_written_for_long(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The oldest go, are counted and leave a mark; that is said once."""
    rig.recorder._heard._pending = pending_module.Pending(10 * ROW_BYTES)
    rig.store.problem = "disk full"
    rig.say(0)
    rig.advance(60)
    until(lambda: rig.recorder.status.problem is not None)
    ids = [rig.say(number) for number in range(1, 30)]
    until(lambda: rig.recorder.status.lost == 20)
    rig.say(30)
    until(lambda: rig.recorder.status.lost == 21)
    assert rig.recorder.status.waiting == 11
    assert rig.recorder.lost_until == ids[19]
    rig.store.problem = None
    rig.stop()
    first = rig.store.items[0]
    assert isinstance(first, Mark)
    assert (first.sender, first.reason) == ("temp", LOST)
    assert rig.values == list(range(21, 31))
    assert [each.getMessage() for each in caplog.records if "memory is full" in each.getMessage()] == [
        "history: memory is full; the oldest of it is lost until it can be written"
    ]


def test_it_cannot_be_written_at_the_stop(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """What is lost by that is told."""
    rig.store.problem = "disk full"
    rig.say(20.0)
    rig.stop()
    assert "history: 1 events are lost: disk full" in caplog.text


def test_a_file_that_cannot_be_opened(make: Callable[..., Rig]) -> None:
    """Is tried again; what comes meanwhile is written then."""
    rig = make()
    rig.store.problem = "read-only"
    rig.begin()
    rig.say(20.0)
    until(lambda: rig.recorder.status.problem == "read-only")
    assert not rig.recorder.status.opened
    rig.store.problem = None
    rig.advance(2)
    until(lambda: rig.values == [20.0])


def test_a_mailbox_that_is_full(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recorder was held up by the disk: what was dropped is a gap, and counted."""
    rig.say(1)
    rig.store.begun.clear()
    rig.store.held.clear()
    rig.advance(60)
    assert rig.store.begun.wait(20)
    monkeypatch.setattr(mailbox_module, "CAPACITY", 2)
    for number in (2, 3, 4, 5):
        rig.say(number)
    rig.hear("x" * 2000, "hot")
    monkeypatch.undo()
    rig.store.held.set()
    until(lambda: rig.recorder.status.lost == 3)
    rig.stop()
    assert rig.values == [1, 2, 3]
    (mark,) = (item for item in rig.store.items if isinstance(item, Mark))
    assert (mark.sender, mark.reason) == ("temp", LOST)


def test_housekeeping(rig: Rig) -> None:
    """After each commit, as long as there is more of it; by a time that is known."""
    until(lambda: len(rig.store.maintained) == 1)
    rig.store.more = 3
    rig.say(20.0)
    rig.advance(60)
    until(lambda: len(rig.store.maintained) == 4)
    assert rig.now_ms() - 5000 < rig.store.maintained[-1] <= rig.now_ms() + 1


def test_housekeeping_that_fails(rig: Rig) -> None:
    """Is a disk that cannot be written, until a commit succeeds."""
    until(lambda: len(rig.store.maintained) == 1)
    rig.say(20.0)
    rig.store.held.clear()
    rig.store.begun.clear()
    rig.advance(60)
    assert rig.store.begun.wait(20)
    maintain = rig.store.maintain

    def fails(now_ms: int) -> bool:
        rig.store.maintain = maintain  # type: ignore[method-assign]
        raise StoreError("no room")

    rig.store.maintain = fails  # type: ignore[method-assign]
    rig.store.held.set()
    until(lambda: rig.recorder.status.problem == "no room")
    rig.advance(2)
    until(lambda: rig.recorder.status.problem is None)


# The clock


def test_a_clock_that_is_not_believed_any_more(make: Callable[..., Rig]) -> None:
    """Until when all is written is known as before."""
    rig = make(override=None).start()
    until(lambda: rig.recorder.status.written_until is not None)
    before = rig.recorder.status.written_until
    rig.clock.set_wall(rig.machine.wall() + 86400)
    rig.clock.look()
    rig.say(20.0)
    rig.stop()
    assert isinstance(rig.store.items[-1], Untimed)
    assert rig.recorder.status.written_until == before


def test_while_the_clock_is_not_set(make: Callable[..., Rig]) -> None:
    """All is written by the boot's own time; nothing says when the gateway was at work, and nothing is
    forgotten for its age."""
    rig = make(override="unset").start()
    rig.say(20.0)
    rig.hear("temp", "#disconnect")
    rig.advance(60)
    until(lambda: len(rig.store.items) == 3)
    assert [type(item) for item in rig.store.items] == [Untimed] * 3
    assert {item.boot for item in rig.store.items if isinstance(item, Untimed)} == {"boot-a"}
    rig.advance(400)
    until(lambda: not rig.mailbox.letters())
    assert [batch.alive for batch in rig.store.batches] == [None, None]
    assert rig.store.maintained == []
    assert rig.recorder.status.written_until is None


def test_when_it_is_set(make: Callable[..., Rig]) -> None:
    """What is on disk gets its time at once, what waits when it is written."""
    rig = make(override=None, client="chronyd").start()
    rig.say(20.0)
    rig.advance(60)
    until(lambda: len(rig.store.items) == 1)
    rig.say(21.0)
    measured = rig.clock.monotonic()
    rig.machine.client = None
    rig.clock.set_wall(rig.machine.wall() + 86400)
    rig.clock.look()
    until(lambda: rig.store.settled)
    offset = round(rig.machine.offset * 1000)
    assert rig.store.settled == [("boot-a", offset)]
    rig.stop()
    last = rig.store.items[-1]
    assert isinstance(last, Reading)
    assert abs(last.time - (measured * 1000 + offset)) < 200
    assert rig.store.batches[-1].alive is not None


def test_boots_of_before(make: Callable[..., Rig]) -> None:
    """Those whose time is known by now get it at the start; the others wait, and are no reason to hurry."""
    rig = make()
    rig.store.boots = {"boot-x", "boot-y"}
    rig.clock._memory.learn("boot-x", offset=1234.5)
    rig.start()
    until(lambda: rig.store.settled == [("boot-x", 1_234_500)])
    assert len(rig.store.batches) == 1


def test_times_that_cannot_be_settled_yet(make: Callable[..., Rig]) -> None:
    """As the disk cannot be written: tried again."""
    rig = make()
    rig.store.boots = {"boot-x"}
    rig.clock._memory.learn("boot-x", offset=1.0)
    settle = rig.store.settle

    def fails(boot: str, offset_ms: int) -> None:
        rig.store.settle = settle  # type: ignore[method-assign]
        raise StoreError("no room")

    rig.store.settle = fails  # type: ignore[method-assign]
    rig.start()
    until(lambda: rig.recorder.status.problem == "no room")
    rig.advance(2)
    until(lambda: rig.store.settled == [("boot-x", 1000)])


def test_losses_of_an_unset_clock(make: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch) -> None:
    """Get their time later, too."""
    rig = make(override="unset")
    monkeypatch.setattr(mailbox_module, "CAPACITY", 0)
    rig.say(1)
    first = rig.clock.monotonic()
    rig.machine.advance(5)
    rig.say(2)
    monkeypatch.undo()
    rig.start()
    rig.stop()
    (item,) = rig.store.items
    assert isinstance(item, Untimed)
    assert isinstance(item.item, Mark)
    assert abs(item.at - first * 1000) < 500


def test_nobody_is_told_of_the_clock_after_the_end(rig: Rig) -> None:
    """The clock lives on."""
    rig.stop()
    assert rig.clock._listeners == []


def test_a_kept_reading_is_safe_when_it_is_written(rig: Rig) -> None:
    """Not before; an event of it that is no reading as well."""
    rig.say_kept(1)
    rig.say_kept(2, event="hot")
    until(lambda: rig.recorder.status.waiting == 2 and not rig.mailbox.depth)
    assert rig.device.told == 0
    assert rig.recorder.flush(60.0)
    until(lambda: rig.device.told == 2)
    assert rig.device.safe == [1, 2]


def test_a_kept_reading_while_the_disk_is_full(rig: Rig) -> None:
    """It waits for its turn like any other."""
    rig.store.problem = "disk is full"
    rig.say_kept(1)
    rig.advance(61)
    until(lambda: rig.recorder.status.problem is not None)
    assert rig.device.told == 0
    rig.store.problem = None
    rig.advance(60)
    until(lambda: rig.device.safe == [1])


def test_kept_readings_beyond_the_memory(make: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest are lost, and to be sent again."""
    monkeypatch.setattr(pending_module, "MOST_BYTES", 3 * ROW_BYTES)
    monkeypatch.setattr(pending_module.Pending.__init__, "__defaults__", (3 * ROW_BYTES,))
    rig = make()
    rig.store.problem = "disk is full"
    rig.begin()
    for seq in range(5):
        rig.say_kept(seq)
    until(lambda: rig.device.lost == [0, 1])
    rig.store.problem = None
    rig.advance(600)
    until(lambda: rig.device.safe == [2, 3, 4])


def test_a_kept_reading_without_a_clock(make: Callable[..., Rig]) -> None:
    """It is safe when it is written, though its time is not known yet."""
    rig = make(override="unset").start()
    rig.say_kept(1)
    assert rig.recorder.flush(60.0)
    until(lambda: rig.device.safe == [1])
    assert isinstance(rig.store.items[-1], Untimed)


def test_what_is_left_at_the_end_is_to_be_sent_again(make: Callable[..., Rig]) -> None:
    """What could not be written, and what nobody took any more."""
    rig = make().start()
    rig.store.problem = "disk is full"
    rig.say_kept(1)
    rig.stop()
    assert rig.device.told == 0
    rig.say_kept(2)
    rig.recorder.give_up()
    assert sorted(rig.device.lost) == [1, 2]
    rig.say_kept(3)
    assert sorted(rig.device.lost) == [1, 2, 3]


def test_one_that_cannot_be_taken(
    make: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A defect costs the event that led to it, and none of those that came with it: it is to be sent again,
    is counted, shows as a gap, and the log has it."""

    def taken(noted: Noted, boot: str, **more: bool) -> Any:
        if noted.sender == "odd":
            raise ZeroDivisionError("a defect")
        return items_of(noted, boot, **more)

    monkeypatch.setattr(heard_module, "items_of", taken)
    rig = make()
    for seq, sender in enumerate(("temp", "odd", "temp", "odd", "temp"), 1):
        receipt = rig.device.receipt(seq) if seq != 4 else None
        rig.say(20.0 + seq, sender, receipt=receipt)
        if receipt is not None:
            receipt.release()
    rig.start()
    assert rig.recorder.flush(60.0)
    assert rig.values == [21.0, 23.0, 25.0]
    until(lambda: rig.device.told == 4)
    assert (rig.device.safe, rig.device.lost) == ([1, 3, 5], [2])
    assert rig.recorder.dropped() == {"odd": 2}
    assert {item.sender for item in rig.store.items if isinstance(item, Mark)} == {"odd"}
    assert "history: #changed of odd cannot be taken, and is lost; please report this" in caplog.text


def test_a_late_reading_as_the_clock_is_set(rig: Rig) -> None:
    """It was stamped before, and heard after that, so it is hours off: it is to be sent again, and has its
    time then. One that no device keeps is of when it was heard."""
    wrong = {"time": "1970-01-01T00:00:30.123Z", "clock": "unset"}
    receipt = rig.device.receipt(1)
    rig.say(20.0, "temp", "#late", receipt, **wrong)
    receipt.release()
    until(lambda: rig.device.lost == [1])
    rig.say_kept(1, 20.0, event="#late")
    heard = rig.now_ms()
    rig.say(21.0, "temp", "#late", None, **wrong)
    assert rig.recorder.flush(60.0)
    assert rig.values == [20.0, 21.0]
    assert all(item.time >= heard - 60_000 for item in rig.store.items if isinstance(item, Reading))
    assert rig.device.safe == [1]


def test_what_is_missing_as_the_clock_is_set(rig: Rig) -> None:
    """Since when cannot be said any more: the event is there, and no mark of decades ago."""
    said = {"from": "1970-01-01T00:00:30.123Z", "to": "1970-01-01T00:00:31.123Z", "clock": "unset"}
    rig.hear("temp", "#gap", {**said, "count": 2, "reason": "full"})
    assert rig.recorder.flush(60.0)
    assert [item.event for item in rig.store.items if isinstance(item, Kept)] == ["#gap"]
    assert not [item for item in rig.store.items if isinstance(item, Mark)]


def test_what_is_missing(rig: Rig) -> None:
    """It is an event, and a mark of when the first was lost; other things of that name are events alone."""
    said = {
        "from": "2026-11-22T06:30:00.123Z",
        "to": "2026-11-22T06:35:00.123Z",
        "count": 2,
        "reason": "full",
    }
    rig.hear("temp", "#gap", said)
    for odd in (None, 5, {}, {"from": 3}, {"from": "soon"}):
        rig.hear("temp", "#gap", odd)
    assert rig.recorder.flush(60.0)
    marks = [item for item in rig.store.items if isinstance(item, Mark)]
    assert marks == [Mark("temp", 1_795_329_000_123, "full")]
    assert len([item for item in rig.store.items if isinstance(item, Kept)]) == 6


def test_a_late_reading(rig: Rig) -> None:
    """At its own time, and late; one without a value is an event."""
    rig.say(21.0, event="#late", time="2026-11-22T06:30:00.123Z", seq=5)
    rig.hear("temp", "#late", {"value": None, "unit": "°C", "quality": "stale", "time": "now"})
    assert rig.recorder.flush(60.0)
    (item,) = [item for item in rig.store.items if isinstance(item, Reading)]
    assert (item.time, item.late, item.seq) == (1_795_329_000_123, True, 5)
    assert [item.event for item in rig.store.items if isinstance(item, Kept)] == ["#late"]
