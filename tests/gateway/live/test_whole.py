"""What the live table says of the whole gateway."""

from typing import Any

import pytest

from gateway.live.whole import whole_of


def part(status: str = "ok", message: str = "so", **facts: Any) -> dict[str, Any]:
    return {"status": status, "message": message, **facts}


def said(parts: dict[str, Any], page: str | None = None) -> list[tuple[str, str]]:
    return [*whole_of({"status": "ok", "parts": parts}, page, "here:1").pieces]


LAST = [("router here:1", "dim"), ("Ctrl-C ends it", "dim")]


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ([], ("0 of 0 links up", "green")),
        (["ok"], ("1 of 1 link up", "green")),
        (["ok", "unknown"], ("1 of 2 links up", "yellow")),
        (["ok", "unknown", "failing", "ok"], ("2 of 4 links up", "red")),
    ],
)
def test_links_up_of_all(links: list[str], expected: tuple[str, str]) -> None:
    """In the colour of the worst; devices do not count."""
    parts = {f"links.{n}": part(status) for n, status in enumerate(links)}
    assert said({**parts, "devices.x": part("failing")}) == [expected, *LAST]


@pytest.mark.parametrize(
    ("mqtt", "expected"),
    [
        (part(connected=True, waiting=0), ("mqtt connected", "green")),
        (part(connected=True, waiting=1), ("mqtt connected, 1 waits", "green")),
        (part("unknown", connected=False, waiting=2), ("mqtt connecting, 2 wait", "yellow")),
        (part("failing", connected=False, waiting=0), ("mqtt away", "red")),
        (part("failing", connected=True, waiting=0), ("mqtt connected", "red")),
        (part("failing", "left out: c.yaml:3: bad"), ("mqtt left out", "red")),
    ],
)
def test_mqtt(mqtt: dict[str, Any], expected: tuple[str, str]) -> None:
    """Connected or not, and what waits."""
    assert said({"mqtt": mqtt})[1] == expected


def test_history_clock_and_page() -> None:
    """Each where it is there."""
    parts = {"history": part(), "clock": part(), "http": part()}
    assert said(parts, "http://h:1")[1:] == [
        ("history ok", "green"),
        ("clock set", "dim"),
        ("http://h:1", ""),
        *LAST,
    ]
    parts = {"history": part("failing"), "clock": part("unknown"), "http": part("failing")}
    assert said(parts, "http://h:1")[1:] == [
        ("history failing", "red"),
        ("clock not set", "yellow"),
        ("page failing", "red"),
        *LAST,
    ]


def test_faults_are_what_no_row_says() -> None:
    """Links first; a device is in its sensors' rows; what begins is no fault, but an unset clock is one."""
    parts = {
        "mqtt": part("failing", "no connection", connected=False, waiting=0),
        "clock": part("unknown", "not synchronised"),
        "sensors.x": part("failing", "left out: c.yaml:3: bad"),
        "http": part("unknown", "not started yet"),
        "links.a": part("failing", "gone \x1b["),
        "links.b": part("unknown", "being opened"),
        "devices.a": part("failing", "x: gone"),
    }
    assert whole_of({"parts": parts}, None, "x").faults == [
        ("a: gone \\x1b[", "red"),
        ("mqtt: no connection", "red"),
        ("left out: c.yaml:3: bad", "red"),
        ("clock: not synchronised", "yellow"),
    ]
