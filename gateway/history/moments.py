"""Times that people ask for: RFC 3339, or a span that reaches back from now. Pure; all are UTC in ms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from drivers.options import parse_duration

FIRST_MS, LAST_MS = 0, 253_402_300_799_999
"""1970 to the end of 9999: what RFC 3339 can say."""
SINCE = "24h"
WHEN = "RFC 3339 with an offset, or a span that reaches back from now, such as `24h`"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(name: str, text: str | None, now_ms: int) -> int:
    """The time that `text` means, cut to 1970 and later; now without one. Raises `ValueError` that begins
    with the name."""
    if text is None:
        return now_ms
    try:
        return min(max(_parsed(text.strip(), now_ms), FIRST_MS), LAST_MS)
    except (ValueError, OverflowError):
        expected = "a time such as 2026-11-22T06:30:00Z, or a span such as 24h"
        raise ValueError(f"{name}: expected {expected}, got {text[:60]!r}") from None


def exact(text: str) -> int:
    """An RFC 3339 time, with its offset. Raises `ValueError` and `OverflowError`."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("no offset")
    micro = (found.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)
    return (micro + 500) // 1000


def _parsed(text: str, now_ms: int) -> int:
    if "T" not in text.upper() or "-" not in text:
        return now_ms - round(parse_duration(text) * 1000)
    # in a query `+` is a space, and few think of that
    return exact(text.upper().replace(" ", "+"))
