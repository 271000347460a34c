"""The list of senders for people."""

import pytest

from gateway.cli.senders import _print_table

LAST = {"value": 23.5, "unit": "°C", "time": "2026-11-22T06:30:00.123Z", "quality": "good", "seq": 7}


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
        "2026-11-22T06:30:00.123Z",
        "good",
        "#changed",
        "#stale",
        "hot",
    ]
