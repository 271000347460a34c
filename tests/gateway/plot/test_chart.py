"""A chart as lines of text."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise, product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.history.buckets import DAY, HOUR, MINUTE, Bucket, Gap
from gateway.history.rows import Series
from gateway.plot.canvas import ASCII, BLOCKS, BRAILLE, CHARSETS, Canvas
from gateway.plot.chart import Frame, chart, span_words

UNTIL = round(datetime(2026, 11, 28, 6, 30, tzinfo=UTC).timestamp() * 1000)
SINCE = UNTIL - DAY


def frame(
    width: int = 60, height: int = 16, since: int = SINCE, until: int = UNTIL, title: str = "temp"
) -> Frame:
    """Of a day, in Berlin."""
    return Frame(title, since, until, until, HOUR, width, height, ZoneInfo("Europe/Berlin"))


def steps(values: Sequence[float], spread: float = 0) -> list[Bucket]:
    """A bucket an hour."""
    return [
        Bucket(SINCE + number * HOUR, value, value - spread, value + spread, value, 60, HOUR)
        for number, value in enumerate(values)
    ]


def text(series: Series, at: Frame, name: str = "ascii") -> list[str]:
    """The lines, without what each piece is."""
    return ["".join(piece.text for piece in line) for line in chart(series, at, CHARSETS[name])]


def test_a_chart() -> None:
    """As it is: the line, the band, the gap in it and below, the axes."""
    values = [20, 20, 20, 21, 22, 23, 24, 25, 26, 26, 26, 26, 25, 24, 23, 22, 22, 21, 21, 20, 20, 20, 20, 20]
    gap = Gap(SINCE + 10 * HOUR, SINCE + 13 * HOUR, "stale: nothing heard")
    buckets = [one for one in steps(values, 0.6) if not gap.begin <= one.time < SINCE + 13 * HOUR]
    assert text(Series("°C", SINCE, buckets, [gap]), frame(60, 15)) == [
        "temp   last 20.0 degC   min 19.4  max 26.6   mean 21.9",
        "        |                 ::::",
        "        |                *****",
        "25 degC +              ***::::",
        "        |            :**::           :",
        "        |          :***              **:",
        "        |        :***::              :***::::",
        "        |        **::                 ::*****",
        "        |      :**:                     ::::**:::",
        "        |:::::***                            *****::::::::::",
        "20      +******                                  ***********",
        "        |::::::                                  :::::::::::",
        "        +---------+-----------.+.....-------+-----------+---",
        "                12:00        18:00       28 Nov       06:00",
        ". 27 Nov 17:30 to 20:30 (3 h): stale: nothing heard",
    ]


@pytest.mark.parametrize("name", CHARSETS)
@pytest.mark.parametrize(("width", "height"), [(80, 22), (120, 38), (40, 14), (20, 10)])
def test_its_size(name: str, width: int, height: int) -> None:
    """As wide and as high as was asked for, whatever has to be told."""
    gaps = [
        Gap(SINCE + n * HOUR, SINCE + n * HOUR + 20 * MINUTE, f"{n} " + "why " * 30) for n in range(5, 15)
    ]
    series = Series("°C", SINCE, steps([20, 30] * 12, 2), gaps)
    lines = text(series, frame(width, height, title="x" * 64), name)
    assert len(lines) == height
    assert max(map(len, lines)) <= width
    more = "~" if name == "ascii" else "…"
    assert lines[0].startswith("x" * 64 if width > 64 else "x" * (width - 1) + more)
    assert " more, " in lines[-1]


@pytest.mark.parametrize("name", CHARSETS)
@given(
    st.lists(
        st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e3), st.integers(0, 2 * DAY), st.integers(0, HOUR)),
        min_size=1,
        max_size=30,
    ),
    st.dictionaries(st.integers(0, DAY - 1), st.integers(1, DAY) | st.none(), max_size=5),
    st.integers(20, 200),
    st.integers(10, 50),
)
def test_any_history(
    name: str,
    some: list[tuple[float, float, int, int]],
    silent: dict[int, int | None],
    width: int,
    height: int,
) -> None:
    """Makes a chart of that size, in characters that can be said."""
    buckets = [
        Bucket(SINCE + at, value, value - spread, value + spread, value, 1, covered)
        for value, spread, at, covered in sorted(some, key=lambda one: one[2])
    ]
    gaps = [Gap(SINCE + at, length and SINCE + at + length, "why") for at, length in sorted(silent.items())]
    lines = text(Series("%", None, buckets, gaps), frame(width, height), name)
    assert len(lines) == height
    assert max(map(len, lines)) <= width
    assert name != "ascii" or all(line.isascii() for line in lines)


def test_what_each_piece_is() -> None:
    """So that a terminal can give it a colour; neighbours of one kind are one piece."""
    gap = Gap(UNTIL - HOUR, None, "off")
    lines = chart(Series(None, SINCE, steps([20] * 12 + [30] * 11, 3), [gap]), frame(), BRAILLE)
    assert lines[0][0] == ("temp", "title")
    roles = [[piece.role for piece in line] for line in lines]
    assert all(line[0] == "axis" for line in roles[1:-1])
    assert roles[-1] == ["gap", "quiet"]
    assert {role for line in roles for role in line} == {"title", "", "axis", "line", "band", "gap", "quiet"}
    for line in roles[1:-1]:
        assert all(one != other for one, other in pairwise(line[1:]))


def test_a_gap_that_lasts_and_one_that_is_short() -> None:
    """Both are on the time axis; the one that lasts has no end."""
    gaps = [Gap(SINCE + HOUR, SINCE + HOUR + 1000, "x"), Gap(UNTIL - 2 * HOUR, None, "off")]
    lines = text(Series("", SINCE, steps([5.0] * 22), gaps), frame())
    axis = next(line for line in lines if "+--" in line)
    assert axis.count(".") == 5
    assert axis.endswith(".+...")
    assert lines[-2:] == [". 27 Nov 08:30 to 08:30 (1 s): x", ". since 28 Nov 05:30 (2 h): off"]


def test_nothing_is_drawn_of_what_is_to_come() -> None:
    """A value holds until now, not beyond."""
    at = frame()._replace(until=SINCE + 2 * DAY, now=UNTIL)
    rows = text(Series("", SINCE, steps([5.0] * 24), ()), at)[1:-2]
    (line,) = (row.rstrip() for row in rows if "*" in row)
    assert abs(len(line) - 33) < 3


def test_labels_do_not_touch() -> None:
    """Whatever the width is; one that has no room is left out, and so is one that is wider than all."""
    for width, later in product(range(10, 130, 3), range(0, DAY, 37 * MINUTE)):
        at = frame(width, since=SINCE + later, until=UNTIL + later)
        buckets = [one._replace(time=one.time + later) for one in steps([5.0])]
        shown = text(Series("", SINCE, buckets, ()), at)[-1]
        assert re.fullmatch(r" *((\d\d:\d\d|2[89] Nov)( +|$))*", shown), shown
    minute = Frame("temp", UNTIL - MINUTE, UNTIL, UNTIL, 1000, 22, 12, ZoneInfo("Europe/Berlin"))
    late = [Bucket(UNTIL - MINUTE, 5.0, 5.0, 5.0, 5.0, 1, MINUTE)]
    assert re.fullmatch(r" *((\d\d:\d\d|\d\d:\d\d:\d\d)( +|$))*", text(Series("", 0, late, ()), minute)[-1])


def test_a_spike_is_seen() -> None:
    """The least and the greatest value of a column are in the band, if the mean hides them."""
    buckets = steps([20.0] * 24)
    buckets[12] = buckets[12]._replace(max=40.0)
    rows = text(Series("", SINCE, buckets, ()), frame())
    assert sum(":" in row for row in rows[1:-2]) > 5


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "0 s"),
        (59_400, "59 s"),
        (59_600, "1 min"),
        (90_000, "1 min 30 s"),
        (35 * MINUTE, "35 min"),
        (130 * MINUTE, "2 h 10 min"),
        (76 * HOUR, "3 d 4 h"),
        (400 * DAY, "400 d"),
    ],
)
def test_spans(ms: int, words: str) -> None:
    """The two greatest units."""
    assert span_words(ms) == words


def test_dots() -> None:
    """Of a character, by its place; a band is shown from half of them on, a line alone."""
    canvas = Canvas(BRAILLE, 3, 1)
    canvas.line(0, 0, 3)
    canvas.line(1, 3, 3)
    canvas.band(2, 0, 3)
    canvas.band(4, 1, 3)
    canvas.band(0, 0, 3)
    assert canvas.rows() == [[("⣇", "line"), ("░", "band"), (" ", "")]]
    canvas = Canvas(BLOCKS, 3, 1)
    canvas.line(0, 0, 0)
    canvas.line(1, 1, 1)
    canvas.line(2, 0, 1)
    assert [cell for cell, _ in canvas.rows()[0]] == ["▀", "▄", "█"]
    canvas = Canvas(ASCII, 2, 2)
    canvas.line(1, 1, 1)
    canvas.band(0, 0, 0)
    assert canvas.rows() == [[(":", "band"), (" ", "")], [(" ", ""), ("*", "line")]]
