"""The thread that reloads: one after the other, and those who wait for it."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

import sig
from gateway.reload import reloader as module
from gateway.reload.refusal import RefusedError
from gateway.reload.reloader import MOST, Reloader
from gateway.reload.report import Report
from tests.support.leaks import nothing_left
from tests.support.waiting import DEADLINE_S, happens, until


def report(*lines: tuple[str, str, str], parted: bool = False) -> Report:
    """One that has these lines."""
    made = SimpleNamespace(lines=lambda: list(lines), as_data=lambda: {"parts": len(lines)}, parted=parted)
    return cast(Report, made)


@contextmanager
def running(work: Callable[[threading.Event], Report], **hooks: Any) -> Iterator[Reloader]:
    """A reloader at work, until the end."""
    calls = {"first": lambda: None, "after": lambda _report: None, **hooks}
    with nothing_left():
        made = Reloader(work, **calls)
        made.start()
        try:
            yield made
        finally:
            assert made.stop(DEADLINE_S)


class Asking(threading.Thread):
    """Somebody who asks for a reload on a thread of its own."""

    def __init__(self, reloader: Reloader) -> None:
        super().__init__()
        self._reloader = reloader
        self.answer: Any = None
        self.start()

    def run(self) -> None:
        try:
            self.answer = self._reloader.request(None)
        except sig.RequestError as error:
            self.answer = error


def test_an_answer() -> None:
    """What the reload says; and after it, what is to be done then, on the thread of that name."""
    done: list[tuple[str, str]] = []

    def note(what: str) -> None:
        done.append((what, threading.current_thread().name))

    def work(_stopping: threading.Event) -> Report:
        note("work")
        return report()

    with running(work, first=lambda: note("first"), after=lambda _report: note("after")) as reloader:
        assert reloader.request({}) == {"parts": 0}
        until(lambda: len(done) == 3)
    assert done == [("first", "reload"), ("work", "reload"), ("after", "reload")]
    assert reloader.status() == {}


def test_params() -> None:
    """There are none."""
    with running(lambda _: report()) as reloader, pytest.raises(sig.BadParams, match="no params"):
        reloader.request({"config": "x"})


def test_a_refusal(caplog: pytest.LogCaptureFixture) -> None:
    """The error `failed`, a line for each problem, in the log too; the next reload works."""
    answers: list[Any] = [RefusedError(["a:1: x", "a:2: y"]), report()]

    def work(_stopping: threading.Event) -> Report:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return cast(Report, answer)

    with running(work) as reloader:
        with pytest.raises(sig.RequestError, match="a:1: x\na:2: y") as error:
            reloader.request(None)
        assert error.value.error == "failed"
        assert reloader.request(None) == {"parts": 0}
    logged = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert logged == ["a:1: x", "a:2: y", "reload: the config is refused, and the one before goes on"]


def test_a_defect(caplog: pytest.LogCaptureFixture) -> None:
    """Is told, and ends nothing."""
    with running(lambda _: 1 / 0, first=lambda: 1 / 0) as reloader:  # type: ignore[arg-type,return-value]
        with pytest.raises(sig.RequestError, match="division by zero"):
            reloader.request(None)
        with pytest.raises(sig.RequestError, match="division by zero"):
            reloader.request(None)
    assert "please report" in caplog.text


def test_what_changed_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """A line for each part that is not kept; a part that failed is an error."""
    caplog.set_level(logging.INFO)
    lines = ("a", "kept", ""), ("b", "added", ""), ("c", "failed", "why")
    answers = [report(*lines), report(("a", "kept", ""))]
    with running(lambda _: answers.pop(0)) as reloader:
        reloader.request(None)
        reloader.request(None)
    logged = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert logged == [
        ("INFO", "reload: b: added"),
        ("ERROR", "reload: c: failed: why"),
        ("INFO", "reload: nothing has changed"),
    ]


def test_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some wait, and more are refused; who waits too long is told so, and the reload goes on."""
    go_on, begun, at_once, most = threading.Event(), threading.Semaphore(0), [0], [0]

    def work(_stopping: threading.Event) -> Report:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        begun.release()
        happens(go_on)
        at_once[0] -= 1
        return report()

    with running(work) as reloader:
        first = Asking(reloader)
        assert begun.acquire(timeout=DEADLINE_S)
        waiting = [Asking(reloader) for _ in range(MOST)]
        until(lambda: len(reloader._waiting) == MOST)
        with pytest.raises(sig.Busy):
            reloader.request(None)
        go_on.set()
        for each in (first, *waiting):
            each.join(DEADLINE_S)
        assert [each.answer for each in (first, *waiting)] == [{"parts": 0}] * (MOST + 1)
        assert most == [1]
        go_on.clear()
        monkeypatch.setattr(module, "ANSWER_S", 0.01)
        with pytest.raises(sig.RequestTimeout, match="the log says when"):
            reloader.request(None)
        go_on.set()


def test_asked_without_waiting() -> None:
    """Of many that have not begun one is enough; one that has begun may have read the file already."""
    go_on, begun, count = threading.Event(), threading.Event(), [0]

    def work(_stopping: threading.Event) -> Report:
        count[0] += 1
        begun.set()
        happens(go_on)
        return report()

    with running(work) as reloader:
        reloader.ask()
        happens(begun)
        for _ in range(5):
            reloader.ask()
        go_on.set()
        until(lambda: count[0] == 2)
        until(lambda: not reloader._waiting)
    assert count == [2]


def test_the_end() -> None:
    """One that is under way is told; those that wait are not done, and whoever waits for them hears it."""
    begun, seen, count = threading.Event(), threading.Event(), [0]

    def work(stopping: threading.Event) -> Report:
        count[0] += 1
        begun.set()
        happens(stopping)
        seen.set()
        return report()

    with running(work) as reloader:
        first = Asking(reloader)
        happens(begun)
        second = Asking(reloader)
        until(lambda: len(reloader._waiting) == 1)
        assert reloader.stop(DEADLINE_S)
        first.join(DEADLINE_S)
        second.join(DEADLINE_S)
        assert isinstance(second.answer, sig.NotConnected)
        with pytest.raises(sig.Busy):
            reloader.request(None)
        reloader.ask()
    assert (count, seen.is_set()) == ([1], True)


def test_one_that_hangs_is_left_behind(caplog: pytest.LogCaptureFixture) -> None:
    """In time, and said to be."""
    go_on, begun = threading.Event(), threading.Event()

    def work(_stopping: threading.Event) -> Report:
        begun.set()
        happens(go_on)
        return report()

    with running(work) as reloader:
        reloader.ask()
        happens(begun)
        assert not reloader.stop(0.01)
        go_on.set()
    assert "left behind" in caplog.text


def test_around_each() -> None:
    """Entered before it, and left after it, refused or not; before the answer."""
    seen: list[str] = []

    @contextmanager
    def around() -> Iterator[None]:
        seen.append("begin")
        try:
            yield
        finally:
            seen.append("end")

    def work(_stopping: threading.Event) -> Report:
        seen.append("work")
        raise RefusedError(["x"])

    with running(work) as reloader:
        reloader.around = around
        with pytest.raises(sig.RequestError):
            reloader.request(None)
        assert seen == ["begin", "work", "end"]
