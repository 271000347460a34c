"""Ids of events: in order, and read back from their text."""

import pytest

from gateway.event_id import BEFORE_ALL, EventId


def test_ids_ascend() -> None:
    """Also when the clock is set back, and within a millisecond."""
    last, found = BEFORE_ALL, []
    for utc in (5.0, 5.0, 4.0, 6.0):
        last = last.next(utc)
        found.append(str(last))
    assert found == ["5000-0", "5000-1", "5000-2", "6000-0"]


@pytest.mark.parametrize("text", ["", "5", "5-", "-5", "a-1", "5-1-2", "٥-1", "1-٥", "1" * 40 + "-1"])
def test_what_is_no_id(text: str) -> None:
    """Is None."""
    assert EventId.parse(text) is None


def test_an_id_and_its_text() -> None:
    """Are the same."""
    assert EventId.parse(str(EventId(1_700_000_000_000, 7))) == EventId(1_700_000_000_000, 7)
