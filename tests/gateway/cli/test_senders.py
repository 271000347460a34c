"""The list of senders for people."""

import sys
import time
from typing import Any

import pytest

from gateway.cli.senders import print_table

LAST = {"value": 23.5, "unit": "°C", "time": "2020-11-22T06:30:00.123Z", "quality": "good", "seq": 7}
SAYS: dict[str, Any] = {"last": LAST, "quality": "good", "reason": None, "warning": None}

FOREIGN = "board 0002 answers where 0001 did; write identity: 0002"


def test_why_there_never_was_a_value_is_below_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Where it is known."""
    blank = {
        "connected": True,
        "events": ["#stale"],
        **dict.fromkeys(["last", "reason", "quality", "warning"]),
    }
    fault = {"quality": "stale", "reason": "no field temprature"}
    print_table([{**blank, "sender": "a", **fault}, {**blank, "sender": "b"}])
    _, first, second, below = capsys.readouterr().out.splitlines()
    assert first.split() == ["a", "yes", "-", "-", "stale", "#stale"]
    assert second.split() == ["b", "yes", "-", "-", "-", "#stale"]
    assert below == "! a: stale: no field temprature"


def test_the_table_marks_warnings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the line of the sender, and in full below; into a pipe and on a terminal."""
    suspect = LAST | {"quality": "suspect"}
    temp = {"sender": "temp", "connected": True, "events": [], **SAYS, "last": suspect, "quality": "suspect"}
    temp["warning"] = f"{FOREIGN} \x1b["
    other = {"sender": "hum", "connected": True, "events": [], **SAYS}
    for terminal in (False, True):
        monkeypatch.setattr(sys.stdout, "isatty", lambda terminal=terminal: terminal)
        print_table([temp, other])
        _, first, second, below = capsys.readouterr().out.splitlines()
        assert "suspect !" in first
        assert "!" not in second
        assert below == rf"! temp: {FOREIGN} \x1b["


def test_a_pipe_gets_every_column_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each sender, however long its name is; nothing in it steers a terminal."""
    name = "a sensor in the far corner of the greenhouse \x1b[2J"
    print_table(
        [
            {
                "sender": name,
                "connected": True,
                "events": ["#changed", "#stale", "hot"],
                **SAYS,
            }
        ]
    )
    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == ["sender", "connected", "last", "time", "quality", "events"]
    assert line.split("  ")[0] == name.replace("\x1b", r"\x1b")
    assert line.split()[-7:] == [
        "23.5",
        "°C",
        "2020-11-22T06:30:00.123Z",
        "good",
        "#changed",
        "#stale",
        "hot",
    ]


def test_a_terminal_of_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line for each sender: without today's date, and without the events where they have no room."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    today = LAST | {"time": time.strftime("%Y-%m-%dT06:30:00.123Z", time.gmtime())}
    short = {
        "sender": "light",
        "connected": True,
        "events": ["#changed", "#stale", "dark"],
        **SAYS,
        "last": today,
    }
    print_table([short])
    line = capsys.readouterr().out.splitlines()[1]
    assert line.split() == ["light", "yes", "23.5", "°C", "06:30:00Z", "good", "#changed", "#stale", "dark"]
    print_table([short, short | {"sender": "a sensor in the greenhouse", "last": LAST}])
    header, *lines = capsys.readouterr().out.splitlines()
    assert "events" not in header
    assert [line.split()[-2:] for line in lines] == [["06:30:00Z", "good"], [LAST["time"], "good"]]


def test_values_are_those_of_the_live_table_and_reasons_are_below(capsys: pytest.CaptureFixture[str]) -> None:
    """A calibration's digits that mean nothing are left out; what is no number stays."""
    blank = {"sender": "a", "connected": True, "events": [], "quality": None, "warning": None, "reason": None}
    values = {24.210526: "24.21 %", 0.0: "0 %", True: "True %", "x" * 9: f"{'x' * 9} %", 1013.25: "1013.25 %"}
    print_table([blank | {"last": LAST | {"value": value, "unit": "%"}} for value in values])
    for line, text in zip(capsys.readouterr().out.splitlines()[1:], values.values(), strict=True):
        assert f" {text} " in line
    print_table([blank | {"connected": False, "last": None, "reason": "'a' is not connected: link b: gone"}])
    assert capsys.readouterr().out.splitlines()[-1] == "! 'a' is not connected: link b: gone"
