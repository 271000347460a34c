"""The outbox: what goes when, what is written when, and what survives what."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.loss import Loss
from gateway.mqtt.outbox import backlog as backlog_module
from gateway.mqtt.outbox import outbox as outbox_module
from gateway.mqtt.outbox.backlog import RETRY_S
from gateway.mqtt.outbox.event import Event, LateGap, Outgoing
from gateway.mqtt.outbox.events_table import Bounds, Row
from gateway.mqtt.outbox.outbox import Outbox
from gateway.mqtt.outbox.schema import SCHEMA
from gateway.mqtt.outbox.store import Store, Written
from gateway.storage.database import Database
from gateway.storage.schema import StoreError
from tests.support.examples import examples
from tests.support.fake_machine import StagedClock
from tests.support.receipts import Kept

BOUNDS = Bounds(10_000, 10_000_000, 86400.0)


class Bench:
    """An outbox on a file, with a clock of the test's own, and a broker that acknowledges when told."""

    def __init__(
        self,
        folder: Path,
        *,
        loss_s: float = 1.0,
        rate: float = 1e6,
        bounds: Bounds = BOUNDS,
        name: str = "a",
    ) -> None:
        self.folder = folder
        self.clock = StagedClock()
        self.loss_s, self.rate, self.bounds = loss_s, rate, bounds
        self.start(name)

    def start(self, name: str) -> None:
        """As at the start of a process."""
        gaps = iter(range(1, 1000))
        self.store = Store(self.folder / "mqtt.db", self.bounds, lambda: f"{name}-g{next(gaps)}", self.clock)
        self.outbox = Outbox(
            self.store, loss_s=self.loss_s, rate=self.rate, incarnation=name, clock=self.clock.monotonic
        )
        self.outbox.open()

    def crash(self, name: str) -> None:
        """kill -9: what is not committed is gone."""
        self.store.close()
        self.start(name)

    def trigger(self, sender: str = "temp", head: str = '{"n":1', count: int = 1) -> None:
        for _ in range(count):
            self.outbox.add(sender, "#changed", head, self.clock.utc(), self.clock.monotonic())

    def trigger_kept(self, device: Kept, seq: int, event: str = "#changed") -> None:
        """Of a reading that its device keeps; the hold on it is the outbox's."""
        now, receipt = self.clock.monotonic(), device.receipt(seq)
        self.outbox.add("temp", event, '{"n":1', self.clock.utc(), now, receipt=receipt)

    def wait(self, seconds: float) -> None:
        """Time goes by, and what is due is done."""
        self.clock.advance(seconds)
        self.outbox.run(self.clock.monotonic())

    def send(self, most: int = 1000) -> list[Outgoing]:
        """What goes out now."""
        found: list[Outgoing] = []
        while len(found) < most and (outgoing := self.outbox.next()) is not None:
            self.outbox.sent(outgoing)
            found.append(outgoing)
        return found

    def deliver(self) -> list[str]:
        """All that goes out, acknowledged one after the other: the ids, late ones with a mark."""
        found: list[str] = []
        for _ in range(10_000):
            sent = self.send(1)
            if not sent:
                if self.outbox.late_due - self.clock.monotonic() > 1:
                    return found
                self.clock.advance(0.1)
                continue
            self.outbox.acked(sent[0])
            found.append(told(sent[0]))
        raise AssertionError("it never ends")


MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench(tmp_path: Path) -> Iterator[MakeBench]:
    """Benches on a file in the test's folder, closed afterwards."""
    with contextlib.ExitStack() as stack:

        def make(**options: Any) -> Bench:
            bench = Bench(tmp_path, **options)
            stack.callback(lambda: bench.store.close())  # that which it has by then
            return bench

        yield make


def told(outgoing: Outgoing) -> str:
    if isinstance(outgoing, LateGap):
        return f"gap {outgoing.gap.sender} {outgoing.gap.lost}"
    return outgoing.uid + (" late" if outgoing.late else "")


def test_acknowledged_in_time_is_never_written(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a broker that answers, nothing goes to the disk, however many events there are."""
    bench = make_bench()
    bench.outbox.up(20)
    writes: list[Any] = []
    monkeypatch.setattr(bench.store, "write", lambda *arguments: writes.append(arguments))
    for _ in range(100):
        bench.trigger()
        for outgoing in bench.send():
            bench.outbox.acked(outgoing)
        bench.wait(0.3)
    assert writes == []
    assert len(bench.outbox) == 0


def test_written_once_in_a_window(make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the broker is away, all events of a window go to the disk in one transaction."""
    bench = make_bench()
    sizes: list[int] = []
    write = bench.store.write

    def counted(new: Any, *rest: Any, **more: Any) -> Written:
        sizes.append(len(new))
        return write(new, *rest, **more)

    monkeypatch.setattr(bench.store, "write", counted)
    for _ in range(100):
        bench.trigger()
        bench.wait(0.1)
    assert 8 <= len(sizes) <= 10
    assert len(bench.outbox) == 100


def test_late_ones_after_live_ones(make_bench: MakeBench) -> None:
    """After an outage what is new goes first; the backlog follows, marked, in its order."""
    bench = make_bench()
    bench.trigger(count=3)
    bench.wait(1.0)
    bench.trigger(count=1)
    bench.outbox.up(20)
    bench.trigger(count=2)
    assert bench.deliver() == ["a-5", "a-6", "a-1 late", "a-2 late", "a-3 late", "a-4 late"]
    bench.wait(2.0)
    assert len(bench.outbox) == bench.store.rows == 0


def test_backlog_at_its_rate(make_bench: MakeBench) -> None:
    """Bunches that add up to the rate, whatever has been saved up."""
    bench = make_bench(rate=100)
    bench.trigger(count=500)
    bench.outbox.up(1000)
    sent = 0
    for _ in range(100):
        for outgoing in bench.send():
            bench.outbox.acked(outgoing)
            sent += 1
        bench.wait(0.01)
    assert 85 <= sent <= 115


def test_live_ones_have_room(make_bench: MakeBench) -> None:
    """Late ones fill half of the window at most."""
    bench = make_bench()
    bench.trigger(count=100)
    bench.outbox.up(20)
    bench.wait(0.1)
    assert len(bench.send()) == 10
    bench.trigger(count=100)
    assert len(bench.send()) == 10


def test_what_was_in_flight_comes_again_late(make_bench: MakeBench) -> None:
    """With the same id; also what had been written because the broker was slow to answer."""
    bench = make_bench()
    bench.outbox.up(3)
    bench.trigger(count=4)
    assert [told(outgoing) for outgoing in bench.send()] == ["a-1", "a-2", "a-3"]
    bench.wait(1.0)
    assert bench.store.rows == 4
    bench.trigger()
    bench.outbox.down()
    bench.trigger()
    bench.outbox.up(20)
    assert bench.deliver() == [f"a-{number} late" for number in range(1, 7)]


def test_a_stalled_broker_does_not_fill_the_memory(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is too much to be live becomes backlog; nothing is lost, nothing doubled."""
    monkeypatch.setattr(outbox_module, "LIVE_EVENTS", 100)
    bench = make_bench()
    bench.outbox.up(10)
    bench.trigger(count=150)
    first = bench.send()
    bench.wait(1.0)
    for outgoing in first:
        bench.outbox.acked(outgoing)
    ids = [told(outgoing) for outgoing in first] + bench.deliver()
    assert len(ids) == len({name.split()[0] for name in ids}) == 150
    assert 0 < sum(name.endswith("late") for name in ids) < len(ids)


def test_zero_window_writes_before_it_sends(make_bench: MakeBench) -> None:
    """Each event is on disk when it goes out."""
    bench = make_bench(loss_s=0.0)
    bench.outbox.up(20)
    bench.trigger()
    (event,) = bench.send()
    assert isinstance(event, Event)
    assert [row.uid for row in bench.store.after(0, 10)] == [event.uid]
    bench.crash("b")
    bench.outbox.up(20)
    assert bench.deliver() == ["a-1 late"]


def test_too_many_in_memory(make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the disk cannot be written the oldest go, are counted, and become a gap when it can again."""
    bench = make_bench()

    monkeypatch.setattr(outbox_module, "MEMORY_EVENTS", 100)
    with monkeypatch.context() as patch:
        patch.setattr(bench.store, "write", refuse)
        bench.trigger(count=130)
        bench.wait(1.0)
        bench.outbox.up(20)
        bench.trigger()
        assert bench.deliver()[:2] == ["a-131", "a-32 late"]
        bench.outbox.down()
        bench.trigger(count=101)
    bench.wait(RETRY_S)
    bench.outbox.up(20)
    assert bench.outbox.lost == 32
    assert bench.deliver()[0] == "gap temp 32"


def test_what_waits_long_makes_way_for_what_is_new(make_bench: MakeBench) -> None:
    """A broker that is slower than the events come: those of some seconds ago go late, the newest go now."""
    bench = make_bench()
    bench.outbox.up(2)
    bench.trigger(count=6)
    slow = bench.send()
    bench.wait(outbox_module.LIVE_S + 1)
    bench.trigger()
    for outgoing in slow:
        bench.outbox.acked(outgoing)
    assert told(bench.send(1)[0]) == "a-3 late"
    bench.trigger()
    assert told(bench.send(1)[0]) == "a-8"


def test_live_ones_on_disk_become_late(make_bench: MakeBench) -> None:
    """Those that wait too long are read from disk, also when all that was there had been read before."""
    bench = make_bench()
    bench.outbox.up(2)
    assert bench.send() == []
    bench.trigger(count=6)
    slow = bench.send()
    bench.wait(1.0)
    assert bench.store.rows == 6
    bench.wait(outbox_module.LIVE_S)
    for outgoing in slow:
        bench.outbox.acked(outgoing)
    assert bench.deliver() == [f"a-{number} late" for number in range(3, 7)]


def test_a_page_that_was_read_keeps_its_place(make_bench: MakeBench) -> None:
    """Rows that have been read, but not sent, still go before those that became late afterwards."""
    bench = make_bench()
    bench.trigger(count=8)
    bench.wait(1.0)
    bench.outbox.up(4)
    (first,) = bench.send(1)
    bench.outbox.acked(first)
    bench.trigger(count=9)
    slow = bench.send()
    assert [told(outgoing) for outgoing in (first, *slow)] == ["a-1 late", "a-9", "a-10", "a-11", "a-12"]
    bench.wait(1.0)
    bench.wait(outbox_module.LIVE_S)
    for outgoing in slow:
        bench.outbox.acked(outgoing)
    assert bench.deliver() == [f"a-{number} late" for number in (*range(2, 9), *range(13, 18))]


def test_late_ones_wait_for_earlier_live_ones(make_bench: MakeBench) -> None:
    """What was in flight when later ones became backlog may become late as well, and then comes first."""
    bench = make_bench()
    bench.outbox.up(2)
    bench.trigger(count=4)
    first, _ = bench.send()
    bench.wait(outbox_module.LIVE_S + 1)
    bench.outbox.acked(first)
    assert bench.send() == []
    bench.outbox.down()
    bench.outbox.up(2)
    assert bench.deliver() == ["a-2 late", "a-3 late", "a-4 late"]


def test_live_ones_on_disk_stay_live(make_bench: MakeBench) -> None:
    """What has waited for the loss window is on disk, and goes as live as before."""
    bench = make_bench()
    bench.outbox.up(2)
    bench.trigger(count=4)
    first = bench.send()
    bench.wait(1.0)
    assert bench.store.rows == 4
    for outgoing in first:
        bench.outbox.acked(outgoing)
    assert bench.deliver() == ["a-3", "a-4"]
    bench.wait(2.0)
    assert bench.store.rows == 0


def test_much_within_a_window_is_written_before_any_is_dropped(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is bounded, and the disk has room."""
    monkeypatch.setattr(outbox_module, "MEMORY_BYTES", 100_000)
    bench = make_bench(loss_s=60.0)
    bench.trigger(head="x" * 9000, count=40)
    assert bench.outbox.lost == 0
    assert len(bench.outbox) == 40
    assert bench.store.rows >= 30


def test_in_flight_is_not_dropped(make_bench: MakeBench) -> None:
    """When the outbox is full, what is on its way stays: it is delivered or lost, never both."""
    bench = make_bench(bounds=Bounds(3, 10_000_000, 86400.0))
    bench.trigger(count=3)
    bench.outbox.up(4)
    bench.wait(1.0)
    flying = bench.send()
    assert [told(outgoing) for outgoing in flying] == ["a-1 late", "a-2 late"]
    bench.trigger(count=4)
    bench.wait(1.0)
    for outgoing in flying:
        bench.outbox.acked(outgoing)
    delivered = [told(outgoing) for outgoing in flying] + bench.deliver()
    assert [name.split()[0] for name in delivered if "gap" not in name] == ["a-1", "a-2", "a-7"]
    assert "gap temp 4" in delivered
    bench.wait(2.0)
    assert len(bench.outbox) == 0


def test_nothing_spins_while_the_window_is_full(make_bench: MakeBench) -> None:
    """With a backlog, and a broker that acknowledges nothing, there is nothing to wake up for."""
    bench = make_bench(rate=100)
    bench.trigger(count=10)
    bench.wait(1.0)
    bench.outbox.up(2)
    bench.trigger(count=5)
    bench.send()
    bench.wait(5.0)
    assert bench.outbox.late_due == float("inf")
    assert bench.outbox.due == float("inf")


def test_a_file_that_opens_later(make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process still held it: its rows are sent once it can be opened, also without any new event."""
    bench = make_bench()
    bench.trigger(count=2)
    bench.wait(1.0)
    with monkeypatch.context() as patch:
        patch.setattr(Database, "open", refuse)
        bench.crash("b")
        bench.outbox.up(20)
        assert bench.deliver() == []
    bench.wait(RETRY_S)
    assert bench.deliver() == ["a-1 late", "a-2 late"]


def test_a_file_that_cannot_be_read_for_a_moment(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backlog goes on afterwards, without another connection."""
    bench = make_bench()
    bench.trigger(count=2)
    bench.wait(1.0)
    bench.outbox.up(20)
    with monkeypatch.context() as patch:
        patch.setattr(bench.store, "after", refuse)
        assert bench.deliver() == []
    bench.wait(RETRY_S)
    assert bench.deliver() == ["a-1 late", "a-2 late"]


def test_order_while_the_disk_is_full(make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was in flight when the connection broke comes before what was triggered later."""
    bench = make_bench()
    bench.outbox.up(2)
    with monkeypatch.context() as patch:
        patch.setattr(bench.store, "write", refuse)
        bench.trigger(count=4)
        bench.send()
        bench.outbox.down()
        bench.trigger()
        bench.outbox.up(2)
        assert bench.deliver() == [f"a-{number} late" for number in range(1, 6)]


def test_a_disk_that_can_be_written_again(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is seen also when nothing waits, as with a broker that answers: trouble is not told of for ever."""
    caplog.set_level("INFO")
    bench = make_bench()
    with monkeypatch.context() as patch:
        patch.setattr(Database, "write", refuse)
        bench.trigger()
        bench.wait(1.0)
        bench.outbox.up(2)
        assert bench.deliver() == ["a-1 late"]
        bench.wait(3 * RETRY_S)
        assert bench.outbox.problem == "database or disk is full"
    assert len(bench.outbox) == 0
    bench.wait(RETRY_S)
    assert [text for text in caplog.messages if "outbox" in text] == [
        "mqtt: the outbox cannot be used: database or disk is full; events wait in memory, and live ones go "
        "on; trying again",
        "mqtt: the outbox can be used again",
    ]
    assert bench.outbox.problem is None


def test_a_file_that_can_be_opened_later(make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where there was none at the start."""
    with monkeypatch.context() as patch:
        patch.setattr(Database, "open", refuse)
        bench = make_bench()
        assert bench.outbox.problem is not None
        bench.wait(RETRY_S)
        assert bench.outbox.problem is not None
    bench.wait(RETRY_S)
    assert bench.outbox.problem is None


def test_order_while_the_disk_is_broken(make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits in memory does not go before what is on disk, also if that cannot be read for a moment."""
    bench = make_bench()
    bench.trigger(count=2)
    bench.wait(1.0)
    with monkeypatch.context() as patch:
        patch.setattr(bench.store, "write", refuse)
        patch.setattr(bench.store, "after", refuse)
        bench.trigger(count=2)
        bench.outbox.up(20)
        assert bench.deliver() == []
    bench.wait(RETRY_S)
    assert bench.deliver() == [f"a-{number} late" for number in range(1, 5)]


def test_a_gap_that_was_sent_grows_no_more(make_bench: MakeBench) -> None:
    """Also not after a kill: its id may be known already."""
    bench = make_bench(bounds=Bounds(2, 10_000_000, 86400.0))
    bench.trigger(count=5)
    bench.wait(1.0)
    bench.outbox.up(20)
    bench.wait(0.1)
    (gap, *_) = [outgoing for outgoing in bench.send() if isinstance(outgoing, LateGap)]
    bench.crash("b")
    bench.trigger(count=4)
    bench.wait(1.0)
    bench.outbox.up(20)
    bench.wait(0.1)
    gaps = [outgoing.gap for outgoing in bench.send() if isinstance(outgoing, LateGap)]
    assert [(one.uid == gap.gap.uid, one.lost) for one in gaps] == [(True, 3), (False, 4)]


def test_what_cannot_be_written_at_the_end_is_told(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """How many events are lost with a stop while the disk is full."""
    bench = make_bench()
    bench.trigger(count=3)
    monkeypatch.setattr(bench.store, "write", refuse)
    bench.outbox.close()
    assert "3 events could not be written and are lost" in caplog.text


@pytest.mark.parametrize("connected", [False, True])
def test_a_file_that_is_removed_while_events_are_live(make_bench: MakeBench, connected: bool) -> None:
    """Each is delivered, those that had been written perhaps twice, under one id; the order holds."""
    bench = make_bench()
    bench.outbox.up(2)
    bench.trigger(count=4)
    first = bench.send()
    bench.wait(1.0)
    assert bench.store.rows == 4
    (bench.folder / "mqtt.db").unlink()
    bench.trigger()
    bench.wait(1.0)
    if connected:
        bench.wait(outbox_module.LIVE_S)
        for outgoing in first:
            bench.outbox.acked(outgoing)
    else:
        bench.outbox.down()
        bench.outbox.up(20)
    delivered = bench.deliver()
    late = list(dict.fromkeys(name.split()[0] for name in delivered if "late" in name))
    assert late == sorted(late)
    assert {name.split()[0] for name in delivered} >= {"a-3", "a-4", "a-5"}
    bench.wait(2.0)
    assert len(bench.outbox) == 0


def test_a_file_that_is_free_again_at_the_end(make_bench: MakeBench) -> None:
    """The last attempt is made, also soon after one that failed."""
    bench = make_bench()
    bench.outbox.close()
    holder = Database(bench.folder / "mqtt.db", SCHEMA, lambda *_: None)
    holder.open()
    bench.start("b")
    bench.trigger(count=3)
    holder.close()
    bench.outbox.close()
    bench.start("c")
    assert bench.store.rows == 3


@pytest.mark.parametrize("loss_s", [0.0, 0.02, 0.05, 0.1, 1.0])
@pytest.mark.parametrize("busy", [False, True])
def test_the_loss_window_is_kept(make_bench: MakeBench, loss_s: float, busy: bool) -> None:
    """Also a short one, and while other rows are to be deleted: what has waited for so long is on disk."""
    bench = make_bench(loss_s=loss_s)
    bench.trigger(count=3)
    bench.wait(1.0)
    bench.outbox.up(20)
    if busy:
        for outgoing in bench.send():
            bench.outbox.acked(outgoing)
    bench.trigger()
    due = bench.outbox.due
    assert due <= bench.clock.monotonic() + loss_s + 1e-9
    bench.wait(loss_s + 1e-6)
    assert [row.uid for row in bench.store.after(0, 10)][-1] == "a-4"


def test_what_is_in_flight_is_not_sent_twice(make_bench: MakeBench) -> None:
    """It was written while it was on its way, behind a backlog that is read up to it."""
    bench = make_bench()
    bench.trigger(count=3)
    bench.wait(1.0)
    bench.outbox.up(20)
    bench.trigger()
    (flying,) = bench.send(1)
    assert told(flying) == "a-4"
    bench.wait(1.0)
    assert bench.store.rows == 4
    assert bench.deliver() == ["a-1 late", "a-2 late", "a-3 late"]


def test_what_is_live_is_not_sent_late_too(make_bench: MakeBench) -> None:
    """The same of what was written before it could go: it has its turn as before."""
    bench = make_bench()
    bench.trigger(count=1)
    bench.wait(1.0)
    bench.outbox.up(2)
    bench.trigger(count=3)
    first = bench.send()
    assert [told(outgoing) for outgoing in first] == ["a-2", "a-3"]
    bench.wait(1.0)
    for outgoing in first:
        bench.outbox.acked(outgoing)
    assert bench.deliver() == ["a-4", "a-1 late"]
    bench.wait(2.0)
    assert len(bench.outbox) == bench.store.rows == 0


def test_the_rate_after_an_idle_hour(make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is what it always is: nothing has been saved up."""
    monkeypatch.setattr(outbox_module, "LIVE_EVENTS", 50)
    bench = make_bench(rate=100)
    bench.trigger(count=5)
    bench.outbox.up(1000)
    assert len(bench.deliver()) == 5
    bench.wait(3600.0)
    bench.trigger(count=400)  # more than are live: all of them go late
    sent = 0
    for _ in range(100):
        for outgoing in bench.send():
            bench.outbox.acked(outgoing)
            sent += isinstance(outgoing, Event) and outgoing.late
        bench.wait(0.01)
    assert 85 <= sent <= 115


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("when", ["live", "flying", "acked"])
def test_a_file_that_is_replaced_has_other_rows(make_bench: MakeBench, when: str, closed: bool) -> None:
    """Ids that were learnt from the one before say nothing of them: none is left out, and none deleted."""
    bench = make_bench()
    bench.outbox.lose("temp", "no room", Loss.of(bench.clock.utc()))
    if when == "live":
        bench.outbox.up(2)
    bench.trigger(count=4)
    bench.wait(1.0)
    if when != "live":
        bench.outbox.up(20)
    bench.wait(0.1)
    sent = bench.send(3)
    assert bench.store.rows == 4
    if when == "acked":
        assert told(sent[0]) == "gap temp 1"
        for outgoing in sent:
            bench.outbox.acked(outgoing)
    if closed:  # as after a transaction that could not be undone
        bench.store.close()
    replace_by(bench, ["x-1", "x-2", "x-3", "x-4"])
    bench.trigger()
    bench.wait(1.0)
    if when == "live":
        for outgoing in sent:
            bench.outbox.acked(outgoing)
    delivered = [name.removesuffix(" late") for name in bench.deliver()]
    assert {*delivered} >= {"x-1", "x-2", "x-3", "x-4", "gap old 1", "a-5"}
    bench.outbox.down()
    bench.outbox.up(20)
    bench.deliver()
    bench.wait(2.0)
    assert len(bench.outbox) == bench.store.rows == 0


def replace_by(bench: Bench, uids: list[str]) -> None:
    """Somebody restores a backup over the open file: its rows have ids that the open one has too."""
    path = bench.folder / "backup" / "mqtt.db"
    path.parent.mkdir()
    backup = Store(path, BOUNDS, lambda: "x-g", bench.clock)
    backup.open()
    now = bench.clock.utc()
    backup.write(
        [Row(0, now, "temp", "#changed", uid, "{") for uid in uids], (), {("old", "why"): Loss.of(now)}
    )
    backup.close()
    path.replace(bench.folder / "mqtt.db")


def refuse(*_: object, **__: object) -> None:
    raise StoreError("database or disk is full")


class Model(RuleBasedStateMachine):
    """Events, connections, acknowledgements, crashes, full and unreadable disks, bounds, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.life = 0
        self.connected = False
        self.triggered: dict[str, float] = {}
        self.forgivable: set[str] = set()
        self.received: list[tuple[str, str, bool]] = []
        self.acknowledged: set[str] = set()
        self.in_flight: list[Outgoing] = []
        self.gaps: dict[str, int] = {}
        self.number = 0
        self.broken = self.crashed = False
        self.patch = pytest.MonkeyPatch()
        self.small = pytest.MonkeyPatch()
        self.small.setattr(outbox_module, "LIVE_EVENTS", 6)
        self.small.setattr(outbox_module, "MEMORY_EVENTS", 15)
        self.small.setattr(backlog_module, "PAGE", 4)

    @initialize(
        connected=st.booleans(), loss_s=st.sampled_from([0.0, 1.0]), rows=st.sampled_from([10_000, 9])
    )
    def begin(self, connected: bool, loss_s: float, rows: int) -> None:
        bounds = BOUNDS._replace(rows=rows)
        self.bench = Bench(Path(self.folder.name), name="0", loss_s=loss_s, bounds=bounds)
        if connected:
            self.connect(2)

    @rule(sender=st.sampled_from(["temp", "hum"]), count=st.integers(1, 5))
    def trigger(self, sender: str, count: int) -> None:
        for _ in range(count):
            self.number += 1
            self.triggered[f"{self.life}-{self.number}"] = self.bench.clock.monotonic()
            self.bench.trigger(sender, head=sender)

    @precondition(lambda self: not self.connected)
    @rule(window=st.integers(1, 8))
    def connect(self, window: int) -> None:
        self.connected = True
        self.bench.outbox.up(window)

    @precondition(lambda self: self.connected)
    @rule()
    def disconnect(self) -> None:
        self.connected = False
        self.in_flight.clear()
        self.bench.outbox.down()

    @rule(most=st.integers(1, 10))
    def send(self, most: int) -> None:
        for outgoing in self.bench.send(most):
            assert outgoing not in self.in_flight
            self.in_flight.append(outgoing)
            if isinstance(outgoing, LateGap):
                assert self.gaps.setdefault(outgoing.gap.uid, outgoing.gap.lost) == outgoing.gap.lost
            else:
                self.received.append((outgoing.head, outgoing.uid, outgoing.late))

    @rule(most=st.integers(1, 10))
    def acknowledge(self, most: int) -> None:
        for outgoing in self.in_flight[:most]:
            self.bench.outbox.acked(outgoing)
            if isinstance(outgoing, Event):
                self.acknowledged.add(outgoing.uid)
        del self.in_flight[:most]

    @rule(seconds=st.sampled_from([0.05, 0.5, 1.0, 5.0, 11.0]))
    def wait(self, seconds: float) -> None:
        self.bench.wait(seconds)

    @rule(what=st.sampled_from(["write", "after", "gaps"]))
    def disk_fails(self, what: str) -> None:
        self.broken = True
        self.patch.setattr(self.bench.store, what, refuse)

    @rule()
    def disk_works(self) -> None:
        if self.broken:
            self.patch.undo()
            self.broken = False
            self.bench.wait(RETRY_S + 1)  # until then the window is not held, as documented

    @rule()
    def crash(self) -> None:
        self.disk_works()
        now = self.bench.clock.monotonic()
        self.forgivable |= {uid for uid, at in self.triggered.items() if at >= now - self.bench.loss_s}
        self.crashed = True
        self.life += 1
        self.number = 0
        self.connected = False
        self.in_flight.clear()
        self.bench.crash(str(self.life))

    @invariant()
    def bounded(self) -> None:
        assert len(self.in_flight) <= 8

    def teardown(self) -> None:
        """Nothing is lost but what may be and what gaps tell of, and the order holds."""
        try:
            if hasattr(self, "bench"):
                self.check()
        finally:
            self.patch.undo()
            self.small.undo()
            if hasattr(self, "bench"):
                self.bench.store.close()
            self.folder.cleanup()

    def check(self) -> None:
        """After all has gone out, on the connection that there is, or else on a new one."""
        self.disk_works()
        if not self.connected:
            self.connect(4)
        idle = 0
        while idle < 3:
            self.send(10)
            idle = 0 if self.in_flight else idle + 1  # a gap that had been sent before a crash is no news
            self.acknowledge(10)
            self.bench.wait(1.0)
        missing = self.triggered.keys() - self.acknowledged
        told_lost = sum(self.gaps.values())
        if self.crashed:
            assert len(missing - self.forgivable) <= told_lost
        else:
            assert len(missing) == told_lost
        for sender in ("temp", "hum"):
            for late in (False, True):
                seen = dict.fromkeys(uid for head, uid, was in self.received if (head, was) == (sender, late))
                order = [tuple(map(int, uid.split("-"))) for uid in seen]
                assert order == sorted(order), (sender, late)
        assert len(self.bench.outbox) == self.bench.store.rows == 0


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=examples(100), stateful_step_count=40, deadline=None)


def test_after_an_outage_nothing_is_written_again(make_bench: MakeBench) -> None:
    """Rows are deleted while new events are in flight, of which each is acknowledged in a moment: they do not
    go to the disk beside the deletion, and so leave nothing to delete."""
    bench = make_bench(rate=1000.0)
    bench.trigger()
    bench.wait(1.5)
    bench.outbox.up(20)
    in_flight = bench.send()
    written = [bench.store.rows]
    for _ in range(100):
        bench.trigger()
        in_flight += bench.send()
        bench.wait(0.1)
        bench.outbox.acked(in_flight.pop(0))
        written.append(bench.store.rows)
    assert written[-1] == 0
    assert sorted(written, reverse=True) == written, "no row came"
    assert len(bench.outbox) == len(in_flight)


def test_what_waits_too_long_beside_a_deletion(make_bench: MakeBench) -> None:
    """Is written in its own time, also if it was young when rows went."""
    bench = make_bench()
    bench.trigger()
    bench.wait(1.5)
    bench.outbox.up(20)
    (first,) = bench.send()
    bench.outbox.acked(first)
    bench.wait(0.9)
    bench.trigger()
    bench.send()
    bench.wait(0.2)
    assert bench.store.rows == 0
    bench.wait(0.9)
    assert bench.store.rows == 1


def test_a_kept_reading_is_safe_when_the_broker_has_it(make_bench: MakeBench) -> None:
    """Or will not have it: `acked` says both. The id is the reading's own, also of events that came of it."""
    bench, device = make_bench(), Kept()
    bench.outbox.up(10)
    for seq, event in enumerate(("#changed", "#late", "hot", "#stale")):
        bench.trigger_kept(device, seq, event)
    sent = bench.send()
    assert device.told == 0
    for outgoing in sent:
        bench.outbox.acked(outgoing)
    assert device.safe == [0, 1, 2, 3]
    ids = [outgoing.uid for outgoing in sent if isinstance(outgoing, Event)]
    assert ids == ["board-7-0", "board-7-1", "board-7-2-hot", "board-7-3-stale"]


def test_a_kept_reading_is_safe_when_it_is_on_disk(make_bench: MakeBench) -> None:
    """Once; with its id, under which it goes after a crash."""
    bench, device = make_bench(), Kept()
    bench.trigger_kept(device, 1)
    assert device.told == 0
    bench.wait(1.1)
    assert device.safe == [1]
    bench.outbox.up(10)
    bench.outbox.acked(bench.send()[0])
    bench.crash("b")
    bench.outbox.up(10)
    assert device.safe == [1]
    bench.trigger_kept(device, 2)
    bench.wait(1.1)
    bench.crash("c")
    bench.outbox.up(10)
    assert bench.deliver() == ["board-7-1 late", "board-7-2 late"]


def test_a_kept_reading_that_is_dropped_from_the_disk(make_bench: MakeBench) -> None:
    """The outbox is full: it is told as a gap, so it is not sent again."""
    bench, device = make_bench(bounds=Bounds(2, 10_000_000, 86400.0)), Kept()
    for seq in range(5):
        bench.trigger_kept(device, seq)
    bench.wait(1.1)
    assert (device.safe, device.lost, bench.outbox.lost) == ([0, 1, 2, 3, 4], [], 3)


def test_a_kept_reading_that_has_no_room(make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk cannot be written, the oldest are lost, and to be sent again; at the end all are."""
    bench, device = make_bench(), Kept()
    monkeypatch.setattr(outbox_module, "MEMORY_EVENTS", 2)
    monkeypatch.setattr(bench.store, "write", broken)
    for seq in range(4):
        bench.trigger_kept(device, seq)
    assert (device.safe, device.lost) == ([], [0, 1])
    bench.outbox.close()
    assert (device.safe, device.lost) == ([], [0, 1, 2, 3])


def test_a_device_that_has_little_room(make_bench: MakeBench) -> None:
    """Its readings are written before the window is over, once a second; where there are none, nothing is."""
    bench, device = make_bench(loss_s=60.0), Kept()
    bench.trigger()
    press(bench)
    assert bench.store.rows == 0
    bench.trigger_kept(device, 1)
    press(bench)
    assert (device.safe, bench.store.rows) == ([1], 2)
    bench.trigger_kept(device, 2)
    press(bench, after=0.9)
    assert device.safe == [1]
    bench.wait(0.2)
    assert device.safe == [1]
    press(bench)
    assert device.safe == [1, 2]


def press(bench: Bench, after: float = 0.0) -> None:
    """A device says that it has little room."""
    bench.outbox.write_soon()
    bench.wait(after)


def test_a_kept_reading_at_an_end_that_fails(make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a defect of ours: it is to be sent again all the same."""
    bench, device = make_bench(), Kept()
    bench.trigger_kept(device, 1)
    with monkeypatch.context() as patch:
        patch.setattr(bench.store, "write", None)
        with pytest.raises(TypeError):
            bench.outbox.close()
    assert (device.safe, device.lost) == ([], [1])


def broken(*_: Any, **__: Any) -> Written:
    """A disk that has no room."""
    raise StoreError("disk is full")
