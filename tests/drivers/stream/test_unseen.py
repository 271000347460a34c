"""Channels that never come: when that is said, and how."""

import pytest

from drivers.source import Measurement
from drivers.stream.unseen import LINES, SECONDS, UnseenFields

WHY = "no field temprature; seen: temp, hum"


def test_after_ten_lines() -> None:
    """Once, with what was seen instead."""
    unseen = UnseenFields(lambda: {"temprature": None, "temp": None})
    assert unseen.look(0.0, 5, ["temp"]) == []
    assert unseen.look(1.0, 5 + LINES - 1, ["temp", "hum"]) == []
    assert unseen.look(2.0, 5 + LINES, ["temp", "hum"]) == [Measurement("temprature", 0, None, WHY, 2.0)]
    assert unseen.look(3.0, 5 + LINES + 1, ["temp", "hum"]) == []
    assert unseen.missed("temprature") == WHY
    assert unseen.missed("temp") is None


def test_after_thirty_seconds() -> None:
    """Of a sketch that prints one line a minute."""
    unseen = UnseenFields(lambda: {"temprature": None})
    assert unseen.look(100.0, 1, []) == []
    assert unseen.look(100.0 + SECONDS - 0.1, 1, []) == []
    (missed,) = unseen.look(100.0 + SECONDS, 1, [])
    assert missed.fault == "no field temprature; seen: none"


def test_it_comes_after_all() -> None:
    """Then nothing is missed any more."""
    unseen = UnseenFields(lambda: {"temp": None})
    unseen.look(0.0, 1, [])
    assert len(unseen.look(SECONDS, 1, [])) == 1
    assert unseen.look(SECONDS + 1, 2, ["temp"]) == []
    assert unseen.missed("temp") is None


def test_a_sensor_that_comes_later() -> None:
    """It has as much time as the first had."""
    wanted: dict[str, None] = {}
    unseen = UnseenFields(lambda: wanted)
    unseen.look(0.0, 100, [])
    wanted["temp"] = None
    assert unseen.look(50.0, 200, []) == []
    assert len(unseen.look(50.0 + SECONDS, 200, [])) == 1


@pytest.mark.parametrize(("count", "end"), [(12, "n11"), (13, "n11 and 1 more")])
def test_many_names(count: int, end: str) -> None:
    """A message stays short."""
    unseen = UnseenFields(lambda: {"temp": None})
    names = [f"n{number}" for number in range(count)]
    unseen.look(0.0, 0, names)
    (missed,) = unseen.look(SECONDS, 0, names)
    assert missed.fault is not None
    assert missed.fault.endswith(end)
