"""From a link's devices to the sinks, with receipts: who holds what, and when it is told."""

import sys
import threading

import pytest

from drivers.delivery import MOST_UNTOLD, Delivery
from drivers.dispatcher import Dispatcher
from drivers.receipt import Receipt, current
from drivers.sinks import Sinks
from drivers.source import Device, Measurement, Missing


class Told:
    """What receipts say."""

    def __init__(self) -> None:
        self.all: list[tuple[int, bool]] = []

    def receipt(self, seq: int = 1) -> Receipt:
        """A new one."""
        return Receipt("24A1", 7, seq, lambda receipt, safe: self.all.append((receipt.seq, safe)))


class Taker:
    """A sink that may keep what it takes, or have a defect."""

    channel = "temp"
    interval_ms = None

    def __init__(self, *, keeps: bool = False, fails: bool = False) -> None:
        self._keeps, self._fails = keeps, fails
        self.kept: list[Receipt] = []
        self.noted = 0
        self.dropped = 0
        self.lost: list[Missing] = []
        self.taken: list[Measurement] = []

    def heard(self, _measurement: Measurement, /) -> None:
        """See `Sink`."""
        self.noted += 1

    def missed(self) -> None:
        """See `Sink`."""
        self.dropped += 1

    def accept(self, measurement: Measurement, /) -> None:
        """See `Sink`."""
        self.taken.append(measurement)
        receipt = current()
        if self._keeps and receipt is not None:
            receipt.hold()
            self.kept.append(receipt)
        if self._fails:
            raise RuntimeError("a defect")

    def missing(self, missing: Missing, /) -> None:
        """See `Sink`."""
        self.lost.append(missing)
        receipt = current()
        if self._keeps and receipt is not None:
            receipt.hold()
            self.kept.append(receipt)
        if self._fails:
            raise RuntimeError("a defect")

    def link_up(self, _device: Device, _warning: str | None, /) -> None:
        """See `Sink`."""

    def link_down(self, _reason: str, /) -> None:
        """See `Sink`."""


class Post:
    """A delivery to some takers; the dispatcher runs when told."""

    def __init__(self, *takers: Taker, capacity: int = 100) -> None:
        self.dispatcher = Dispatcher(capacity=capacity)
        self.there = {""}
        self.refused = False
        self.sinks = sinks = Sinks(lambda channel: "")
        for taker in takers:
            sinks.add(taker)
        self.delivery = Delivery(
            self.dispatcher, sinks, lambda channel: "", lambda: self.there, lambda device: self.refused
        )

    def deliver(self, receipt: Receipt | None, *, late: bool = False) -> None:
        """A measurement."""
        self.delivery.measured(Measurement("temp", 1, 21.5, None, 5.0, late=late, receipt=receipt))

    def run(self) -> None:
        """What is posted."""
        with self.dispatcher:
            pass


@pytest.fixture
def told() -> Told:
    """Nothing yet."""
    return Told()


def test_a_reading_is_safe_when_the_last_sink_has_run(told: Told) -> None:
    """Not before; each has the receipt in hand."""
    takers = Taker(), Taker(), Taker()
    post = Post(*takers)
    post.deliver(told.receipt())
    assert told.all == []
    post.run()
    assert told.all == [(1, True)]
    assert [len(taker.taken) for taker in takers] == [1, 1, 1]


def test_who_keeps_it_has_the_last_word(told: Told) -> None:
    """It is told when it is written, and as what became of it."""
    safe, lost = Taker(keeps=True), Taker(keeps=True)
    post = Post(safe, lost)
    post.deliver(told.receipt())
    post.run()
    safe.kept[0].release()
    assert told.all == []
    lost.kept[0].lose()
    assert told.all == [(1, False)]


def test_a_full_queue_loses_it(told: Told) -> None:
    """Also where one of two found room."""
    first, second = Taker(), Taker()
    post = Post(first, second, capacity=1)
    post.deliver(told.receipt())
    post.run()
    assert told.all == [(1, False)]
    assert (len(first.taken), second.dropped) == (1, 1)


def test_a_channel_that_nobody_takes_is_safe_at_once(told: Told) -> None:
    """There is nothing to wait for."""
    Post().deliver(told.receipt())
    assert told.all == [(1, True)]


def test_while_sinks_are_exchanged_a_reading_without_one_is_lost(told: Told) -> None:
    """Its device sends it again, and then somebody may take it; what is missing waits for who comes."""
    taker = Taker()
    post = Post()
    post.delivery.exchanging(True)
    post.delivery.exchanging(True)
    post.deliver(told.receipt(1))
    post.delivery.missing(Missing("temp", 1, 0.0, 1.0, "lost"))
    post.delivery.exchanging(False)
    post.deliver(told.receipt(2))
    assert told.all == [(1, False), (2, True)]
    post.delivery.exchanging(True)
    post.delivery.missing(Missing("temp", 2, 0.0, 1.0, "lost"))
    post.sinks.add(taker)
    post.delivery.exchanging(False)
    post.deliver(None)
    post.run()
    assert [missing.count for missing in taker.lost] == [2]


def test_an_exchange_that_begins_and_ends_meanwhile_is_noticed(told: Told) -> None:
    """Who reads may be held up between two looks."""
    post = Post()

    def on(_channel: str) -> tuple[()]:
        post.delivery.exchanging(True)
        post.delivery.exchanging(False)
        return ()

    post.sinks.on = on  # type: ignore[assignment, method-assign]
    post.deliver(told.receipt())
    assert told.all == [(1, False)]


def test_of_a_refused_device_nothing_is_said(told: Told) -> None:
    """Neither that a reading is safe nor that it is to be sent again."""
    taker = Taker()
    post = Post(taker)
    post.there, post.refused = set(), True
    post.deliver(told.receipt())
    post.delivery.missing(Missing("temp", 1, 0.0, 1.0, "lost"))
    post.there, post.refused = {""}, False
    post.run()
    assert (told.all, taker.taken, taker.lost, taker.dropped) == ([], [], [], 1)


def test_what_is_missing_waits_for_a_device_that_is_not_there(told: Told) -> None:
    """It fell silent, and is greeted: it will not tell it again. The oldest of too many are dropped."""
    taker = Taker()
    post = Post(taker)
    post.there = set()
    for count in range(1, MOST_UNTOLD + 2):
        post.delivery.missing(Missing("temp", count, 0.0, 1.0, "lost"))
    post.run()
    assert taker.lost == []
    post.there = {""}
    post.deliver(told.receipt())
    post.deliver(told.receipt())
    post.run()
    assert [missing.count for missing in taker.lost] == list(range(2, MOST_UNTOLD + 2))


def test_what_waits_of_a_device_that_is_refused_then_is_told_to_nobody(told: Told) -> None:
    """It may be another board's by then."""
    taker = Taker()
    post = Post(taker)
    post.there = set()
    post.delivery.missing(Missing("temp", 1, 0.0, 1.0, "lost"))
    post.refused = True
    post.deliver(told.receipt())
    post.there, post.refused = {""}, False
    post.deliver(told.receipt())
    post.run()
    assert taker.lost == []


def test_what_is_missing_is_held_as_a_reading_is(told: Told) -> None:
    """By each that is told of it, until it is written; a defect holds nothing, and where nobody is told there
    is nothing to wait for."""
    keeps, other = Taker(keeps=True), Taker(fails=True)
    post = Post(keeps, other)
    post.delivery.missing(Missing("temp", 1, 0.0, 1.0, "lost", told.receipt()))
    post.run()
    assert [len(taker.lost) for taker in (keeps, other)] == [1, 1]
    assert told.all == []
    keeps.kept[0].release()
    assert told.all == [(1, True)]
    Post().delivery.missing(Missing("temp", 1, 0.0, 1.0, "lost", told.receipt(2)))
    assert told.all == [(1, True), (2, True)]
    assert current() is None


def test_a_full_queue_takes_what_is_missing(told: Told) -> None:
    """Nobody would tell it again."""
    taker = Taker()
    post = Post(taker, capacity=1)
    post.deliver(told.receipt())
    post.delivery.missing(Missing("temp", 1, 0.0, 1.0, "lost"))
    post.run()
    assert len(taker.lost) == 1


def test_a_sink_with_a_defect_does_not_hold_a_board_s_memory(
    told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    """It would fail again; the log says so."""
    post = Post(Taker(fails=True))
    post.deliver(told.receipt())
    post.run()
    assert told.all == [(1, True)]
    assert "failed" in caplog.text


def test_a_late_one_is_no_newest_value(told: Told) -> None:
    """It is taken in turn alone, with a receipt or without; and so is what is missing."""
    taker = Taker()
    post = Post(taker)
    post.deliver(told.receipt(), late=True)
    post.deliver(None, late=True)
    post.delivery.missing(Missing("temp", 3, 0.0, 1.0, "lost"))
    post.run()
    assert (taker.noted, len(taker.taken), len(taker.lost)) == (0, 2, 1)
    post.deliver(None)
    assert taker.noted == 1


def test_nothing_is_in_hand_outside_of_a_delivery(told: Told) -> None:
    """A reading without a receipt has none, also on a thread that had one before."""
    taker = Taker(keeps=True)
    post = Post(taker)
    post.deliver(told.receipt())
    post.deliver(None)
    post.run()
    assert (len(taker.taken), len(taker.kept)) == (2, 1)
    assert current() is None


def test_a_receipt_under_many_threads_is_told_once(told: Told) -> None:
    """Holders that let go at the same time, a hundred times over; one loss is a loss."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for seq in range(1, 101):
            receipt = told.receipt(seq)
            loses = seq % 3 == 0
            start = threading.Barrier(8)

            def let_go(
                index: int, receipt: Receipt = receipt, loses: bool = loses, start: threading.Barrier = start
            ) -> None:
                start.wait()
                receipt.hold() if index == 7 else None
                (receipt.lose if loses and index == 3 else receipt.release)()
                receipt.release() if index == 7 else None

            for _ in range(7):
                receipt.hold()
            threads = [threading.Thread(target=let_go, args=(index,)) for index in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert told.all == [(seq, seq % 3 != 0) for seq in range(1, 101)]
