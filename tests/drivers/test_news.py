"""Comings and goings on their way to the sinks: in order, never dropped, bounded."""

import logging
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.dispatcher import Dispatcher
from drivers.news import MAX_WAITING, News
from drivers.source import Device, Measurement, Missing
from tests.support.fake_clock import FakeClock
from tests.support.waiting import until


class Ear:
    """A sink that notes what it hears; it may fail."""

    channel = "temp"
    interval_ms = None

    def __init__(self) -> None:
        self.said: list[str] = []
        self.fails = False

    def __repr__(self) -> str:
        return "the ear"

    def heard(self, measurement: Measurement, /) -> None:
        """See `Sink`."""

    def missed(self) -> None:
        """See `Sink`."""

    def accept(self, measurement: Measurement, /) -> None:
        """See `Sink`."""
        self.said.append(f"value {measurement.seq}")

    def missing(self, _missing: Missing, /) -> None:
        """See `Sink`."""

    def link_up(self, device: Device, warning: str | None, /) -> None:
        """See `Sink`."""
        self.note(f"up {device.boot}" + (f" ({warning})" if warning else ""))

    def link_down(self, reason: str, /) -> None:
        """See `Sink`."""
        self.note(f"down {reason}")

    def note(self, what: str) -> None:
        """It has heard that."""
        self.said.append(what)
        if self.fails:
            raise RuntimeError("a defect")


class Blocked:
    """News for two devices, `a` and `b`, to a dispatcher that does not run before `delivers`."""

    def __init__(self) -> None:
        self.dispatcher = Dispatcher(clock=FakeClock())
        self.ears: dict[str, list[Ear]] = {"a": [Ear()], "b": [Ear()]}
        self.news = News("board", self.dispatcher, lambda device: self.ears[device])

    def up(self, device: str, boot: int) -> None:
        """It comes."""
        came = Device("m", "24A1", "f", boot, {}, device)
        self.news.tell(device, lambda sink: sink.link_up(came, None))

    def down(self, device: str, why: int) -> None:
        """It goes."""
        self.news.tell(device, lambda sink: sink.link_down(str(why)))

    def alternate(self, device: str, count: int, start: int = 0) -> str:
        """So many comings and goings; returns the last."""
        for number in range(start, start + count):
            (self.down if number % 2 else self.up)(device, number)
        last = start + count - 1
        return f"down {last}" if last % 2 else f"up {last}"

    def delivers(self) -> None:
        """The dispatcher comes round to it."""
        with self.dispatcher:
            pass

    def said(self, device: str) -> list[str]:
        """What the device's first sink has heard."""
        return self.ears[device][0].said


@pytest.fixture
def blocked() -> Blocked:
    """News that wait."""
    return Blocked()


def test_news_arrive_in_order_and_among_the_measurements(blocked: Blocked) -> None:
    """A value that was measured before a device went is published before that."""
    ear = blocked.ears["a"][0]
    blocked.up("a", 1)
    blocked.dispatcher.post(ear.accept, Measurement("temp", 1, 20.0, None, 0.0))
    blocked.down("a", 2)
    blocked.up("a", 3)
    blocked.dispatcher.post(ear.accept, Measurement("temp", 2, 20.0, None, 0.0))
    assert ear.said == []
    blocked.delivers()
    assert ear.said == ["up 1", "value 1", "down 2", "up 3", "value 2"]
    assert blocked.said("b") == []


def test_who_the_sinks_are_is_asked_when_the_news_arrive(blocked: Blocked) -> None:
    """One that has gone by then hears nothing, one that has come hears it."""
    gone, came = blocked.ears["a"][0], Ear()
    blocked.up("a", 1)
    blocked.ears["a"] = [came]
    blocked.delivers()
    assert (gone.said, came.said) == ([], ["up 1"])


def test_a_sink_that_raises_is_logged_and_the_others_hear(
    blocked: Blocked, caplog: pytest.LogCaptureFixture
) -> None:
    """Of this, and of what comes next."""
    blocked.ears["a"] = [Ear(), Ear()]
    blocked.ears["a"][0].fails = True
    blocked.up("a", 1)
    blocked.down("a", 2)
    blocked.delivers()
    assert [ear.said for ear in blocked.ears["a"]] == [["up 1", "down 2"]] * 2
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.ERROR, "board: the ear failed")
    ] * 2
    assert caplog.records[0].exc_info


def test_up_to_the_bound_nothing_is_left_out(blocked: Blocked) -> None:
    """Sixty-four comings and goings of one device."""
    blocked.alternate("a", MAX_WAITING)
    blocked.delivers()
    assert blocked.said("a") == [f"{'down' if n % 2 else 'up'} {n}" for n in range(MAX_WAITING)]


def test_beyond_the_bound_an_up_and_its_down_cancel_each_other(blocked: Blocked) -> None:
    """The newest of those that wait, so that ups and downs still take turns."""
    blocked.alternate("a", MAX_WAITING + 1)
    blocked.delivers()
    heard = [f"{'down' if n % 2 else 'up'} {n}" for n in range(MAX_WAITING - 2)]
    assert blocked.said("a") == [*heard, f"up {MAX_WAITING}"]


def test_the_last_state_of_a_board_that_starts_a_thousand_times_arrives(blocked: Blocked) -> None:
    """And the dispatcher's queue has no thousand jobs."""
    last = blocked.alternate("a", 1001)
    assert blocked.dispatcher.depth <= MAX_WAITING
    blocked.delivers()
    assert blocked.said("a")[-1] == last == "up 1000"
    assert len(blocked.said("a")) <= MAX_WAITING


def test_one_device_s_many_news_cost_another_none(blocked: Blocked) -> None:
    """The bound is each device's own."""
    blocked.up("b", 1)
    last = blocked.alternate("a", 500)
    blocked.down("b", 2)
    blocked.up("b", 3)
    blocked.delivers()
    assert blocked.said("b") == ["up 1", "down 2", "up 3"]
    assert blocked.said("a")[-1] == last


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 70)), max_size=12))
@settings(deadline=None)
def test_ups_and_downs_take_turns_and_the_last_arrives(spans: list[tuple[str, int]]) -> None:
    """However the news of two devices are mixed."""
    blocked = Blocked()
    counts, last = {"a": 0, "b": 0}, {"a": "", "b": ""}
    for device, count in spans:
        last[device] = blocked.alternate(device, count, counts[device])
        counts[device] += count
    assert blocked.dispatcher.depth <= 2 * MAX_WAITING
    blocked.delivers()
    assert blocked.dispatcher.depth == 0
    for device, count in counts.items():
        said = blocked.said(device)
        assert said[-1:] == [last[device]] * bool(count)
        assert [word.split()[0] for word in said] == ["up", "down"] * (len(said) // 2) + ["up"] * (
            len(said) % 2
        )
        assert len(said) == count if count <= MAX_WAITING else MAX_WAITING - 1 <= len(said) <= MAX_WAITING


def test_what_is_told_after_a_jam_arrives(blocked: Blocked) -> None:
    """There are jobs left over then, with nothing to deliver."""
    blocked.alternate("a", 200)
    blocked.delivers()
    blocked.ears["a"] = [Ear()]
    blocked.alternate("a", 3)
    assert blocked.dispatcher.depth == 3
    blocked.delivers()
    assert blocked.said("a") == ["up 0", "down 1", "up 2"]


def test_several_threads_tell_while_the_dispatcher_runs() -> None:
    """None waits, and the last of each device's arrives."""
    with Dispatcher() as dispatcher:
        ears = {str(number): Ear() for number in range(4)}
        news = News("board", dispatcher, lambda device: [ears[device]])

        def tell(device: str) -> None:
            for number in range(1001):
                news.tell(device, lambda sink, number=number: sink.link_down(str(number)))  # type: ignore[misc]

        threads = [threading.Thread(target=tell, args=(device,)) for device in ears]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        until(lambda: all(ear.said[-1:] == ["down 1000"] for ear in ears.values()))
    for ear in ears.values():
        numbers = [int(word.split()[1]) for word in ear.said]
        assert numbers == sorted(numbers)
