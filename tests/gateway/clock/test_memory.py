"""What is kept of time over restarts."""

import json
import os
import threading
from pathlib import Path

import pytest

from gateway.clock.memory import MAX_BOOTS, Memory
from tests.support.fake_clock import START_UTC
from tests.support.waiting import DEADLINE_S


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clock.json"


def test_kept(path: Path) -> None:
    """The newest time, and of each boot its offset and when it was found first."""
    memory = Memory(path)
    assert (memory.newest, memory.offset("a"), memory.seen("a")) == (0.0, None, None)
    memory.note(START_UTC)
    memory.learn("a", offset=1000.5)
    memory.learn("b", seen=START_UTC)
    memory.save()
    again = Memory(path)
    assert again.newest == START_UTC
    assert (again.offset("a"), again.seen("a")) == (1000.5, None)
    assert (again.offset("b"), again.seen("b")) == (None, START_UTC)


def test_the_newest_time_is_the_newest(path: Path) -> None:
    """Unless it is known to have been wrong."""
    memory = Memory(path)
    memory.note(START_UTC)
    memory.note(START_UTC - 5)
    assert memory.newest == START_UTC
    memory.note(START_UTC - 5, anew=True)
    assert memory.newest == START_UTC - 5


def test_a_slow_disk_holds_up_nobody_who_learns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who looks at the clock learns of a boot, on any thread, while another writes that down."""
    memory = Memory(path)
    writing, written = threading.Event(), threading.Event()

    def slow(_: int) -> None:
        writing.set()
        assert written.wait(DEADLINE_S)

    monkeypatch.setattr(os, "fsync", slow)
    saver = threading.Thread(target=memory.save)
    saver.start()
    assert writing.wait(DEADLINE_S)
    learner = threading.Thread(target=memory.learn, args=("a",), kwargs={"offset": 5.0})
    learner.start()
    learner.join(DEADLINE_S / 4)
    held_up = learner.is_alive()
    written.set()
    saver.join()
    learner.join()
    assert not held_up
    assert memory.offset("a") == 5.0


def test_first_seen_stays_and_the_offset_does_not() -> None:
    """A clock may be set once more; what was found was found then."""
    memory = Memory()
    for moment in (1.0, 2.0):
        memory.learn("a", offset=moment, seen=moment)
    assert (memory.offset("a"), memory.seen("a")) == (2.0, 1.0)


def test_bounded(path: Path) -> None:
    """The oldest boots go, and what is left can be written and read."""
    memory = Memory(path)
    for number in range(MAX_BOOTS + 10):
        memory.learn(f"0f3a6c1e-0000-4000-8000-{number:012}", offset=START_UTC, seen=START_UTC)
    memory.save()
    again = Memory(path)
    assert again.offset(f"0f3a6c1e-0000-4000-8000-{9:012}") is None
    assert again.offset(f"0f3a6c1e-0000-4000-8000-{10:012}") == START_UTC
    assert again.offset(f"0f3a6c1e-0000-4000-8000-{MAX_BOOTS + 9:012}") == START_UTC


def test_without_a_path_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a clock that is asked for a moment."""
    monkeypatch.chdir(tmp_path)
    memory = Memory()
    memory.note(START_UTC)
    memory.save()
    assert (memory.newest, list(tmp_path.iterdir())) == (START_UTC, [])


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"newest": "noon", "boots": {}},
        {"newest": True, "boots": {}},
        {"newest": 1e300, "boots": {}},
        {"newest": 1.0, "boots": []},
        {"newest": 1.0, "boots": {"a": 1}},
        {"newest": 1.0, "boots": {"a": [1.0]}},
        {"newest": 1.0, "boots": {"a": [1.0, "x"]}},
        {"newest": 1.0, "boots": {str(number): [None, None] for number in range(MAX_BOOTS + 1)}},
    ],
)
def test_a_file_that_is_not_ours(path: Path, content: dict[str, object]) -> None:
    """Is set aside, and nothing is known."""
    path.write_text(json.dumps({"version": 1, **content}))
    memory = Memory(path)
    assert (memory.newest, memory.offset("a")) == (0.0, None)
    assert path.with_name("clock.json.damaged").exists()
