"""Which loops are stuck, and what systemd is told of it."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway import watchdog
from gateway.service import Part, Service, State
from gateway.storage.at_work import at_work, at_work_since
from gateway.watchdog import STATUS_CHARACTERS, Rounds, Watchdog, status_of, under_watch
from tests.support.fake_clock import FakeClock
from tests.support.waiting import until


class Told:
    """A manager that writes down what it is told."""

    def __init__(self, watchdog_s: float | None = 8.0, *, present: bool = True) -> None:
        self.watchdog_s = watchdog_s
        self.present = present
        self.said: list[str] = []
        self.last_text = ""

    def ready(self, text: str) -> None:
        self.said.append(f"ready {text}")
        self.last_text = text

    def status(self, text: str) -> None:
        self.said.append(f"status {text}")
        self.last_text = text

    def __getattr__(self, name: str) -> Any:
        return lambda *text: self.said.append(" ".join((name, *text)))


class Looping:
    """A service with loops."""

    name = "looping"

    def __init__(self) -> None:
        self.turned: dict[str, float] = {}

    def start(self) -> None: ...

    def stop(self, within_s: float) -> bool:  # noqa: ARG002
        return True

    def status(self) -> Mapping[str, Part]:
        return {}

    def loops(self) -> Mapping[str, float]:
        return self.turned


class House:
    """An app."""

    def __init__(self) -> None:
        self.looping = Looping()
        self.report: dict[str, Any] | None = {"status": "ok", "parts": {}}

    def health(self) -> dict[str, Any]:
        if self.report is None:
            raise RuntimeError("no report")
        return self.report

    def services(self) -> Iterator[Service]:
        yield self.looping


@contextlib.contextmanager
def loop(name: str) -> Iterator[threading.Thread]:
    """A thread that only waits, as one that is stuck does."""
    end = threading.Event()
    thread = threading.Thread(target=end.wait, name=name)
    thread.start()
    try:
        yield thread
    finally:
        end.set()
        thread.join()


def test_a_loop_is_stuck_when_it_has_said_the_same_for_the_limit() -> None:
    """Not before, not when it goes on; by what it says, whatever its clock."""
    rounds = Rounds(10.0)
    assert rounds.stuck({"a": 5.0, "b": 1e9}, 100.0, ()) == {}
    assert rounds.stuck({"a": 6.0, "b": 1e9}, 109.9, ()) == {}
    assert rounds.stuck({"a": 6.0, "b": 1e9}, 110.0, ()) == {"b": 10.0}
    assert rounds.stuck({"a": 6.0, "b": 2e9}, 119.0, ()) == {}
    assert rounds.stuck({"a": 6.0, "b": 2e9}, 119.9, ()) == {"a": pytest.approx(10.0)}


def test_a_loop_that_goes_and_comes_begins_anew() -> None:
    """A link that a reload has taken away and brought back."""
    rounds = Rounds(10.0)
    rounds.stuck({"a": 1.0}, 0.0, ())
    rounds.stuck({}, 6.0, ())
    rounds.stuck({"a": 1.0}, 9.0, ())
    assert rounds.stuck({"a": 1.0}, 18.9, ()) == {}
    assert rounds.stuck({"a": 1.0}, 19.0, ()) == {"a": 10.0}


def test_a_loop_that_is_held_has_all_its_time_afterwards() -> None:
    """As long as the disk takes, and from its end on the limit."""
    rounds = Rounds(10.0)
    for now in range(0, 100, 5):
        assert rounds.stuck({"a": 1.0}, float(now), {"a"}) == {}
    assert rounds.stuck({"a": 1.0}, 104.0, ()) == {}
    assert rounds.stuck({"a": 1.0}, 105.0, ()) == {"a": 10.0}


def test_after_a_sleep_of_the_machine_nobody_is_stuck() -> None:
    """A look that comes so late says that nothing had its turn."""
    rounds = Rounds(10.0)
    rounds.stuck({"a": 1.0}, 0.0, ())
    assert rounds.stuck({"a": 1.0}, 10.5, ()) == {}
    assert rounds.stuck({"a": 1.0}, 20.0, ()) == {}
    assert rounds.stuck({"a": 1.0}, 20.5, ()) == {"a": 10.0}


def test_the_manager_is_told_that_all_is_well_until_a_loop_is_stuck(caplog: pytest.LogCaptureFixture) -> None:
    """Then where it is, once, and that it is to be ended now; and again that all is well when it goes on."""
    clock, told, house = FakeClock(), Told(), House()
    dog = Watchdog(house, told, clock.monotonic)  # type: ignore[arg-type]
    with loop("link-board"), caplog.at_level(logging.ERROR):
        house.looping.turned = {"link-board": 1.0}
        dog.look()
        assert told.said == ["alive", "status ok: 0 parts"]
        for _ in range(4):
            clock.advance(2.5)
            dog.look()
        assert told.said[2:] == ["alive", "alive", "alive", "trigger"]
        clock.advance(2.0)
        dog.look()
        assert told.said[6:] == ["trigger"]
        house.looping.turned = {"link-board": 2.0}
        dog.look()
        assert told.said[7:] == ["alive"]
        for _ in range(4):
            clock.advance(2.0)
            dog.look()
    text, again = (record.getMessage() for record in caplog.records)
    assert again.startswith("watchdog: link-board has not gone round for 8 s")
    assert text.startswith("watchdog: link-board has not gone round for 10 s: the gateway is started anew")
    assert "threading.py" in text


def test_a_loop_whose_thread_has_ended_is_stuck(caplog: pytest.LogCaptureFixture) -> None:
    """It will not go round again."""
    clock, told, house = FakeClock(), Told(), House()
    dog = Watchdog(house, told, clock.monotonic)  # type: ignore[arg-type]
    house.looping.turned = {"nobody": 1.0}
    dog.look()
    clock.advance(8.0)
    dog.look()
    assert told.said[-1] == "trigger"
    assert "its thread has ended" in caplog.text


def test_a_loop_in_the_hands_of_sqlite_is_not_stuck_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is saved of a damaged file takes its time; one in it is as long as the outermost."""
    clock, told, house = FakeClock(), Told(), House()
    dog = Watchdog(house, told, clock.monotonic)  # type: ignore[arg-type]
    name = threading.current_thread().name
    house.looping.turned = {name: 1.0}
    with at_work():
        since = at_work_since(name)
        assert since is not None
        with at_work():
            assert at_work_since(name) == since
        assert at_work_since(name) == since
        clock.advance(since - clock.monotonic())
        while clock.monotonic() < since + watchdog.SQLITE_S + 2.0:
            dog.look()
            assert "trigger" not in told.said
            clock.advance(5.0)
        for _ in range(2):  # the hour may be over a moment later, by a rounding of the clock
            dog.look()
            clock.advance(5.0)
        assert told.said[-1] == "trigger"
    assert at_work_since(name) is None


VFORK = """\
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
void wait_for(const char *path) {
    struct timespec step = {0, 10000000};
    if (vfork() == 0) {
        while (access(path, F_OK) == 0) syscall(SYS_nanosleep, &step, (void *)0);
        _exit(0);
    }
}
"""


def test_a_loop_in_the_kernel_is_not_stuck(tmp_path: Path) -> None:
    """In uninterruptible sleep, as with a slow card: here as one that waits for what it has vforked."""
    (tmp_path / "wait.c").write_text(VFORK)
    library = tmp_path / "wait.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(tmp_path / "wait.c")], check=True)
    wait = ctypes.CDLL(str(library)).wait_for
    busy = tmp_path / "busy"
    busy.touch()
    thread = threading.Thread(target=wait, args=(str(busy).encode(),), name="at (the) disk")
    thread.start()
    try:
        state = Path(f"/proc/self/task/{thread.native_id}/stat")
        until(lambda: ") D " in state.read_text())
        clock, told, house = FakeClock(), Told(), House()
        house.looping.turned = {"at (the) disk": 1.0}
        dog = Watchdog(house, told, clock.monotonic)  # type: ignore[arg-type]
        for _ in range(10):
            dog.look()
            clock.advance(5.0)
        assert "trigger" not in told.said
    finally:
        busy.unlink()
        thread.join()


def test_what_a_reload_has_said_does_not_stand_for_good() -> None:
    """The next look says how it fares, though that is as before."""
    told, house = Told(), House()
    dog = Watchdog(house, told, FakeClock().monotonic)  # type: ignore[arg-type]
    dog.look()
    told.ready("reloaded")
    dog.look()
    dog.look()
    assert told.said[1:] == ["status ok: 0 parts", "ready reloaded", "alive", "status ok: 0 parts", "alive"]


def test_health_that_fails_is_said_once_and_is_no_reason_to_end(caplog: pytest.LogCaptureFixture) -> None:
    """A defect in what tells of the parts is not one of the parts."""
    told, house = Told(), House()
    house.report = None
    dog = Watchdog(house, told, FakeClock().monotonic)  # type: ignore[arg-type]
    dog.look()
    dog.look()
    assert told.said == ["alive", "status its health cannot be told; see the log", "alive"]
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("report", "text"),
    [
        ({"a": State.OK, "b": State.OK}, "ok: 2 parts"),
        ({"a": State.OK, "b": State.FAILING}, "failing: b: message of b"),
        ({"a": State.UNKNOWN, "b": State.UNKNOWN, "c": State.OK}, "unknown: a: message of a (and 1 more)"),
    ],
)
def test_the_status_names_the_worst_part(report: dict[str, State], text: str) -> None:
    """And how many are as bad."""
    parts = {name: {"status": str(state), "message": f"message of {name}"} for name, state in report.items()}
    worst = max(report.values(), key=[State.OK, State.UNKNOWN, State.FAILING].index)
    assert status_of({"status": str(worst), "parts": parts}) == text


def test_the_status_is_bounded() -> None:
    """However long a message is, how many there are stays readable."""
    parts = {name: {"status": "failing", "message": "x" * 9999} for name in "ab"}
    text = status_of({"status": "failing", "parts": parts})
    assert len(text) == STATUS_CHARACTERS
    assert text.endswith("x (and 1 more)")


def test_from_the_start_to_the_end_the_manager_knows() -> None:
    """Ready first, stopping last, and the thread is gone."""
    told, house = Told(watchdog_s=None), House()
    with under_watch(house, told):  # type: ignore[arg-type]
        until(lambda: "status ok: 0 parts" in told.said)
        assert any(thread.name == "watchdog" for thread in threading.enumerate())
    assert told.said == ["ready started", "status ok: 0 parts", "stopping", "close"]
    assert not any(thread.name == "watchdog" for thread in threading.enumerate())


def test_without_a_manager_there_is_no_thread() -> None:
    """A gateway on a terminal has one thread less."""
    told = Told(watchdog_s=None, present=False)
    dog = Watchdog(House(), told)  # type: ignore[arg-type]
    dog.start()
    assert not any(thread.name == "watchdog" for thread in threading.enumerate())
    dog.stop()


def test_where_no_thread_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """The start says so, and the stop has nothing to wait for."""

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    dog = Watchdog(House(), Told())  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="new thread"):
        dog.start()
    dog.stop()
