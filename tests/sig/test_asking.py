"""What is logged of requests: that a flood of one cause hides no other, and that what is counted is told."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

import sig
from sig import asking, log
from sig.sender import Handlers


class Book:
    """A logger that keeps what is logged as error or warning, and as debug."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.debugs: list[str] = []
        self.error = self.warning = self.critical = self.texts.append
        self.debug = self.info = self.trace = self.debugs.append

    def take(self) -> list[str]:
        """What has been logged since."""
        taken, self.texts[:] = list(self.texts), []
        return taken


class Clock:
    """One that stands."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(log, "repeated", log.Repeated(clock))
    return clock


@pytest.fixture
def book(clock: Clock) -> Book:
    book = Book()
    sig.setup_logger(book)
    return book


def raising(error: BaseException) -> Callable[[Any], Any]:
    """A handler that does."""

    def handler(_params: Any) -> Any:
        raise error

    return handler


@pytest.fixture
def router() -> sig.Router:
    router = sig.Router()
    fire: Handlers = {"read": raising(ValueError("disk on fire")), "write": raising(OSError("disk full"))}
    router.addSender("disk", [], fire)
    router.addSender("lamp", [], {"on": raising(ValueError("no bulb"))})
    return router


def ask(router: sig.Router, sender: str, method: Any, times: int = 1) -> None:
    """So often."""
    for _ in range(times):
        with suppress(Exception):
            router.request(sender, method)


READ = "request 'read' to sender 'disk' failed: disk on fire"
WRITE = "request 'write' to sender 'disk' failed: disk full"
LAMP = "request 'on' to sender 'lamp' failed: no bulb"


def test_refusals_hide_no_handler_that_fails(router: sig.Router, book: Book) -> None:
    """Whatever is refused is one cause: an unknown sender or method, a name that is none."""
    ask(router, "nobody", "m", 4)
    ask(router, "disk", "dance", 3)
    ask(router, "disk", None, 3)
    assert len(book.take()) == asking.TOLD_AT_ONCE == 10
    ask(router, "nobody", "m", 2)
    ask(router, "disk", "dance", 2)
    gone = router.addSender("gone", ["e"])
    gone.remove()
    ask(router, "gone", "m")
    assert book.take() == []
    ask(router, "disk", "read")
    assert book.take() == [READ]


def test_no_failure_hides_another(router: sig.Router, book: Book) -> None:
    """Of another sender, or of another class: what bad parameters make a handler raise, say."""
    ask(router, "disk", "read", 30)
    assert book.take() == [READ] * 10
    ask(router, "lamp", "on")
    ask(router, "disk", "write")
    assert book.take() == [LAMP, WRITE]
    ask(router, "nobody", "m")
    assert len(book.take()) == 1


def test_senders_are_bounded(book: Book, clock: Clock) -> None:
    """From so many on that fail in one minute all others share ten lines; after that minute they do not."""
    router = sig.Router()
    most = log.Repeated.MAX_KINDS
    for n in range(most + 20):
        router.addSender(f"s{n}", [], {"m": raising(ValueError("bad"))})
        ask(router, f"s{n}", "m")
    assert len(book.take()) == most + 10
    for n in range(most):
        ask(router, f"s{n}", "m", 10)
    assert len(book.take()) == 9 * most
    clock.now += log.Repeated.AGAIN_S
    ask(router, "s0", "m")
    told = book.take()
    assert sum("more in 60 s" in text for text in told) == most + 1
    assert any("failed: bad (10 more in 60 s, the last from s117, s118, s119)" in text for text in told)
    clock.now += log.Repeated.AGAIN_S
    ask(router, f"s{most + 19}", "m", 10)
    told = [text for text in book.take() if f"'s{most + 19}'" in text]
    assert told == [f"request 'm' to sender 's{most + 19}' failed: bad"] * 10


def test_a_request_that_succeeds_tells_the_count(router: sig.Router, book: Book, clock: Clock) -> None:
    """The last burst is told although nothing fails any more."""
    ask(router, "disk", "read", 12)
    book.take()
    clock.now += log.Repeated.AGAIN_S
    router.addSender("good", [], {"m": lambda _params: 1})
    assert router.request("good", "m") == 1
    assert book.take() == [f"{READ} (2 more in 60 s, the last from disk)"]


def test_another_logger_and_the_count(router: sig.Router, book: Book) -> None:
    """The one before is told what was counted; the new one begins anew."""
    ask(router, "disk", "read", 12)
    book.take()
    other = Book()
    sig.setup_logger(other)
    (text,) = book.take()
    assert re.fullmatch(re.escape(READ) + r" \(2 more in \d+ s, the last from disk\)", text)
    assert other.take() == []
    ask(router, "disk", "read")
    assert (book.take(), other.take()) == ([], [READ])


def test_nothing_is_told_of_what_is_meant_for_the_program(router: sig.Router, book: Book) -> None:
    """`sys.exit()` in a handler is no failure."""
    router.addSender("end", [], {"now": raising(SystemExit(3))})
    with pytest.raises(SystemExit):
        router.request("end", "now")
    assert book.take() == []
    assert book.debugs[-1] == "sender 'end' is asked for 'now'"


PROGRAM = """
import os, sys, sig
sig.setup_logger(sig.SimpleLogger())
router = sig.Router()
router.addSender("disk", [], {"read": lambda params: {}["fire"]})
for _ in range(15):
    try:
        router.request("disk", "read")
    except KeyError:
        pass
sys.stdout.flush()
child = os.fork()
if child:
    os.waitpid(child, 0)
"""


def test_the_end_of_a_program_tells_the_count() -> None:
    """Once: a child that it has forked does not tell it, too."""
    path = os.pathsep.join(sys.path)
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    lines = [line.split("]-", 1)[1] for line in ran.stdout.splitlines()]
    text = "request 'read' to sender 'disk' failed: 'fire'"
    assert lines[:-1] == [text] * 10
    assert re.fullmatch(re.escape(text) + r" \(5 more in \d+ s, the last from disk\)", lines[-1])
    assert not ran.stderr
