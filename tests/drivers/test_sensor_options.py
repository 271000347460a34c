"""The options of sensors, where the sensors' own tests do not reach."""

from typing import Any

import pytest

from drivers import HumiditySensor, LightSensor, OptionError, Sensor, TemperatureSensor
from drivers.options import parse_options


def parsed(driver: type[Sensor] = TemperatureSensor, **options: Any) -> dict[str, Any]:
    found = parse_options(driver.option_table(), options)
    driver.check_options(found)
    return found


@pytest.mark.parametrize(
    ("driver", "options"),
    [
        (TemperatureSensor, {"median": 3}),
        (TemperatureSensor, {"median": 99}),
        (TemperatureSensor, {"average": 0.1}),
        (TemperatureSensor, {"average": 86400.0}),
        (TemperatureSensor, {"unit": "K"}),
        (TemperatureSensor, {"show": "F"}),
        (TemperatureSensor, {"calibrate": ((0.0, 1.0), (2.0, 3.0)), "offset": 0, "scale": 1}),
        (HumiditySensor, {"unit": "%"}),
        (LightSensor, {"unit": "klx"}),
    ],
)
def test_right_ones(driver: type[Sensor], options: dict[str, Any]) -> None:
    """Bounds count; what does nothing is no contradiction."""
    assert parsed(driver, **options).items() >= options.items()


def test_spans_and_spellings() -> None:
    """As a person writes them."""
    assert parsed(average="1min")["average"] == 60
    assert parsed(unit="°F", show="K")["unit"] == "F"


@pytest.mark.parametrize(
    ("driver", "options", "text"),
    [
        (TemperatureSensor, {"median": 4}, "median: expected an odd number, .*, got 4"),
        (TemperatureSensor, {"median": 1}, "median: expected a whole number from 3 to 99, got 1"),
        (TemperatureSensor, {"median": 101}, "median: expected a whole number from 3 to 99, got 101"),
        (
            TemperatureSensor,
            {"average": "50ms"},
            "average: expected a time span from 100ms to 1d, got '50ms'",
        ),
        (TemperatureSensor, {"average": "2d"}, "average: expected a time span from 100ms to 1d, got '2d'"),
        (TemperatureSensor, {"average": 0}, "average: expected a time span from 100ms to 1d, got 0"),
        (TemperatureSensor, {"unit": "R"}, "unit: expected C or F or K, got 'R'"),
        (TemperatureSensor, {"unit": 5}, "unit: expected C or F or K, got 5"),
        (TemperatureSensor, {"show": "R"}, "show: expected C or F or K, got 'R'"),
        (HumiditySensor, {"show": "%"}, "show: unknown option"),
        (TemperatureSensor, {"median": 3, "average": 5}, "average: `median` evens out already; remove one"),
        (
            TemperatureSensor,
            {"calibrate": [[0, 1], [2, 3]], "offset": 1},
            "offset: `calibrate` takes its place; remove one of the two",
        ),
        (
            TemperatureSensor,
            {"calibrate": [[0, 1], [2, 3]], "scale": 2},
            "scale: `calibrate` takes its place; remove one of the two",
        ),
        (TemperatureSensor, {"cold": 18, "hot": 19, "hysteresis": 1}, "hysteresis: expected less than"),
        (TemperatureSensor, {"cold": 1, "hot": 19, "hysteresis": "95%"}, "hysteresis: expected less than"),
        (TemperatureSensor, {"cold": 10, "hot": 11, "hysteresis": "10%"}, "hysteresis: expected less than"),
    ],
)
def test_wrong_ones(driver: type[Sensor], options: dict[str, Any], text: str) -> None:
    """Each says what is expected."""
    with pytest.raises(OptionError, match=text):
        parsed(driver, **options)
