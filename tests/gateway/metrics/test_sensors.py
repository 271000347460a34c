"""Sensors in numbers."""

import math

import pytest

from drivers.answers import SensorStatus
from drivers.reading import GOOD, STALE, SUSPECT, Reading
from drivers.readings import COUNTERS
from gateway.metrics.sensors import SensorNow, families
from gateway.metrics.text import exposition

GOOD_ONE = Reading(21.5, "°C", 1_795_329_000.5, GOOD, 7)
OTHERS = ("published", "stale")


def sensor(last: Reading | None = GOOD_ONE, fault: str | None = None, **counted: int) -> SensorNow:
    """One that is connected."""
    status = SensorStatus(connected=True, problem=None, last=last, age_s=None, stale_after=16.0, fault=fault)
    counters = {**dict.fromkeys((*COUNTERS, *OTHERS), 0), **counted}
    return SensorNow("temp", "temperature", "°C", "board", status, counters)


def said(*sensors: SensorNow) -> dict[str, str]:
    """By name, of one sensor."""
    lines = [line for line in exposition(families(sensors)).splitlines() if not line.startswith("#")]
    return {line.partition("{")[0]: line.rpartition(" ")[2] for line in lines}


def test_a_good_value() -> None:
    """With when it was measured."""
    found = said(sensor())
    assert found["reading_value"] == "21.5"
    assert found["reading_timestamp_seconds"] == "1795329000.5"
    assert found["sender_stale"] == "0"
    assert found["sender_connected"] == "1"
    assert found["sender_stale_after_seconds"] == "16.0"


@pytest.mark.parametrize(
    ("last", "fault", "stale", "value"),
    [
        (GOOD_ONE, None, "0", "21.5"),
        (GOOD_ONE._replace(quality=SUSPECT, reason="x"), None, "0", "21.5"),
        (GOOD_ONE._replace(quality=STALE, reason="x"), None, "1", None),
        (None, None, "0", None),
        (None, "it never had a value", "1", None),
        (GOOD_ONE._replace(value=math.inf), None, "0", "+Inf"),
    ],
)
def test_what_is_shown(last: Reading | None, fault: str | None, stale: str, value: str | None) -> None:
    """A stale value is none, though when it was measured is told; a suspect one is shown."""
    found = said(sensor(last, fault))
    assert (found["sender_stale"], found.get("reading_value")) == (stale, value)
    assert ("reading_timestamp_seconds" in found) == (last is not None)


def test_what_was_counted() -> None:
    """Measurements that had no value are no readings."""
    one = {"received": 10, "faults": 3, "suspect": 2, "published": 4, "reads": 6, "failed_reads": 5}
    found = said(sensor(**one, stale=9, dropped=8, late=11, missing=12))
    assert {name: value for name, value in found.items() if name.endswith("_total")} == {
        "readings_total": "7",
        "failed_measurements_total": "3",
        "suspect_readings_total": "2",
        "late_readings_total": "11",
        "missing_readings_total": "12",
        "published_readings_total": "4",
        "live_reads_total": "6",
        "failed_live_reads_total": "5",
    }


def test_no_value_is_expected_unasked() -> None:
    """Then there is no such time."""
    quiet = sensor()
    quiet = quiet._replace(status=quiet.status._replace(stale_after=None, connected=False))
    found = said(quiet)
    assert "sender_stale_after_seconds" not in found
    assert found["sender_connected"] == "0"


def test_labels() -> None:
    """What joins a sender to its link."""
    text = exposition(families([sensor()]))
    assert 'sender_info{sender="temp",kind="temperature",unit="°C",link="board"} 1\n' in text
    assert 'reading_value{sender="temp",unit="°C"} 21.5\n' in text
