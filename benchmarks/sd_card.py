"""What the MQTT outbox writes to the SD card for each reading, while the broker is away and afterwards.

    python -m benchmarks.sd_card

The bytes that the process hands to the kernel's write calls (`wchar` of /proc/self/io), so journal and
checkpoints are in, and what the file system adds is not. The clock is turned by hand.
Results go to benchmarks/results/sd_card.md.
"""

import gc
import itertools
import platform
import tempfile
from pathlib import Path

from benchmarks.report import RESULTS
from gateway.mqtt.outbox.events_table import Bounds
from gateway.mqtt.outbox.outbox import Outbox
from gateway.mqtt.outbox.store import Store

READINGS = 6000
HEAD = '{"value":23.18,"unit":"°C","time":"2026-11-22T06:30:00.123Z","quality":"good","seq":1041'
CASES = ((1, 1.0), (3, 1.0), (3, 10.0), (30, 1.0))
"""Sensors at 1 Hz, and the loss window."""
LIVE_S = 0.002
"""A broker that answers so quickly."""


def written() -> int:
    """Bytes that this process has written so far."""
    text = Path("/proc/self/io").read_text()
    return int(text.partition("wchar:")[2].split()[0])


class Outage:
    """An outbox on a file of its own, and so many sensors at 1 Hz."""

    def __init__(self, folder: Path, sensors: int, window_s: float) -> None:
        self._now = 0.0
        self._sensors = sensors
        uids = map("g{}".format, itertools.count())
        bounds = Bounds(10**6, 10**9, 1e9)
        self.store = Store(folder / "mqtt.db", bounds, uids.__next__)
        self._outbox = Outbox(
            self.store, loss_s=window_s, rate=200.0, incarnation="12345678", clock=lambda: self._now
        )
        self._outbox.open()

    def away(self) -> float:
        """Bytes for each reading while there is no broker."""
        before = written()
        for number in range(READINGS):
            self._outbox.add(f"sensor-{number % self._sensors}", "#changed", HEAD, 2e9 + self._now, self._now)
            self._pass(1 / self._sensors)
        self._outbox.write()
        return (written() - before) / READINGS

    def back(self) -> float:
        """Bytes for each reading until the backlog has been acknowledged and deleted."""
        before = written()
        self._outbox.up(20)
        while len(self._outbox):
            while (outgoing := self._outbox.next()) is not None:
                self._outbox.sent(outgoing)
                self._outbox.acked(outgoing)
            self._pass(0.05)
        self._outbox.write()
        return (written() - before) / READINGS

    def there(self) -> float:
        """Bytes for each reading with a broker that answers."""
        before = written()
        for number in range(READINGS):
            self._outbox.add(f"sensor-{number % self._sensors}", "#changed", HEAD, 2e9 + self._now, self._now)
            outgoing = self._outbox.next()
            assert outgoing is not None
            self._outbox.sent(outgoing)
            self._pass(LIVE_S)
            self._outbox.acked(outgoing)
            self._pass(1 / self._sensors)
        return (written() - before) / READINGS

    def _pass(self, seconds: float) -> None:
        self._now += seconds
        self._outbox.run(self._now)


def main() -> None:
    """See the module."""
    gc.disable()
    rows = []
    for sensors, window_s in CASES:
        with tempfile.TemporaryDirectory() as folder:
            outage = Outage(Path(folder), sensors, window_s)
            figures = outage.away(), outage.back(), outage.there()
            outage.store.close()
        cells = " | ".join(f"{figure:,.0f}" for figure in figures)
        rows.append(f"| {sensors} at 1 Hz | {window_s:g} s | {cells} |")
    text = "\n".join(
        [
            "# What the MQTT outbox writes",
            "",
            f"`python -m benchmarks.sd_card`; bytes a reading; Python {platform.python_version()}.",
            "",
            "| sensors | loss window | broker away | backlog sent and deleted | broker there |",
            "| --- | --- | ---: | ---: | ---: |",
            *rows,
            "",
        ]
    )
    (RESULTS / "sd_card.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
