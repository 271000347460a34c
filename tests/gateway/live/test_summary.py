"""What is said when the gateway ends."""

from typing import Any

from gateway.live.summary import duration, summary_of


def part(status: str = "ok", message: str = "so", **facts: Any) -> dict[str, Any]:
    return {"status": status, "message": message, **facts}


def test_the_summary() -> None:
    """How long, how many, what was lost, what waits."""
    parts: dict[str, Any] = {}
    assert summary_of({"parts": parts}, 3.9, 1, 1) == "ran for 3 s; 1 reading from 1 sensor; none lost"
    parts = {"dispatcher": part(dropped=0), "mqtt": part(connected=True, waiting=0, lost=0)}
    assert summary_of({"parts": parts}, 3700, 12345, 3) == (
        "ran for 1 h 1 min; 12,345 readings from 3 sensors; none lost; nothing waited for MQTT"
    )
    parts = {"dispatcher": part(dropped=2), "mqtt": part(connected=True, waiting=1, lost=1000)}
    assert summary_of({"parts": parts}, 0, 0, 0).partition("sensors; ")[2] == (
        "2 dropped as listeners were too slow and 1,000 events dropped before MQTT had them; "
        "1 event for MQTT waited"
    )
    parts = {"mqtt": part("failing", "left out: bad")}
    assert summary_of({"parts": parts}, 0, 0, 0).endswith("none lost")


def test_durations() -> None:
    """Two units at most."""
    spans = [0.9, 119.9, 120, 3599, 3600, 86399, 86400, 5 * 86400 + 3 * 3600]
    expected = ["0 s", "119 s", "2 min", "59 min", "1 h 0 min", "23 h 59 min", "1 d 0 h", "5 d 3 h"]
    assert [duration(seconds) for seconds in spans] == expected
