"""What history writes to the device: ten sensors at a row a minute, and at ten rows a second.

It commits once a minute, as it does by default. The clock is turned by hand. After each commit the file
system's own part is written too, as it is within seconds in real life. Beside it plain SQLite, which commits
each reading as it comes.
"""

import random
from typing import NamedTuple

from benchmarks import report
from benchmarks.history_contenders import ROWID, Plain
from benchmarks.history_ours import FILE, opened
from benchmarks.history_wear import Meter, meter
from benchmarks.history_year import DAY_MS, KINDS, MINUTE_MS
from gateway.event_id import EventId
from gateway.history.rows import Batch, Item, Reading
from gateway.history.sealed import GOOD

SENSORS = 10
WINDOW_MS = MINUTE_MS
START_MS = 1_800_000_000_000 // DAY_MS * DAY_MS
PLAIN_READINGS = 1000
MOST_MB_A_DAY = 30.0
MOST_BYTES_A_READING = 220.0


class Written(NamedTuple):
    """Bytes a reading; `how` it was counted."""

    slow: float
    quick: float
    plain: float
    how: str


def measure() -> Written:
    """A second day at a row a minute (the first one fills the file); a day at a row a second; plain."""
    with meter() as card:
        slow = _ours(card, every_ms=MINUTE_MS, days=2, count_from=1) / (SENSORS * 1440)
    with meter() as card:
        quick = _ours(card, every_ms=1000, days=1, count_from=0) / (SENSORS * 86_400)
    with meter() as card:
        plain = _plain(card) / PLAIN_READINGS
        return Written(slow, quick, plain, card.how)


def _ours(card: Meter, *, every_ms: int, days: int, count_from: int) -> int:
    """Bytes from that day on, with the sealing of the last one."""
    store = opened(card.folder / FILE)
    chance = random.Random("commits")
    levels = [round(kind.middle * kind.per_unit) for kind in KINDS]
    seq = 0
    start = START_MS + count_from * DAY_MS
    for window in range(START_MS, START_MS + days * DAY_MS, WINDOW_MS):
        if window == start:
            card.start()
        items: list[Item] = []
        for time in range(window, window + WINDOW_MS, every_ms):
            for number, kind in enumerate(KINDS):
                if chance.random() >= kind.still:
                    levels[number] += round(chance.gauss(0, kind.noise))
                seq += 1
                at = time + number * 97 + chance.randrange(40)
                value = levels[number] / kind.per_unit
                name = f"sensor-{number}"
                items.append(Reading(name, kind.unit, at, value, GOOD, None, seq, EventId(at, 0)))
        store.write(Batch(items, window + WINDOW_MS))
        while store.maintain(window + WINDOW_MS):
            pass
        card.settle()
    end = START_MS + days * DAY_MS
    while store.maintain(end + 3 * 60 * MINUTE_MS):  # when the last day is sealed
        pass
    store.close()
    return card.bytes()


def _plain(card: Meter) -> int:
    """In a table of some days, one reading a commit."""
    plain = Plain("plain", ROWID, card.folder)
    for day in range(3):
        begin = START_MS + day * DAY_MS
        plain.commit([(begin + minute * MINUTE_MS, minute % SENSORS, 20.5) for minute in range(14_400)])
    card.start()
    for number in range(PLAIN_READINGS):
        plain.commit([(START_MS + 3 * DAY_MS + number * 6000, number % SENSORS, 20.5)])
        card.settle()
    written = card.bytes()
    plain.close()
    return written


def text_of(written: Written) -> str:
    """A table, and a line for each goal."""
    day = SENSORS * 1440
    rows = [
        [
            "plain SQLite, each reading as it comes",
            f"{written.plain:,.0f}",
            f"{written.plain * day / 1e6:,.0f}",
        ],
        ["history, a row a minute", f"{written.slow:,.0f}", f"{written.slow * day / 1e6:,.1f}"],
        [
            "history, ten rows a second",
            f"{written.quick:,.0f}",
            f"{written.quick * SENSORS * 86400 / 1e6:,.0f}",
        ],
    ]
    return "\n".join(
        [
            f"Counted: {written.how}.",
            "",
            report.table(["ten sensors", "bytes a reading", "MB a day"], rows),
            "",
            report.goal("ten sensors at a row a minute, MB a day", written.slow * day / 1e6, MOST_MB_A_DAY),
            report.goal("ten rows a second, bytes a reading", written.quick, MOST_BYTES_A_READING),
        ]
    )
