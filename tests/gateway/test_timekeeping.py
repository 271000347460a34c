"""The house's clock at work: on the dispatcher's thread, and on one that may wait for the disk."""

import threading
from pathlib import Path

import pytest

from drivers.dispatcher import Dispatcher
from gateway import timekeeping
from gateway.clock.memory import Memory
from gateway.clock.wall import EVERY_S, FIRST_SAVE_S
from gateway.data_folder import RETRY_S, DataFolder, InUseError
from gateway.timekeeping import FILE, Timekeeping, open_clock
from tests.support.fake_clock import START_UTC
from tests.support.fake_machine import StagedClock
from tests.support.jobs import settle
from tests.support.waiting import DEADLINE_S, until


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that keeps does so without a rest."""
    monkeypatch.setattr(timekeeping, "KEEP_S", 0.001)


def test_looked_at_each_second_until_the_end(tmp_path: Path) -> None:
    """And written down: at times, and at the stop."""
    clock = StagedClock(memory=Memory(tmp_path / FILE))
    dispatcher = Dispatcher(clock=clock)
    keeping = Timekeeping(clock, dispatcher)
    keeping.start()
    dispatcher.start()
    dispatcher.stop()  # runs what was posted
    for _ in range(3):
        before = clock.machine.looks
        clock.advance(EVERY_S)
        dispatcher.run_due()
        assert clock.machine.looks == before + 1
        clock.advance(EVERY_S / 2)
        dispatcher.run_due()
        assert clock.machine.looks == before + 1
        clock.advance(EVERY_S / 2)
        dispatcher.run_due()
    assert not (tmp_path / FILE).exists()
    clock.advance(FIRST_SAVE_S)
    until((tmp_path / FILE).exists)
    assert Memory(tmp_path / FILE).newest == clock.utc()
    clock.advance(5)
    assert keeping.stop(DEADLINE_S)
    assert Memory(tmp_path / FILE).newest == clock.utc()
    looks = clock.machine.looks
    clock.advance(EVERY_S)
    dispatcher.run_due()
    assert clock.machine.looks == looks, "a dispatcher that was left behind in a listener does nothing more"


def test_a_data_folder_that_comes_late(tmp_path: Path) -> None:
    """It is made and locked though nobody asks how it is."""
    (tmp_path / "file").write_text("")
    clock = StagedClock()
    folder = DataFolder(tmp_path / "file" / "data", clock.monotonic)
    folder.open()
    keeping = Timekeeping(clock, Dispatcher(clock=clock), folder)
    keeping.start()
    (tmp_path / "file").unlink()
    clock.advance(RETRY_S)
    until(lambda: folder.status().usable)
    with pytest.raises(InUseError):
        DataFolder(folder.path).open()
    assert keeping.stop(DEADLINE_S)
    folder.close()


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_disk_that_is_slow_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    """Neither what the dispatcher runs, nor its looks at the clock; a stop that cannot wait says so."""
    there, go_on = threading.Event(), threading.Event()

    def hang(*_: object) -> None:
        there.set()
        go_on.wait(DEADLINE_S)

    with monkeypatch.context() as patch:
        patch.setattr(*((DataFolder, "status", hang) if what == "folder" else (Memory, "save", hang)))
        clock = StagedClock(memory=Memory(tmp_path / FILE))
        folder = DataFolder(tmp_path / "data", clock.monotonic)
        with Dispatcher() as dispatcher:
            keeping = Timekeeping(clock, dispatcher, folder)
            keeping.start()
            clock.advance(FIRST_SAVE_S)
            until(there.is_set)
            looks = clock.machine.looks
            settle(dispatcher)
            until(lambda: clock.machine.looks > looks)
        assert not keeping.stop(0.01)
        assert "clock did not stop within 0.01 s" in caplog.text
        go_on.set()
        until(lambda: "keeping" not in [thread.name for thread in threading.enumerate()])


def test_the_clock_of_a_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what is kept there, and what the variable says."""
    kept = Memory(tmp_path / FILE)
    kept.learn("boot-0", offset=START_UTC)
    kept.save()
    monkeypatch.setenv("SIG_GATEWAY_CLOCK", "unset")
    clock = open_clock(tmp_path)
    assert not clock.believed
    assert clock.noted("boot-0", 5.0, 7.0, known=False) == (START_UTC + 5, False)
    monkeypatch.setenv("SIG_GATEWAY_CLOCK", "perhaps")
    with pytest.raises(ValueError, match="SIG_GATEWAY_CLOCK"):
        open_clock(tmp_path)
