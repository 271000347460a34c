"""A board that reports fast: the dispatcher's thread reads, and only the cost is another."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import pytest

import sig
from drivers import Dispatcher, LinkState
from drivers import loans as loans_module
from drivers import worth as worth_module
from drivers.source import Device, Measurement, Missing
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
    """Readings of `temp`, numbered by their values, one each `every_s` until it is stopped."""

    def __init__(self, board: ScriptedBoard, every_s: float = 0.002) -> None:
        self._board = board
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stream")
        self.sent = 0
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
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

    def missing(self, _: Missing) -> None:
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
    monkeypatch.setattr(worth_module, "STREAM", 50.0)
    monkeypatch.setattr(worth_module, "STREAM_ENDS", 25.0)
    monkeypatch.setattr(lender_module, "REST_S", 0.05)


@pytest.fixture
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The link's thread does not look whether the dispatcher is there: it has to be told."""
    monkeypatch.setattr(loans_module, "TICK_S", 60.0)
    monkeypatch.setattr(loan_module, "TICK_S", 60.0)


@pytest.fixture
def witness() -> Witness:
    """Who reads."""
    return Witness()


@pytest.fixture
def house(board: ScriptedBoard, dispatcher: Dispatcher, witness: Witness) -> Iterator[House]:
    """A link that is up, and its sensor connected."""
    made = House(str(board.link), dispatcher=dispatcher)
    made.link.add(witness)
    with made:
        made.wait_for("#changed")
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
            answers.append(house.read(timeout=60)["value"])
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
    assert [house.read(timeout=60)["value"] for _ in range(20)] == [77.5] * 20
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


class Neighbour:
    """One link more on the dispatcher, whose board reports too. A context manager."""

    def __init__(self, path: Path, number: int, dispatcher: Dispatcher, every_s: float = 0.002) -> None:
        self.witness = Witness()
        self._stack = ExitStack()
        self._made = (path / f"board{number}", f"24A16057F7{number:02}", dispatcher, every_s)

    def __enter__(self) -> Self:
        path, identity, dispatcher, every_s = self._made
        with ExitStack() as stack:
            self.board = stack.enter_context(ScriptedBoard(path, identity=identity))
            self.house = House(str(self.board.link), dispatcher=dispatcher)
            self.house.link.add(self.witness)
            stack.enter_context(self.house)
            self.house.wait_for("#changed")
            until(lambda: self.witness.heard_count)
            self.stream = Stream(self.board, every_s)
            stack.callback(self.stream.stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


@pytest.fixture
def neighbours(dispatcher: Dispatcher, tmp_path: Path, lent: Stream) -> Iterator[list[Neighbour]]:
    """Three links beside the first one, and the dispatcher reads all of them."""
    with ExitStack() as stack:
        made = [stack.enter_context(Neighbour(tmp_path, number, dispatcher)) for number in range(3)]
        all_lent(made)
        yield made


def all_lent(neighbours: list[Neighbour]) -> None:
    """Wait until the dispatcher reads all of them."""
    for neighbour in neighbours:
        until(neighbour.witness.is_lent)


def test_many_links_one_dispatcher(house: House, lent: Stream, neighbours: list[Neighbour]) -> None:
    """It reads for all of them, and each loses nothing."""
    sent = lent.sent
    until(lambda: lent.sent > sent + 200)
    for neighbour in neighbours:
        neighbour.stream.arrives_at(neighbour.house)
    lent.arrives_at(house)


def test_slow_links_are_lent_in_company(
    dispatcher: Dispatcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them alone would not be worth it."""
    monkeypatch.setattr(worth_module, "STREAM", 90.0)
    monkeypatch.setattr(worth_module, "STREAM_ENDS", 60.0)
    with ExitStack() as stack:
        first = stack.enter_context(Neighbour(tmp_path, 0, dispatcher, 0.02))
        until(lambda: first.witness.heard_count > 60)
        assert first.witness.readers == {LENDER}
        others = [stack.enter_context(Neighbour(tmp_path, number, dispatcher, 0.02)) for number in (1, 2)]
        all_lent([first, *others])
        for neighbour in (first, *others):
            neighbour.stream.arrives_at(neighbour.house)


@pytest.mark.usefixtures("unwatched")
def test_a_listener_asks_another_board(neighbours: list[Neighbour]) -> None:
    """Which the thread that it runs on reads, too; only that one's loan ends, and soon begins anew."""
    asking, asked, quiet = neighbours
    answers: list[object] = []
    done = threading.Event()
    asked.board.values["temp"] = "77.5"
    quiet.witness.readers.clear()

    def ask(_info: dict[str, object], _data: object) -> None:
        if done.is_set() or not asked.witness.is_lent():
            return
        answers.append(asked.house.read(timeout=60)["value"])
        if len(answers) == 5:
            done.set()

    asking.house.router.addListener(ask, "temp", "#changed")
    happens(done)
    assert answers == [77.5] * 5
    assert quiet.witness.readers <= {BORROWER}


@pytest.mark.usefixtures("unwatched")
def test_others_ask_many_boards(neighbours: list[Neighbour]) -> None:
    """Each answers while the others are read."""
    for neighbour in neighbours:
        neighbour.board.values["temp"] = "77.5"
    for _ in range(5):
        for neighbour in neighbours:
            assert neighbour.house.read(timeout=60)["value"] == 77.5


def test_a_listener_that_blocks_stops_no_link(neighbours: list[Neighbour]) -> None:
    """All of them read for themselves, and lend again when it has returned."""
    begun, go_on = threading.Event(), threading.Event()

    def block(*_: object) -> None:
        if not begun.is_set():
            begun.set()
            happens(go_on)

    neighbours[0].house.router.addListener(block, "temp", "#changed")
    happens(begun)
    for neighbour in neighbours:
        until(neighbour.witness.is_back)
        count = neighbour.witness.heard_count
        until(lambda count=count, neighbour=neighbour: neighbour.witness.heard_count > count + 20)  # type: ignore[misc]
    go_on.set()
    all_lent(neighbours)
    for neighbour in neighbours:
        neighbour.stream.arrives_at(neighbour.house)


@pytest.mark.usefixtures("unwatched")
def test_one_cable_of_many_is_pulled(neighbours: list[Neighbour]) -> None:
    """The others are read on, and it is found again."""
    pulled, *others = neighbours
    for other in others:
        other.witness.readers.clear()
    pulled.stream.stop()
    pulled.board.unplug()
    pulled.house.wait_for("#disconnect")
    for other in others:
        count = other.witness.heard_count
        until(lambda count=count, other=other: other.witness.heard_count > count + 50)  # type: ignore[misc]
        assert other.witness.readers == {BORROWER}
    pulled.board.plug()
    pulled.house.wait_for("#connect", count=2)


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
