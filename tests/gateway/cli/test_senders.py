"""The list of senders for people."""

import sys
import time

import pytest

from gateway.cli.senders import _print_table

LAST = {"value": 23.5, "unit": "°C", "time": "2020-11-22T06:30:00.123Z", "quality": "good", "seq": 7}


def test_a_pipe_gets_every_column_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each sender, however long its name is; nothing in it steers a terminal."""
    name = "a sensor in the far corner of the greenhouse \x1b[2J"
    _print_table([{"sender": name, "connected": True, "last": LAST, "events": ["#changed", "#stale", "hot"]}])
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
    short = {"sender": "light", "connected": True, "last": today, "events": ["#changed", "#stale", "dark"]}
    _print_table([short])
    line = capsys.readouterr().out.splitlines()[1]
    assert line.split() == ["light", "yes", "23.5", "°C", "06:30:00Z", "good", "#changed", "#stale", "dark"]
    _print_table([short, short | {"sender": "a sensor in the greenhouse", "last": LAST}])
    header, *lines = capsys.readouterr().out.splitlines()
    assert "events" not in header
    assert [line.split()[-2:] for line in lines] == [["06:30:00Z", "good"], [LAST["time"], "good"]]
