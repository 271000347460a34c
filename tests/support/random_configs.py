"""Configs of a gateway at random, for one folder: each is right, and differs from the one before in a part or
two; or is wrong in one place."""

import copy
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

STEADY = {
    "temp": {"driver": "temperature", "link": "steady", "interval": 0.02, "heartbeat": 0.001},
    "hum": {"driver": "humidity", "link": "steady", "interval": 0.02, "heartbeat": 0.001},
    "lux": {"driver": "light", "link": "steady", "interval": 0.02, "heartbeat": 0.001},
}
"""Three channels of one board, 50 readings a second each, every one of which is published."""
CHANNELS = {"temp": "temperature", "hum": "humidity", "lux": "light"}
EVENTS = {"temperature": ("cold", "hot"), "humidity": ("dry", "wet"), "light": ("dark", "bright")}
OPTIONS: dict[str, tuple[Any, ...]] = {
    "delta": (0, 0.1, "5%"),
    "offset": (0, 1.5, -2),
    "scale": (1, 1.01),
    "median": (3, 5),
    "spike": (50, "80%"),
    "heartbeat": (0, 0.5),
    "min_interval": (0, 0.2),
    "stale_after": (20, 60),
    "range": ([-50, 1e5], [0, 10]),
    "invalid": (85, [-127, 85]),
    "interval": (0.3, 0.5),
}
WRONG: tuple[Callable[[dict[str, Any]], object], ...] = (
    lambda config: config["sensors"]["temp"].update(driver="temperatur"),
    lambda config: config["sensors"].update(new={"driver": "light", "link": "nowhere"}),
    lambda config: config["links"]["steady"].update(baud="fast"),
    lambda config: config["gateway"].update(name="another"),
    lambda config: config["gateway"].update(data="./elsewhere"),
    lambda config: config["mqtt"].update(url="http://x"),
    lambda config: config.update(mqqt={}),
    lambda config: config["sensors"]["hum"].update(dry=60, wet=30),
)


def rows() -> Iterator[str]:
    """What the steady board measures: each second another value, of which it makes one in 10 ms."""
    yield "time,temperature,humidity,light"
    for second in range(3600):
        when = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
        step = second % 1800
        yield f"{when:%Y-%m-%d %H:%M:%S},{20 + step / 100:.2f},{20 + step / 50:.2f},{100 + step}"


class RandomConfigs:
    """`now`: the newest config. `ports`: for HTTP, two that are free. `intervals`: boards are told how often
    to report; they keep that as long as they have power, so not where those that were started anew are to be
    the same."""

    def __init__(
        self, folder: Path, seed: int, broker: int, ports: tuple[int, int], *, intervals: bool = True
    ) -> None:
        self._random = random.Random(seed)
        self._folder = folder
        self._broker = broker
        self._ports = ports
        self._intervals = intervals
        self.path = folder / "config.yaml"
        self.now: dict[str, Any] = {
            "gateway": {"name": "test"},
            "router": {"listen": f"unix:{folder}/s1"},
            "links": {"steady": {"port": f"sim:?data={folder}/rows.csv&speed=100"}},
            "sensors": copy.deepcopy(STEADY),
            "mqtt": {"url": f"mqtt://127.0.0.1:{broker}", "home_assistant": True},
        }
        (folder / "rows.csv").write_text("\n".join(rows()) + "\n")
        self.write(self.now)

    def write(self, config: dict[str, Any]) -> None:
        """Have it in the file."""
        self.path.write_text(yaml.safe_dump(config, sort_keys=False))

    def wrong(self) -> None:
        """Write one that is refused."""
        config = copy.deepcopy(self.now)
        self._random.choice(WRONG)(config)
        self.write(config)

    def change(self) -> None:
        """Write another that is right."""
        change = self._random.choice(
            (self._sensor, self._sensor, self._sensor, self._sensor, self._link, self._mqtt, self._section)
        )
        for _ in range(self._random.choice((1, 1, 2))):
            change()
        self.write(self.now)

    def _sensor(self) -> None:
        """One more, one less, or one with another option."""
        sensors = self.now["sensors"]
        others = [name for name in sensors if name not in STEADY]
        what = self._random.choice(("add", "change", "change", "remove"))
        if what == "remove" and others:
            del sensors[self._random.choice(others)]
        elif what == "change" and others:
            self._option(sensors[self._random.choice(others)])
        else:
            channel = self._random.choice(list(CHANNELS))
            link = self._random.choice(list(self.now["links"]))
            name = f"s{self._random.randrange(8)}"
            sensors[name] = {"driver": CHANNELS[channel], "link": link, "channel": channel}
            if link != "steady":
                self._option(sensors[name])

    def _option(self, sensor: dict[str, Any]) -> None:
        low, high = EVENTS[sensor["driver"]]
        key = self._random.choice((*OPTIONS, low, high, "hysteresis", "show"))
        if key == "interval" and (sensor["link"] == "steady" or not self._intervals):
            return
        if key == "show":
            if sensor["driver"] == "temperature":
                sensor[key] = self._random.choice(("C", "F", "K"))
            return
        if key in sensor and self._random.random() < 0.3:
            del sensor[key]
        elif key in OPTIONS:
            sensor[key] = self._random.choice(OPTIONS[key])
        else:
            sensor[key] = {low: 10, high: 30, "hysteresis": 1}[key]

    def _link(self) -> None:
        """One more, one less with its sensors, or one that is another."""
        links, sensors = self.now["links"], self.now["sensors"]
        others = [name for name in links if name != "steady"]
        what = self._random.choice(("add", "change", "remove"))
        if what == "remove" and others:
            gone = self._random.choice(others)
            del links[gone]
            for name in [name for name, sensor in sensors.items() if sensor["link"] == gone]:
                del sensors[name]
        elif what == "change" and others:
            links[self._random.choice(others)] = {"port": f"sim:?seed={self._random.randrange(100)}"}
        elif len(others) < 2:
            links[f"l{self._random.randrange(3)}"] = {"port": "sim:"}

    def _mqtt(self) -> None:
        """Another setting of it."""
        key, values = self._random.choice(
            (
                ("loss_window", (0.5, 1, 2)),
                ("discovery", ("device", "entity")),
                ("home_assistant", (True, False)),
                ("backlog_rate", (100, 200)),
            )
        )
        self.now["mqtt"][key] = self._random.choice(values)

    def _section(self) -> None:
        """History, HTTP or the router."""
        name = self._random.choice(("history", "http", "router"))
        if name == "router":
            self.now[name] = {"listen": f"unix:{self._folder}/s{self._random.choice((1, 2))}"}
        elif name in self.now and self._random.random() < 0.3:
            del self.now[name]
        elif name == "http":
            self.now[name] = {"listen": f"127.0.0.1:{self._random.choice(self._ports)}"}
        else:
            self.now[name] = {"keep": self._random.choice(("400d", "100d")), "window": "5s"}
