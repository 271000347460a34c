"""Events as lines for people."""

import pytest

from gateway.cli.watch import line_for_people

READING = {"value": 23.5, "unit": "°C", "time": "2026-11-22T06:30:00.123Z", "quality": "good", "seq": 7}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (READING, "23.50 °C"),
        (READING | {"quality": "stale", "reason": "nothing heard"}, "23.50 °C  stale: nothing heard"),
        (READING | {"time": "yesterday"}, "23.50 °C"),
        ({"a": 1}, '{"a": 1}'),
        (None, "null"),
        (READING | {"value": None, "quality": "stale", "reason": "no field"}, "- °C  stale: no field"),
        (READING | {"value": "on", "unit": ""}, "on"),
    ],
)
def test_line(data: object, text: str) -> None:
    """Time, sender, event, and the reading or the JSON."""
    words = line_for_people("temp", "#changed", data, 2).split(maxsplit=3)
    assert words[1:] == ["temp", "#changed", text]


def test_connect_has_no_data() -> None:
    """The lists of events and requests are for programs."""
    assert line_for_people("temp", "#connect", {"events": []}, 0).endswith("temp          #connect")


def test_nothing_steers_the_terminal() -> None:
    """Names and data may come from any client."""
    line = line_for_people("evil\x1b[2J", "#\x9b31m", READING | {"unit": "\x1b]0;owned\x07"}, 1)
    assert line.isprintable()
    assert line.split()[1:] == [r"evil\x1b[2J", r"#\x9b31m", "23.5", r"\x1b]0;owned\x07"]
