"""Looks side by side, and those that hang."""

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from gateway.config import ConfigError
from gateway.doctor import looking
from gateway.doctor.bounded import Failed, Late, side_by_side
from gateway.doctor.finding import Level
from gateway.doctor.machine import Machine
from gateway.doctor.patient import Running
from tests.support.leaks import nothing_left


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """No thread is left once what hung has come back."""
    with nothing_left():
        yield


def test_in_their_order() -> None:
    """Whoever is done first; one that needs another's progress shows that they are side by side."""
    free = threading.Event()

    def first() -> str:
        assert free.wait(60)
        return "one"

    def second() -> str:
        free.set()
        return "two"

    found = side_by_side({"a": first, "b": second}, 60.0)
    assert list(found.items()) == [("a", "one"), ("b", "two")]


def test_one_that_hangs_and_one_that_fails() -> None:
    """Are told apart, and hold nobody up; it is told who is waited for."""
    free = threading.Event()
    told: list[Sequence[str]] = []
    began = time.monotonic()
    try:
        found = side_by_side({"hung": free.wait, "bad": lambda: 1 / 0, "good": lambda: 5}, 2.0, told.append)
    finally:
        free.set()
    assert time.monotonic() - began < 30
    assert found["hung"] == Late(2.0)
    assert isinstance(found["bad"], Failed)
    assert isinstance(found["bad"].error, ZeroDivisionError)
    assert found["good"] == 5
    assert told[-1] == ["hung"]


def test_doctor_when_everything_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each check says so, with what may be the cause; the rounds end in time."""
    free = threading.Event()

    def hang(*_: object) -> None:
        free.wait()

    monkeypatch.setattr(looking, "FIRST_S", 0.1)
    monkeypatch.setattr(looking, "SECOND_S", 0.1)
    monkeypatch.setattr(looking, "_load", hang)
    monkeypatch.setattr(looking, "look_for_unit", hang)
    monkeypatch.setattr(looking, "CHECKS", {"disk": hang, "ports": hang})
    try:
        patient, first = looking.first_round(tmp_path / "c", hang, Machine())  # type: ignore[arg-type]
        second = looking.second_round(patient)
    finally:
        free.set()
    assert [one.check for one in first] == ["config", "service", "gateway"]
    assert [one.check for one in second] == ["disk", "ports"]
    assert all(
        one.level is Level.RED and "could not be found out in 0.1 s" in one.message for one in first + second
    )
    assert patient.running == Running("", problem="it did not answer in time")


def test_a_check_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hides no other."""

    def fail(*_: object) -> None:
        raise ConfigError([])

    monkeypatch.setattr(looking, "CHECKS", {"disk": fail, "versions": looking.CHECKS["versions"]})
    patient, _ = looking.first_round(tmp_path / "c", lambda _config: Running("x"), Machine())
    found = looking.second_round(patient)
    assert found[0].message == "it could not be found out: ConfigError: "
    assert (found[0].level, found[0].remedy) == (Level.YELLOW, "please report this")
    assert found[1].check == "versions"


def test_programs(tmp_path: Path) -> None:
    """One that is not there, one that does not end, one that prints."""
    machine = Machine(tmp_path)
    assert machine.run(["no-such-program-here"], 1.0) is None
    assert machine.run(["sleep", "60"], 0.05) is None
    said = machine.run(["sh", "-c", "echo $LC_ALL; exit 3"], 60.0)
    assert said is not None
    assert (said.status, said.text) == (3, "C\n")
    assert machine.read("/nothing") is None
    (tmp_path / "n").write_text("0x12\n\0")
    assert (machine.number("/n", 16), machine.number("/n")) == (0x12, None)


def test_where_no_thread_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """That look has failed, and says why; the others are as ever."""
    begin = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if thread.name == "doctor-b":
            raise RuntimeError("can't start new thread")
        begin(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    found = side_by_side({"a": lambda: 1, "b": lambda: 2, "c": lambda: 3}, 60.0)
    assert (found["a"], found["c"]) == (1, 3)
    assert isinstance(found["b"], Failed)
    assert str(found["b"].error) == "can't start new thread"
