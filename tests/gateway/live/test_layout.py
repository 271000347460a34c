"""The live table's lines on terminals of any size."""

import logging
from collections.abc import Sequence
from typing import Any

import pytest

from gateway.live.layout import Picture, farewell, layout, log_lines
from gateway.live.lines import Line, Piece, cells
from gateway.live.table import Limit, Row
from gateway.live.whole import Whole

WELL = [Row(f"sensor-{n}", 20.0 + n, "°C", 0.25, "good", "board", "up", "", 2) for n in range(9)]
HOT = Row("hot", 30.0, "°C", 0.25, "good", "board", "up", "", 0, (Limit("hot", 26.0, True),))
SPIKE = Row("spike", 30.0, "°C", 0.25, "suspect", "board", "up", "a spike, or a fault of the sensor")
SILENT = Row("silent", 30.0, "°C", 99.0, "stale", "board", "up", "nothing heard for 99.0 s; 3 damaged lines")
LOG = [(logging.INFO, f"2026-11-22T06:30:00.{n:03d}Z INFO line {n}") for n in range(100)]
PIECES = [
    ("4 of 4 links up", "green"),
    ("mqtt connected", "green"),
    ("clock not set", "yellow"),
    ("http://127.0.0.1:8300", ""),
    ("Ctrl-C ends it", "dim"),
]


def text(line: Line) -> str:
    return "".join(piece for piece, _ in line).rstrip()


def picture(
    rows: Sequence[Row] = WELL,
    faults: Sequence[Piece] = (),
    log: Sequence[tuple[int, str]] = LOG,
    pieces: Sequence[Piece] = PIECES,
) -> Picture:
    return Picture("greenhouse", Whole(pieces, faults), rows, log)


def shown(width: int, height: int, *args: Any, **more: Any) -> list[str]:
    return [text(line) for line in layout(picture(*args, **more), width, height)]


FAULTS = [(f"link{n}: /dev/ttyUSB{n} is not there; plug the board in", "red") for n in range(1, 5)]


@pytest.mark.parametrize("width", [1, 10, 20, 35, 36, 51, 52, 75, 76, 120, 200])
@pytest.mark.parametrize("height", [1, 2, 4, 5, 6, 8, 10, 13, 14, 24, 60])
@pytest.mark.parametrize("faults", [0, 1, 4])
def test_any_size_fits(width: int, height: int, faults: int) -> None:
    """Never wider nor higher than the terminal, whatever there is to say."""
    rows = [*WELL, SILENT, SPIKE, HOT, Row("a" * 60, None, "", None, "", "b" * 40, "up", "r" * 300)]
    lines = layout(picture(rows, [*FAULTS[:faults]]), width, height)
    assert 0 < len(lines) <= height
    assert all(cells(text(line)) <= width for line in lines)


def test_from_top_to_bottom() -> None:
    """The whole, what is wrong, the sensors, the log; as high as the terminal."""
    lines = shown(80, 24, faults=FAULTS[:1])
    assert lines[:5] == [
        "greenhouse   clock not set   4 of 4 links up   mqtt connected",
        "http://127.0.0.1:8300   Ctrl-C ends it",
        "link1: /dev/ttyUSB1 is not there; plug the board in",
        "",
        "sensor    value        age  quality  link",
    ]
    assert [line.split()[0] for line in lines[5:14]] == [row.name for row in WELL]
    assert lines[14:16] == ["", "06:30:00.091Z INFO line 91"]
    assert (len(lines), lines[-1]) == (24, "06:30:00.099Z INFO line 99")


def test_what_is_not_well_is_among_the_first_words() -> None:
    """On a low terminal there is one line of them; what has no room is left out, not cut."""
    assert shown(60, 10)[0] == "greenhouse   clock not set   4 of 4 links up"
    last = "4 of 4 links up   mqtt connected   Ctrl-C ends it"
    assert shown(80, 10)[0] == f"greenhouse   clock not set   {last}"
    assert shown(30, 10)[0] == "greenhouse   clock not set"
    assert shown(8, 10)[0] == "greenho…"
    assert shown(30, 24)[:2] == ["greenhouse   clock not set", "4 of 4 links up"]


def test_the_worst_come_first_when_not_all_have_room() -> None:
    """With their reasons, and a count of the others; where all have room, they keep their order."""
    rows = [*WELL, HOT, SPIKE, SILENT]
    names = [line.split()[0] for line in shown(80, 40, rows)[4:16]]
    assert names == [row.name for row in rows[:11]] + ["a"]
    lines = shown(80, 14, rows)
    assert lines[4:10] == [
        "silent       30 °C    99 s  stale              board up",
        "  nothing heard for 99.0 s; 3 damaged lines",
        "spike        30 °C   0.2 s  suspect            board up",
        "  a spike, or a fault of the sensor",
        "hot          30 °C   0.2 s  good     ! hot 26  board up",
        "sensor-0  20.00 °C   0.2 s  good               board up",
    ]
    assert lines[10:12] == ["… and 8 more, all well; `sig-gateway senders` lists all", ""]
    lines = shown(40, 10, [*WELL, HOT])
    assert [line.split()[0] for line in lines[2:7]] == ["hot", "sensor-0", "sensor-1", "sensor-2", "sensor-3"]
    assert lines[7] == "… and 5 more, all well"
    assert shown(40, 6, rows)[2] == "… and 12 more, 2 not well, 1 beyond a l…"


def test_the_lowest_terminals_have_no_log() -> None:
    """Sensors are more than what was said of them."""
    assert not any("INFO" in line for line in shown(80, 5, WELL[:1]))
    assert any("INFO" in line for line in shown(80, 6, WELL[:1]))


def test_all_rows_or_a_count() -> None:
    """A count takes no line where the last row would have had it."""
    assert not any("more" in line for line in shown(80, 13))
    assert "… and 2 more, all well; `sig-gateway senders` lists all" in shown(80, 12)


def test_faults_have_a_third_of_the_room() -> None:
    """Whole, as long as they have room; then a line each; then those that have, and a count."""
    long = [(f"link{n}: {'very ' * 20}wrong", "red") for n in range(3)]
    lines = shown(80, 34, faults=long)
    assert [line.startswith("link") for line in lines[2:8]] == [True, False] * 3
    lines = shown(80, 20, faults=long)
    assert [line[:5] for line in lines[2:5]] == ["link0", "link1", "link2"]
    assert all("…" in line and line.endswith("wrong") for line in lines[2:5])
    lines = shown(80, 14, faults=FAULTS)
    assert lines[2:5] == [FAULTS[0][0], "… and 3 more; `sig-gateway health` tells all", ""]
    assert shown(80, 8, faults=FAULTS)[1] == "4 things are wrong; `sig-gateway health` tells all"
    assert shown(80, 8, faults=FAULTS[:1])[1] == FAULTS[0][0]
    styled = layout(picture(faults=[("wrong", "red"), ("unset", "yellow")]), 80, 24)
    assert styled[2:4] == [[("wrong", "red")], [("unset", "yellow")]]


def test_long_log_lines_are_wrapped() -> None:
    """Where there is room for the whole line; else its middle is left out."""
    log = [(logging.INFO, f"2026-11-22T06:30:00.{n:03d}Z INFO {'word ' * 20}end{n}") for n in range(3)]
    lines = shown(80, 20, WELL[:1], log=log, pieces=())
    assert [line.split()[-1] for line in lines if "end" in line] == ["end0", "end1", "end2"]
    lines = shown(80, 6, log=[*log[:2], (logging.INFO, "x")])
    assert lines[-1] == "x"
    assert lines[-2].startswith("06:30:00.001Z")
    assert lines[-2].endswith("end1")
    assert "…" in lines[-2]
    path = "/dev/serial/by-id/usb-Arduino__www.arduino.cc__0043_85736323838351F0F1C1-if00"
    assert shown(80, 20, log=[(20, f"b: {path} is not there")])[-1] == (
        "b: /dev/seri…351F0F1C1-if00 is not there"
    )
    assert shown(200, 20, log=[(20, path)])[-1] == path


def test_the_log_s_colours_and_its_words() -> None:
    """By level; what could steer the terminal is written out; what begins with no date is left as it is."""
    log = [(level, "a\x1b[2J") for level in (10, 20, 30, 40, 50)] + [(20, "tT1"), (20, "x" * 10 + "T")]
    lines = layout(picture(log=log), 80, 30)[-7:]
    assert [line[0][1] for line in lines] == ["dim", "dim", "yellow", "red", "bold red", "dim", "dim"]
    assert [text(line) for line in lines[-3:]] == [r"a\x1b[2J", "tT1", "x" * 10 + "T"]


def test_what_stays_at_the_end() -> None:
    """All sensors, all that is wrong, whole, and the last ten lines of the log with their dates."""
    lines = [text(line) for line in farewell(picture([*WELL, SILENT], FAULTS), 40)]
    assert lines[0].split()[0] == "sensor"
    assert [line.split()[0] for line in lines[1:11]] == [row.name for row in [*WELL, SILENT]]
    assert lines[13:15] == ["link1: /dev/ttyUSB1 is not there; plug", "the board in"]
    assert lines[21] == ""
    assert lines[22:] == [line for _, line in LOG[-10:]]
    assert [text(line) for line in log_lines(LOG, 80)] == [line for _, line in LOG[-10:]]
    assert all(cells(line) <= 40 for line in lines)
