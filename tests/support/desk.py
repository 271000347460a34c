"""A sensor on a desk: no port, no thread, a clock of the test's own."""

from dataclasses import replace
from typing import Any

import sig
from drivers import Dispatcher, Link, Sensor
from drivers.source import Channel, Device, Measurement
from tests.support.fake_clock import FakeClock

IDENTITY = "24A16057F685"


def board_with(*channels: Channel, boot: int = 7, identity: str = IDENTITY) -> Device:
    """A board with these channels."""
    return Device("test-board", identity, "1.0", boot, {channel.name: channel for channel in channels})


TEMP = Channel("temp", "temperature", "C", 0.01, -40.0, 85.0, 1.0)


class Desk:
    """Does by hand what the link's and the dispatcher's threads do. `events` are (event, data), in order."""

    def __init__(
        self, driver: type[Sensor], channel: Channel = TEMP, *, clock: Any = None, **options: Any
    ) -> None:
        self.clock: Any = clock or FakeClock()
        self.dispatcher = Dispatcher(clock=self.clock)
        self.link = Link("board", "/dev/none", clock=self.clock, dispatcher=self.dispatcher)
        self.router = sig.Router()
        self.events: list[tuple[str, Any]] = []
        self.router.addListener(lambda info, data: self.events.append((info["event"], data)))
        self.sensor = driver(channel.name, self.link, **options)
        self.sensor.attach(self.router)
        self.channel = channel
        self.seq = 0

    def up(
        self,
        channel: Channel | None = None,
        *,
        boot: int = 7,
        identity: str = IDENTITY,
        warning: str | None = None,
        about: dict[str, str] | None = None,
        kept: int = 0,
    ) -> "Desk":
        """The board says hello."""
        self.channel = channel or self.channel
        board = board_with(self.channel, boot=boot, identity=identity)
        self.sensor.link_up(replace(board, about=about or {}, kept=kept), warning)
        return self

    def hear(
        self, value: float | None, *, fault: str | None = None, asked: float | None = None
    ) -> Measurement:
        """The link's part: a measurement is noted."""
        self.seq += 1
        measurement = Measurement(self.channel.name, self.seq, value, fault, self.clock.monotonic(), asked)
        self.sensor.heard(measurement)
        return measurement

    def measure(self, *values: float | None, fault: str | None = None, every_s: float = 1.0) -> None:
        """Measurements, noted and published, a second between them."""
        for value in values:
            self.sensor.accept(self.hear(value, fault=fault))
            self.wait(every_s)

    def dispatch(self) -> None:
        """What is posted runs, on the dispatcher's thread, before this returns."""
        self.dispatcher.start()
        self.dispatcher.stop()

    def wait(self, seconds: float) -> None:
        """Time goes by, and the timers run that are due."""
        self.clock.advance(seconds)
        self.dispatcher.run_due()

    def taken(self, *names: str) -> list[Any]:
        """The values of the events of these names so far; they are forgotten."""
        events, self.events = self.events, []
        return [data["value"] for event, data in events if event in names]

    def names(self) -> list[str]:
        """The events so far; they are forgotten."""
        events, self.events = self.events, []
        return [event for event, _ in events]

    def stats(self) -> dict[str, Any]:
        """The sensor's counters."""
        return self.sensor.stats()
