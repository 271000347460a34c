"""The live table: rows from sensors and links, and how they look at any size."""

import io
import logging
from collections.abc import Sequence
from types import SimpleNamespace

import pytest
from rich.console import Console

import sig
from gateway.live.screen import Screen, age_text
from gateway.live.table import LiveTable, Row, decimals_of, value_text
from tests.support.fake_clock import FakeClock

READING = {"value": 23.5, "unit": "°C", "time": "2026-11-22T06:30:00.000Z", "quality": "good", "seq": 7}
UTC = 1795329000.0


class FakeLink:
    def __init__(self, state: str = "up", reason: str | None = None) -> None:
        self.state, self.reason = state, reason

    def status(self) -> SimpleNamespace:
        return SimpleNamespace(name="board", state=self.state, reason=self.reason)


def no_problem(_sensor: str) -> str | None:
    return None


def test_rows() -> None:
    """Up, then lost: the last reading is kept, older and stale, with the link's reason; decimals stay."""
    router, link = sig.Router(), FakeLink()
    readings = [READING | {"value": 23.25}, READING]
    router.addSender("temp", ["#changed"], {"last": lambda _: readings.pop(0)})
    rows = LiveTable(router, lambda: {"temp": ("board", link)}, no_problem, FakeClock(utc=UTC + 4))
    assert rows.now() == [Row("temp", 23.25, "°C", 4.0, "good", "board", "up", "", 2)]
    assert rows.now() == [Row("temp", 23.5, "°C", 4.0, "good", "board", "up", "", 2)]
    router.removeSender("temp")
    link.state, link.reason = "absent", "unplugged"
    assert rows.now() == [Row("temp", 23.5, "°C", 4.0, "stale", "board", "absent", "unplugged", 2)]


def test_rows_without_a_reading() -> None:
    """A link that never came up says why, and so does a sensor that its board does not have."""
    router = sig.Router()
    absent, up = FakeLink("absent", "not there"), FakeLink()
    links = {"a": ("board", absent), "b": ("other", up)}
    rows = LiveTable(router, lambda: links, {"b": "no such channel"}.get).now()
    assert rows == [
        Row("a", None, "", None, "", "board", "absent", "not there"),
        Row("b", None, "", None, "", "board", "up", "no such channel"),
    ]
    router.addSender("b", ["#changed"], {"last": lambda _: None})
    assert LiveTable(router, lambda: links, no_problem).now()[1].reason == ""


def test_a_sensor_that_never_had_a_value_says_why() -> None:
    """Once it is known; while the link is down, that says why."""
    router, link = sig.Router(), FakeLink()
    answers: list[dict[str, object]] = [{"fault": None}, {"fault": "no field temprature"}]
    router.addSender("t", ["#stale"], {"last": lambda _: None, "info": lambda _: answers.pop(0)})
    rows = LiveTable(router, lambda: {"t": ("board", link)}, no_problem)
    assert rows.now() == [Row("t", None, "", None, "", "board", "up", "")]
    assert rows.now() == [Row("t", None, "", None, "stale", "board", "up", "no field temprature")]
    link.state, link.reason = "absent", "unplugged"
    assert rows.now() == [Row("t", None, "", None, "", "board", "absent", "unplugged")]


def test_a_suspect_reading_says_why() -> None:
    """The reading's own reason, while the link is up."""
    router = sig.Router()
    router.addSender(
        "t", ["#changed"], {"last": lambda _: READING | {"quality": "suspect", "reason": "spike"}}
    )
    (row,) = LiveTable(router, lambda: {"t": ("board", FakeLink())}, no_problem).now()
    assert (row.quality, row.reason) == ("suspect", "spike")


def drawn(
    width: int, height: int, rows: list[Row], log: list[tuple[int, str]], faults: Sequence[str] = ()
) -> tuple[list[str], list[str]]:
    """The lines of the last drawing, and what is left on the terminal afterwards."""
    out = io.StringIO()
    console = Console(file=out, width=width, height=height, force_terminal=True, color_system=None)
    with Screen(
        "greenhouse", "listening on x", lambda: rows, lambda: log, lambda: list(faults), console
    ) as screen:
        screen.draw()
        shown = out.getvalue().rpartition("\x1b[H")[2]
    after = out.getvalue().rpartition("\x1b[?1049l")[2]
    return shown.splitlines(), after.splitlines()


ROWS = [Row(f"sensor-{n}", 20.0 + n, "°C", 0.25, "good", "board", "up", "", 2) for n in range(9)]
LOG = [(logging.INFO, f"2026-11-22T06:30:00.{n:03d}Z INFO line {n}") for n in range(100)]


@pytest.mark.parametrize("width", [10, 20, 35, 36, 51, 52, 79, 80, 200])
@pytest.mark.parametrize("height", [4, 8, 14, 50])
def test_any_size_fits(width: int, height: int) -> None:
    """Never wider nor higher than the terminal; afterwards all sensors are printed once."""
    rows = [*ROWS, Row("a" * 60, None, "", None, "", "b" * 40, "absent", "r" * 300)]
    shown, after = drawn(width, height, rows, LOG)
    assert len(shown) <= height
    assert all(len(line.rstrip()) <= width for line in shown)
    assert len(after) == len(rows) + 1


def test_columns_go_before_values_do() -> None:
    """Wide: with reasons; narrower: without; narrow: name, value and age."""
    (_, _, header, *_), _ = drawn(100, 20, ROWS, LOG)
    assert header.split() == ["sensor", "value", "age", "quality", "link"]
    (_, _, header, *_), _ = drawn(40, 20, ROWS, LOG)
    assert header.split() == ["sensor", "value", "age", "quality"]
    (_, _, header, first, *_), _ = drawn(30, 20, ROWS, LOG)
    assert header.split() == ["sensor", "value", "age"]
    assert first.split() == ["sensor-0", "20.00", "°C", "0.2", "s"]


def test_the_log_has_what_is_left() -> None:
    """Its newest lines; on a low terminal sensors are counted that have no room."""
    shown, _ = drawn(80, 20, ROWS, LOG)
    assert [line.split()[-1] for line in shown[-2:]] == ["98", "99"]
    assert len(shown) == 20
    shown, _ = drawn(80, 10, ROWS, LOG)
    assert "… and 5 more; `sig-gateway senders` lists all" in [line.rstrip() for line in shown]


def test_faults_are_red_and_above_the_table() -> None:
    """A line each, as many as fit beside the sensors, and how many more there are; in the end, all."""
    faults = [f"left out: config.yaml:{n}: links.b{n}: bad" for n in range(1, 5)]
    shown, after = drawn(80, 24, ROWS, LOG, faults)
    lines = [line.rstrip() for line in shown]
    assert lines[1:6] == [*faults, ""]
    assert lines[6].split()[:2] == ["sensor", "value"]
    assert (len(lines), lines[-1].split()[-1]) == (24, "99")
    assert [line.rstrip() for line in after[-4:]] == faults
    shown, _ = drawn(80, 15, ROWS, LOG, faults)
    lines = [line.rstrip() for line in shown]
    assert lines[1:4] == [*faults[:2], "… and 2 more left out; `sig-gateway check` lists all"]
    assert len(lines) == 15
    shown, _ = drawn(80, 9, ROWS, LOG, faults)
    assert shown[1].rstrip() == "4 parts of the config are left out; `sig-gateway check` lists all"
    shown, _ = drawn(80, 4, ROWS, LOG, faults[:1])
    assert shown[1].rstrip() == faults[0]
    out = io.StringIO()
    console = Console(file=out, width=80, height=24, force_terminal=True, color_system="standard")
    with Screen("g", "x", list, list, lambda: faults, console) as screen:
        screen.draw()
    assert f"\x1b[31m{faults[0]}" in out.getvalue()


def test_a_fault_is_safe_to_show_and_long_paths_are_cut() -> None:
    """It may hold anybody's words, and the whole path of a config."""
    fault = "left out: /home/somebody/gateways/greenhouse/config.yaml:3: \x1b[2J"
    shown, _ = drawn(100, 24, ROWS[:1], [], [fault])
    assert shown[1].rstrip() == "left out: /home/som…se/config.yaml:3: \\x1b[2J"


def test_long_log_lines_are_wrapped() -> None:
    """Where there is room for the whole line; else it is cut."""
    log = [(logging.INFO, f"2026-11-22T06:30:00.{n:03d}Z INFO {'word ' * 20}end{n}") for n in range(3)]
    shown, _ = drawn(80, 20, ROWS[:1], log)
    assert [line.split()[-1] for line in shown if "end" in line] == ["end0", "end1", "end2"]
    shown, _ = drawn(80, 10, ROWS[:1], log)
    assert len(shown) == 10
    assert shown[5].rstrip().endswith("…")
    assert [line.split()[-1] for line in shown if "end" in line] == ["end1", "end2"]


def test_the_reason_of_a_suspect_reading_is_on_the_screen() -> None:
    """From the sensor to the terminal: another board than before answers, and the table says so."""
    reason = "board 0002 answers where 0001 did; write identity: 0002"
    router = sig.Router()
    router.addSender(
        "t", ["#changed"], {"last": lambda _: READING | {"quality": "suspect", "reason": reason}}
    )
    rows = LiveTable(router, lambda: {"t": ("board", FakeLink())}, no_problem, FakeClock(utc=UTC + 4)).now()
    (_, _, _, line, *_), after = drawn(130, 20, rows, [])
    assert ["suspect", "board", "up", *reason.split()] == line.split()[5:]
    assert reason in after[-1]


def test_long_paths_lose_their_middle() -> None:
    """In reasons and in log lines that do not fit."""
    path = "/dev/serial/by-id/usb-Arduino__www.arduino.cc__0043_85736323838351F0F1C1-if00"
    row = Row("temp", None, "", None, "", "board", "absent", f"{path} is not there")
    (_, _, _, line, *log), _ = drawn(
        80, 20, [row], [(logging.INFO, f"board: {path} is not there; plug it in")]
    )
    assert "/dev/seri…351F0F1C1-if00 is not " in line
    assert log[1].rstrip() == "board: /dev/seri…351F0F1C1-if00 is not there; plug it in"
    (_, _, _, line, *log), _ = drawn(200, 20, [row], [(logging.INFO, path)])
    assert path in line
    assert path in log[1]


def test_what_could_steer_the_terminal_is_written_out() -> None:
    """Whoever the words are from: a config's unit, a board's reason, a client's name in the log."""
    odd = "a\x1b[2J\nb"
    row = Row(odd, 1.0, odd, 1.0, "stale", odd, "up", odd)
    shown, after = drawn(200, 20, [row], [(logging.WARNING, f"2026-11-22T06:30:00.000Z {odd}")])
    assert len(after) == 2
    for line in (shown[3], shown[5], after[1]):
        assert r"a\x1b[2J\nb" in line
        assert "\x1b" not in line
    assert shown[3].count(r"a\x1b[2J\nb") == 4


def test_texts() -> None:
    """Values keep their decimals, ages grow units."""
    assert value_text(23.1, 2) == "23.10"
    assert value_text(None, 2) == "-"
    assert value_text(1e12, 0) == "1e+12"
    ages = [None, 0.04, 9.94, 12, 119, 300, 7300, 200_000]
    assert [age_text(a) for a in ages] == ["-", "0.0 s", "9.9 s", "12 s", "119 s", "5 min", "2 h", "2 d"]
    values = [None, 426.0, 0, 23.5, 1013.125, 24.210526, -23.1 * 3, 1013.123456, 0.01234567, 0.1 + 0.2]
    assert [decimals_of(value) for value in values] == [0, 0, 0, 1, 3, 2, 1, 0, 4, 1]
