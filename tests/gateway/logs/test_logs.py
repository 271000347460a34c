"""Log lines."""

import io
import logging
import re
from collections.abc import Callable

import pytest

import sig
from gateway.logs import LineFormatter, Tail, logging_to, to_stderr


def test_line() -> None:
    """UTC with milliseconds, level, text; a traceback below."""
    record = logging.LogRecord("x", logging.INFO, "", 0, "board: %s", ("up",), None)
    record.created, record.msecs = 1795329000.1239, 123.9
    assert LineFormatter().format(record) == "2026-11-22T06:30:00.123Z INFO board: up"


def test_everything_comes_here_and_only_while_it_is_set() -> None:
    """The drivers' log, sig's warnings (not its chatter), tracebacks line by line."""
    tail = Tail()
    with logging_to(tail):
        logging.getLogger("drivers.link").info("one")
        logging.getLogger("drivers.link").debug("not this")
        sig.log.get().info("nor this")
        sig.log.get().warning("two")
        try:
            int("three")
        except ValueError:
            logging.getLogger("x").exception("failed")
    logging.getLogger("x").warning("too late")
    words = [line.rpartition(" ")[2] for _, line in tail.lines]
    assert words[:3] == ["one", "two", "failed"]
    assert words[-1] == "'three'"
    assert "late" not in words


def test_what_comes_later_goes_elsewhere() -> None:
    """Once the tail is handed over: each line is in one of the two."""
    tail, out = Tail(), io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(LineFormatter())
    with logging_to(tail):
        logging.getLogger("x").warning("one")
        before = tail.hand_over(handler)
        logging.getLogger("x").warning("two")
    assert [line.rpartition(" ")[2] for _, line in before] == ["one"]
    assert list(tail.lines) == before
    assert out.getvalue().split()[1:] == ["WARNING", "two"]


def test_verbose() -> None:
    """Debug lines too; the level is put back."""
    before = logging.getLogger().level
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(LineFormatter())
    with logging_to(handler, verbose=True):
        logging.getLogger("x").debug("fine")
    assert re.fullmatch(r"\S+Z DEBUG fine\n", out.getvalue())
    assert logging.getLogger().level == before


def test_tail_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps the newest, and a record that cannot be formatted harms nobody."""
    monkeypatch.setattr(logging, "raiseExceptions", False)
    tail = Tail()
    with logging_to(tail):
        for number in range(500):
            logging.getLogger("x").info("line%d", number)
        logging.getLogger("x").info("%d", "not a number")
    assert len(tail.lines) == 200
    assert tail.lines[-1][1].endswith(" line499")


@pytest.mark.parametrize("make", [to_stderr, Tail])
def test_a_log_that_cannot_be_written(
    make: Callable[[], logging.Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closed stderr, an argument without a text: whoever logs goes on."""

    class Speechless:
        def __str__(self) -> str:
            raise ZeroDivisionError

    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stderr", closed)
    handler = make()
    for argument in ("one", Speechless()):
        handler.handle(logging.LogRecord("x", logging.INFO, "", 0, "%s", (argument,), None))
