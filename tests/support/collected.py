"""Gateways of a fleet, simulated, and what a collector has kept of them."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from drivers.reading import format_ms
from gateway.fleet.keys import Gateway
from gateway.fleet.message import Position
from gateway.fleet.session import close, open_session
from gateway.fleet.speaker import Speaker
from gateway.fleet.spool import MemorySpool
from tests.support.fleet_routers import Routers

KEEPS = 5000
ABOUT = {"version": "0.9.1", "uptime": 4711.0, "clock": {"believed": True}}


class NotingSpool(MemorySpool):
    """Knows how far it was confirmed."""

    def __init__(self, most: int = KEEPS) -> None:
        super().__init__(most)
        self.confirmed = Position(0, 0)

    def confirm(self, consumer: str, position: Position) -> None:
        """See `Spool`."""
        assert consumer == "collector"
        self.confirmed = max(self.confirmed, position)


class Simulated:
    """A gateway with the sender `temp`, on a session of its own. `order`: the routers that it tries."""

    def __init__(self, fleet: Routers, site: str, name: str, *order: int, most: int = KEEPS) -> None:
        self.gateway = Gateway(site, name)
        self.sender = f"{self.gateway}/temp"
        self.spool = NotingSpool(most)
        self.said: list[int] = []
        self._session = open_session(fleet.settings(*order))
        self._speaker = Speaker(self._session, self.gateway, self.spool, self._answer, self._senders)
        self._speaker.connect("temp")
        self._ending = threading.Event()
        self._beating = threading.Thread(target=self._beat, name=f"beat-{name}")
        self._beating.start()

    def say(self, number: int, utc_ms: int | None = None, *, known: bool = True) -> None:
        """A reading, of that number and value."""
        ms = time.time_ns() // 1_000_000 if utc_ms is None else utc_ms
        reading = {
            "value": float(number),
            "unit": "°C",
            "time": format_ms(ms),
            "quality": "good",
            "seq": number,
        }
        self.said.append(number)
        text = json.dumps(reading if known else {**reading, "clock": "unset"}, ensure_ascii=False)
        self._speaker.say("temp", "#changed", text, ms, known)

    def tell(self, event: str, data: dict[str, Any]) -> None:
        """Any other event."""
        ms = time.time_ns() // 1_000_000
        self._speaker.say("temp", event, json.dumps({**data, "time": format_ms(ms)}), ms, True)

    @property
    def safe(self) -> bool:
        """Whether a durable consumer has all that it has said."""
        return self.spool.confirmed == self.spool.head

    def close(self) -> None:
        """It is gone."""
        self._ending.set()
        self._beating.join()
        assert self._speaker.close(60.0)
        close(self._session)

    def _beat(self) -> None:
        while not self._ending.wait(0.1):
            self._speaker.beat(time.monotonic())

    def _answer(self, sender: str, method: str, _params: Any, _timeout_s: float) -> Any:
        return {"sender": sender, "method": method}

    def _senders(self) -> dict[str, Any]:
        temp = {
            "sender": "temp",
            "connected": True,
            "events": ["#changed"],
            "requests": ["read", "info", "stats"],
            "last": None,
            "quality": None,
            "reason": None,
            "warning": None,
            "kind": "temperature",
            "link": "board",
            "thresholds": {},
            "decimals": 1,
        }
        return {"gateway": ABOUT, "senders": [temp]}


@contextmanager
def simulated(fleet: Routers, *names: tuple[str, str]) -> Iterator[list[Simulated]]:
    """Some, for the length of a with block: site and name of each."""
    made: list[Simulated] = []
    try:
        for index, (site, name) in enumerate(names):
            made.append(Simulated(fleet, site, name, index % 2, (index + 1) % 2))
        yield made
    finally:
        for each in made:
            each.close()


def kept(data: Path, sender: str) -> list[int]:
    """The numbers of that sender's readings in its site's file, in the order of their times."""
    path = data / sender.partition("/")[0] / "history.db"
    if not path.exists():
        return []
    query = (
        "SELECT seq FROM readings JOIN sensors ON sensors.key = sensor WHERE name = ? ORDER BY time, number"
    )
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        try:
            return [seq for (seq,) in db.execute(query, (sender,))]
        except sqlite3.OperationalError:  # there are no tables yet
            return []


def events(data: Path, site: str) -> Sequence[tuple[str, str, Any]]:
    """Sender, event and data of all that is no reading."""
    with closing(sqlite3.connect(f"file:{data / site / 'history.db'}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT sender, event, data FROM events ORDER BY ms, number").fetchall()
    return [(sender, event, json.loads(text)) for sender, event, text in rows]
