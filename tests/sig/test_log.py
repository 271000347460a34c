"""Logging: silence, three kinds of logger, and where a line says that it comes from."""

from __future__ import annotations

import logging
from typing import Any

import pytest

import sig
from sig import asking, log

METHODS = ("trace", "debug", "info", "warning", "error", "critical")


def test_nothing_is_printed_without_set_up(capfd: pytest.CaptureFixture[str]) -> None:
    """Not even an error."""
    router = sig.Router()
    router.addListener(lambda info, data: 1 / 0)
    router.addSender("a", "e")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("level", [0, 5, 10, 20, 30, 40, 50, 100])
def test_levels_of_the_simple_logger(level: int, capsys: pytest.CaptureFixture[str]) -> None:
    """What is at or above its level is printed, in the columns of the seed."""
    logger = sig.SimpleLogger("[t]", level)
    for method in METHODS:
        getattr(logger, method)("text %s", method)
    lines = capsys.readouterr().out.splitlines()
    shown = [m for m, value in zip(METHODS, (0, 10, 20, 30, 40, 50), strict=True) if value >= level]
    assert [line.split("]-")[1] for line in lines] == [f"text {method}" for method in shown]
    for line, method in zip(lines, shown, strict=True):
        tag, number, caller, name = line.split("]-")[0].split("][")
        assert (tag, len(number), caller, name) == (
            "[t",
            4,
            "test_levels_of_the_simple_logger"[-len(caller) :],
            method.rjust(8),
        )


def test_a_standard_logger_reports_the_line_that_logged(caplog: pytest.LogCaptureFixture) -> None:
    """All six levels, trace at 5, each with the function it came from; a % in a text is left alone."""
    caplog.set_level(1, logger="sig")
    sig.setup_logger(logging.getLogger("sig"))
    for method in METHODS:
        getattr(log.get(), method)("100% of it")
    assert [record.levelno for record in caplog.records] == [5, 10, 20, 30, 40, 50]
    assert {record.funcName for record in caplog.records} == {
        "test_a_standard_logger_reports_the_line_that_logged"
    }
    assert {record.getMessage() for record in caplog.records} == {"100% of it"}


def test_any_object_with_the_methods() -> None:
    """With trace, or without."""

    class Own:
        def __init__(self) -> None:
            self.texts: list[tuple[str, str]] = []

        def __getattr__(self, name: str) -> Any:
            if name not in METHODS[1:]:
                raise AttributeError(name)
            return lambda text: self.texts.append((name, text))

    own = Own()
    sig.setup_logger(own)
    for method in METHODS:
        getattr(log.get(), method)("t")
    assert own.texts == [("debug", "t"), *((method, "t") for method in METHODS[1:])]
    sig.setup_logger(None)
    log.get().critical("unheard")
    assert len(own.texts) == len(METHODS)


class Book:
    """A logger that keeps level and text, and may raise after that."""

    def __init__(self, error: type[BaseException] | None = None) -> None:
        self.lines: list[tuple[str, str]] = []
        self._error = error

    def __getattr__(self, level: str) -> Any:
        if level not in METHODS:
            raise AttributeError(level)

        def keep(text: str) -> None:
            self.lines.append((level, text))
            if self._error is not None:
                raise self._error("of the logger")

        return keep


def local_life() -> sig.Router:
    """One of each local operation that is logged."""
    router = sig.Router()
    router.addListener(print, "s", "never")
    sender = router.addSender("s", ["e"], {"double": lambda params: 2 * params})
    assert router.request("s", "double", 4) == 8
    assert router.addListener(print, "s", "wet") is False
    with pytest.raises(sig.UnknownMethod):
        sender.request("half")
    with pytest.raises(TypeError):
        router.request("s", "double", None)
    with pytest.raises(ValueError, match="method"):
        sender.request(None)  # type: ignore[arg-type]
    sender.remove()
    with pytest.raises(sig.NotConnected):
        sender.request("double")
    with pytest.raises(sig.UnknownSender):
        router.request("nobody", "m")
    return router


LIFE = [
    ("trace", "sender 's' created"),
    ("trace", "event 'never' created for sender 's'"),
    ("trace", "event '#connect' created for sender 's'"),
    ("trace", "event '#disconnect' created for sender 's'"),
    ("trace", "event 'e' created for sender 's'"),
    ("warning", "listeners wait for 'never' of 's', which it does not declare"),
    ("debug", "sender 's' is asked for 'double'"),
    ("warning", "sender 's' does not declare the event 'wet': not listening to it"),
    ("debug", "sender 's' is asked for 'half'"),
    ("error", "request 'half' to sender 's' failed: sender 's' has no method 'half'; it has: double"),
    ("debug", "sender 's' is asked for 'double'"),
    (
        "error",
        "request 'double' to sender 's' failed: unsupported operand type(s) for *: 'int' and 'NoneType'",
    ),
    ("debug", "sender 's' is asked for 'None'"),
    ("error", "request 'None' to sender 's' failed: a request needs a method: pass its name, not None"),
    ("debug", "sender 's' is asked for 'double'"),
    ("error", "request 'double' to sender 's' failed: sender 's' is not connected"),
    ("error", "request 'm' failed: there is no sender 'nobody'"),
]


def test_local_operations() -> None:
    """As pysig logs them: what is created as trace, requests as debug, what is refused or fails as error."""
    book = Book()
    sig.setup_logger(book)
    local_life()
    assert book.lines == LIFE


@pytest.mark.parametrize("error", [OSError, SystemExit])
def test_a_logger_that_raises_harms_nothing(
    error: type[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    """All goes on as with any other; what it raises is on stderr."""
    book = Book(error)
    sig.setup_logger(book)
    heard: list[str] = []
    router = sig.Router()
    router.addListener(lambda info, _data: heard.append(info["event"]), "t")
    router.addListener(print, "t", "never")
    router.addSender("t", ["e"])
    assert heard == ["#connect"]
    book.lines.clear()
    local_life()
    assert book.lines == LIFE
    assert capsys.readouterr().err.count(f"{error.__name__}: of the logger") >= len(LIFE)


def test_ctrl_c_in_a_logger() -> None:
    """It is the program's."""
    sig.setup_logger(Book(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        sig.Router().addSender("s", ["e"])


def test_nothing_is_kept_for_a_log_that_nobody_reads() -> None:
    """What was created before a logger is set up is not told of."""
    router = sig.Router()
    router.addSender("s", ["e"])
    book = Book()
    sig.setup_logger(book)
    router.addListener(print, "s", "e")
    assert book.lines == []


def test_refusals_are_counted_once_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks may be anybody outside: ten are logged each, of the rest of a minute there is one line."""
    now = [100.0]
    monkeypatch.setattr(log, "repeated", log.Repeated(lambda: now[0]))
    book = Book()
    sig.setup_logger(book)
    sender = sig.Router().addSender("s", ["e"])

    def ask() -> None:
        with pytest.raises(sig.UnknownMethod):
            sender.request("m")

    for _ in range(30):
        ask()
    text = "request 'm' to sender 's' failed: sender 's' answers no requests (asked for 'm')"
    assert [line for line in book.lines if line[0] == "error"] == [("error", text)] * asking.TOLD_AT_ONCE
    book.lines.clear()
    now[0] += log.Repeated.AGAIN_S
    ask()
    told = ("error", f"{text} (20 more in 60 s, the last from s)")
    assert [line for line in book.lines if line[0] != "debug"] == [told]


def test_a_simple_logger_shows_who_had_something_to_report(capsys: pytest.CaptureFixture[str]) -> None:
    """A listener's failure is logged by a function for all: the line is that of its caller."""
    sig.setup_logger(sig.SimpleLogger())
    router = sig.Router()
    router.addListener(lambda _info, _data: 1 / 0, "s", "#connect")
    router.addSender("s", ["e"])
    assert (
        "[             _failed][   error]-a listener failed on '#connect' of 's'" in capsys.readouterr().out
    )


def test_the_names_of_the_levels() -> None:
    """As pysig's: none for LEVEL_NONE."""
    names = {0: "trace", 10: "debug", 20: "info", 30: "warning", 40: "error", 50: "critical"}
    assert names == sig.LOG_LEVELS.LEVEL_NAMES


def test_the_null_logger(capfd: pytest.CaptureFixture[str]) -> None:
    """It has the six methods, and says nothing."""
    logger = sig.NullLogger()
    sig.setup_logger(logger)
    local_life()
    for method in METHODS:
        getattr(logger, method)("text")
    assert capfd.readouterr() == ("", "")
