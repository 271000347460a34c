"""`gateway.fleet.joining`: whoever may not wait is let in, sooner or later."""

from __future__ import annotations

import threading

import pytest

from gateway.fleet import joining
from gateway.fleet.joining import Joining
from gateway.fleet.session import EXTRA, FleetError
from tests.support.waiting import happens, until


class Door:
    """What is tried, and who is told of it."""

    def __init__(self, *problems: Exception) -> None:
        self._problems = iter(problems)
        self.knocked = threading.Event()
        self.opens = threading.Event()
        self.joined: list[str] = []
        self.left: list[str] = []
        self.told: list[str] = []
        self.after: Exception | None = None
        self.joining = Joining("join", self._knock, self.joined.append, self.left.append, self.told.append)

    def _knock(self) -> str:
        self.knocked.set()
        for problem in self._problems:
            raise problem
        happens(self.opens)
        if self.after is not None:
            raise self.after
        return "session"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses."""
    monkeypatch.setattr(joining, "PAUSES_S", (0.001, 0.001))


@pytest.mark.usefixtures("quick")
def test_it_is_tried_until_it_opens(caplog: pytest.LogCaptureFixture) -> None:
    """Why not is told once for each reason; what is our own fault is in the log as well."""
    no, bad = FleetError("no router"), RuntimeError("no memory")
    made = Door(no, no, ImportError("zenoh"), bad, bad, no)
    made.opens.set()
    made.joining.start()
    try:
        until(lambda: made.joined == ["session"])
    finally:
        assert made.joining.stop(60.0)
    assert made.told == ["no router", EXTRA, "RuntimeError: no memory", "no router"]
    assert made.joining.problem == "no router"
    assert [record.message for record in caplog.records] == [
        "join: it cannot join, and tries again; please report this"
    ]
    assert made.left == []


def test_who_has_stopped_is_given_nothing() -> None:
    """A try that is under way is not waited for; what it opens is closed."""
    made = Door()
    made.joining.start()
    happens(made.knocked)
    assert not made.joining.stop(0.0)
    made.opens.set()
    until(lambda: made.left == ["session"])
    assert made.joining.stop(60.0)
    assert (made.joined, made.told, made.joining.problem) == ([], [], None)


def test_a_pause_ends_with_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it is."""
    monkeypatch.setattr(joining, "PAUSES_S", (3600.0, 3600.0))
    made = Door(FleetError("no router"))
    made.joining.start()
    until(lambda: made.told == ["no router"])
    assert made.joining.stop(60.0)
    assert made.joined == []


def test_it_was_never_begun() -> None:
    """Then there is nothing to end."""
    assert Door().joining.stop(0.0)


def test_who_has_stopped_is_told_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Not of a try that fails later, whatever it fails by."""
    for problem in (FleetError("no router"), RuntimeError("no memory")):
        made = Door()
        made.after = problem
        made.joining.start()
        happens(made.knocked)
        assert not made.joining.stop(0.0)
        made.opens.set()
        assert made.joining.stop(60.0)
        assert (made.told, made.joining.problem) == ([], None)
    assert not caplog.records
