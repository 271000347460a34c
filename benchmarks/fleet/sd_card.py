"""What a gateway of a fleet writes to the SD card for each reading, while its consumer is away and later.

    python -m benchmarks.fleet.sd_card

As benchmarks/sd_card.py counts for the outbox: the bytes that the process hands to the kernel's write calls,
without what the file system adds. The clock is turned by hand, and nothing is there but the spool. A consumer
that is there confirms each event a second later, as `collect` does.
Results go to benchmarks/results/fleet_sd_card.md.
"""

from __future__ import annotations

import gc
import platform
import tempfile
from collections import deque
from pathlib import Path
from typing import NamedTuple

from benchmarks.report import RESULTS
from benchmarks.sd_card import HEAD, READINGS, written
from gateway.fleet.message import START, Position
from gateway.member.service import FILE
from gateway.member.spool import DiskSpool
from gateway.member.store import Bounds, Store
from tests.support.fake_machine import StagedClock

CONFIRMED_S = 1.0
"""After an event, by who is there: `collect.window`."""
CONSUMER = "collector"
DAY_S = 86_400


class Case(NamedTuple):
    """So many sensors, each with a reading in `every_s`."""

    sensors: int
    every_s: float
    window_s: float

    @property
    def shown(self) -> str:
        """In words."""
        return f"{self.sensors}, each {'second' if self.every_s == 1 else 'minute'}"


CASES = (Case(1, 1, 5), Case(3, 1, 5), Case(3, 1, 1), Case(30, 1, 5), Case(2, 60, 5))


class Figures(NamedTuple):
    """Bytes a reading."""

    away: float
    back: float
    there: float


class Outage:
    """A spool on a file of its own."""

    def __init__(self, folder: Path, case: Case) -> None:
        self._case = case
        self._clock = StagedClock(override="set")
        store = Store(folder / FILE, Bounds(10**9, 1e9), self._clock)
        self.spool = DiskSpool(store, self._clock, [CONSUMER], case.window_s)
        self.spool.open()
        self._confirms: deque[tuple[float, Position]] = deque()

    def away(self) -> float:
        """While nobody confirms anything."""
        before = written()
        for number in range(READINGS):
            self._say(number)
        self._pass(self._case.window_s)
        return (written() - before) / READINGS

    def back(self) -> float:
        """Until it has all, a page at a time, and what it has confirmed is deleted."""
        before, at = written(), START
        while at < self.spool.head:
            at = self.spool.page(at, None).upto
            self.spool.confirm(CONSUMER, at)
            self._pass(0.1)
        self._pass(2 * self._case.window_s)
        assert self.spool.status().waiting == 0
        return (written() - before) / READINGS

    def there(self) -> float:
        """While it confirms in time."""
        before = written()
        for number in range(READINGS):
            self._say(number, confirmed=True)
        self._pass(CONFIRMED_S + 2 * self._case.window_s)
        return (written() - before) / READINGS

    def _say(self, number: int, *, confirmed: bool = False) -> None:
        now = self._clock.monotonic()
        utc_ms = round(self._clock.utc() * 1000)
        self.spool.add(f"sensor-{number % self._case.sensors}", "#changed", f"{HEAD}}}", utc_ms, True)
        if confirmed:
            self._confirms.append((now + CONFIRMED_S, self.spool.head))
        self._pass(self._case.every_s / self._case.sensors)

    def _pass(self, seconds: float) -> None:
        """Whatever is due meanwhile is done when it is due."""
        end = self._clock.monotonic() + seconds
        while self._confirms and self._confirms[0][0] <= end:
            due, head = self._confirms.popleft()
            self._until(due)
            self.spool.confirm(CONSUMER, head)
        self._until(end)

    def _until(self, end: float) -> None:
        while (due := self.spool.turn(self._clock.monotonic())) <= end:
            self._clock.advance(max(0.0, due - self._clock.monotonic()))
        self._clock.advance(end - self._clock.monotonic())


def main() -> None:
    """See the module."""
    gc.disable()
    rows = []
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            outage = Outage(Path(folder), case)
            figures = Figures(outage.away(), outage.back(), outage.there())
            outage.spool.close()
        a_day = f"{figures.away * case.sensors * DAY_S / case.every_s / 1e6:,.0f} MB"
        away, back, there = (f"{figure:,.0f}" for figure in figures)
        rows.append(f"| {case.shown} | {case.window_s:g} s | {away} | {a_day} | {back} | {there} |")
    text = "\n".join(
        [
            "# What a gateway keeps for its fleet's consumers",
            "",
            f"`python -m benchmarks.fleet.sd_card`; bytes a reading; Python {platform.python_version()}.",
            "",
            "| sensors | loss window | consumer away | a day of that | backlog confirmed | consumer there |",
            "| --- | --- | ---: | ---: | ---: | ---: |",
            *rows,
            "",
        ]
    )
    (RESULTS / "fleet_sd_card.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
