"""What a collector has of the gateways of `fleet_gateways`, by its sites' files."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from tests.support.fleet_gateways import PRESSED
from tests.support.fleet_parts import Got, Heard

GAP = "#gap"
_READINGS = """
SELECT time + delay, number, name, seq, value FROM readings JOIN sensors ON sensors.key = sensor
"""
_OTHERS = "SELECT ms, number, sender, event, data FROM events"


class _Row(NamedTuple):
    """In the order of its event's id, which is that in which it came. `lost`: it is a gap, of so many."""

    ms: int
    order: int
    sender: str
    number: int
    said: float
    lost: int = 0


def recorded(data: Path) -> Heard:
    """Of all sites, each in its order: readings, and what else there is. None is sealed yet: they are of
    today, or of later."""
    events: list[Got] = []
    lost: dict[str, int] = {}
    for file in sorted(data.glob("*/history.db")):
        for place, row in enumerate(sorted(_rows(file)), 1):
            gateway = row.sender.rpartition("/")[0]
            if row.lost:
                lost[gateway] = lost.get(gateway, 0) + row.lost
            else:
                events.append(Got(gateway, 0, place, row.number, row.said, row.ms / 1000))
    return Heard(events, lost)


def _rows(file: Path) -> Iterator[_Row]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        try:
            readings, others = db.execute(_READINGS).fetchall(), db.execute(_OTHERS).fetchall()
        except sqlite3.OperationalError:  # there are no tables yet
            return
    for reading in readings:
        yield _Row(*reading)
    for ms, order, sender, event, text in others:
        data = json.loads(text)
        if event == PRESSED:
            yield _Row(ms, order, sender, data["n"], data["t"])
        elif event == GAP:
            yield _Row(ms, order, sender, 0, 0.0, data["count"])
