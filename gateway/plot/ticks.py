"""Round numbers and round times for the axes of a chart. Pure; times are UTC in ms, and a zone says which are
round: None for that of this machine."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

MINUTE, HOUR, DAY = 60, 3600, 86400
WITHIN_A_DAY = (
    *(1, 2, 5, 10, 15, 30),
    *(number * MINUTE for number in (1, 2, 5, 10, 15, 30)),
    *(number * HOUR for number in (1, 2, 3, 6, 12)),
)
"""Seconds; each is a part of a day."""
DAYS = (1, 2, 7, 14)
PARTS = 5
"""An axis ends at a whole part of a step."""
AROUND = 0.02
"""How much of a value an axis for it alone has on both sides."""
_EXACT_ROOM, _ROOM, _MONTH_ROOM = 11, 9, 7
"""Columns of text for a label and some between: `06:30:00`, `22 Nov`, `2026`."""
_NEAR = 1e-9
# With less between them there is no power of ten for a step: values are one, then.
_LEAST = 1e-290
"""Of a step: what floats make of a round number."""
MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)


class Tick(NamedTuple):
    """A place on an axis, and what is written there."""

    at: float
    label: str


class Axis(NamedTuple):
    """From where to where it goes, and its ticks, two at least, in order."""

    low: float
    high: float
    ticks: list[Tick]


def axis(low: float, high: float, most: int) -> Axis:
    """An axis for those values, with at most so many round numbers, or three. It is little longer than they
    need; where they are one, it is around it."""
    if high - low < max(abs(high) * _NEAR, _LEAST):
        low, high = low - max(abs(low), 1.0) * AROUND, high + max(abs(low), 1.0) * AROUND
    step = _step(low, high, max(3, most))
    first, last = math.floor(low / step + _NEAR), math.ceil(high / step - _NEAR)
    decimals = max(0, -math.floor(math.log10(step) + _NEAR))
    ticks = [Tick(number * step, _number(number * step, decimals)) for number in range(first, last + 1)]
    part = step / PARTS
    tight = math.floor(low / part + _NEAR) * part, math.ceil(high / part - _NEAR) * part
    inside = [tick for tick in ticks if tight[0] - part / 2 < tick.at < tight[1] + part / 2]
    if len(inside) < 2:
        return Axis(ticks[0].at, ticks[-1].at, ticks)
    return Axis(min(tight[0], inside[0].at), max(tight[1], inside[-1].at), inside)


def _step(low: float, high: float, most: int) -> float:
    """The least of 1, 2 and 5 times a power of ten that is wide enough."""
    power = math.floor(math.log10((high - low) / most)) - 1
    while True:
        for digit in (1, 2, 5):
            step: float = digit * 10.0**power
            if math.ceil(high / step - _NEAR) - math.floor(low / step + _NEAR) < most:
                return step
        power += 1


def _number(value: float, decimals: int) -> str:
    if abs(value) >= 1e7 or decimals > 6:
        return f"{value:.6g}"
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text


def times(since: int, until: int, across: int, zone: tzinfo | None) -> list[Tick]:
    """Round local times of that span, as many as there is room for in so many columns of text, and at least a
    second apart. Midnights are dates, and of months the first is a year where it begins one."""
    seconds = max(1.0, (until - since) / 1000)
    for step in WITHIN_A_DAY:
        if seconds / step <= across / (_EXACT_ROOM if step < MINUTE else _ROOM):
            return _ticks(_by_seconds(since, step, zone), since, until, zone, step)
    for days in DAYS:
        if seconds / (days * DAY) <= across / _ROOM:
            return _ticks(_by_days(since, days, zone), since, until, zone, DAY)
    fitting = (each for each in MONTHS if seconds / (each * 30.4 * DAY) <= across / _MONTH_ROOM)
    found = _ticks(_by_months(since, next(fitting, MONTHS[-1]), zone), since, until, zone, 30 * DAY)
    return found[: across // _MONTH_ROOM + 1]  # of decades, no more than fit into a few columns either


def local(ms: int, zone: tzinfo | None) -> datetime:
    """The local time, without its zone: what a clock on the wall shows."""
    return datetime.fromtimestamp(ms / 1000, zone).replace(tzinfo=None)


def date(moment: datetime) -> str:
    """`22 Nov`."""
    return f"{moment.day} {moment:%b}"


def _by_seconds(since: int, step: int, zone: tzinfo | None) -> Iterator[datetime]:
    moment = local(since, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    into = (local(since, zone) - moment).total_seconds()
    moment += timedelta(seconds=into // step * step)
    while True:
        yield moment
        moment += timedelta(seconds=step)


def _by_days(since: int, days: int, zone: tzinfo | None) -> Iterator[datetime]:
    moment = local(since, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    # weeks begin on Mondays, and so do two days on a day that is even for all
    moment -= timedelta(days=(moment.toordinal() - 1) % days)
    while True:
        yield moment
        moment += timedelta(days=days)


def _by_months(since: int, months: int, zone: tzinfo | None) -> Iterator[datetime]:
    moment = local(since, zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    number = (moment.year * 12 + moment.month - 1) // months * months
    while True:
        yield moment.replace(year=number // 12, month=number % 12 + 1)
        number += months


def _ticks(moments: Iterator[datetime], since: int, until: int, zone: tzinfo | None, step: int) -> list[Tick]:
    found: list[Tick] = []
    before = -math.inf
    for moment in moments:
        at = moment.replace(tzinfo=zone).timestamp() * 1000
        if at > until:
            return found
        # a time that a clock leaves out in spring is none, and one that it shows twice is the first
        if at >= since and at > before and local(round(at), zone) == moment:
            found.append(Tick(at, _label(moment, step)))
            before = at
    return found


def _label(moment: datetime, step: int) -> str:
    if step > DAY:
        return str(moment.year) if moment.month == 1 else f"{moment:%b}"
    if step == DAY or moment.hour == moment.minute == moment.second == 0:
        return date(moment)
    return f"{moment:%H:%M:%S}" if step < MINUTE else f"{moment:%H:%M}"
