"""Events as lines for people."""

from datetime import datetime

import pytest

from gateway.cli.event_lines import line_for_people
from gateway.cli.watch import event_problem

NOW = datetime.fromisoformat("2026-11-22T06:30:01Z")
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
    words = line_for_people("temp", "#changed", data, 2, NOW).split(maxsplit=3)
    assert words[1:] == ["temp", "#changed", text]


@pytest.mark.parametrize(
    ("time", "text"),
    [
        ("2026-11-22T06:29:31Z", "23.50 °C  (late by 30 s)"),
        ("2026-11-22T06:20:00Z", "23.50 °C  (late by 10 min)"),
        ("2026-11-22T06:30:09Z", "23.50 °C  (late by 0 s)"),
        ("2026-11-22T06:20:00", "23.50 °C  (late)"),
        (None, "23.50 °C  (late)"),
    ],
)
def test_late(time: str | None, text: str) -> None:
    """How long after its measurement it came; never less than nothing, no word where it cannot be told."""
    line = line_for_people("temp", "#late", READING | {"time": time}, 2, NOW)
    assert line.split(maxsplit=3)[1:] == ["temp", "#late", text]


def test_a_reading_of_another_day_has_its_date() -> None:
    """By the local calendar, as the time is local."""
    for days, dated in ((0, False), (1, True)):
        now = datetime(2026, 11, 22 + days, 12).astimezone()
        measured = datetime(2026, 11, 22, 11, 59, 30).astimezone()
        line = line_for_people("temp", "#late", READING | {"time": measured.isoformat()}, 2, now)
        assert line.startswith("2026-11-22 11:59:30  temp" if dated else "11:59:30  temp")


@pytest.mark.parametrize(("count", "number"), [(12, "12 readings"), (1, "1 reading"), (None, "readings")])
def test_what_is_lost(count: int | None, number: str) -> None:
    """How many, from when on, and why; the line has the time of the last one."""
    first, last = (datetime(2026, 11, 22, 11, minute).astimezone() for minute in (10, 20))
    data = {"from": first.isoformat(), "to": last.isoformat(), "count": count, "reason": "no room"}
    line = line_for_people("temp", "#gap", data, 0, last)
    assert line == f"11:20:00  temp          #gap          {number} lost from 11:10:00 on: no room"
    assert line_for_people("temp", "#gap", {"from": 1}, 0, last).endswith('#gap          {"from": 1}')


def test_connect_has_no_data() -> None:
    """The lists of events and requests are for programs."""
    assert line_for_people("temp", "#connect", {"events": []}, 0, NOW).endswith("temp          #connect")


def test_nothing_steers_the_terminal() -> None:
    """Names and data may come from any client."""
    line = line_for_people("evil\x1b[2J", "#\x9b31m", READING | {"unit": "\x1b]0;owned\x07"}, 1, NOW)
    assert line.isprintable()
    assert line.split()[1:] == [r"evil\x1b[2J", r"#\x9b31m", "23.5", r"\x1b]0;owned\x07"]


@pytest.mark.parametrize(
    ("event", "events", "problem"),
    [
        ("#changed", ["#changed", "hot"], None),
        ("#connect", ["#changed"], None),
        ("lamp", [], None),
        ("#changed", [], None),
        ("#changed", ["pressed"], "temp does not have the event #changed; events are: "),
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
