"""A made-up house for the dashboard: sensors of every kind, in every state, with a history.

Every value follows from the name and the time alone, so the page looks the same each time it is opened.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

DAY_S = 86_400.0
SAMPLES = 4
"""Of each bucket of a chart, from which its least, greatest and mean are."""


def rfc3339(seconds: float) -> str:
    """UTC, with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Gap:
    """`since` and `until` in seconds since the epoch; `until` None: it lasts."""

    since: float
    until: float | None
    reason: str


@dataclass(slots=True)
class Sensor:
    """One sensor as the API shows it. `value`: None makes one up; `age_s`: of the last reading."""

    name: str
    kind: str = "temperature"
    unit: str = "°C"
    middle: float = 20.0
    swing: float = 3.0
    decimals: int = 1
    link: str = "board"
    thresholds: dict[str, float] = field(default_factory=dict)
    connected: bool = True
    quality: str = "good"
    reason: str | None = None
    warning: str | None = None
    clock: str | None = None
    age_s: float = 1.0
    silent: bool = False
    first_s: float = 400 * DAY_S
    """How long ago its history begins; 0: there is none."""
    gaps: list[Gap] = field(default_factory=list)
    last: dict[str, Any] | None = None
    """The reading that was told last; None makes one up."""

    def value_at(self, seconds: float) -> float:
        """Made up: a day, a season, and what no two sensors share."""
        phase = zlib.crc32(self.name.encode()) % 1000
        day = math.sin(2 * math.pi * (seconds / DAY_S) + phase)
        year = math.sin(2 * math.pi * (seconds / (365 * DAY_S)) + phase)
        rough = (
            math.sin(seconds / 1733 + phase) * 0.18
            + math.sin(seconds / 331) * 0.07
            + math.sin(seconds / 37) * 0.03
        )
        value = self.middle + self.swing * (0.6 * day + 0.7 * year + rough)
        return round(value if self.unit == "°C" else max(0.0, value), self.decimals)

    def reading(self, now: float, value: float | None = None) -> dict[str, Any] | None:
        """The newest one; None of a sensor that never had any."""
        if self.silent:
            return None
        time = now - self.age_s
        found: dict[str, Any] = {
            "value": self.value_at(time) if value is None else value,
            "unit": self.unit,
            "time": rfc3339(time),
            "quality": self.quality,
            "seq": int(time),
        }
        if self.quality != "good":
            found["reason"] = self.reason or self.quality
        return found | ({"clock": self.clock} if self.clock else {})

    def entry(self, now: float) -> dict[str, Any]:
        """As in the list of senders."""
        if self.last is None:
            self.last = self.reading(now)
        return {
            "sender": self.name,
            "connected": self.connected,
            "events": ["#changed", "#stale", *self.thresholds],
            "last": self.last,
            "quality": self.last["quality"] if self.last else None,
            "reason": self.reason,
            "warning": self.warning,
            "kind": self.kind,
            "link": self.link,
            "thresholds": self.thresholds,
            "decimals": self.decimals,
        }

    def history(self, since: float, until: float, points: int, now: float) -> dict[str, Any]:
        """As the API answers: at most `points` points."""
        first = now - self.first_s
        has = self.first_s > 0 and not self.silent
        gaps = [gap for gap in self.gaps if gap.since < until and (gap.until is None or gap.until > since)]
        return {
            "sender": self.name,
            "unit": self.unit,
            "since": rfc3339(since),
            "until": rfc3339(until),
            "first": rfc3339(first) if has else None,
            "points": list(self._points(max(since, first), min(until, now), (until - since) / points))
            if has
            else [],
            "gaps": [
                {
                    "from": rfc3339(gap.since),
                    "to": None if gap.until is None else rfc3339(gap.until),
                    "reason": gap.reason,
                }
                for gap in gaps
            ],
        }

    def _points(self, since: float, until: float, width: float) -> Iterator[dict[str, Any]]:
        width = max(60.0, width)
        count = 1 if width <= 60.0 else int(width // 60)
        time = since
        while time < until:
            if not any(gap.since <= time and (gap.until is None or time < gap.until) for gap in self.gaps):
                samples = SAMPLES if count > 1 else 1
                values = [self.value_at(time + index * width / samples) for index in range(samples)]
                yield {
                    "time": rfc3339(time),
                    "value": values[-1],
                    "min": min(values),
                    "max": max(values),
                    "mean": sum(values) / len(values),
                    "count": count,
                }
            time += width


def house(now: float) -> list[Sensor]:
    """What the screenshots show: most is well, something is not."""
    return [
        Sensor(
            "Living room", middle=21.4, swing=1.2, thresholds={"cold": 18, "hot": 24}, decimals=1, age_s=2
        ),
        Sensor("Living room humidity", "humidity", "%", 47, 8, 0, thresholds={"dry": 30, "wet": 60}, age_s=2),
        Sensor("Living room light", "light", "lx", 320, 260, 0, thresholds={"dark": 40}, age_s=2),
        Sensor(
            "Greenhouse",
            middle=24.6,
            swing=5,
            link="rs485",
            thresholds={"cold": 5, "hot": 24},
            age_s=4,
            gaps=[Gap(now - 15 * 3600, now - 13.2 * 3600, "link rs485: /dev/ttyUSB0 is not there")],
        ),
        Sensor("Greenhouse soil", "generic", "%", 34, 5, 1, link="rs485", age_s=4, thresholds={"low": 25}),
        Sensor("CO₂ office", "generic", "ppm", 720, 240, 0, link="rs485", age_s=6, thresholds={"high": 1000}),
        Sensor(
            "Roof",
            middle=9.2,
            swing=7,
            link="radio",
            age_s=41,
            quality="suspect",
            reason="rose 14 °C in 2 s; the last believable value was 9.1 °C",
        ),
        Sensor(
            "Cellar",
            middle=12.1,
            swing=0.8,
            link="radio",
            age_s=4100,
            quality="stale",
            reason="no reading for 68 min; one is expected within 20 min",
            gaps=[Gap(now - 4100, None, "stale: no reading for 20 min")],
        ),
        Sensor(
            "Freezer",
            middle=-18.4,
            swing=1.1,
            link="garage",
            connected=False,
            age_s=5400,
            thresholds={"hot": -15},
            reason="/dev/ttyUSB1 is not there: is the board plugged in?",
            quality="stale",
            gaps=[Gap(now - 5400, None, "link garage: /dev/ttyUSB1 is not there")],
        ),
        Sensor("Well level", "generic", "cm", 182, 14, 0, link="rs485", age_s=3),
        Sensor("Attic", middle=17.2, swing=4, link="radio", age_s=63),
        Sensor("Attic humidity", "humidity", "%", 55, 9, 1, link="radio", age_s=63),
    ]


def many(count: int = 60) -> list[Sensor]:
    """A large house, with some long names."""
    kinds = [
        ("temperature", "°C", 21, 3, 1),
        ("humidity", "%", 48, 9, 0),
        ("light", "lx", 300, 250, 0),
        ("generic", "hPa", 1013, 12, 1),
    ]
    made = []
    for index in range(count):
        kind, unit, middle, swing, decimals = kinds[index % len(kinds)]
        name = f"Room {index // 4 + 1} {kind}"
        if index % 9 == 5:
            name = f"Storeroom behind the second workshop, shelf {index}, Feuchtigkeitsfühlerverlängerung"
        sensor = Sensor(name, kind, unit, middle, swing, decimals, link=f"board {index // 12 + 1}")
        if index % 17 == 3:
            sensor.quality, sensor.reason, sensor.age_s = "stale", "no reading for 14 s", 900
        made.append(sensor)
    return made


def _device(model: str, channels: list[str], **more: str) -> dict[str, Any]:
    return {"name": "", "model": model, "identity": None, "firmware": None, "channels": channels, **more}


def _link(port: str, since: float, counters: dict[str, int], **more: Any) -> dict[str, Any]:
    up: dict[str, Any] = {
        "state": "up",
        "reason": None,
        "since": since,
        "port": port,
        "opened": port,
        "warning": None,
        "devices": [],
        "counters": counters,
        "waiting": 0,
    }
    return up | more


_NOT_THERE = "/dev/ttyUSB1 is not there: is the board plugged in?"


def gateway(now: float) -> dict[str, Any]:
    """The answer of /api/v1/gateway."""
    board = _device("occupancy-sim", ["temp", "hum", "lux"], identity="SIM0388F1D2", firmware="1.0.0")
    meter = _device("XY-MD02", ["t", "rh"], name="meter")
    node = _device("node 12", ["0", "battery"], name="12", firmware="2.3")
    lines = {"lines": 41223, "damaged": 2, "lost": 0, "repeated": 1}
    requests = {"requests": 9412, "answers": 9300, "no_answer": 112, "bad_crc": 3, "meter/no_answer": 112}
    another = "node 12 is another device than before: was its battery replaced?"
    return {
        "name": "greenhouse",
        "version": "0.1.0",
        "python": "3.11.7",
        "started": rfc3339(now - 93021),
        "uptime": 93021.0,
        "links": {
            "board": _link("/dev/ttyACM0", 93000, lines, devices=[board]),
            "rs485": _link("/dev/ttyUSB0", 47412, requests, devices=[meter]),
            "radio": _link("/dev/serial0", 93000, {"lines": 20411}, devices=[node], warning=another),
            "garage": _link(
                "/dev/ttyUSB1", 5400, {"lines": 8120}, state="absent", reason=_NOT_THERE, opened=None
            ),
        },
    }


def _part(message: str, status: str = "ok", **facts: Any) -> dict[str, Any]:
    return {"status": status, "message": message, **facts}


def health() -> dict[str, Any]:
    """What /api/v1/gateway says of it."""
    silent = _part("no reading for 68 min; one is expected within 20 min", "failing")
    gone = _part(f"its link: {_NOT_THERE}", "failing")
    warm = _part("21.4 °C, 2 s ago")
    broker = "connected to homeassistant.local:8883, no event waits"
    parts = {
        "links.board": _part("up", state="up", since=93000),
        "links.rs485": _part("up, with 1 devices", state="up", since=47412),
        "links.radio": _part("up, with 1 devices", state="up", since=93000),
        "links.garage": _part(_NOT_THERE, "failing", state="absent", since=5400),
        "devices.board": _part("Living room: 21.4 °C, 2 s ago", heard=2.0, sensors={"Living room": warm}),
        "devices.radio/12": _part(f"Cellar: {silent['message']}", "failing", sensors={"Cellar": silent}),
        "devices.garage": _part(f"Freezer: {gone['message']}", "failing", sensors={"Freezer": gone}),
        "dispatcher": _part("no event waits", busy=0.0, waiting=0, dropped=0),
        "mqtt": _part(broker, connected=True, waiting=0, lost=0),
        "database": _part("can be written"),
        "history": _part("written 12 s ago; 12 sensors since 2025, 14.2 MB"),
        "clock": _part("synchronised"),
    }
    return {"status": "failing", "parts": parts}
