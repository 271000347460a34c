"""What is said when the gateway ends. Imports nothing else: that would take of the time it has for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def summary_of(report: Mapping[str, Any], seconds: float, readings: int, sensors: int) -> str:
    """What is to be said at the end: how long it ran, what came, what was lost, what waits. `report`: as it
    was before the end."""
    parts = report["parts"]
    mqtt, dropped = parts.get("mqtt", {}), parts.get("dispatcher", {}).get("dropped", 0)
    lost = [f"{dropped:,} dropped as listeners were too slow"] if dropped else []
    if mqtt.get("lost"):
        lost.append(f"{mqtt['lost']:,} events dropped before MQTT had them")
    said = [
        f"ran for {duration(seconds)}",
        f"{_count(readings, 'reading')} from {_count(sensors, 'sensor')}",
        " and ".join(lost) or "none lost",
    ]
    if "waiting" in mqtt:
        waiting = _count(mqtt["waiting"], "event")
        said.append(f"{waiting} for MQTT waited" if mqtt["waiting"] else "nothing waited for MQTT")
    return "; ".join(said)


def duration(seconds: float) -> str:
    """`4 s`, `12 min`, `3 h 5 min`, `2 d 4 h`."""
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes >= 2 else f"{int(seconds)} s"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
