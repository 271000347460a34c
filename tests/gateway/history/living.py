"""A history that is written as fast as it goes, by a program of its own: numbered readings, and their seals.

    python -m tests.gateway.history.living FILE SEED [COMMITS]

Reading number n of the sender says n / 4, a minute after the one before; every seventh comes late, three days
later. What has been written is said by number: to the standard output, and to a file beside, as a power cut
is played after what was recorded.
"""

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from gateway.event_id import EventId
from gateway.history.buckets import DAY, HOUR, MINUTE
from gateway.history.rows import Batch, Item, Kept, Reading
from gateway.history.sealed import GOOD
from gateway.history.store import Store

START = 20_000 * DAY
STEP = 20 * MINUTE
SENDER, EVENT = "temp", "hot"
LATE, LATE_BY = 7, 300
MARKS = "history.db.marks"


def time_of(number: int) -> int:
    """Of a reading, UTC in ms."""
    return START + number * STEP


def numbers(upto: int, since: int) -> Iterator[int]:
    """Those that come between two counts: some later than their time."""
    for number in range(since, upto):
        if number % LATE:
            yield number
        late = number - LATE_BY
        if late >= 0 and late % LATE == 0:
            yield late


def come(count: int) -> set[int]:
    """Those that have come when it has been counted so far."""
    return set(numbers(count, 0))


def item(number: int, now: int) -> Item:
    """The reading of that number, which comes now."""
    return Reading(
        SENDER, "°C", time_of(number), number / 4, GOOD, None, number, EventId(time_of(now), number)
    )


def main() -> None:
    """See the module."""
    path, chance = Path(sys.argv[1]), random.Random(int(sys.argv[2]))
    commits = int(sys.argv[3]) if len(sys.argv) > 3 else 1 << 30
    store = Store(path, keep_ms=400 * DAY, keep_events_ms=400 * DAY, most_bytes=10**9)
    store.open()
    marks = os.open(path.parent / MARKS, os.O_WRONLY | os.O_CREAT, 0o600)
    count = 0
    for _ in range(commits):
        upto = count + chance.randint(1, 40)
        items = [item(number, upto) for number in numbers(upto, count)]
        items.append(Kept(EventId(time_of(upto), 0), SENDER, EVENT, str(upto)))
        store.write(Batch(items, time_of(upto)))
        count = upto
        os.pwrite(marks, b"%12d" % count, 0)
        os.write(1, b"%d\n" % count)
        for _ in range(chance.choice((0, 0, 1, 3, 10))):
            if not store.maintain(time_of(count) + chance.choice((0, 3 * HOUR))):
                break
    store.close()


if __name__ == "__main__":
    main()
