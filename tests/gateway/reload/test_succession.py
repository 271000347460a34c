"""Old services that take long to stop, and the end of the gateway meanwhile."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.reload import succession
from tests.gateway.reload.test_exchange import SENSORS, Running
from tests.support.leaks import nothing_left
from tests.support.waiting import DEADLINE_S, until

SENDERS = "SELECT sender FROM events"
BEFORE, AFTER = (f"{SENSORS}history: {{window: {window}}}\n" for window in ("1s", "2s"))


class Slow:
    """A gateway whose history does not stop until `go_on` is set."""

    def __init__(self, running: Running, patch: pytest.MonkeyPatch) -> None:
        self.running = running
        self.go_on = threading.Event()
        self.old: Any = self.history()
        stop = self.old.stop
        patch.setattr(self.old, "stop", lambda within_s: self.go_on.wait(within_s) and stop(within_s))
        patch.setattr(succession, "STOP_S", 0.1)
        patch.setattr(succession, "AGAIN_S", 0.05)

    def history(self) -> Any:
        return next(each for each in self.running.app.services() if each.name == "history")

    def say(self, name: str) -> None:
        """By another sender."""
        signal = self.running.app.router.addSender(name, ["x"], {}).getSignal("x")
        assert signal is not None
        signal.trigger(1)

    def kept(self) -> list[str]:
        """Senders of which there is an event on disk."""
        with closing(sqlite3.connect(self.running.folder / "data" / "history.db")) as file:
            return [name for (name,) in file.execute(SENDERS)]

    @property
    def part(self) -> tuple[str, str]:
        part = self.running.app.health()["parts"]["history"]
        return part["status"], part["message"]


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    """With one sensor, up, and something on disk."""
    with nothing_left(), Running(tmp_path, BEFORE) as running:
        running.up()
        until(lambda: running.app.health()["parts"]["history"]["status"] == "ok")
        made = Slow(running, monkeypatch)
        try:
            yield made
        finally:
            made.go_on.set()


def test_one_that_stops_late(slow: Slow) -> None:
    """Its part is red meanwhile; then the new one is at work, with all that was said since the exchange."""
    running, answers = slow.running, list[dict[str, str]]()
    running.write(AFTER)
    asking = threading.Thread(target=lambda: answers.append(running.reload()))
    asking.start()
    until(lambda: slow.part[0] == "failing")
    assert slow.part[1].startswith("the one of before the reload has not stopped after 0.1 s")
    slow.say("later")
    slow.go_on.set()
    asking.join(DEADLINE_S)
    assert answers == [{"history": "restarted"}]
    assert slow.history() is not slow.old
    until(lambda: slow.part[0] == "ok")
    until(lambda: "later" in slow.kept())
