"""The worked examples of docs/filters.md, computed by sensors.

`PYTHONPATH=. python tests/drivers/filter_examples.py` writes them into the page; test_filters_page.py checks
that they are there.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from drivers import HumiditySensor, Sensor, TemperatureSensor
from drivers.generic import GenericSensor
from drivers.source import Channel
from tests.support.desk import Desk

PAGE = Path(__file__).parents[2] / "docs" / "filters.md"
_BLOCK = re.compile(r"(<!-- example: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_PLAIN = Channel("temp", resolution=0.1)


class Example(NamedTuple):
    """A sensor and what its source says, `every` seconds."""

    driver: type[Sensor]
    options: dict[str, Any]
    says: Sequence[float | None]
    every: float = 10.0
    channel: Channel = _PLAIN


EXAMPLES = {
    "invalid": Example(TemperatureSensor, {"invalid": [-127, 85]}, [21.4, -127, 21.5, 85, 21.6]),
    "unit": Example(TemperatureSensor, {"unit": "F"}, [32, 68, 70.7]),
    "show": Example(
        TemperatureSensor, {"show": "F", "hot": 75}, [20, 23.8, 23.9], channel=replace(_PLAIN, unit="C")
    ),
    "offset": Example(TemperatureSensor, {"scale": 1.02, "offset": -0.4}, [0, 20, 50]),
    "calibrate": Example(
        GenericSensor,
        {"unit": "%", "device_class": "moisture", "calibrate": [[310, 100], [480, 40], [620, 0]]},
        [310, 395, 480, 550, 620],
        channel=Channel("temp", resolution=1.0),
    ),
    "clamp": Example(HumiditySensor, {"offset": 3}, [96.0, 98.5, 101.0, 102.4]),
    "range": Example(TemperatureSensor, {"range": [-20, 50]}, [21.4, 63.0, 21.5]),
    "spike": Example(TemperatureSensor, {"spike": 5}, [21.4, 21.5, 60.0, 21.5, 30.0, 30.1, 30.2]),
    "median": Example(TemperatureSensor, {"median": 5}, [20, 20, 20, 90, 20, 20, 20, 20, 30, 30, 30]),
    "average": Example(TemperatureSensor, {"average": "30s"}, [20, 20, 20, 26, 26, 26, 26]),
    "precision": Example(
        GenericSensor,
        {"unit": "hPa", "device_class": "pressure", "precision": 0},
        [1013.42, 1013.48, 1013.61],
    ),
    "deadband": Example(TemperatureSensor, {"delta": 0.5}, [20.0, 20.3, 20.5, 20.2, 20.0]),
}


def tables() -> dict[str, str]:
    """Every table by its example's name."""
    return {name: _table(example) for name, example in EXAMPLES.items()}


def filled_in(page: str) -> str:
    """The page with every table as it should be."""
    made = tables()
    return _BLOCK.sub(lambda match: match[1] + made[match[2]] + match[3], page)


def _table(example: Example) -> str:
    desk = Desk(example.driver, example.channel, **example.options).up()
    desk.names()
    rows = ["| after | the source says | published |", "| --- | --- | --- |"]
    for number, says in enumerate(example.says):
        desk.measure(says, every_s=0.0)
        rows.append(f"| {number * example.every:g} s | {says:g} | {_published(desk)} |")
        desk.wait(example.every)
    return "\n".join(rows) + "\n"


def _published(desk: Desk) -> str:
    events, desk.events = desk.events, []
    found = []
    for event, data in events:
        text = f"{data['value']:g} {data['unit']}"
        if data["quality"] != "good":
            text += f", {data['quality']}: {data['reason']}"
        found.append(text if event == "#changed" else f"{event.removeprefix('#')}: {text}")
    return "; ".join(found) or "nothing"


if __name__ == "__main__":
    PAGE.write_text(filled_in(PAGE.read_text()))
