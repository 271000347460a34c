"""Events as lines for people."""

import pytest

from gateway.cli.watch import event_problem, line_for_people

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


@pytest.mark.parametrize(
    ("event", "events", "problem"),
    [
        ("#changed", ["#changed", "hot"], None),
        ("#connect", ["#changed"], None),
        ("lamp", [], None),
        (
            "changed",
            ["#changed"],
            "temp does not have the event changed; did you mean '#changed'? events are: ",
        ),
        ("changed", [], "temp does not have the event changed; did you mean '#changed'? events"),
        ("#chnaged", ["#changed"], "temp does not have the event #chnaged; did you mean '#changed'? events"),
        ("connect", [], "temp does not have the event connect; did you mean '#connect'?"),
        ("cold", ["hot"], "temp does not have the event cold; events are: #connect, #disconnect, hot"),
    ],
)
def test_an_event_that_is_not_there(event: str, events: list[str], problem: str | None) -> None:
    """Told with the one that may be meant; one that is not there may have any event."""
    told = event_problem(event, events, "temp")
    assert told is None if problem is None else told is not None and told.startswith(problem)


def test_an_event_that_nobody_has() -> None:
    """Said of `watch '#chnaged'`."""
    told = event_problem("#chnaged", ["#changed"], None)
    assert told is not None
    assert told.startswith(
        "no sender has the event #chnaged; did you mean '#changed'? events are: #changed, "
    )
