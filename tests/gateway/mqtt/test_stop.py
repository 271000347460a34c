"""The end of the bridge on a slow disk, in the time that the gateway has for it."""

import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from gateway import app, stages
from gateway.mqtt.retained import Retained
from gateway.storage.database import Database
from tests.support.mosquitto import Mosquitto
from tests.support.waiting import until


def test_a_slow_disk(
    house: Any, mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that hangs, and a card that takes its time to sync: what waited is on disk all the same."""
    house.add()
    bridge = house.bridge(mosquitto.port)
    until(lambda: bridge.status().connected)
    mosquitto.suspend()
    for _ in range(300):
        house.trigger()
    write = Database.write

    def slow(self: Database, work: Any) -> Any:
        threading.Event().wait(0.3)
        return write(self, work)

    monkeypatch.setattr(Database, "write", slow)
    assert bridge.stop(app.STOP_S - stages.LINKS_S / 2)
    mosquitto.resume()
    with contextlib.closing(sqlite3.connect(tmp_path / "mqtt.db")) as db:
        count = db.execute("SELECT count(*) FROM events WHERE event = '#changed'").fetchone()[0]
    assert count == 300


def test_the_disk_comes_before_the_broker(
    house: Any, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits is written before the broker gets its last chance, which may take all the time there is."""
    house.add()
    bridge = house.bridge(mosquitto.port, loss_s=60.0)
    until(lambda: bridge.status().connected)
    mosquitto.suspend()
    for _ in range(300):
        house.trigger()
    until(lambda: bridge.status().unread == 0)
    order: list[str] = []
    write, last_states = Database.write, Retained.last_states

    def noted_write(self: Database, work: Any) -> Any:
        order.append("disk")
        return write(self, work)

    def noted_states(self: Retained) -> None:
        order.append("broker")
        last_states(self)

    monkeypatch.setattr(Database, "write", noted_write)
    monkeypatch.setattr(Retained, "last_states", noted_states)
    assert bridge.stop(app.STOP_S)
    mosquitto.resume()
    assert order[:2] == ["disk", "broker"]
