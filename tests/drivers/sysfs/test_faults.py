"""Errors of the kernel, in words."""

import errno
import os

import pytest

from drivers.sysfs.faults import of_error, shown


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.EIO, "the chip did not answer, or its answer was damaged (EIO)"),
        (errno.ETIMEDOUT, "the chip did not answer in time (ETIMEDOUT)"),
        (errno.EREMOTEIO, "the chip does not answer; is it still wired? (EREMOTEIO)"),
        (errno.ENXIO, "the chip does not answer; is it still wired? (ENXIO)"),
        (errno.ENODATA, "the chip has no value: it is switched off, or has not measured yet (ENODATA)"),
        (errno.EAGAIN, "the bus is busy (EAGAIN)"),
        (errno.ENOMEM, "Cannot allocate memory (ENOMEM)"),
        (9999, "what (no number)"),
    ],
)
def test_numbers(code: int, words: str) -> None:
    """A clause that names the file, what it means, and the number that a search finds."""
    text = os.strerror(code) if code < 1000 else "what"
    assert (
        str(of_error(OSError(code, text), "/sys/x/in_temp_input")) == f"in_temp_input cannot be read: {words}"
    )


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM])
def test_permission(code: int) -> None:
    """Says what to do, with the whole path."""
    text = str(of_error(OSError(code, "no"), "/sys/x/temp1_input"))
    assert "no permission to read /sys/x/temp1_input" in text
    assert "udev rule (docs/sysfs.md)" in text


def test_an_error_without_a_number() -> None:
    """A foreign one."""
    assert str(of_error(OSError("odd"), "/x/y")) == "y cannot be read: odd (no number)"


def test_texts_are_shown_in_part() -> None:
    """Quoted, without what a terminal would take for more than letters."""
    assert shown("a\x1bb") == "'a\\x1bb'"
    assert shown("x" * 41) == f"'{'x' * 40}'…"
    assert shown("x" * 40) == f"'{'x' * 40}'"
