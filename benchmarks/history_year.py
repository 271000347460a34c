"""A year of ten sensors at a row a minute, made up: the same values for the same seed, 5.2 million rows.

Steps are 0.01, 0.1, 1 and 0.25, as sensors have them; some change with every other row, some once in a while.
Each row is up to 40 ms away from its minute's place. Now and then a sensor is not heard for minutes, or days.
"""

import random
from array import array
from bisect import bisect_left
from typing import NamedTuple

from gateway.history.sealed import Columns, columns

MINUTE_MS, DAY_MS = 60_000, 86_400_000
DAYS = 365
JITTER_MS = 40
APART_MS = 5_900
"""From one sensor's place in the minute to the next one's."""
GAPS = 12
"""A year of each sensor."""
GAP_MINUTES = (10, 10, 15, 20, 30, 30, 45, 60, 90, 240, 720, 4320)
PULL = 0.02
"""How strongly a value is drawn to the middle of the day's curve: so it wanders, and stays a sensor's."""


class Kind(NamedTuple):
    """`per_unit` steps make 1; a row is the same as the one before in so many of all cases (`still`), and
    else so many steps away (`noise`, one standard deviation)."""

    unit: str
    per_unit: int
    middle: float
    swing: float
    still: float
    noise: float


KINDS = (
    Kind("°C", 100, 21.0, 2.5, 0.3, 5),
    Kind("°C", 100, 9.0, 7.0, 0.2, 8),
    Kind("°C", 100, 12.0, 0.3, 0.97, 1),
    Kind("%", 10, 48.0, 9.0, 0.3, 4),
    Kind("%", 10, 63.0, 6.0, 0.4, 3),
    Kind("hPa", 10, 1013.0, 9.0, 0.97, 1),
    Kind("ppm", 1, 620.0, 150.0, 0.05, 12),
    Kind("lx", 1, 600.0, 150.0, 0.4, 12),
    Kind("°C", 4, 55.0, 8.0, 0.6, 2),
    Kind("cm", 4, 180.0, 10.0, 0.95, 1),
)


class History(NamedTuple):
    """What one sensor has said. `gaps`: (begin, end) in ms, in order; in none of them there is a row."""

    name: str
    unit: str
    rows: Columns
    gaps: list[tuple[int, int]]

    def between(self, since_ms: int, until_ms: int) -> slice:
        """The rows of that time."""
        return slice(bisect_left(self.rows.times, since_ms), bisect_left(self.rows.times, until_ms))

    def since(self, ms: int) -> "History":
        """From then on."""
        times, values, quality = self.rows
        at = bisect_left(times, ms)
        return self._replace(
            rows=Columns(times[at:], values[at:], quality[at:]),
            gaps=[gap for gap in self.gaps if gap[0] >= ms],
        )


def year(end_ms: int, days: int = DAYS) -> list[History]:
    """Ten sensors' last days before that time."""
    return [_made(number, kind, end_ms, days) for number, kind in enumerate(KINDS)]


def _made(number: int, kind: Kind, end_ms: int, days: int) -> History:
    chance = random.Random(f"history {number}")
    first = (end_ms // MINUTE_MS - days * 1440) * MINUTE_MS + number * APART_MS + JITTER_MS
    silent = _silences(chance, days)
    times, values = array("q"), array("d")
    level = round(kind.middle * kind.per_unit)
    for day in range(days):
        middle = (kind.middle + kind.swing * chance.uniform(-0.5, 0.5)) * kind.per_unit
        for minute in range(day * 1440, day * 1440 + 1440):
            if chance.random() >= kind.still:
                of_day = 1 - abs(minute % 1440 - 840) / 420  # warmest at two in the afternoon
                target = middle + kind.swing * kind.per_unit * of_day / 2
                level += round(chance.gauss((target - level) * PULL, kind.noise))
            if minute not in silent:
                moved = int(chance.random() * (2 * JITTER_MS + 1)) - JITTER_MS
                times.append(first + minute * MINUTE_MS + moved)
                values.append(level / kind.per_unit)
    gaps = _gaps(silent, first)
    return History(f"sensor-{number}", kind.unit, columns(times, values), gaps)


def _silences(chance: random.Random, days: int) -> set[int]:
    """The minutes of which there is no row."""
    silent: set[int] = set()
    for length in GAP_MINUTES[: GAPS * days // DAYS]:
        begin = chance.randrange(1, days * 1440 - length - 1)
        silent.update(range(begin, begin + length))
    return silent


def _gaps(silent: set[int], first: int) -> list[tuple[int, int]]:
    """From a while after the last row, as a sensor is stale then, to the next one's minute."""
    begins = [minute for minute in silent if minute - 1 not in silent]
    found = []
    for begin in sorted(begins):
        end = begin
        while end in silent:
            end += 1
        found.append((first + begin * MINUTE_MS + MINUTE_MS // 2, first + end * MINUTE_MS - JITTER_MS))
    return found
