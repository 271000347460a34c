"""A year of a broker that comes and goes, on a clock of the test's own: what is kept stays in bounds."""

import random
import tracemalloc
from collections import deque
from pathlib import Path
from typing import Any

import pytest

import sig
from gateway.mqtt.broker.abilities import ALL
from gateway.mqtt.broker.notes import Acknowledged, Connected
from gateway.mqtt.broker.target import Target
from gateway.mqtt.delivery import Delivery
from gateway.mqtt.outbox.events_table import Bounds
from gateway.mqtt.outbox.outbox import Outbox
from gateway.mqtt.outbox.store import Store
from gateway.mqtt.retained import Retained
from gateway.mqtt.settings import Settings
from gateway.mqtt.topics import Topics
from tests.support.fake_machine import StagedClock

DAY_S = 86_400.0
STEP_S = 1800.0
ROWS, BYTES = 2000, 1_000_000
SENSORS = ("temp", "hum", "lux")


class Broker:
    """A connection to one that takes everything, and acknowledges when asked to."""

    def __init__(self) -> None:
        self.sent: deque[tuple[int, str]] = deque()
        self._number = 0

    def blocked(self) -> bool:
        return False

    def size(self, topic: bytes, payload: bytes, _correlation: bytes | None = None) -> int:
        return len(topic) + len(payload) + 7

    def publish(self, topic: str, _payload: bytes, **_more: Any) -> int:
        self._number += 1
        self.sent.append((self._number, topic))
        return self._number

    def ping(self) -> None:
        """Not asked for while nobody is suspected for long."""


class Gateway:
    """All of the bridge but its thread and its connection. `lives` a step at a time."""

    def __init__(self, folder: Path) -> None:
        self.clock = StagedClock()
        self.folder = folder
        now = self.clock.monotonic
        names, gaps = Topics("test"), iter(range(1 << 30))
        bounds = Bounds(ROWS, BYTES, 7 * DAY_S)
        self.store = Store(folder / "mqtt.db", bounds, lambda: f"g{next(gaps)}", self.clock)
        self.outbox = Outbox(self.store, loss_s=1.0, rate=1000.0, incarnation="x", clock=now)
        self.delivery = Delivery(names, self.outbox, broken=pytest.fail, clock=now)
        target = Target("broker.example", 1883, "sig-test")
        settings = Settings("test", target, folder / "mqtt.db", sensors=SENSORS)
        self.retained = Retained(names, settings, sig.Router(), self.store, self.delivery, "x", now)
        self.outbox.open()
        self.retained.open()
        self.wire: Any = None
        self.added = self.taken = 0

    def up(self) -> None:
        self.wire = Broker()
        self.delivery.up(self.wire, Connected(20, 1 << 20, ALL))
        self.retained.up()

    def down(self) -> None:
        """With whatever is in flight."""
        self.wire = None
        self.delivery.down(suspicious=True)
        self.retained.down()

    def live(self, *, events: bool = True) -> None:
        """A reading of each sensor, and what follows from it."""
        for sensor in SENSORS if events else ():
            self.added += 1
            self.outbox.add(
                sensor, "#changed", f'{{"value":{self.added}', self.clock.utc(), self.clock.monotonic()
            )
            self.retained.reading(sensor, f'{{"value":{self.added}}}', self.clock.monotonic())
        self.clock.advance(2.0)
        for _ in range(50):
            self.outbox.run(self.clock.monotonic())
            if self.wire is None:
                break
            self.retained.run(self.clock.monotonic())
            self.delivery.run(self.clock.monotonic())
            if not (self.wire.sent or self.delivery.busy or self.delivery.waiting):
                break
            while self.wire.sent:
                mid, topic = self.wire.sent.popleft()
                self.taken += topic.endswith("event/changed")
                self.delivery.acknowledged(Acknowledged(mid, None))
            self.clock.advance(0.1)
        self.clock.advance(STEP_S - 7.0)

    def disk(self) -> int:
        return sum(file.stat().st_size for file in self.folder.iterdir())


def live_on(gateway: Gateway, days: float, chance: random.Random) -> int:
    """Outages of half an hour to two days, one in three days or so; returns the most bytes on disk."""
    until, most = gateway.clock.monotonic() + days * DAY_S, 0
    while gateway.clock.monotonic() < until:
        gateway.up()
        for _ in range(int(chance.expovariate(1 / 100)) + 1):
            gateway.live()
        gateway.down()
        for _ in range(min(96, int(chance.expovariate(1 / 10)) + 1)):
            gateway.live()
        most = max(most, gateway.disk())
    gateway.up()
    while gateway.delivery.waiting:
        gateway.live(events=False)
    return most


@pytest.mark.slow
def test_a_year_of_outages(tmp_path: Path) -> None:
    """Every event is at the broker, or counted as lost; memory and files are as after a month."""
    gateway, chance = Gateway(tmp_path), random.Random(10)
    most = live_on(gateway, 30, chance)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    most = max(most, live_on(gateway, 335, chance))
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert gateway.added > 50_000
    assert gateway.taken >= gateway.added - gateway.outbox.lost
    assert gateway.outbox.lost < gateway.added / 10
    assert grown < 200_000, grown
    assert most < 2 * BYTES + (4 << 20), "the bound, as SQLite keeps it, and its log"
    gateway.store.close()
