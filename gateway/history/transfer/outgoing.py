"""A history, or a part of it, as records in the order of an exported file. Reads, for one thread; nothing is
held for longer than a day of one sensor takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from typing import NamedTuple

from gateway.history.archive import Archive
from gateway.history.buckets import DAY
from gateway.history.moments import LAST_MS
from gateway.history.rows import Sender
from gateway.history.sealed import GOOD, SUSPECT
from gateway.history.transfer.records import Record, Silence, reading

Tell = Callable[[float], None]
"""Takes the part that is done, from 0 to 1."""


class Wanted(NamedTuple):
    """What of it. `since`, `until`: UTC in ms, None for all there is, and then with what has no known time.
    `senders`: of whom alone, None for all."""

    since: int | None = None
    until: int | None = None
    senders: frozenset[str] | None = None


def exported(archive: Archive, wanted: Wanted, now: int, tell: Tell) -> Iterator[Record]:
    """Day after day (of UTC) what each sensor has said, then the events, then what has no known time. Raises
    StoreError."""
    senders = [each for each in archive.senders() if wanted.senders is None or each.name in wanted.senders]
    if senders:
        yield from _readings(archive, senders, wanted, now, tell)
    since = 0 if wanted.since is None else wanted.since
    until = LAST_MS + 1 if wanted.until is None else wanted.until
    for event in archive.events(since, until):
        if wanted.senders is None or event.sender in wanted.senders:
            yield event
    if wanted.since is None and wanted.until is None:
        for untimed in archive.untimed():
            if wanted.senders is None or untimed.item.sender in wanted.senders:
                yield untimed


def _readings(
    archive: Archive, senders: Sequence[Sender], wanted: Wanted, now: int, tell: Tell
) -> Iterator[Record]:
    first, last = min(each.first for each in senders), max(each.last for each in senders)
    since = first if wanted.since is None else max(first, wanted.since)
    # a gap may begin after the last reading, and what is to come has none
    until = max(last + 1, now) if wanted.until is None else min(max(last + 1, now), wanted.until)
    told = dict.fromkeys(senders, -1)  # of each, when the newest of its gaps began
    for day in range(since // DAY, -(-until // DAY)):
        begin, end = max(since, day * DAY), min(until, (day + 1) * DAY)
        for sender in senders:
            gaps = _gaps(archive, sender, begin, min(end, max(begin + 1, now)), told[sender])
            told[sender] = max([told[sender], *(gap.begin for gap in gaps)])
            yield from merge(_rows(archive, sender, begin, end), gaps, key=_time)
        tell((end - since) / max(1, until - since))


def _rows(archive: Archive, sender: Sender, begin: int, end: int) -> Iterator[Record]:
    if begin > sender.last or end <= sender.first:
        return
    for time, value, unit, reason in archive.rows(sender.name, begin, end):
        yield reading(sender.name, unit, time, value, GOOD if reason is None else SUSPECT, reason)


def _gaps(archive: Archive, sender: Sender, begin: int, end: int, told: int) -> list[Silence]:
    """Those that have not been told. One that began earlier than what is wanted begins with that."""
    found = archive.gaps(sender.name, begin, end)
    first = begin if told < 0 else told + 1
    cut = [gap._replace(begin=max(gap.begin, first)) for gap in found if told < 0 or gap.begin > told]
    return [Silence(sender.name, *gap) for gap in cut]


def _time(record: Record) -> int:
    if isinstance(record, Silence):
        return record.begin
    time: int = getattr(record, "time", 0)
    return time
