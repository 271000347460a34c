"""`gateway.fleet.told`: what is late is no state, and what is lost is a gap."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.fleet.follower import Deliver
from gateway.fleet.message import Event, Lost, Position
from gateway.fleet.told import Told, told

READING = {"value": 1.5, "unit": "C", "time": "2026-01-01T00:00:00.000Z", "quality": "good", "seq": 1}


def _event(event: str, data: Any) -> Event:
    return Event(Position(1, 1), 1_767_225_600_123, True, "temp", event, json.dumps(data))


@pytest.mark.parametrize(("event", "data"), [("#changed", READING), ("hot", 31.5), ("hot", None)])
def test_in_its_turn(event: str, data: Any) -> None:
    """As it was triggered."""
    assert told(Deliver(_event(event, data)), []) == [Told("temp", event, data)]


@pytest.mark.parametrize(
    "reading", [READING, {name: READING[name] for name in ("value", "unit", "time", "quality")}]
)
def test_a_late_reading(reading: dict[str, Any]) -> None:
    """As a driver tells one that its board kept."""
    assert told(Deliver(_event("#changed", reading), late=True), []) == [Told("temp", "#late", reading)]


@pytest.mark.parametrize(
    ("event", "data"), [("hot", 31.5), ("#stale", READING), ("#changed", 5), ("#changed", {"value": 1})]
)
def test_anything_else_that_is_late(event: str, data: Any) -> None:
    """With its name, and when it was."""
    (found,) = told(Deliver(_event(event, data), late=True), [])
    assert found == Told("temp", "#late", {"event": event, "data": data, "time": "2026-01-01T00:00:00.123Z"})


@pytest.mark.parametrize("event", ["#late", "#gap"])
def test_what_tells_of_the_past_stays_what_it_is(event: str) -> None:
    """Late or not."""
    assert told(Deliver(_event(event, READING), late=True), []) == [Told("temp", event, READING)]


def test_coming_and_going_is_told_by_tokens() -> None:
    """An event of such a name is not let through."""
    assert told(Deliver(_event("#connect", {})), []) == []


def test_a_loss() -> None:
    """From when to when, how many, and why."""
    lost = Lost("temp", 3, 1_767_225_600_000, 1_767_225_661_000, "full")
    gap = {
        "from": "2026-01-01T00:00:00.000Z",
        "to": "2026-01-01T00:01:01.000Z",
        "count": 3,
        "reason": "full",
    }
    assert told(lost, ["temp", "hum"]) == [Told("temp", "#gap", gap)]


def test_a_loss_of_nobody_knows_whom() -> None:
    """Each sender of the gateway may have had some."""
    gap = {"from": None, "to": None, "count": None, "reason": "why (3 of all senders of this gateway)"}
    assert told(Lost("", 3, 0, 0, "why"), ["a", "b"]) == [Told("a", "#gap", gap), Told("b", "#gap", gap)]
    only = {"from": None, "to": None, "count": 3, "reason": "why"}
    assert told(Lost("", 3, 0, 0, "why"), ["a"]) == [Told("a", "#gap", only)]


@pytest.mark.parametrize("ms", [-5, 10**18])
def test_a_time_that_no_calendar_has(ms: int) -> None:
    """Is told as the nearest that it has."""
    (found,) = told(Lost("temp", 1, ms, ms, "why"), [])
    assert found.data["to"][:4] in ("1970", "9999")
