"""The clock of the whole house, on a machine whose clocks a test sets."""

import logging
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock.memory import Memory
from gateway.clock.wall import DOUBT_S, FIRST_SAVE_S, SAVE_S, STEP_S, WallClock, override
from tests.support.fake_clock import START_UTC
from tests.support.fake_machine import FakeMachine, StagedClock

DAY = 86400.0


def unset_clock(behind_s: float = 8 * DAY, **more: Any) -> StagedClock:
    """So far behind, and a time client has had no answer."""
    machine = FakeMachine(START_UTC - behind_s)
    machine.client = "systemd-timesyncd"
    return StagedClock(machine, **more)


def set_right(clock: StagedClock) -> float:
    """By the time client; returns the true UTC."""
    true = START_UTC + clock.monotonic() - 1000.0
    clock.set_wall(true)
    clock.machine.client, clock.machine.kept = None, True
    clock.look()
    return true


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.startswith("gateway.clock")]


def test_a_believed_clock(caplog: pytest.LogCaptureFixture) -> None:
    """Its time is the machine's, of any moment; that nobody keeps it is logged once."""
    caplog.set_level(logging.INFO)
    clock = StagedClock()
    for _ in range(100):
        clock.advance(1)
        clock.look()
    assert clock.utc() == START_UTC + 100
    assert clock.stamp(clock.monotonic() - 60) == (START_UTC + 40, False)
    assert logged(caplog) == [
        "clock: used as it is: no time service (NTP) keeps it, and nothing speaks against it"
    ]
    status = clock.status()
    assert (status["believed"], status["synchronised"], status["step"]) == (True, False, None)


@pytest.mark.parametrize("behind_s", [8 * DAY, 60 * DAY, 55 * 365.25 * DAY])
def test_unset_then_set(caplog: pytest.LogCaptureFixture, behind_s: float) -> None:
    """The mark until then; afterwards what was measured before has its right time."""
    clock = unset_clock(behind_s)
    measured = clock.monotonic()
    clock.advance(30)
    utc, unset = clock.stamp(measured)
    assert (round(utc, 3), unset) == (START_UTC - behind_s, True)
    set_right(clock)
    assert clock.stamp(measured) == (START_UTC, False)
    assert clock.utc() == START_UTC + 30
    (step,) = [line for line in logged(caplog) if "it was set by" in line]
    assert f"+{behind_s:.3f} s" in step
    assert (clock.status()["step"], clock.status()["why"]) == (behind_s, "it is synchronised")
    assert clock.status()["step_ago"] == 0.0


def test_a_step_is_found_at_the_next_use() -> None:
    """Not only when somebody looks."""
    clock = unset_clock()
    clock.machine.client = None
    clock.set_wall(START_UTC)
    assert clock.stamp(1000.0) == (START_UTC, False)


def test_a_step_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """However often one looks afterwards."""
    clock = StagedClock()
    clock.set_wall(START_UTC + 3600)
    for _ in range(20):
        clock.advance(1)
        clock.look()
        clock.utc()
    step, doubted = logged(caplog)
    assert step == "clock: it was set by +3600.000 s (60.0 min)"
    assert doubted.startswith("clock: not believed: it is not synchronised, and it was set by +3600.000 s")


def test_slewing_is_no_step(caplog: pytest.LogCaptureFixture) -> None:
    """500 ppm for a day, as NTP does it: 43 s."""
    clock = StagedClock()
    for _ in range(86400):
        clock.advance(1)
        clock.machine.offset += 0.0005
        clock.look()
    assert not [line for line in logged(caplog) if "set by" in line]
    assert abs(clock.utc() - clock.machine.wall()) < STEP_S
    clock.advance(3600)
    clock.machine.offset += 3600 * 0.0005
    clock.look()
    assert clock.status()["step"] is None, "also when nobody looked for an hour"
    assert clock.believed


@pytest.mark.parametrize("seconds", [10.0, DAY])
def test_a_suspend_is_no_step(caplog: pytest.LogCaptureFixture, seconds: float) -> None:
    """Both clocks go on in it; nobody could look."""
    clock = StagedClock()
    measured = clock.monotonic()
    clock.advance(seconds)
    assert clock.stamp(measured) == (START_UTC, False)
    assert clock.utc() == START_UTC + seconds
    clock.look()
    assert clock.status()["step"] is None


def test_to_be_stopped_between_two_looks_is_no_step() -> None:
    """SIGSTOP, or a machine that does a lot else: neither counts, and the next look tells."""
    clock = StagedClock()
    clock.machine.stopped_s = 5.0
    for _ in range(10):
        clock.look()
        clock.stamp(1000.0)
    clock.machine.stopped_s = 0.0
    clock.look()
    assert clock.status()["step"] is None
    assert clock.stamp(1000.0) == (START_UTC, False)


@pytest.mark.parametrize("days", [30, -30])
def test_wrong_for_a_moment(days: float) -> None:
    """What is told meanwhile is marked, and has the time that was believed before; then all is as it was."""
    clock = StagedClock()
    before = clock.monotonic()
    clock.advance(1)
    clock.set_wall(clock.machine.wall() + days * DAY)
    utc, unset = clock.stamp(clock.monotonic())
    assert (utc, unset) == (START_UTC + 1, True)
    assert clock.stamp(before) == (START_UTC, True), "it may have been wrong before"
    clock.advance(2)
    clock.set_wall(clock.machine.wall() - days * DAY)
    assert clock.stamp(clock.monotonic()) == (START_UTC + 3, False)
    assert clock.believed


def test_wrong_for_a_moment_after_it_was_synchronised() -> None:
    """What was measured while it was is known to be right."""
    machine = FakeMachine()
    machine.kept = True
    clock = StagedClock(machine)
    before = clock.monotonic()
    clock.advance(5)
    clock.look()
    clock.advance(1)
    machine.kept = False  # no answer for hours
    clock.look()
    clock.set_wall(machine.wall() + 30 * DAY)
    clock.look()
    assert clock.stamp(before) == (START_UTC, False)
    assert clock.stamp(clock.monotonic()) == (START_UTC + 6, True)


def test_a_step_that_stays_is_believed_after_a_while() -> None:
    """Somebody has set the clock right, by hand: then it was wrong before, too."""
    clock = StagedClock()
    clock.set_wall(START_UTC + 8 * DAY)
    clock.look()
    assert not clock.believed
    clock.advance(DOUBT_S - 0.1)
    clock.look()
    assert not clock.believed
    clock.advance(0.2)
    clock.look()
    assert clock.stamp(1000.0) == (START_UTC + 8 * DAY, False)


def test_a_time_client_is_believed_at_once() -> None:
    """It need not be doubted."""
    clock = StagedClock()
    clock.machine.kept = True
    clock.set_wall(START_UTC + 8 * DAY)
    assert clock.stamp(1000.0) == (START_UTC + 8 * DAY, False)


def test_a_step_of_a_synchronised_clock_changes_nothing_of_before() -> None:
    """A virtual machine that stood still for an hour: what was measured before it was right."""
    machine = FakeMachine()
    machine.kept = True
    clock = StagedClock(machine)
    for hours in (1, 2):
        clock.advance(100)
        clock.set_wall(machine.wall() + hours * 3600)
        clock.look()
    assert clock.stamp(1050.0) == (START_UTC + 50, False)
    assert clock.stamp(1150.0) == (START_UTC + 150 + 3600, False)
    assert clock.stamp(1200.0) == (START_UTC + 200 + 3 * 3600, False)


def test_set_by_hand_after_it_was_synchronised() -> None:
    """Since the step, and not since it is believed again, the new time is right."""
    machine = FakeMachine()
    machine.kept = True
    memory = Memory()
    clock = StagedClock(machine, memory)
    clock.advance(100)
    machine.kept = False
    clock.set_wall(machine.wall() + 3600)
    clock.look()
    clock.advance(DOUBT_S + 1)
    clock.look()
    assert clock.stamp(1099.0) == (START_UTC + 99, False)
    assert clock.stamp(1101.0) == (START_UTC + 101 + 3600, False)
    assert memory.offset(clock.boot) == START_UTC - 1000 + 3600, "what the next boot is told"


def test_earlier_than_what_is_kept() -> None:
    """A machine without a clock of its own has the time of its last shutdown, or of its image."""
    memory = Memory()
    memory.note(START_UTC)
    clock = StagedClock(FakeMachine(START_UTC - 60), memory)
    assert not clock.believed
    clock.advance(61)
    clock.look()
    assert clock.believed, "nothing contradicts it any more"


def test_what_the_outbox_holds_contradicts_the_clock() -> None:
    """It is newer than the clock: so the clock is wrong."""
    clock = StagedClock()
    clock.found("boot-0", 50.0, START_UTC + DAY, known=False)
    clock.look()
    assert clock.believed, "of a clock that was not believed itself"
    clock.found("boot-0", 50.0, START_UTC + DAY, known=True)
    clock.look()
    assert not clock.believed


def test_what_a_synchronised_clock_finds_is_no_contradiction() -> None:
    """Events that are stamped ahead were stamped wrong."""
    memory = Memory()
    machine = FakeMachine()
    machine.kept = True
    clock = StagedClock(machine, memory)
    clock.found("boot-0", 50.0, START_UTC + DAY, known=True)
    assert memory.newest == 0.0


def test_what_is_found_before_the_clock_is_set() -> None:
    """Was not found at a time that nobody knows."""
    memory = Memory()
    clock = unset_clock(memory=memory)
    clock.found("boot-0", 50.0, 77.0, known=False)
    assert memory.seen("boot-0") is None
    set_right(clock)
    clock.found("boot-0", 50.0, 77.0, known=False)
    assert memory.seen("boot-0") == START_UTC


def test_what_a_boot_has_written_down_counts_more_than_its_events() -> None:
    """It was written when the clock was set, perhaps after the newest of them."""
    memory = Memory()
    memory.learn("boot-0", offset=START_UTC)
    clock = StagedClock(memory=memory)
    clock.found("boot-0", 90.0, START_UTC - 10, known=True)
    assert clock.noted("boot-0", 50.0, 77.0, known=False) == (START_UTC + 50, False)


def test_of_another_boot() -> None:
    """Where that boot's clock was ever believed, what was noted before has its right time; else its mark."""
    clock = StagedClock()
    assert clock.noted("boot-0", 50.0, 77.0, known=False) == (77.0, True)
    assert clock.noted("boot-0", 50.0, 77.0, known=True) == (77.0, False)
    clock.found("boot-0", 90.0, START_UTC - 10, known=True)
    assert clock.noted("boot-0", 50.0, 77.0, known=False) == (START_UTC - 50, False)
    assert clock.noted("", 0.0, 77.0, known=True) == (77.0, False), "of a version that noted no boot"
    assert clock.noted(clock.boot, 5000.0, 77.0, known=True) == (77.0, False), "in this boot's future"


def test_the_next_boot_knows_what_this_one_learnt(tmp_path: Path) -> None:
    """When the clock was set is written down at once: the power may fail."""
    first = unset_clock(memory=Memory(tmp_path / "clock.json"))
    measured = first.monotonic()
    first.advance(5)
    set_right(first)
    first.keep()
    second = StagedClock(FakeMachine(START_UTC + 60, 3.0, "boot-b"), Memory(tmp_path / "clock.json"))
    assert second.noted("boot-a", measured, START_UTC - 8 * DAY, known=False) == (START_UTC, False)


def test_ages_within_a_boot() -> None:
    """Are the time that has passed, whatever the clock says."""
    clock = unset_clock()
    at, utc = clock.monotonic(), clock.utc()
    clock.advance(60)
    assert clock.age(clock.boot, at, utc, known=False) == 60
    set_right(clock)
    assert clock.age(clock.boot, at, utc, known=False) == 60


def test_ages_of_another_boot() -> None:
    """By the two clocks, where both were believed; else at least since this process began."""
    clock = StagedClock()
    clock.advance(10)
    today = START_UTC + 10
    assert clock.age("boot-0", 5.0, today - DAY, known=True) == DAY
    assert clock.age("boot-0", 5.0, today - DAY, known=False) == 10, "nobody knows how old it is"
    for utc in (today + 730 * DAY, today + 2):
        assert clock.age("boot-0", 5.0, utc, known=True) == 10, "stamped ahead"
    clock.advance(3 * DAY)
    assert clock.age("boot-0", 5.0, today + 730 * DAY, known=True) == 3 * DAY + 10
    assert clock.age("", 0.0, START_UTC - 60 * DAY, known=True) == 3 * DAY + 10, "of a version that knew none"
    wrong = unset_clock()
    wrong.advance(10)
    assert wrong.age("boot-0", 5.0, START_UTC - DAY, known=True) == 10, "today is not known"


def test_ages_of_what_is_stamped_ahead_over_restarts(tmp_path: Path) -> None:
    """Since it was found: no restart makes it young again."""
    path = tmp_path / "clock.json"
    ages = []
    for day in range(3):
        machine = FakeMachine(START_UTC + day * DAY, 5.0, f"boot-{day}")
        clock = StagedClock(machine, Memory(path))
        clock.found("boot-x", 5.0, START_UTC - 730 * DAY, known=False)
        ages.append(clock.age("boot-x", 5.0, START_UTC + 730 * DAY, known=True))
        clock.close()
    assert ages == [0, DAY, 2 * DAY]


@pytest.mark.parametrize(("word", "believed"), [("set", True), ("unset", False)])
def test_the_variable(word: str, believed: bool) -> None:
    """Whatever contradicts the clock, or not; its steps are followed."""
    clock = unset_clock(override=word)
    assert clock.believed is believed
    clock.machine.client, clock.machine.kept = None, True
    clock.set_wall(START_UTC)
    assert clock.stamp(1000.0) == (START_UTC, not believed)


def test_what_the_variable_says() -> None:
    """One of two words, or nothing."""
    assert override({}) is None
    assert override({"SIG_GATEWAY_CLOCK": ""}) is None
    assert override({"SIG_GATEWAY_CLOCK": "set"}) == "set"
    assert override({"SIG_GATEWAY_CLOCK": "unset"}) == "unset"
    with pytest.raises(ValueError, match="SIG_GATEWAY_CLOCK: expected set or unset, got 'yes'"):
        override({"SIG_GATEWAY_CLOCK": "yes"})


def test_listeners_hear_of_what_changes_times_that_were_told() -> None:
    """Belief and steps; of nothing else."""
    clock = unset_clock()
    heard: list[bool] = []
    clock.listen(lambda: heard.append(clock.believed))
    clock.advance(1)
    clock.look()
    assert heard == []
    set_right(clock)
    clock.look()
    assert heard == [True]
    clock.machine.kept = False
    clock.set_wall(START_UTC + DAY)
    clock.look()
    clock.advance(DOUBT_S + 1)
    clock.look()
    assert heard == [True, False, True]


def test_who_does_not_listen_any_more() -> None:
    """Hears nothing; the others do."""
    machine = FakeMachine()
    clock = WallClock(machine)
    heard: list[str] = []

    def first() -> None:
        heard.append("first")

    clock.listen(first)
    clock.listen(lambda: heard.append("second"))
    clock.unlisten(first)
    clock.unlisten(first)
    machine.set_wall(machine.wall() + 3600)
    clock.look()
    assert heard == ["second"]


def test_no_lock_is_held_while_listeners_hear() -> None:
    """They may ask the clock, on any thread."""
    clock = unset_clock()

    def ask_elsewhere() -> None:
        asker = threading.Thread(target=clock.look)
        asker.start()
        asker.join(10)
        assert not asker.is_alive()

    clock.listen(ask_elsewhere)
    set_right(clock)


def test_written_down_rarely(tmp_path: Path) -> None:
    """A minute after the start, then each hour, and at the end; a card wears."""
    path = tmp_path / "clock.json"
    clock = StagedClock(memory=Memory(path))
    written = []
    for second in range(int(2.5 * SAVE_S)):
        clock.look()
        clock.keep()
        if path.exists():
            path.unlink()
            written.append(second)
        clock.advance(1)
    assert written == [FIRST_SAVE_S, FIRST_SAVE_S + SAVE_S, FIRST_SAVE_S + 2 * SAVE_S]
    clock.close()
    assert Memory(path).newest == START_UTC + 2.5 * SAVE_S


def test_a_clock_that_is_not_believed_is_not_written_down(tmp_path: Path) -> None:
    """It would be a time that nobody knows."""
    clock = unset_clock(memory=Memory(tmp_path / "clock.json"))
    clock.advance(2 * SAVE_S)
    clock.keep()
    clock.close()
    assert not (tmp_path / "clock.json").exists()


def test_a_wrong_time_that_was_written_down_goes(tmp_path: Path) -> None:
    """Once the clock is synchronised, what is kept is not later than it."""
    memory = Memory()
    memory.note(START_UTC + 730 * DAY)
    machine = FakeMachine()
    machine.kept = True
    clock = StagedClock(machine, memory)
    clock.close()
    assert memory.newest == START_UTC


@given(
    st.lists(
        st.tuples(
            st.floats(0.0, 1e5),
            st.one_of(st.none(), st.floats(-1e8, 1e8)),
            st.sampled_from([None, "ntpd"]),
            st.booleans(),
        ),
        max_size=20,
    )
)
def test_whatever_happens(
    steps: list[tuple[float, float | None, str | None, bool]],
) -> None:
    """Once the clock is synchronised, what was measured since the boot, and was not known by then, has its
    right time; and time never goes back within what is not marked but by a step that was believed."""
    machine = FakeMachine(START_UTC - 5 * DAY)
    machine.client = "ntpd"
    clock = StagedClock(machine)
    measured = [clock.monotonic()]
    for seconds, step, client, _ in steps:
        clock.advance(seconds)
        machine.client = client
        if step is not None:
            machine.offset += step
        clock.look()
        measured.append(clock.monotonic())
        stamps = [clock.stamp(moment)[0] for moment in measured]
        assert stamps == sorted(stamps), "order is that of the measurements"
    true = START_UTC - clock.monotonic()
    machine.offset, machine.kept = true, True
    clock.look()
    for moment in measured:
        utc, unset = clock.stamp(moment)
        assert not unset
        assert abs(utc - (moment + true)) < STEP_S


def test_the_machine_s_own_clock() -> None:
    """The real one: it goes on, and knows its boot."""
    clock = WallClock()
    first = clock.utc()
    assert clock.utc() >= first
    assert clock.boot
    assert set(clock.status()) == {"believed", "synchronised", "why", "step", "step_ago"}
