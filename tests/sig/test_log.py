"""Logging: silence, three kinds of logger, and where a line says that it comes from."""

from __future__ import annotations

import logging
from typing import Any

import pytest

import sig
from sig import log

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
