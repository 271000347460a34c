"""The `history` section."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.config import Config


def test_what_is_kept_without_a_word(load_text: Callable[..., Config]) -> None:
    """400 days of readings, 30 of events, a minute that may be lost, a gigabyte."""
    assert load_text("gateway:").history is None
    history = load_text("history: {}").history
    assert history is not None
    assert (history.keep, history.events, history.window, history.size) == (
        400 * 86400,
        30 * 86400,
        60,
        10**9,
    )


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("10MB", 10**7),
        ("' 1.5 GB '", 1_500_000_000),
        ("20000kB", 20_000_000),
        ("20000KB", 20_000_000),
        ("1TB", 10**12),
        ("12345678", 12_345_678),
    ],
)
def test_sizes(load_text: Callable[..., Config], written: str, size: int) -> None:
    """In thousands, as disks are sold; a number is bytes."""
    history = load_text(f"history: {{size: {written}}}").history
    assert history is not None
    assert (history.size, type(history.size)) == (size, int)


SIZE = "a size from 10MB to 1000GB, such as 500MB; a number is bytes"
WINDOW = "a time span from 1s to 5min; a number is seconds"
KEEP = "a time span from 1s, such as 400d; a number is seconds"
EVENTS = "a time span from 1s, such as 30d; a number is seconds"
NO_SIZES = ("9MB", "1001GB", "2TB", "1G", "1 gb", "1.5", "-1", "true", "[1]", "1e9 GB", "9999999999GB")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        *((f"size: {wrong}", SIZE) for wrong in NO_SIZES),
        *((f"window: {wrong}", WINDOW) for wrong in ("0", "0.5", "301s")),
        ("keep: 0", KEEP),
        ("events: 0", EVENTS),
    ],
)
def test_what_is_refused(complaints: Callable[..., Any], written: str, expected: str) -> None:
    """With what is expected, and what to write."""
    key = written.partition(":")[0]
    (text,) = complaints(f"history: {{{written}}}")
    assert text.startswith(f"1: history.{key}: expected {expected}, got "), text
    assert f"write: {key}: " in text
