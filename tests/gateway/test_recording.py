"""History as a service, on a real file."""

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import sig
from drivers.reading import format_ms
from gateway import recording as recording_module
from gateway.app import App
from gateway.config import load
from gateway.event_id import BEFORE_ALL, EventId
from gateway.feed import Feed
from gateway.history import recorder as recorder_module
from gateway.history.intake import OFF
from gateway.history.store import Store
from gateway.mailbox import Mailbox
from gateway.recording import FILE, Recording
from gateway.senders import OWN_NAME
from gateway.storage.schema import StoreError
from gateway.written import by_this_thread
from tests.support.fake_machine import RunningMachine, StagedClock
from tests.support.imported import imported
from tests.support.receipts import Kept
from tests.support.waiting import happens, until


class House:
    """The service, with a router of its own in which `temp` is."""

    def __init__(self, folder: Path, override: str | None = "set", wall: float | None = None) -> None:
        path = folder / "config.yaml"
        path.write_text("history: {window: 1s}\n")
        self.config = load(path)
        self.config.data.mkdir(exist_ok=True)
        machine = RunningMachine() if wall is None else RunningMachine(wall)
        self.clock = StagedClock(machine, override=override)
        self.router = sig.Router()
        self.feed = Feed(self.router, self.clock)
        self.service = Recording(self.config, self.feed, self.clock)
        self.temp: Any = None
        self.heard = Mailbox()
        self.feed.add(self.heard)

    def join(self) -> None:
        """`temp` comes."""
        self.temp = self.router.addSender("temp", ["#changed", "#stale", "hot"])

    def start(self) -> "House":
        """Until it writes."""
        self.service.start()
        self.join()
        until(lambda: self.part["status"] == "ok", what=str(self.part))
        return self

    def say(self, value: float) -> None:
        """A reading of now."""
        utc, unset = self.clock.stamp(self.clock.monotonic())
        data = {"value": value, "unit": "°C", "quality": "good", "seq": 1}
        more = {"clock": "unset"} if unset else {}
        self.temp.getSignal("#changed").trigger({**data, "time": format_ms(round(utc * 1000)), **more})

    @property
    def part(self) -> dict[str, Any]:
        """How it fares."""
        return self.service.status()["history"].as_data()

    def last_id(self) -> EventId:
        """Of what was heard since the last time."""
        return self.heard.events(1000)[-1].id

    def now_ms(self) -> int:
        """UTC."""
        return round(self.clock.utc() * 1000)

    def chart(self) -> Any:
        """All of it."""
        return self.service.points("temp", self.now_ms() - 3_600_000, self.now_ms() + 1000, 1000)

    @property
    def values(self) -> list[float]:
        """Of the chart."""
        found = self.chart()
        return [] if found is None else [bucket.value for bucket in found.buckets]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., House]]:
    """Makes services that are not started; all use one folder."""
    monkeypatch.setattr(recording_module, "SETTLE_S", 0.0)
    monkeypatch.setattr(recorder_module, "PAUSE_S", 0.01)
    before = set(threading.enumerate())
    made: list[House] = []

    def make_one(**more: Any) -> House:
        made.append(House(tmp_path, **more))
        return made[-1]

    yield make_one
    for house in made:
        house.service.stop(5.0)
    until(lambda: not set(threading.enumerate()) - before)


def test_its_loop_goes_round(make: Callable[..., House]) -> None:
    """One that waits does so now; one that is held up at the store does not."""
    house = make()
    assert house.service.loops() == {}
    house.start()
    first = house.service.loops()["history"]
    until(lambda: house.service.loops()["history"] > first)
    recorder = house.service._recorder
    assert recorder is not None
    entered, go_on = threading.Event(), threading.Event()

    def held_up(_batch: Any) -> None:
        entered.set()
        go_on.wait()

    recorder._store.write = held_up  # type: ignore[assignment, method-assign]
    house.say(1.0)
    happens(entered)
    stands = house.service.loops()["history"]
    assert house.clock.monotonic() > stands
    assert house.service.loops()["history"] == stands
    go_on.set()
    until(lambda: house.service.loops()["history"] > stands)


def test_what_was_said_is_there_at_once(make: Callable[..., House]) -> None:
    """Before it is on disk, and then from there."""
    house = make().start()
    house.say(20.5)
    assert house.values == [20.5]
    rows = house.service.unwritten({"sender": "temp"})["rows"]
    assert [row[1:] for row in rows] == [[20.5, 0]]
    until(lambda: house.service.unwritten({"sender": "temp"})["rows"] == [])
    assert house.values == [20.5]
    assert house.part["lost"] == 0
    assert house.part["message"].startswith("written until 20")
    assert house.part["message"].endswith("; no event waits")


def test_what_is_written_is_counted(make: Callable[..., House]) -> None:
    """As the part `history` of what the gateway writes to the disk."""
    house = make()
    assert list(house.service.families()) == []
    house.start()

    def written() -> Any:
        found = {family.name: family.samples for family in house.service.families()}
        (sample,) = found["disk_written_bytes_total"]
        assert sample.labels == (("part", "history"),)
        return sample.value

    if by_this_thread() is None:
        assert written() is None
        return
    before = written()
    house.say(20.5)
    until(lambda: house.part["waiting"] == 0)
    assert written() == before == 0 or written() > before  # none where the folder is in memory


def test_before_it_is_opened(make: Callable[..., House]) -> None:
    """Who asks is told to come again."""
    house = make()
    with pytest.raises(sig.Busy, match="history is not opened yet"):
        house.chart()
    with pytest.raises(sig.Busy):
        house.service.since(BEFORE_ALL, 1)
    with pytest.raises(sig.Busy):
        house.service.unwritten({"sender": "temp"})
    assert (house.part["status"], house.part["message"]) == ("unknown", "not opened yet")


def test_the_next_run_goes_on(make: Callable[..., House]) -> None:
    """With the readings of before, a gap between the two, and events whose ids ascend."""
    first = make().start()
    came = first.last_id()
    first.say(20.0)
    first.service.leaving()
    first.router.removeSender(first.temp)
    assert first.values == [20.0]
    assert first.service.stop(5.0)
    left = [path.name for path in first.config.data.iterdir()]
    assert left == [FILE], "readers that are left open keep the log from being cleared away"
    second = make(wall=first.clock.utc() + 60).start()
    second.say(21.0)
    found = second.chart()
    assert [bucket.value for bucket in found.buckets] == [20.0, 21.0]
    (gap,) = found.gaps
    assert gap.reason == OFF
    assert found.buckets[0].time <= gap.begin < gap.end == found.buckets[1].time
    events = second.service.since(came, 100)
    assert events is not None
    assert [event.event for event in events] == ["#changed", "#disconnect", "#connect", "#changed"]
    ids = [came, *(event.id for event in events)]
    assert ids == sorted(set(ids))
    assert second.last_id() == ids[-1]


def test_a_clock_that_is_behind_at_the_next_start(make: Callable[..., House]) -> None:
    """The file is opened before anybody has come, so that ids go on after those of before."""
    first = make().start()
    first.say(20.0)
    last = first.last_id()
    assert first.service.stop(5.0)
    second = make(override="unset", wall=first.clock.utc() - 86400)
    second.service.start()
    second.join()
    second.say(21.0)
    events = second.service.since(last, 10)
    assert events is not None
    assert [event.event for event in events] == ["#connect", "#changed"]
    assert all(event.id > last for event in events)
    assert second.last_id() == events[-1].id


def test_a_clock_that_is_set_later(make: Callable[..., House]) -> None:
    """What was said before is in the chart then, at its right time."""
    house = make(override=None, wall=1_700_000_000.0)
    house.service.start()
    house.join()
    house.say(20.0)
    until(lambda: house.part["status"] == "ok")
    assert house.part["message"].startswith("written without times until the clock is set")
    assert house.values == []
    house.clock.set_wall(1_900_000_000.0)
    house.clock.look()
    until(lambda: house.values == [20.0])
    assert 1_900_000_000_000 - 60_000 < house.chart().buckets[0].time <= house.now_ms()


def test_a_stop_at_once(make: Callable[..., House]) -> None:
    """What was said until then is on disk."""
    house = make()
    house.service.start()
    house.join()
    house.say(20.0)
    assert house.service.stop(5.0)
    again = make().start()
    assert again.values == [20.0]


def test_it_may_be_stopped_without_a_start(make: Callable[..., House]) -> None:
    """And started and stopped twice."""
    house = make()
    assert house.service.stop(1.0)
    house.start()
    house.service.start()
    assert house.service.stop(5.0)
    assert house.service.stop(5.0)


def test_a_folder_that_cannot_be_written(
    make: Callable[..., House], caplog: pytest.LogCaptureFixture
) -> None:
    """Is a part that fails, said once; what comes waits, and is written when it can be."""
    house = make()
    house.config.data.rmdir()
    house.config.data.write_text("no folder")
    house.service.start()
    house.join()
    until(lambda: house.part["status"] == "failing")
    house.say(20.0)
    until(lambda: house.part["waiting"] == 2)
    assert house.part["message"].startswith("cannot be written: ")
    house.config.data.unlink()
    house.config.data.mkdir()
    house.clock.advance(3)
    house.service.mailbox.post("look")
    until(lambda: house.part["status"] == "ok", what=str(house.part))
    assert house.values == [20.0]
    told = [each for each in caplog.records if each.name == "gateway.history.recorder"]
    assert [each.levelno for each in told if each.levelno >= logging.WARNING] == [logging.ERROR]


def test_a_stop_that_takes_too_long(
    make: Callable[..., House], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Is left behind, and says so."""
    held = threading.Event()
    house = make().start()
    recorder: Any = house.service._recorder
    begun = threading.Event()

    def hang() -> None:
        begun.set()
        held.wait(20)

    monkeypatch.setattr(recorder, "_turn", hang)
    house.service.mailbox.post("look")
    assert begun.wait(20)
    house.say(20.0)
    assert not house.service.stop(0.01)
    waiting = recorder.status.waiting
    assert waiting
    text = f"history did not stop within 0.01 s and is left behind, with {waiting} events not written"
    assert text in caplog.text
    held.set()


def test_an_error_of_its_own(
    make: Callable[..., House], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Is logged, makes it red, and does not end it; nothing of what waits is lost."""
    house = make().start()
    recorder: Any = house.service._recorder
    turn = recorder._turn

    def fails() -> None:
        monkeypatch.setattr(recorder, "_turn", turn)
        raise ZeroDivisionError

    monkeypatch.setattr(recorder, "_turn", fails)
    house.say(20.0)
    until(lambda: house.part["status"] == "failing", what=str(house.part))
    assert house.part["message"] == "it failed, and begins anew; see the log"
    assert "please report this" in caplog.text
    assert house.values == [20.0]
    assert house.service.stop(5.0)
    assert make().start().values == [20.0]


def test_after_an_error_of_its_own_nothing_was_off(
    make: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins anew, in a gateway that was at work all the time: there is no gap."""
    monkeypatch.setattr(recording_module, "AGAIN_S", 0.01)
    house = make().start()
    recorder: Any = house.service._recorder
    house.say(20.0)
    until(lambda: recorder.unwritten() == [])
    turn, failed = recorder._turn, threading.Event()

    def fails() -> None:
        monkeypatch.setattr(recorder, "_turn", turn)
        failed.set()
        raise ZeroDivisionError

    monkeypatch.setattr(recorder, "_turn", fails)
    house.say(21.0)
    until(failed.is_set)
    house.say(22.0)
    until(lambda: house.part["status"] == "ok" and recorder.unwritten() == [])
    chart = house.chart()
    assert [bucket.value for bucket in chart.buckets] == [20.0, 21.0, 22.0]
    assert chart.gaps == []


def test_in_a_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one of its parts; the gateway's own sender answers what is not written yet; senders that go with
    it leave the gap of a gateway that is off."""
    monkeypatch.setattr(recording_module, "SETTLE_S", 0.0)
    path = tmp_path / "config.yaml"
    path.write_text(f"router: {{listen: 'unix:{tmp_path}/s'}}\nhistory: {{}}\n")
    app = App(load(path))
    app.start()
    until(lambda: app.health()["parts"]["history"]["status"] == "ok")
    answer = app.router.request(OWN_NAME, "history", {"sender": "temp"})
    assert (answer["rows"], answer["marks"]) == ([], [])
    assert app.stop()
    assert (tmp_path / "data" / FILE).exists()


class Waited(threading.Event):
    """Notes how long it was to be waited for, and waits until it is set."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        """As long as it takes."""
        self.asked.append(timeout)
        return super().wait(60)


def test_a_clock_that_is_not_set_waits_for_the_file(
    make: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`start` returns when the ids of the last run are known, so that none is given again, and does not wait
    for ever; with a clock that is set the sensors come first."""
    first = make()
    first.service._opened = unasked = Waited()
    first.start().say(20.0)
    last = first.last_id()
    assert first.service.stop(5.0)
    assert unasked.asked == []
    second = make(override="unset", wall=first.clock.utc() - 86400)
    second.service._opened = asked = Waited()
    went: list[EventId] = []
    monkeypatch.setattr(second.feed, "go_on_after", went.append)
    second.service.start()
    assert asked.asked == [recording_module.OPENING_S]
    assert (asked.is_set(), went) == (True, [last])


PARTS = ("gateway.history", "gateway.storage", "sqlite3")


@pytest.mark.parametrize("configured", [True, False])
def test_what_is_imported(tmp_path: Path, configured: bool) -> None:
    """Nothing of it where `history` is left out; with it, nothing before the links open; all of it later."""
    opening, ended = imported(tmp_path, "history: {}" if configured else "", PARTS)
    assert opening == []
    assert ended == (list(PARTS) if configured else [])


@pytest.mark.parametrize("ill", [False, True])
def test_kept_readings_at_a_reload(
    make: Callable[..., House], monkeypatch: pytest.MonkeyPatch, ill: bool
) -> None:
    """What the old one holds ends: it is safe, or, where the disk cannot be written, to be sent again; what
    comes between belongs to the new one, which has it safe."""
    house, device = make().start(), Kept()
    signal = house.temp.getSignal("#changed")

    def say(seq: int) -> None:
        time = format_ms(house.now_ms())
        device.say(signal, seq, {"value": 1.0, "unit": "°C", "quality": "good", "time": time, "seq": seq})

    def fail(*_: Any) -> None:
        raise StoreError("disk is full")

    with monkeypatch.context() as patch:
        if ill:
            patch.setattr(Store, "write", fail)
        say(1)
        old, new = house.service, Recording(house.config, house.feed, house.clock)
        house.feed.exchange(old.mailbox, new.mailbox)
        say(2)
        assert old.stop(20.0)
        assert (device.safe, device.lost) == (([], [1]) if ill else ([1], []))
    new.goes_on = True
    house.service = new
    new.start()
    until(lambda: 2 in device.safe)


def test_kept_readings_of_one_that_was_never_opened(
    make: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has failed, and is stopped."""
    house, device = make(), Kept()

    def fail(_service: Recording) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(Recording, "_made", fail)
    house.service.start()
    house.join()
    device.say(house.temp.getSignal("#changed"), 1, {})
    assert house.service.stop(20.0)
    until(lambda: device.lost == [1])


def test_kept_readings_where_there_is_no_thread_left(
    make: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has heard already is to be sent again, and nobody fills its mailbox any more."""
    house, device = make(), Kept()

    def fail(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    house.join()
    house.feed.add(house.service.mailbox)
    device.say(house.temp.getSignal("#changed"), 1, {})
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        with pytest.raises(RuntimeError, match="can't start"):
            house.service.start()
    assert device.lost == [1]
    device.say(house.temp.getSignal("#changed"), 2, {})
    assert device.safe == [2]


def test_pressure_of_a_board(make: Callable[..., House]) -> None:
    """All is written soon, though the window is long; before it is opened there is nothing to write."""
    house, device = make(), Kept()
    house.service.write_soon()
    house.start()
    house.say(1.0)
    until(lambda: house.service.unwritten({"sender": "temp"})["rows"] == [])
    time = format_ms(house.now_ms())
    data = {"value": 1.0, "unit": "°C", "quality": "good", "time": time, "seq": 1}
    device.say(house.temp.getSignal("#changed"), 1, data)
    house.service.write_soon()
    until(lambda: device.safe == [1])
