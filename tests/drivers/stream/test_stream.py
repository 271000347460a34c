"""A board that reports fast: the dispatcher's thread reads, and only the cost is another."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import sig
from drivers import Dispatcher, LinkState
from drivers.source import Device, Measurement
from drivers.stream import connector
from drivers.stream import lender as lender_module
from drivers.stream import loan as loan_module
from drivers.stream.transport import Transport, open_transport
from tests.support.house import House
from tests.support.scripted_board import ScriptedBoard
from tests.support.waiting import happens, until

BORROWER = "dispatcher"
LENDER = "link-board"


class Stream:
    """Readings of `temp`, numbered by their values, 500 a second until it is stopped."""

    def __init__(self, board: ScriptedBoard) -> None:
        self._board = board
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stream")
        self.sent = 0
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.002):
            self.sent += 1
            self._board.report("temp", f"{self.sent % 100 / 10:g}")

    def stop(self) -> None:
        """No more of them."""
        self._stop.set()
        self._thread.join()

    def arrives_at(self, house: House) -> None:
        """Stop it; all of it became events, in order, after the first value."""
        self.stop()
        house.wait_for("#changed", count=1 + self.sent)
        _, *numbers = [data["seq"] for data in house.all_data("#changed")]
        assert numbers == list(range(numbers[0], numbers[0] + self.sent))


class Witness:
    """A sink that notes which thread reads."""

    channel = "temp"
    interval_ms: int | None = None

    def __init__(self) -> None:
        self.reader = ""
        self.readers: set[str] = set()
        self.heard_count = 0

    def heard(self, _: Measurement) -> None:
        """See `Sink`."""
        self.reader = threading.current_thread().name
        self.readers.add(self.reader)
        self.heard_count += 1

    def missed(self) -> None:
        """See `Sink`."""

    def accept(self, _: Measurement) -> None:
        """See `Sink`."""

    def link_up(self, _: Device, warning: str | None) -> None:
        """See `Sink`."""

    def link_down(self, _: str) -> None:
        """See `Sink`."""

    def is_lent(self) -> bool:
        """Whether the dispatcher's thread read last."""
        return self.reader == BORROWER

    def is_back(self) -> bool:
        """Whether the link's own thread did."""
        return self.reader == LENDER


@pytest.fixture(autouse=True)
def easily(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine's stream is fast enough, and a link that took its reading back lends it again soon."""
    monkeypatch.setattr(lender_module, "STREAM", 50.0)
    monkeypatch.setattr(lender_module, "STREAM_ENDS", 25.0)
    monkeypatch.setattr(lender_module, "REST_S", 0.05)


@pytest.fixture
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The link's thread does not look whether the dispatcher is there: it has to be told."""
    monkeypatch.setattr(loan_module, "TICK_S", 60.0)


@pytest.fixture
def witness() -> Witness:
    """Who reads."""
    return Witness()


@pytest.fixture
def house(board: ScriptedBoard, dispatcher: Dispatcher, witness: Witness) -> Iterator[House]:
    """A link that is up, and its sensor connected."""
    with House(str(board.link), dispatcher=dispatcher) as made:
        made.wait_for("#changed")
        made.link.add(witness)  # has the channel read once more, which is no news
        until(lambda: witness.heard_count)
        yield made


@pytest.fixture
def stream(house: House, board: ScriptedBoard) -> Iterator[Stream]:
    """Readings that go on while the test does."""
    stream = Stream(board)
    yield stream
    stream.stop()


@pytest.fixture
def lent(house: House, stream: Stream, witness: Witness) -> Stream:
    """The same, once the dispatcher reads."""
    until(witness.is_lent)
    return stream


def test_the_dispatcher_reads_a_stream(house: House, witness: Witness, stream: Stream) -> None:
    """Every reading is an event, in order, on the thread that listeners always run on."""
    threads = set()
    house.router.addListener(lambda *_: threads.add(threading.current_thread().name), event="#changed")
    until(witness.is_lent)
    sent = stream.sent
    until(lambda: stream.sent > sent + 100)
    stream.arrives_at(house)
    assert threads == {BORROWER}
    assert house.link.status().counters["lost"] == 0


def sleepy(board: ScriptedBoard) -> Transport:
    """The board's port, as if it were one that shows nothing to wait on."""
    transport = open_transport(str(board.link))
    transport.wakes = False
    return transport


@pytest.mark.parametrize("why", ["the port is fast", "it cannot be woken"])
def test_what_is_not_lent(
    board: ScriptedBoard, dispatcher: Dispatcher, witness: Witness, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    """The kernel keeps too little of a fast port; where a read cannot be woken, all else would wait."""
    if why == "the port is fast":
        monkeypatch.setattr(connector, "LENT_BAUD", 57_600)
    else:
        monkeypatch.setattr(connector, "open_transport", lambda *_, **__: sleepy(board))
    with House(str(board.link), dispatcher=dispatcher) as house:
        house.link.add(witness)
        house.wait_for("#changed")
        stream = Stream(board)
        try:
            until(lambda: witness.heard_count > 150)
        finally:
            stream.stop()
    assert witness.readers == {LENDER}


def test_the_link_reads_again_when_the_stream_ends(
    house: House, board: ScriptedBoard, witness: Witness, lent: Stream
) -> None:
    """Slow readings, silence and pings are its own affair."""
    lent.stop()
    pace = threading.Event()

    def slow_reading_is_its_own() -> bool:
        pace.wait(0.05)
        count = witness.heard_count
        board.report("temp", "11")
        until(lambda: witness.heard_count > count)
        return witness.is_back()

    until(slow_reading_is_its_own)


@pytest.mark.usefixtures("unwatched")
def test_a_listener_asks_the_board(
    house: House, board: ScriptedBoard, witness: Witness, stream: Stream
) -> None:
    """The listener runs on the very thread that reads, and gets its answer."""
    answers: list[object] = []
    done = threading.Event()
    board.values["temp"] = "77.5"

    def ask(_info: dict[str, object], data: dict[str, float]) -> None:
        if data["value"] == 77.5 or not witness.is_lent() or done.is_set():
            return
        try:
            answers.append(house.read(timeout=20)["value"])
        except sig.RequestError as error:
            answers.append(error)
        if len(answers) == 5:
            done.set()

    house.router.addListener(ask, "temp", "#changed")
    happens(done)
    assert answers == [77.5] * 5


@pytest.mark.usefixtures("unwatched")
def test_others_ask_the_board(house: House, board: ScriptedBoard, lent: Stream) -> None:
    """Live reads from another thread are answered while the stream goes on."""
    board.values["temp"] = "77.5"
    sent = lent.sent
    assert [house.read(timeout=20)["value"] for _ in range(20)] == [77.5] * 20
    until(lambda: lent.sent > sent + 100)


def test_a_listener_that_blocks_stops_no_reading(house: House, witness: Witness, lent: Stream) -> None:
    """The link's thread takes over, the newest value is known, and what came meanwhile follows in order."""
    begun, go_on = threading.Event(), threading.Event()

    def block(*_: object) -> None:
        if not begun.is_set():
            begun.set()
            happens(go_on)

    house.router.addListener(block, "temp", "#changed")
    happens(begun)
    until(witness.is_back)
    newest = house.sensors["temp"].last()
    assert newest is not None
    until(lambda: (house.sensors["temp"].last() or newest)["seq"] > newest["seq"] + 50)
    go_on.set()
    until(witness.is_lent)
    lent.arrives_at(house)


@pytest.mark.usefixtures("unwatched")
def test_the_cable_is_pulled(house: House, board: ScriptedBoard, witness: Witness, lent: Stream) -> None:
    """Whoever reads, the link's thread deals with it, and comes back."""
    lent.stop()
    board.unplug()
    house.wait_for("#disconnect")
    board.plug()
    house.wait_for("#connect", count=2)
    again = Stream(board)
    try:
        witness.reader = ""
        until(witness.is_lent)
    finally:
        again.stop()
    assert (house.count("#disconnect"), house.count("#connect")) == (1, 2)
    assert witness.readers == {BORROWER, LENDER}


@pytest.mark.usefixtures("unwatched")
def test_the_link_closes(house: House, lent: Stream) -> None:
    """Though the dispatcher reads it."""
    house.link.close()
    house.wait_for("#disconnect")
    assert house.link.status().state is LinkState.CLOSED
    assert house.link.status().counters["lost"] == 0


def test_the_dispatcher_stops_first(
    house: House, dispatcher: Dispatcher, witness: Witness, lent: Stream
) -> None:
    """Then the link reads for itself, and closes as always."""
    dispatcher.stop()
    until(witness.is_back)
    count = witness.heard_count
    until(lambda: witness.heard_count > count + 20)
    assert witness.is_back()
    house.link.close()
    assert house.link.status().state is LinkState.CLOSED
    assert house.link.status().counters["lost"] == 0


def test_two_links_one_dispatcher(
    house: House, board: ScriptedBoard, dispatcher: Dispatcher, lent: Stream, tmp_path: Path
) -> None:
    """It reads for one of them; the other reads for itself, and loses nothing either."""
    with (
        ScriptedBoard(tmp_path / "other", identity="24A16057F686") as board_too,
        House(str(board_too.link), dispatcher=dispatcher) as other,
    ):
        other.wait_for("#changed")
        stream = Stream(board_too)
        sent = lent.sent
        try:
            until(lambda: lent.sent > sent + 200)
        finally:
            stream.stop()
        stream.arrives_at(other)
        lent.arrives_at(house)


@pytest.mark.usefixtures("unwatched")
def test_the_board_restarts(house: House, board: ScriptedBoard, witness: Witness, lent: Stream) -> None:
    """Its hello is heard in the stream, and the link asks for what it needs anew."""
    lent.stop()
    witness.interval_ms = 500
    board.restart(silently=False)
    again = Stream(board)
    try:
        board.wait_for("interval")
        until(witness.is_lent)
    finally:
        again.stop()
    assert board.channels[0].endswith(" 500")
    assert house.count("#disconnect") == 0


@pytest.mark.usefixtures("unwatched")
def test_a_request_at_a_board_that_does_not_answer(house: House, board: ScriptedBoard, lent: Stream) -> None:
    """Fails in time in a stream too."""
    board.script = lambda _: []
    with pytest.raises(sig.RequestTimeout):
        house.read(timeout=0.1)
