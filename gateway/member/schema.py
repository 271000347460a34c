"""The spool's file: where its migrations are, and which values can have been written there."""

from __future__ import annotations

from pathlib import Path

from gateway.clock.memory import MOST_UTC
from gateway.fleet.keys import MOST_NAME
from gateway.storage.schema import MOST_ID, Schema

EVENTS, GAPS, EPOCHS, CONFIRMED = "events", "gaps", "epochs", "confirmed"
"""The tables."""


def _is_count(value: object) -> bool:
    """Zero, too."""
    return isinstance(value, int) and 0 <= value < MOST_ID


def _is_name(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MOST_NAME


def _is_utc(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value <= MOST_UTC


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value < MOST_ID


def _is_flag(value: object) -> bool:
    return value in (0, 1)


def _is_crc(value: object) -> bool:
    return isinstance(value, int)


SCHEMA = Schema(
    Path(__file__).parent / "migrations",
    {
        "seq": _is_count,
        "base": _is_count,
        "last_seq": _is_count,
        "sender": _is_name,
        "event": _is_name,
        "consumer": _is_name,
        "boot": _is_name,
        "time": _is_utc,
        "first": _is_utc,
        "at": _is_seconds,
        "known": _is_flag,
        "crc": _is_crc,
    },
    at_opening=(GAPS, EPOCHS, CONFIRMED),  # 100 MB of events take a Pi seconds; a row is looked at when read
    may_lose_last=True,
    wipes=False,  # what is confirmed may be found again: nobody asks for it
)
