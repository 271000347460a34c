"""The outbox's file: where its migrations are, and which values can have been written there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from gateway.clock.memory import MOST_UTC
from gateway.mailbox import MAX_NAME
from gateway.storage.schema import MOST_ID, Schema

MOST_TOPIC = 65_535
"""Bytes, as MQTT has it."""
JSON_KIND = "discovery"
"""What is retained of this kind has JSON as its parts."""
EVENTS, GAPS, RETAINED = "events", "gaps", "retained"
"""The tables."""


def is_name(value: object) -> bool:
    """One that a sender or an event can have."""
    return isinstance(value, str) and len(value) <= MAX_NAME


def is_utc(value: object) -> bool:
    """A time that can be told."""
    return isinstance(value, int | float) and 0 <= value <= MOST_UTC


def _is_uid(value: object) -> bool:
    """It goes into messages between quotes, as it is."""
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME and not _NOT_IN_UID.search(value)


def _is_topic(value: object) -> bool:
    """One that may be published to."""
    return (
        isinstance(value, str) and 0 < len(value.encode()) <= MOST_TOPIC and not _NOT_IN_TOPIC.search(value)
    )


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value < MOST_ID


def _is_flag(value: object) -> bool:
    return value in (0, 1)


def _is_crc(value: object) -> bool:
    return isinstance(value, int)


def _is_noted(row: tuple[Any, ...]) -> bool:
    """Home Assistant's components are a JSON object, the others' parts any text."""
    _, kind, parts, _ = row
    if kind != JSON_KIND:
        return True
    try:
        return isinstance(json.loads(parts), dict)
    except (ValueError, RecursionError):
        return False


_NOT_IN_UID = re.compile(r'["\\\x00-\x1f]')
_NOT_IN_TOPIC = re.compile(r"[+#\x00]")
SCHEMA = Schema(
    Path(__file__).parent / "migrations",
    {
        "sender": is_name,
        "event": is_name,
        "kind": is_name,
        "boot": is_name,
        "uid": _is_uid,
        "topic": _is_topic,
        "time": is_utc,
        "first": is_utc,
        "last": is_utc,
        "at": _is_seconds,
        "known": _is_flag,
        "crc": _is_crc,
    },
    {RETAINED: _is_noted},
)
