"""Where lines go, and what a disk does to that."""

import errno
import io
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.config import Config
from gateway.config.log import LogSection
from gateway.logs import configure, logging_to
from gateway.logs.hub import MOST_WAITING, RETRY_S, Hub
from gateway.logs.limits import OF_A_KIND, SPAN_S
from gateway.logs.tail import Tail
from tests.support.leaks import nothing_left
from tests.support.waiting import happens, until


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """The thread has ended."""
    with nothing_left():
        yield


class _Log:
    """A hub on a clock of the test's; `said`: what came to its handler."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.tail = Tail()
        self.hub = Hub(self.tail, lambda: self.now)

    def say(self, text: str) -> None:
        """As whoever logs does."""
        self.hub.handle(logging.LogRecord("x", logging.INFO, "", 0, text, (), None))

    @property
    def said(self) -> list[str]:
        """Without times."""
        return [line.partition(" ")[2] for _, line in list(self.tail.lines)]


@pytest.fixture
def log() -> Iterator[_Log]:
    """One, which is closed."""
    made = _Log()
    yield made
    made.hub.close()


def _lines(path: Path) -> list[str]:
    return [line.partition(" ")[2] or line for line in path.read_text().splitlines()] if path.exists() else []


def test_both_get_the_lines(log: _Log, tmp_path: Path) -> None:
    """The file those from when it was named until it was not any more."""
    path = tmp_path / "log"
    log.say("one")
    log.hub.write_to(path, 1000, 1)
    log.say("two")
    until(lambda: _lines(path) == ["INFO two"])
    log.hub.write_to(None)
    log.say("three")
    log.hub.close()
    assert log.said == ["INFO one", "INFO two", "INFO three"]
    assert _lines(path) == ["INFO two"]


def test_what_waits_is_written_at_the_end(log: _Log, tmp_path: Path) -> None:
    """The last lines are those that tell why."""
    log.hub.write_to(tmp_path / "log", 100_000, 1)
    for number in range(100):
        log.say(f"line{number}")
    log.hub.close()
    assert _lines(tmp_path / "log") == [f"INFO line{number}" for number in range(100)]


def test_counted_lines_are_told_of(log: _Log) -> None:
    """With the next line after the span, and at the end."""
    for _ in range(OF_A_KIND + 5):
        log.say("lost")
    log.now += SPAN_S
    log.say("something else")
    assert log.said[OF_A_KIND:] == [
        "INFO 5 more like this in the last 10 minutes: lost",
        "INFO something else",
    ]
    for _ in range(OF_A_KIND + 3):
        log.say("lost")
    log.hub.close()
    assert log.said[-1] == "INFO 3 more like this in the last minute: lost"


def test_counted_lines_are_told_of_though_nobody_logs(log: _Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread looks now and then."""
    monkeypatch.setattr("gateway.logs.hub.LOOK_S", 0.01)
    for _ in range(OF_A_KIND + 1):
        log.say("lost")
    log.now += SPAN_S
    until(lambda: log.said[-1] == "INFO 1 more like this in the last 10 minutes: lost")


def test_a_folder_that_is_removed(log: _Log, tmp_path: Path) -> None:
    """Is said once; the lines go on; when it is back the file says how many it has not."""
    path = tmp_path / "folder" / "log"
    path.parent.mkdir()
    log.hub.write_to(path, 10_000, 1)
    log.say("one")
    until(lambda: _lines(path) == ["INFO one"])
    shutil.rmtree(path.parent)
    for text in ("two", "three", "four"):
        log.say(text)
    trouble = f"ERROR log: {path} cannot be written: No such file or directory"
    until(lambda: any(line.startswith(trouble) for line in log.said))
    path.parent.mkdir()
    log.say("too early to try again")
    log.now += RETRY_S
    log.say("five")
    until(lambda: f"INFO log: {path} can be written again" in log.said)
    assert _lines(path)[-1] == "INFO five"
    assert "lines before this one could not be written)" in path.read_text().splitlines()[0]
    assert sum("cannot be written" in line for line in log.said) == 1
    assert [line for line in log.said if "log:" not in line] == [
        f"INFO {text}" for text in ("one", "two", "three", "four", "too early to try again", "five")
    ]


def test_a_full_disk(log: _Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each write fails: said once, however often it is tried, which is not for each line."""
    tried = 0

    def full(_descriptor: int, _data: bytes) -> int:
        nonlocal tried
        tried += 1
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("gateway.logs.file.os.write", full)
    log.hub.write_to(tmp_path / "log", 10_000, 1)
    for number in range(3):
        log.say(f"line{number}")
        until(lambda: tried == number + 1)  # noqa: B023 - asked in this turn
        until(lambda: any("No space left" in line for line in log.said))
        log.say("too early")
        until(lambda: not log.hub._lines)
        log.now += RETRY_S
    log.hub.close()
    monkeypatch.undo()
    assert tried in (3, 4)  # the last line may be taken after the clock went on
    assert sum("cannot be written" in line for line in log.said) == 1


def test_a_disk_that_hangs(log: _Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever logs goes on; what no place is left for is counted; `close` does not wait for ever."""
    hung, free, write = threading.Event(), threading.Event(), os.write

    def hang(descriptor: int, data: bytes) -> int:
        hung.set()
        happens(free)
        return write(descriptor, data)

    monkeypatch.setattr("gateway.logs.file.os.write", hang)
    path = tmp_path / "log"
    log.hub.write_to(path, 10**6, 1)
    log.say("first")
    happens(hung)
    for number in range(MOST_WAITING + 7):
        log.hub._tell(logging.LogRecord("x", logging.INFO, "", 0, f"line{number}", (), None))
    log.hub.close()
    free.set()
    until(lambda: f"INFO line{MOST_WAITING - 1}" in _lines(path))
    monkeypatch.undo()
    assert "(7 lines before this one could not be written)" in path.read_text()


@pytest.mark.parametrize("other", ["other", None])
def test_what_waits_for_a_file_is_not_another_s(
    log: _Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: str | None
) -> None:
    """A reload that names another file, or none: lines of before go to the old one, which is given back."""
    hung, free, write = threading.Event(), threading.Event(), os.write

    def hang(descriptor: int, data: bytes) -> int:
        hung.set()
        happens(free)
        return write(descriptor, data)

    monkeypatch.setattr("gateway.logs.file.os.write", hang)
    path = tmp_path / "log"
    log.hub.write_to(path, 10**6, 1)
    log.say("first")
    happens(hung)
    log.say("second")
    log.hub.write_to(tmp_path / other if other else None, 10**6, 1)
    log.say("third")
    free.set()
    until(lambda: _lines(path) == ["INFO first", "INFO second"], what=str(_lines(path)))
    if other is not None:
        until(lambda: _lines(tmp_path / other) == ["INFO third"])
    until(lambda: str(path) not in _open_files())
    log.say("fourth")
    log.hub.close()
    assert _lines(path) == ["INFO first", "INFO second"]


def _open_files() -> list[str]:
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.append(str(entry.readlink()))
    return found


def test_what_cannot_be_said(log: _Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """An argument without a text harms nobody."""
    monkeypatch.setattr(logging, "raiseExceptions", False)
    log.hub.handle(logging.LogRecord("x", logging.INFO, "", 0, "%d", ("x",), None))
    log.say("one")
    assert log.said == ["INFO one"]


def _config(tmp_path: Path, load: Callable[..., Config], text: str) -> Config:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return load(path)


def test_by_the_config(tmp_path: Path) -> None:
    """Level and file, at the start and changed while it runs; a folder that is missing is made."""
    from gateway.config import load

    first = _config(tmp_path, load, "log: {level: warning, file: logs/gateway.log}")
    second = _config(tmp_path, load, "log: {level: debug, file: other.log, rotate: {size: 100KB, count: 0}}")
    third = _config(tmp_path, load, "gateway:")
    tail, logger = Tail(), logging.getLogger("x")
    with logging_to(tail, config=first):
        logger.info("not this")
        logger.warning("one")
        until(lambda: _lines(tmp_path / "logs" / "gateway.log") == ["WARNING one"])
        configure(second)
        logger.debug("two")
        until(lambda: _lines(tmp_path / "other.log") == ["DEBUG two"])
        configure(third)
        logger.debug("nor this")
        logger.info("three")
    assert [line.partition(" ")[2] for _, line in tail.lines] == ["WARNING one", "DEBUG two", "INFO three"]
    assert _lines(tmp_path / "other.log") == ["DEBUG two"]


def test_verbose_comes_first(tmp_path: Path) -> None:
    """What was said on the command line holds, whatever the config says."""
    from gateway.config import load

    config = _config(tmp_path, load, "log: {level: error}")
    tail = Tail()
    with logging_to(tail, verbose=True, config=config):
        logging.getLogger("x").debug("fine")
        logging.getLogger("sig").info("chatter")
    assert [line.partition(" ")[2] for _, line in tail.lines] == ["DEBUG fine"]


def test_where_nothing_is_logged_to() -> None:
    """Nothing changes: a script that uses the parts has its own log."""
    level = logging.getLogger().level
    configure(SimpleNamespace(log=LogSection(level="debug")))  # type: ignore[arg-type]
    assert logging.getLogger().level == level


def test_as_before_afterwards() -> None:
    """Levels and handlers are put back, whatever happened."""
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("sig").level)
    out = logging.StreamHandler(io.StringIO())
    with pytest.raises(ZeroDivisionError), logging_to(out):
        raise ZeroDivisionError
    assert (root.level, list(root.handlers), logging.getLogger("sig").level) == before


def test_where_no_thread_can_be_had(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Who configures it is told; it can be closed."""

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    log = _Log()
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="new thread"):
        log.hub.write_to(tmp_path / "log", 1000, 1)
    log.hub.close()
