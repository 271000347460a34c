"""Records as text, and where standard error leads."""

import io
import logging
import os
import socket

import pytest

from gateway.logs.lines import JournalFormatter, LineFormatter, priority
from gateway.logs.stderr import is_journal, to_stderr


def _record(level: int, text: str) -> logging.LogRecord:
    return logging.LogRecord("x", level, "", 0, text, (), None)


@pytest.mark.parametrize(
    ("level", "number"),
    [("CRITICAL", 2), ("ERROR", 3), ("WARNING", 4), ("INFO", 6), ("DEBUG", 7)],
)
def test_priorities(level: str, number: int) -> None:
    """Those of syslog, in front of each line; the journal has the time itself."""
    record = _record(getattr(logging, level), "one\ntwo")
    assert priority(record.levelno) == number
    assert JournalFormatter().format(record) == f"<{number}>one\n<{number}>two"


def test_a_traceback_for_the_journal() -> None:
    """Each line of it has its priority; an empty message is a line too."""
    try:
        int("three")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), (type(error), error, None))
    lines = JournalFormatter().format(record).splitlines()
    assert lines[0] == "<3>failed"
    assert len(lines) > 1
    assert all(line.startswith("<3>") for line in lines)
    assert JournalFormatter().format(_record(logging.INFO, "")) == "<6>"


def test_standard_error_is_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where JOURNAL_STREAM names the very socket; not that of a parent, and not nonsense."""
    ours, theirs = socket.socketpair()
    with ours, theirs, os.fdopen(os.dup(ours.fileno()), "w") as stream:
        status = os.fstat(stream.fileno())
        right = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        assert is_journal(stream, right)
        for value in (
            f"{status.st_dev}:{status.st_ino + 1}",
            f"{status.st_dev + 1}:{status.st_ino}",
            "",
            "x:y",
            "8",
        ):
            assert not is_journal(stream, {"JOURNAL_STREAM": value})
        assert not is_journal(stream, {})
        assert not is_journal(io.StringIO(), right)
        monkeypatch.setattr("sys.stderr", stream)
        assert isinstance(to_stderr(right).formatter, JournalFormatter)
        assert isinstance(to_stderr({}).formatter, LineFormatter)
        to_stderr(right).handle(_record(logging.WARNING, "lost"))
        assert theirs.recv(100) == b"<4>lost\n"
