"""Which message it is that ends the connections: from what was in flight when they ended.

A broker that cannot take a message mostly hangs up, without a word; so do its packet limit in MQTT 3.1.1, and
its dislike of a name. Sent again first thing, such a message would end every connection, for ever.

    in flight at SUSPICIOUS ends --> suspect --> alone in flight at ALONE ends --> guilty: set aside
                                        |
                                        +------> acknowledged: innocent

Strategy: the size is asked first, of messages that say nothing (probes), because it explains most: from the
smallest suspect upwards, as only what is refused costs connections. Between the largest that was taken and
the smallest that was refused, a message of another size is measured before it is sent: by itself if it is in
the lower half of what is unknown, on a logarithmic scale, else by the middle. Then the suspects go, each
alone. A topic of which TOPIC messages were guilty, and none was taken, is left alone altogether. After the
broker was away nothing of that need be true: then one end alone is enough to tell.

Pure: no I/O, no clock. Every table is bounded; what falls out is found out anew.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

SUSPICIOUS = 2
"""Ends, for what was in flight together with others. An outage in which the same message is caught twice
costs it two round trips, no more."""
ALONE = 3
"""Ends, for what was alone in flight on a connection that had just answered. A connection that breaks by
itself every 3 s does so within a round trip of 0.3 s in one of ten cases, and three times in a row in one of
a thousand."""
TOPIC = 3
"""Guilty messages of one topic."""
SMALLEST = 32
"""Bytes of a packet that any broker takes: a CONNECT has more."""
MOST = 500
"""Messages and topics that are remembered: 100 are in flight at most, and each costs connections."""


class Item(NamedTuple):
    """What is in flight. `identity` tells messages of one topic apart: an event's id, a digest of what is
    retained. `size`: bytes as a packet; 0 where that does not matter."""

    topic: str
    identity: str
    size: int


class Verdict(enum.Enum):
    """What is to be done with an item: send it; send it alone; send a probe of `next_size`, alone, and ask
    again; leave it out."""

    GO = enum.auto()
    ALONE = enum.auto()
    MEASURE = enum.auto()
    ASIDE = enum.auto()


class Suspects:
    """What is known of one broker."""

    def __init__(self) -> None:
        # By topic, as what is retained there may be another message at each connection; of events, one that
        # was not acknowledged is the first to come again.
        self._ends: dict[str, int] = {}  # in company
        self._alone: dict[str, int] = {}
        self._topics: dict[str, int] = {}  # guilty ones, since one was taken
        self._guilty: dict[Item, None] = {}
        self._refused: dict[int, int] = {}  # ends of probes alone, by size
        self._wanted: set[int] = set()  # sizes to be measured
        self._probes: bool | None = None  # whether the broker takes any
        self.largest = 0
        """Bytes of the largest packet that was taken since there was suspicion."""
        self.limit: int | None = None
        """Bytes of the smallest packet that is known to be refused."""

    @property
    def calm(self) -> bool:
        """Whether there is no suspicion, so that nobody need be asked about."""
        return self.limit is None and not (
            self._ends or self._alone or self._guilty or self._topics or self._refused
        )

    def judge(self, item: Item) -> Verdict:
        """What to do with what is to be sent."""
        topic, _, size = item
        if self.is_too_large(size) or item in self._guilty or self._topics.get(topic, 0) >= TOPIC:
            return Verdict.ASIDE
        suspected = self._ends.get(topic, 0) >= SUSPICIOUS or topic in self._topics
        if (
            self._probes is not False
            and size > self.largest
            and (suspected or self._refused or self.limit is not None)
        ):
            self._wanted.add(size)
            return Verdict.MEASURE
        return Verdict.ALONE if suspected else Verdict.GO

    def is_too_large(self, size: int) -> bool:
        """Whether packets of so many bytes are refused."""
        return self.limit is not None and size >= self.limit

    def next_size(self) -> int | None:
        """Of the probe that tells most; None: there is nothing to be measured. 0, so the smallest, comes
        first: a broker may not like the topic."""
        limit = self.limit
        self._wanted = {
            size for size in self._wanted if self.largest < size and (limit is None or size < limit)
        }
        if not self._wanted:
            return None
        if self._probes is None:
            return 0
        if limit is None:
            return min(self._wanted)
        middle = math.isqrt(max(self.largest, SMALLEST) * limit)
        return max(self.largest + 1, min(*self._wanted, middle))

    def taken(self, item: Item) -> None:
        """The broker has acknowledged it, and the connection lives."""
        self._guilty.pop(item, None)
        for table in (self._ends, self._alone, self._topics):
            table.pop(item.topic, None)
        self.measured(item.size)

    def probed(self, size: int) -> None:
        """A probe of that size was answered, and the connection lives."""
        self._probes = True
        self.measured(size)

    def measured(self, size: int) -> None:
        """A packet of so many bytes was taken."""
        self.largest = max(self.largest, size)
        if self._refused:
            self._refused = {other: ends for other, ends in self._refused.items() if other > size}

    def ended(self, flight: Sequence[Item], *, alone: bool) -> None:
        """A connection that had been accepted has ended, by the broker or the network, with that in flight.

        `alone`: there was one item, and the connection had answered just before.
        """
        if alone and len(flight) == 1:
            self._ended_alone(flight[0])
            return
        sizes: dict[str, int] = {}
        for item in flight:
            sizes[item.topic] = max(item.size, sizes.get(item.topic, 0))
        for topic, size in sizes.items():
            _count(self._ends, topic)
            if self._ends[topic] == SUSPICIOUS:
                self.largest = 0  # there may be another limit than before
                self._probes = None if self._probes else self._probes
            if self._ends[topic] >= SUSPICIOUS and size:
                self._wanted.add(size)

    def probe_ended(self, size: int) -> None:
        """The same, with a probe of that size alone in flight."""
        _count(self._refused, size)
        if self._refused[size] < ALONE:
            return
        self._refused.clear()
        if size:
            self.limit = size if self.limit is None else min(self.limit, size)
        else:
            self._probes = False

    def ends_alone(self, topic: str) -> int:
        """How many there were with something of that topic; for a topic that is known, all but one."""
        return ALONE - 1 if topic in self._topics else self._alone.get(topic, 0)

    def ends_of_probes(self, size: int) -> int:
        """The same with probes."""
        return self._refused.get(size, 0)

    def acquit(self) -> None:
        """A connection has ended with nothing in flight: they end by themselves, so no end alone counts."""
        self._alone.clear()
        self._refused.clear()

    def steady(self) -> None:
        """A connection has held for long: what was in flight when others ended was not to blame."""
        self._ends.clear()
        self.acquit()

    def renewed(self) -> None:
        """The broker was away, and may have come back as another: the guilty get another chance, one each."""
        topics = [item.topic for item in self._guilty]
        self._alone |= dict.fromkeys(topics, ALONE - 1)
        self._ends |= dict.fromkeys(topics, SUSPICIOUS)
        self._guilty.clear()
        self._topics = {topic: min(guilty, TOPIC - 1) for topic, guilty in self._topics.items()}
        if self.limit is not None:
            self._refused = {self.limit: ALONE - 1}
            self._wanted = {self.limit}
        self.limit, self.largest, self._probes = None, 0, None

    def want(self, sizes: Iterable[int]) -> None:
        """These will have to be measured as well, if it comes to that."""
        self._wanted.update(sizes)

    def _ended_alone(self, item: Item) -> None:
        topic = item.topic
        _count(self._alone, topic)
        if self._alone[topic] < ALONE and topic not in self._topics:
            return
        self._ends.pop(topic, None)
        del self._alone[topic]
        self._guilty[item] = None
        _bound(self._guilty)
        _count(self._topics, topic)


def _count(table: dict[Any, int], key: object) -> None:
    table[key] = table.get(key, 0) + 1
    _bound(table)


def _bound(table: dict[Any, Any]) -> None:
    """Forget the oldest of too many."""
    while len(table) > MOST:
        del table[next(iter(table))]
