"""A chart of a sensor's history as lines of text, so wide and so high, with axes and words. Pure.

The line is the mean of each column's time, the shade beside it reaches from the least to the greatest value;
where nothing is known there is neither, and the time axis is broken. Below are the gaps in words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import tzinfo
from typing import NamedTuple

from gateway.decimals import decimals_of, value_text
from gateway.history.buckets import Gap
from gateway.history.rows import Series
from gateway.plot.canvas import Canvas, Charset
from gateway.plot.columns import Column, columns, gap_columns
from gateway.plot.ticks import DAY, Axis, Tick, axis, date, local, times

LEAST_ROWS = 4
"""Of the plot itself: with fewer lines than that and its axis need, they are more than was asked for."""
ROWS_A_TICK = 3
MOST_GAPS = 4
"""That are named, in a chart of 24 lines; one in six lines."""
ASCII_UNITS = {"°C": "degC", "°F": "degF", "°": "deg", "µ": "u", "μ": "u", "²": "2", "³": "3", "Ω": "Ohm"}


class Piece(NamedTuple):
    """A text, and what it is: `line`, `band`, `axis`, `gap`, `title`, `quiet` or nothing, for its colour."""

    text: str
    role: str = ""


Line = list[Piece]


class Frame(NamedTuple):
    """What is drawn, and where: `width` and `height` are characters of the whole chart, `bucket` is how many
    ms a bucket is wide, `now` the time until which values hold at most."""

    title: str
    since: int
    until: int
    now: int
    bucket: int
    width: int
    height: int
    zone: tzinfo | None = None


def dots_across(frame_width: int, charset: Charset) -> int:
    """How many columns of dots there may be in a chart so wide: more points than four times that show no
    more."""
    return max(1, frame_width) * charset.across


def chart(series: Series, frame: Frame, charset: Charset) -> list[Line]:
    """The lines, none wider than the frame. The series has a bucket at least."""
    unit = _plain_unit(series.unit or "", charset)
    below = _gap_lines(series.gaps, frame, charset)
    rows = max(LEAST_ROWS, frame.height - 3 - len(below))
    low, high = min(bucket.min for bucket in series.buckets), max(bucket.max for bucket in series.buckets)
    upright = axis(low, high, max(3, rows // ROWS_A_TICK + 1))
    margin = _margin(upright.ticks, unit)
    across = max(1, frame.width - len(margin[0]) - 1)
    until = max(frame.since + 1, min(frame.until, frame.now))
    canvas = Canvas(charset, across, rows)
    # beyond now nothing is drawn
    drawn = max(1, round(canvas.dots_across * (until - frame.since) / (frame.until - frame.since)))
    found = columns(series.buckets, series.gaps, frame.since, until, frame.bucket, drawn)
    _draw(found, canvas, upright)
    labels = _placed(upright, margin, rows)
    lines = [_title(series, frame, unit, charset)]
    for number, cells in enumerate(canvas.rows()):
        label = labels.get(number)
        left = (label or " " * len(margin[0])) + (charset.tick if label else charset.upright)
        lines.append([Piece(left, "axis"), *_joined(cells)])
    lines += _time_axis(series.gaps, frame, charset, len(margin[0]), across)
    return lines + below


def _draw(found: Sequence[Column | None], canvas: Canvas, upright: Axis) -> None:
    def dot(value: float) -> int:
        return round((upright.high - value) / (upright.high - upright.low) * (canvas.dots_down - 1))

    before: int | None = None
    for x, column in enumerate(found):
        if column is None:
            before = None
            continue
        canvas.band(x, dot(column.high), dot(column.low))
        here = dot(column.mean)
        # the line is joined: half of the way in this column, half in the one before
        half = here if before is None else (before + here) // 2
        canvas.line(x, min(half, here), max(half, here))
        if before is not None:
            canvas.line(x - 1, min(before, half), max(before, half))
        before = here


def _margin(ticks: Sequence[Tick], unit: str) -> list[str]:
    """Of each tick what stands left of the axis; the topmost has the unit."""
    number = max(len(tick.label) for tick in ticks)
    wide = number + (1 + len(unit) if unit else 0)
    texts = [tick.label.rjust(number).ljust(wide) + " " for tick in ticks]
    if unit:
        texts[-1] = f"{ticks[-1].label.rjust(number)} {unit} "
    return texts


def _placed(upright: Axis, margin: Sequence[str], rows: int) -> dict[int, str]:
    """By row, the text of the tick that is there."""
    low, high, ticks = upright
    return {
        round((high - tick.at) / (high - low) * (rows - 1)): text
        for tick, text in zip(ticks, margin, strict=True)
    }


def _joined(cells: Sequence[tuple[str, str]]) -> Line:
    """Neighbours of one kind as one piece, without blanks at the end."""
    pieces: Line = []
    for text, role in cells:
        if pieces and pieces[-1].role == role:
            pieces[-1] = Piece(pieces[-1].text + text, role)
        else:
            pieces.append(Piece(text, role))
    return pieces[:-1] if pieces and not pieces[-1].role else pieces


def _time_axis(
    gaps: Sequence[Gap], frame: Frame, charset: Charset, indent: int, across: int
) -> tuple[Line, Line]:
    span = frame.until - frame.since
    ticks = times(frame.since, frame.until, across, frame.zone)
    cells = [
        (charset.gap, "gap") if gap else (charset.level, "axis")
        for gap in gap_columns(gaps, frame.since, frame.until, across)
    ]
    words = [" "] * across
    free = 0
    for tick in ticks:
        place = min(across - 1, math.floor((tick.at - frame.since) / span * across))
        cells[place] = (charset.mark, cells[place][1])
        begin = min(max(0, place - len(tick.label) // 2), across - len(tick.label))
        if begin >= free:  # months have longer names in other languages
            words[begin : begin + len(tick.label)] = tick.label
            free = begin + len(tick.label) + 1
    line = [Piece(" " * indent + charset.corner, "axis"), *_joined(cells)]
    return line, [Piece((" " * (indent + 1) + "".join(words)).rstrip(), "axis")]


def _title(series: Series, frame: Frame, unit: str, charset: Charset) -> Line:
    """The name, and of the rest as much as there is room for."""
    buckets = series.buckets
    decimals = max(
        decimals_of(value) for bucket in buckets for value in (bucket.value, bucket.min, bucket.max)
    )

    def say(value: float) -> str:
        return value_text(value, decimals)

    unit = f" {unit}" if unit else ""
    low, high = min(bucket.min for bucket in buckets), max(bucket.max for bucket in buckets)
    known = sum(bucket.covered for bucket in buckets)
    facts = [
        f"last {say(buckets[-1].value)}{unit}",
        f"min {say(low)}  max {say(high)}",
        f"{_moment(frame.since, frame)} to {_moment(frame.until, frame)}",
    ]
    if known:
        mean = sum(bucket.mean * bucket.covered for bucket in buckets) / known
        facts.append(f"mean {say(mean)}")
    name = _cut(frame.title, frame.width, charset)
    pieces, room = [Piece(name, "title")], frame.width - len(name)
    for fact in facts:
        if len(fact) + 3 <= room:
            pieces.append(Piece(f"   {fact}"))
            room -= len(fact) + 3
    return pieces


def _moment(ms: int, frame: Frame) -> str:
    """As exact as the chart is: `22 Nov 06:30`, `22 Nov 2026`."""
    moment, seconds = local(ms, frame.zone), (frame.until - frame.since) / 1000
    if seconds >= 60 * DAY:
        return f"{date(moment)} {moment.year}"
    return f"{date(moment)} {moment:%H:%M:%S}" if seconds < 600 else f"{date(moment)} {moment:%H:%M}"


def _gap_lines(gaps: Sequence[Gap], frame: Frame, charset: Charset) -> list[Line]:
    """The longest ones, in the order of time, and how many there are more."""
    most = max(1, MOST_GAPS * frame.height // 24)
    lengths = sorted(((_until(gap, frame) - gap.begin, gap.begin) for gap in gaps), reverse=True)
    named = {begin for _, begin in lengths[:most]}
    lines, room = [], frame.width - 2
    for gap in gaps:
        if gap.begin in named:
            texts = [gap_words(gap, frame), gap_words(gap, frame, brief=True)]
            text = _cut(min(texts, key=lambda text: (len(text) > room, -len(text))), room, charset)
            lines.append([Piece(f"{charset.gap} ", "gap"), Piece(text, "quiet")])
    if more := len(gaps) - len(named):
        total = span_words(sum(length for length, _ in lengths[most:]))
        lines.append([Piece(_cut(f"  and {more} more, {total} in all", frame.width, charset), "quiet")])
    return lines


def gap_words(gap: Gap, frame: Frame, *, brief: bool = False) -> str:
    """`22 Nov 02:10 to 02:45 (35 min): link board: unplugged`; the moments alone, if that is to be brief."""
    begin = local(gap.begin, frame.zone)
    length = "" if brief else f" ({span_words(_until(gap, frame) - gap.begin)})"
    if gap.end is None:
        return f"since {date(begin)} {begin:%H:%M}{length}: {gap.reason}"
    end = local(gap.end, frame.zone)
    until = f"{end:%H:%M}" if end.date() == begin.date() else f"{date(end)} {end:%H:%M}"
    return f"{date(begin)} {begin:%H:%M} to {until}{length}: {gap.reason}"


def _cut(text: str, width: int, charset: Charset) -> str:
    return text if len(text) <= width else text[: max(0, width - 1)] + charset.more


def _until(gap: Gap, frame: Frame) -> int:
    return max(gap.begin, min(frame.until, frame.now) if gap.end is None else gap.end)


def span_words(ms: int) -> str:
    """`35 min`, `2 h 10 min`, `3 d 4 h`: the two greatest units."""
    seconds = round(ms / 1000)
    if seconds < 60:
        return f"{seconds} s"
    for unit, size, less, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if seconds >= size:
            rest = seconds % size // part
            return f"{seconds // size} {unit}" + (f" {rest} {less}" if rest else "")
    raise AssertionError("less than a minute is above")


def _plain_unit(unit: str, charset: Charset) -> str:
    if charset.upright.isascii():
        for odd, words in ASCII_UNITS.items():
            unit = unit.replace(odd, words)
    return unit
