"""Links and sensors on a real pty, with a small scripted board at its other end."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

import sig
from drivers import Dispatcher, Link, LinkState, TemperatureSensor
from drivers import link as link_module
from drivers.errors import LinkLostError, PortError, PortNotFoundError
from drivers.source import Device, Measurement, Missing, Session, Up
from drivers.stream import line as line_module
from drivers.stream import session as session_module
from drivers.stream.line import MAX_WAITING
from drivers.stream.ports import UsbPort
from tests.support.background import in_background
from tests.support.house import House
from tests.support.scripted_board import TEMP, ScriptedBoard
from tests.support.sources import on_port
from tests.support.waiting import DEADLINE_S, happens, until

AT_ONCE_S = 4.0
"""Hundredths of a second, on a machine that does nothing else. What waits for a silence, a greeting
or the longest back-off waits for 5 s."""
PROMISED_S = 1.0
"""For a return; of a few tries the quickest counts, as a process may be kept from its turn."""


@pytest.fixture
def house(board: ScriptedBoard) -> Iterator[House]:
    """A link that is up, with a temperature sensor that has its first value."""
    with House(str(board.link)) as made:
        made.wait_for("#changed")
        yield made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence and lost requests are noticed sooner, yet not before one who is well has had his turn."""
    monkeypatch.setattr(session_module, "ATTEMPT_S", 0.2)
    monkeypatch.setattr(line_module, "ATTEMPT_S", 0.2)
    monkeypatch.setattr(session_module, "LEAST_SILENCE_S", 1.0)
    monkeypatch.setattr(session_module, "READ_S", 0.02)
    monkeypatch.setattr(session_module, "LOOK_S", 0.02, raising=False)
    monkeypatch.setattr(session_module, "GREETING_S", 2.0)
    monkeypatch.setattr(session_module, "GREETING_STEP_S", 0.2)


def test_the_hello_brings_the_link_up(house: House, board: ScriptedBoard) -> None:
    """With the first value read at once, not after an interval."""
    status = house.link.status()
    assert (status.state, status.reason, status.device) == (LinkState.UP, None, str(board.link))
    assert status.board is not None
    assert status.board.identity == board.identity
    assert status.counters["lines"] >= 4
    assert house.wait_for("#changed")[0]["value"] == 21.5
    assert board.count("read") == 1


def test_readings_become_events(house: House, board: ScriptedBoard) -> None:
    """Each with the time when it was measured."""
    before = time.time()
    board.report("temp", "22.25")
    data, _ = house.wait_for("#changed", count=2)
    assert (data["value"], data["quality"]) == (22.25, "good")
    assert data["time"] >= time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(before - 1))


def test_a_live_read_asks_the_board(house: House, board: ScriptedBoard) -> None:
    """And is an event too, if it is news."""
    board.values["temp"] = "19.75"
    assert house.read()["value"] == 19.75
    assert house.wait_for("#changed", count=2)[0]["value"] == 19.75
    assert house.sensors["temp"].last() == house.wait_for("#changed", count=2)[0]


def test_unplugged_the_senders_disconnect_and_replugged_they_connect(
    house: House, board: ScriptedBoard
) -> None:
    """Each at once; existing listeners get `#changed` again; a read between fails at once."""
    unplugged = time.monotonic()
    board.unplug()
    assert house.wait_for("#disconnect")[1] - unplugged < AT_ONCE_S
    asked = time.monotonic()
    with pytest.raises(sig.NotConnected):
        house.read()
    with pytest.raises(sig.NotConnected, match="board: "):
        house.link.request("read", "temp")
    assert time.monotonic() - asked < AT_ONCE_S
    status = house.link.status()
    assert status.state is LinkState.ABSENT
    assert status.board is None
    replugged = time.monotonic()
    board.plug()
    assert house.wait_for("#connect", count=2)[1] - replugged < AT_ONCE_S
    assert house.wait_for("#changed", count=2)[1] - replugged < AT_ONCE_S
    assert house.link.status().counters["lines"] > 8


def test_a_port_that_returns_is_picked_up_within_a_second(house: House, board: ScriptedBoard) -> None:
    """By the clock, at the quickest of three returns, each after the port was missed. By then the pauses are
    short: the longest leaves as much again for the opening and the greeting."""
    assert min(link_module.ABSENT_BACK_OFF_S, link_module.PRESENCE_S) <= PROMISED_S / 2
    took = []
    for again in (2, 3, 4):
        board.unplug()
        until(lambda: house.link.status().state is LinkState.ABSENT)
        replugged = time.monotonic()
        board.plug()
        took.append(house.wait_for("#changed", count=again)[1] - replugged)
    assert min(took) < PROMISED_S, took


def test_the_same_board_under_another_device_name(
    board: ScriptedBoard, tmp_path: Path, no_leaks: None
) -> None:
    """Found again by its USB identity, as ttyACM1 instead of ttyACM0."""
    plugged = {"device": str(tmp_path / "ttyACM0")}

    def comports() -> list[Any]:
        if not Path(plugged["device"]).exists():
            return []
        return [SimpleNamespace(device=plugged["device"], vid=0x2341, pid=0x43, serial_number="A1")]

    board.unplug()
    board.plug(tmp_path / "ttyACM0")
    with House(source=on_port(UsbPort(0x2341, 0x43, None, comports=comports))) as house:
        house.wait_for("#changed")
        board.unplug()
        house.wait_for("#disconnect")
        plugged["device"] = str(tmp_path / "ttyACM1")
        replugged = time.monotonic()
        board.plug(tmp_path / "ttyACM1")
        assert house.wait_for("#changed", count=2)[1] - replugged < AT_ONCE_S
        assert house.link.status().device == str(tmp_path / "ttyACM1")


def test_a_waiting_read_fails_at_once_when_the_board_is_unplugged(house: House, board: ScriptedBoard) -> None:
    """It does not wait for its time-out."""
    board.script = lambda fields: [] if fields[1] == "read" else None
    thread, results = in_background(lambda: house.read(timeout=60))
    board.wait_for("read", 2)
    unplugged = time.monotonic()
    board.unplug()
    thread.join(20)
    assert time.monotonic() - unplugged < AT_ONCE_S
    assert isinstance(results[0], sig.NotConnected)


@pytest.mark.usefixtures("impatient")
def test_a_silent_board_is_pinged_then_lost_then_found_again(board: ScriptedBoard) -> None:
    """Its cable is in, its program hangs."""
    board.channels = [TEMP.replace("1000", "10")]
    with House(str(board.link)) as house:
        house.wait_for("#changed")
        board.script = lambda fields: []
        house.wait_for("#disconnect")
        reason = house.link.status().reason
        assert board.count("ping") == session_module.PINGS
        assert reason is not None
        board.script = lambda fields: None
        house.wait_for("#connect", count=2)


@pytest.mark.usefixtures("impatient")
def test_a_silent_board_is_lost_though_somebody_reads_all_the_time(board: ScriptedBoard) -> None:
    """The reads hold the line, and there is no room for a ping."""
    board.channels = [TEMP.replace("1000", "10")]
    with House(str(board.link)) as house:
        house.wait_for("#connect")
        board.script = lambda fields: []
        threads = [in_background(lambda: house.read(timeout=60))[0] for _ in range(4)]
        house.wait_for("#disconnect")
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive()


@pytest.mark.usefixtures("impatient")
def test_a_board_of_another_baud_rate_fails_with_a_reason_and_backs_off(
    board: ScriptedBoard, caplog: pytest.LogCaptureFixture
) -> None:
    """Garbage in, nothing published; the pauses grow; the reason is logged once, not at each attempt."""
    board.script = lambda fields: [b"\xf8\x00\x86\xff\n" * 3]
    garbage = threading.Event()

    def talk() -> None:
        while not garbage.wait(0.01):
            board.say(b"\x80\xf8\xfe\x00\x7f")

    with House(str(board.link)) as house:
        thread, _ = in_background(talk)
        try:
            until(lambda: house.link.status().state is LinkState.FAILED)
            reason = house.link.status().reason or ""
            assert "did not say hello" in reason
            assert "not one good line (wrong baud rate?)" in reason
        finally:
            garbage.set()
            thread.join()
        assert house.events == []
        board.script = lambda fields: None
        house.wait_for("#connect")


class Nothing:
    """A source that cannot be opened: `errors`, one after the other, the last again and again."""

    where = "nothing"

    def __init__(self, *errors: Exception, seen: Sequence[object] = ()) -> None:
        self.errors = list(errors)
        self.seen = list(seen)
        self.opened: list[float] = []

    def open(self, _keeper: object) -> Session:
        """See `Source`."""
        self.opened.append(time.monotonic())
        raise self.errors.pop(0) if len(self.errors) > 1 else self.errors[0]

    def presence(self) -> object:
        """See `Source`."""
        return self.seen.pop(0) if self.seen else None

    def close(self) -> None:
        """See `Source`."""

    def device_of(self, _channel: str) -> str:
        """See `Source`."""
        return ""


@pytest.mark.parametrize(
    ("error", "pauses"),
    [
        (PortError("held by another program"), [0.01, 0.02, 0.04, 0.08, 0.08, 0.08]),
        (PortNotFoundError("not there"), [0.01, 0.02, 0.02, 0.02]),
        (TypeError("a defect"), [0.01, 0.02, 0.04, 0.08, 0.08]),
    ],
)
def test_back_off_grows_and_is_cut(
    monkeypatch: pytest.MonkeyPatch, error: Exception, pauses: list[float]
) -> None:
    """A source that is absent is tried more often than one that fails."""
    monkeypatch.setattr(link_module, "FIRST_BACK_OFF_S", 0.01)
    monkeypatch.setattr(link_module, "LAST_BACK_OFF_S", 0.08)
    monkeypatch.setattr(link_module, "ABSENT_BACK_OFF_S", 0.02)
    source = Nothing(error)
    with Link("board", source=source):
        until(lambda: len(source.opened) > len(pauses))
    waited = [after - before for before, after in pairwise(source.opened)]
    for least, took in zip(pauses, waited, strict=False):
        assert took >= 0.8 * least, waited
    assert min(waited[3:]) < 0.08 * 1.2 + 0.2, waited


@pytest.mark.parametrize("seen", [[None, None, "a"], ["a", "a", "b"], ["a", None, "a", "b"]])
def test_a_pause_ends_when_another_port_appears(
    seen: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one of the same name that replaces the present one; not when it goes."""
    monkeypatch.setattr(link_module, "PRESENCE_S", 0.001)
    for name in ("FIRST_BACK_OFF_S", "ABSENT_BACK_OFF_S", "LAST_BACK_OFF_S"):
        monkeypatch.setattr(link_module, name, 60.0)
    source = Nothing(PortNotFoundError("not there"), seen=seen)
    with Link("board", source=source):
        until(lambda: len(source.opened) == 2)
        assert source.seen == []


@pytest.mark.usefixtures("impatient")
def test_a_lost_request_is_sent_again_with_the_same_id(house: House, board: ScriptedBoard) -> None:
    """The first one was damaged on its way, say."""
    lost: Iterator[list[str]] = iter([[]])
    board.script = lambda fields: next(lost, None) if fields[1] == "read" else None
    assert house.read()["value"] == 21.5
    _, first, second = [fields for fields in board.requests if fields[1] == "read"]
    assert first == second


def test_a_late_answer_is_dropped(
    house: House, board: ScriptedBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next request gets its own."""
    board.script = lambda fields: [] if fields[1] == "read" else None
    monkeypatch.setattr(session_module, "ATTEMPT_S", DEADLINE_S)
    monkeypatch.setattr(line_module, "ATTEMPT_S", DEADLINE_S)
    with pytest.raises(
        sig.RequestTimeout, match=r"did not answer 'read temp' within [12]\.\d s \(1 attempts\)"
    ):
        house.read(timeout=2.0)
    late = board.wait_for("read", 2)[0]
    board.script = lambda fields: [f"A {late} temp 100 {board.now_ms()} 99", *board.healthy(fields)]
    board.seq = 100
    assert house.read()["value"] == 21.5
    assert house.link.status().counters["late"] == 1
    assert house.count("#changed") == 1


def test_a_slow_answer_is_waited_for(house: House, board: ScriptedBoard) -> None:
    """And the value is not older than the request."""
    asked = time.time()
    board.script = lambda fields: [] if fields[1] == "read" else None
    thread, results = in_background(house.read)
    fields = board.wait_for("read", 2)
    board.say(*board.healthy(fields))
    thread.join(20)
    assert results[0]["value"] == 21.5
    assert results[0]["time"] >= time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(asked))


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [("sensor_fault absent", sig.RequestError), ("busy", sig.Busy), ("bad_argument", sig.BadParams)],
)
def test_refusals_reach_the_caller(
    house: House, board: ScriptedBoard, refusal: str, kind: type[Exception]
) -> None:
    """With their types, and counted."""
    board.script = lambda fields: [f"E {fields[0]} {refusal}"]
    with pytest.raises(kind) as caught:
        house.read()
    assert type(caught.value) is kind
    assert house.router.request("temp", "stats")["failed_reads"] == 1


def test_a_fault_as_the_answer_to_a_read(house: House, board: ScriptedBoard) -> None:
    """An error for the caller, `#stale` for listeners."""
    board.values["temp"] = "!checksum"
    with pytest.raises(sig.RequestError, match="'checksum' instead of a value; check the sensor"):
        house.read()
    assert house.wait_for("#stale")[0]["value"] == 21.5


def test_a_flood_of_reads_is_bounded(house: House, board: ScriptedBoard) -> None:
    """64 wait; more are busy at once; when the board wakes up, one answer serves all who asked before."""
    board.script = lambda fields: [] if fields[1] == "read" else None
    waiting = [in_background(lambda: house.read(timeout=60)) for _ in range(MAX_WAITING)]
    until(lambda: house.link.status().waiting == MAX_WAITING)
    with pytest.raises(sig.Busy, match="64 requests wait for this link already"):
        house.read()
    board.script = lambda fields: None
    for thread, results in waiting:
        thread.join(20)
        assert results[0]["value"] == 21.5
    assert board.count("read") <= 5


def test_a_listener_may_ask_the_sensor_that_calls_it(house: House, board: ScriptedBoard) -> None:
    """From inside its callback, while forty other requests compete."""
    answers: list[Any] = []
    answered = threading.Event()

    def listener(info: dict[str, Any], data: Any) -> None:
        try:
            answers.append(house.router.request(info["sender"], "read"))
        except Exception as error:  # noqa: BLE001 - the test looks at it
            answers.append(error)
        answered.set()

    house.router.addListener(listener, "temp", "#changed")
    go = threading.Barrier(41)

    def compete() -> Any:
        go.wait(20)
        return house.read()

    others = [in_background(compete) for _ in range(40)]
    go.wait(20)
    board.report("temp", "30")
    happens(answered)
    for thread, results in others:
        thread.join(20)
        assert results[0]["quality"] == "good"
    assert answers[0]["quality"] == "good", answers


def test_a_listener_that_raises_stops_nothing(house: House, board: ScriptedBoard) -> None:
    """The next event comes, to the others and to itself."""
    sig.setup_logger(None)
    calls: list[Any] = []

    def listener(_: Any, data: Any) -> None:
        calls.append(data["value"])
        raise ValueError("a listener's own affair")

    house.router.addListener(listener, event="#changed")
    for count, value in enumerate((30.0, 31.0), 2):
        board.report("temp", f"{value:g}")
        house.wait_for("#changed", count=count)
    until(lambda: calls == [30.0, 31.0])


def test_what_unless_raises_is_the_callers(house: House) -> None:
    """On an idle line, and when its turn comes; the link stays up."""
    with pytest.raises(ZeroDivisionError):
        house.link.request("read", "temp", unless=lambda: 1 // 0)
    house.wait_for("#changed")
    crowd = [in_background(house.read) for _ in range(8)]
    with pytest.raises(ZeroDivisionError):
        house.link.request("read", "temp", unless=lambda: 1 // 0)
    for thread, results in crowd:
        thread.join(20)
        assert results[0]["quality"] == "good"
    assert house.link.status().state is LinkState.UP
    assert house.link.status().waiting == 0
    assert house.count("#disconnect") == 0


def blocked_at(house: House, board: ScriptedBoard) -> threading.Event:
    """Have a listener hold the dispatcher's thread; the event lets it go."""
    begun, go_on = threading.Event(), threading.Event()

    def listener(_: Any, data: Any) -> None:
        if not go_on.is_set():
            begun.set()
            happens(go_on)

    house.router.addListener(listener, "temp", "#changed")
    board.report("temp", "50")
    happens(begun)
    return go_on


def test_a_listener_that_blocks_holds_up_no_reader(board: ScriptedBoard) -> None:
    """`read` and `last` of every sensor go on; what waits is delivered afterwards."""
    with House(str(board.link), "temp", "hum") as house:
        house.wait_for("#changed")
        house.wait_for("#changed", "hum")
        go_on = blocked_at(house, board)
        try:
            assert house.read("hum")["value"] == 40.5
            assert house.read("temp")["value"] == 21.5
            board.report("hum", "55")
            until(lambda: house.sensors["hum"].last()["value"] == 55.0)  # type: ignore[index]
            assert house.count("#changed", "hum") == 1
        finally:
            go_on.set()
        assert house.wait_for("#changed", "hum", 2)[0]["value"] == 55.0


def test_a_full_queue_drops_readings_and_counts_them(board: ScriptedBoard) -> None:
    """Connects and disconnects come through."""
    with Dispatcher(capacity=10) as dispatcher, House(str(board.link), dispatcher=dispatcher) as house:
        house.wait_for("#changed")
        go_on = blocked_at(house, board)
        try:
            for number in range(100):
                board.report("temp", str(number % 50))
            until(lambda: house.sensors["temp"].stats()["dropped"] == 90)
            assert dispatcher.dropped == 90
            board.unplug()
            until(lambda: house.link.status().state is LinkState.ABSENT)
            board.plug()
            until(lambda: house.link.status().state is LinkState.UP)
        finally:
            go_on.set()
        house.wait_for("#disconnect")
        house.wait_for("#connect", count=2)
        assert house.read()["value"] == 21.5


def test_a_sensor_attached_to_a_link_that_is_up_connects(house: House, board: ScriptedBoard) -> None:
    """It gets a first value at once; and one that is detached disconnects."""
    late = TemperatureSensor("late", house.link, channel="temp")
    late.attach(house.router)
    house.wait_for("#connect", "late")
    assert house.wait_for("#changed", "late")[0]["value"] == 21.5
    board.report("temp", "33")
    assert house.wait_for("#changed", "late", count=2)[0]["value"] == 33.0
    house.link.dispatcher.post_always(lambda _: late.detach(), None)
    house.wait_for("#disconnect", "late")
    assert house.sensors["temp"].last()["value"] == 33.0  # type: ignore[index]


def test_a_board_that_restarts_is_greeted_and_goes_on(house: House, board: ScriptedBoard) -> None:
    """Its hello came, or was lost: the sender stays connected, the readings count again."""

    def reports(value: str) -> Callable[[], bool]:
        def published() -> bool:
            board.report("temp", value)
            return any(data["value"] == float(value) for data in house.all_data("#changed"))

        return published

    board.restart(silently=False)
    until(reports("30"))
    until(reports("31"))
    board.restart()
    until(reports("32"))
    assert house.count("#disconnect") == 0
    status = house.link.status()
    assert status.board is not None
    assert status.board.boot == board.boot
    assert status.counters["restarts"] == 2


def test_the_wanted_interval_is_set_on_the_board(board: ScriptedBoard) -> None:
    """When it comes up, and again after it restarted; the sensor knows what is in force."""
    with House(str(board.link), interval="250ms") as house:
        house.wait_for("#connect")
        until(lambda: house.sensors["temp"].info()["channel"]["interval"] == 0.25)
        assert ["interval", "temp", "250"] in [request[1:] for request in board.requests]
        assert house.sensors["temp"].info()["device"]["path"] == str(board.link)
        asked = len(board.requests)
        board.restart(silently=False)
        until(lambda: ["interval", "temp", "250"] in [request[1:] for request in board.requests[asked:]])
        until(lambda: ["read", "temp"] in [request[1:] for request in board.requests[asked:]])


def test_a_port_held_by_another_program_fails_with_a_reason(board: ScriptedBoard) -> None:
    """And is opened when that one lets go."""
    with House(str(board.link)) as first:
        first.wait_for("#connect")
        with House(str(board.link)) as second:
            until(lambda: second.link.status().state is LinkState.FAILED)
            assert "held by another program" in (second.link.status().reason or "")
            with pytest.raises(sig.NotConnected, match="held by another program"):
                second.link.request("ping")
            first.link.close()
            second.wait_for("#connect")


def test_a_link_may_be_closed_and_opened_again(house: House) -> None:
    """The sender disconnects and connects; each may be called twice."""
    house.link.open()
    house.link.close()
    house.link.close()
    assert house.wait_for("#disconnect")
    assert house.link.status().state is LinkState.CLOSED
    with pytest.raises(sig.NotConnected, match="the link is closed"):
        house.link.request("ping")
    house.link.open()
    house.wait_for("#connect", count=2)
    assert house.link.request("ping") is None


def test_close_is_quick_in_every_state(tmp_path: Path, board: ScriptedBoard) -> None:
    """Absent, greeting, up with a request on the line."""
    with House(str(tmp_path / "none")) as absent:
        until(lambda: absent.link.status().state is LinkState.ABSENT)
        started = time.monotonic()
    assert time.monotonic() - started < AT_ONCE_S
    board.script = lambda fields: []
    with House(str(board.link)) as greeting:
        until(lambda: greeting.link.status().state is LinkState.GREETING)
        board.wait_for("hello")
        started = time.monotonic()
    assert time.monotonic() - started < AT_ONCE_S
    board.script = lambda fields: [] if fields[1] == "read" else None
    with House(str(board.link)) as busy:
        busy.wait_for("#connect")
        thread, results = in_background(lambda: busy.link.request("read", "temp", timeout_s=60))
        until(lambda: busy.link.status().waiting == 1)
        started = time.monotonic()
    thread.join(20)
    assert time.monotonic() - started < AT_ONCE_S
    assert isinstance(results[0], sig.NotConnected)


def test_a_listener_may_close_the_link(house: House, board: ScriptedBoard) -> None:
    """From the dispatcher's own thread; the sender has disconnected in the end."""
    closed = threading.Event()

    def listener(_: Any, data: Any) -> None:
        house.link.close()
        closed.set()

    house.router.addListener(listener, "temp", "#changed")
    board.report("temp", "30")
    happens(closed)
    house.wait_for("#disconnect")
    assert house.link.status().state is LinkState.CLOSED
    with pytest.raises(sig.NotConnected, match="the link is closed"):
        house.link.request("read", "temp")


def test_a_listener_of_disconnect_sees_the_link_down(house: House, board: ScriptedBoard) -> None:
    """The state changes before the news of it."""
    seen: list[Any] = []
    house.router.addListener(lambda info, data: seen.append(house.link.status()), "temp", "#disconnect")
    board.unplug()
    until(lambda: seen)
    assert seen[0].state is LinkState.ABSENT
    assert seen[0].reason


def test_a_defect_is_logged_and_does_not_end_the_link(
    house: House, board: ScriptedBoard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The link fails, says so, and opens the port again."""
    heard = TemperatureSensor.heard
    broken = iter([True])

    def break_once(self: TemperatureSensor, measurement: Measurement) -> None:
        if next(broken, False):
            raise RuntimeError("a defect")
        heard(self, measurement)

    monkeypatch.setattr(TemperatureSensor, "heard", break_once)
    with caplog.at_level(logging.ERROR):
        board.report("temp", "30")
        house.wait_for("#disconnect")
        house.wait_for("#connect", count=2)
    assert "board: internal error" in caplog.text
    assert "RuntimeError: a defect" in caplog.text


def test_a_defect_without_words_does_not_end_the_link(
    house: House, board: ScriptedBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody's exception may fail when it is asked for its text, in whatever way."""

    class SpeechlessError(Exception):
        def __str__(self) -> str:
            raise SystemExit

    heard = TemperatureSensor.heard
    broken = iter([True])

    def break_once(self: TemperatureSensor, measurement: Measurement) -> None:
        if next(broken, False):
            raise SpeechlessError
        heard(self, measurement)

    monkeypatch.setattr(TemperatureSensor, "heard", break_once)
    board.report("temp", "30")
    house.wait_for("#disconnect")
    house.wait_for("#connect", count=2)


def test_the_states_are_named_for_people() -> None:
    """As they appear in stats."""
    assert [str(state) for state in LinkState] == ["closed", "opening", "absent", "greeting", "up", "failed"]


def test_a_first_value_is_confirmed_at_once(board: ScriptedBoard) -> None:
    """A sensor that was just switched on says 85 °C: the board, which only answers, is asked again."""
    board.channels = ["temp temperature C 0.01 -40 125 0"]

    def power_on(fields: list[str]) -> None:
        board.values["temp"] = "85.00" if board.count("read") == 1 else "21.50"

    board.script = power_on
    with House(str(board.link), spike=5, hot=26) as house:
        house.wait_for("#changed", count=3)
        told = [(data["value"], data["quality"]) for data in house.all_data("#changed")]
        assert told == [(85.0, "suspect"), (21.5, "suspect"), (21.5, "good")]
        assert (house.count("hot"), board.count("read")) == (0, 3)


def test_a_refresh_has_the_channel_read(house: House, board: ScriptedBoard) -> None:
    """From any thread, without waiting for the answer; of a link that is not there it asks nothing."""
    read = board.count("read")
    board.values["temp"] = "30.00"
    house.link.refresh("temp")
    assert house.wait_for("#changed", count=2)[0]["value"] == 30.0
    board.unplug()
    house.wait_for("#disconnect")
    house.link.refresh("temp")
    assert board.count("read") == read + 1


class Listening:
    """A sink that notes what it hears, and what it is told that it missed."""

    channel = "temp"
    interval_ms = None

    def __init__(self) -> None:
        self.values: list[float | None] = []
        self.missed_count = 0
        self.warnings: list[str | None] = []
        self.downs: list[str] = []

    def heard(self, measurement: Measurement) -> None:
        """See `Sink`."""
        self.values.append(measurement.value)

    def missed(self) -> None:
        """See `Sink`."""
        self.missed_count += 1

    def accept(self, measurement: Measurement) -> None:
        """See `Sink`."""

    def missing(self, _missing: Missing) -> None:
        """See `Sink`."""

    def link_up(self, _device: Device, warning: str | None) -> None:
        """See `Sink`."""
        self.warnings.append(warning)

    def link_down(self, reason: str) -> None:
        """See `Sink`."""
        self.downs.append(reason)


def test_the_right_board_is_replaced_by_another_and_comes_back(board: ScriptedBoard) -> None:
    """No cable was pulled; sensors hear all the same that theirs is gone, and that it is there again."""
    sink, right = Listening(), board.identity
    with Link("board", str(board.link), identity=right) as link:
        link.add(sink)
        until(lambda: sink.values)
        board.identity = "OTHER"
        board.restart(silently=False)
        until(lambda: sink.downs)
        refusal = f"board OTHER answers, and identity: {right} is wanted"
        assert sink.downs == [f"{refusal}; plug that one in, or write identity: OTHER"]
        assert (link.status().state, link.status().devices) == (LinkState.FAILED, {})
        with pytest.raises(sig.NotConnected, match=f"identity: {right} is wanted"):
            link.request("read", "temp")
        board.identity = right
        board.restart(silently=False)
        until(lambda: len(sink.warnings) >= 2)
        assert link.status().state is LinkState.UP
        assert len(sink.downs) == 1


def test_a_refused_board_is_not_heard_even_in_one_breath_with_its_hello(board: ScriptedBoard) -> None:
    """Its readings come before anybody has judged who it is."""
    board.script = lambda fields: [*board.healthy(fields), board.reading("temp", "-18")]
    sink = Listening()
    with Link("board", str(board.link), identity="0001") as link:
        link.add(sink)
        until(lambda: sink.missed_count)
        board.report("temp", "-18")
        until(lambda: sink.missed_count > 1)
        assert link.status().state is LinkState.FAILED
        reason = link.status().reason or ""
        assert board.identity in reason
        assert "identity: 0001" in reason
    assert (sink.values, sink.warnings) == ([], [])


def test_a_live_read_of_another_board_is_suspect_while_a_listener_holds_up_the_news(
    board: ScriptedBoard,
) -> None:
    """The link knows it before the sensor is told."""
    with House(str(board.link)) as house:
        house.wait_for("#changed")
        go_on = blocked_at(house, board)
        try:
            before, board.identity = board.identity, "OTHER"
            board.restart(silently=False)
            until(lambda: house.link.status().warning)
            reading = house.read()
            assert reading["quality"] == "suspect"
            assert f"board OTHER answers where {before} did" in reading["reason"]
        finally:
            go_on.set()


def test_a_session_that_raises_while_it_is_let_go_is_ended_all_the_same() -> None:
    """Else its descriptor would stay open, and its sensors connected."""

    class Broken:
        where = "broken"
        waiting = 0
        ended: ClassVar[list[str]] = []

        @property
        def counters(self) -> dict[str, int]:
            raise RuntimeError("no counters")

        def greet(self, _stopping: threading.Event) -> list[Device]:
            raise LinkLostError("nobody there")

        def end(self, reason: str) -> None:
            self.ended.append(reason)

        def wake(self) -> None: ...

    source = Nothing(PortNotFoundError("not there"))
    source.open = lambda _keeper: Broken()  # type: ignore[assignment, method-assign, return-value]
    with Link("board", source=source) as link:
        until(lambda: len(Broken.ended) == 2, what="it is opened again, and ended again")
        until(lambda: "no counters" in str(link.status().reason))
        assert link.status().state is LinkState.FAILED
    assert Broken.ended[0] == "nobody there"


@pytest.mark.parametrize(("identity", "pressed"), [("24A1", 1), ("24A2", 0), (None, 1)])
def test_a_device_that_is_refused_does_not_press(identity: str | None, pressed: int) -> None:
    """Nothing that it keeps becomes safe: history would commit each second, for ever, in vain."""
    presses: list[None] = []
    link = Link("board", "/dev/none", identity=identity)
    link.on_pressure = lambda: presses.append(None)
    link.pressed()
    assert presses == []
    link.tell(Up(Device("uno", "24A1", "1.0", 7, {}, kept=100)))
    link.pressed()
    assert len(presses) == pressed
