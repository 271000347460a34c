"""`gateway.collect.connection`: whether there is a router, and why not."""

from __future__ import annotations

import pytest

from gateway.collect.connection import Connection


def test_why_there_is_none(caplog: pytest.LogCaptureFixture) -> None:
    """Once in the log."""
    connection = Connection()
    assert connection.problem == "not connected yet"
    for _ in range(2):
        connection.opened("no router")
    assert connection.problem == "no router"
    assert len([record for record in caplog.records if "no router" in record.message]) == 1
    connection.opened(None)
    assert connection.problem is None


def test_while_one_is_there() -> None:
    """Whichever it is."""
    connection = Connection()
    connection.opened(None)
    assert connection.reached("a", there=True)
    assert connection.reached("b", there=True)
    assert connection.reached("a", there=False)
    assert connection.problem is None
    assert not connection.reached("b", there=False)
    assert "no router of the fleet is there now" in str(connection.problem)
    assert connection.reached("a", there=True)
    assert connection.problem is None
