"""Sensors in numbers, from what they say of themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from drivers.answers import SensorStatus
from drivers.reading import STALE
from drivers.sensor import Sensor
from gateway.samples import Family, Labels, Sample, Value, counter, gauge


class SensorNow(NamedTuple):
    """One at this moment. `counters`: see `drivers.sensor.Sensor`."""

    name: str
    kind: str
    unit: str
    link: str
    status: SensorStatus
    counters: Mapping[str, int]


def now(sensor: Sensor, link: str) -> SensorNow:
    """As it is, on the link of that name."""
    return SensorNow(sensor.name, sensor.kind, sensor.shown_unit, link, sensor.status(), sensor.counters)


def families(sensors: Sequence[SensorNow]) -> Iterator[Family]:
    """Of all sensors."""

    named = [((("sender", sensor.name),), sensor.status, sensor.counters) for sensor in sensors]

    def each(take: Callable[[SensorStatus], Value]) -> list[Sample]:
        return [Sample(labels, take(status)) for labels, status, _ in named]

    def count(name: str) -> list[Sample]:
        return [Sample(labels, counters[name]) for labels, _, counters in named]

    text = "What it is; always 1."
    yield gauge("sender_info", text, [Sample(_about(sensor), 1) for sensor in sensors])
    text = "Whether its device is there, and has what it needs."
    yield gauge("sender_connected", text, each(lambda status: status.connected))
    text = "Whether its value is too old, or its measurement fails."
    yield gauge("sender_stale", text, each(_is_stale))
    text = "After so long without a value it is stale; none where no value is expected unasked."
    yield gauge("sender_stale_after_seconds", text, each(lambda status: status.stale_after))
    text = "Its newest value, in its own unit; none while that is stale."
    values = [
        Sample((("sender", sensor.name), ("unit", sensor.unit)), _value(sensor.status)) for sensor in sensors
    ]
    yield gauge("reading_value", text, values)
    text = "When its newest value was measured, as far as the gateway knows the time."
    yield gauge("reading_timestamp_seconds", text, each(_measured))
    text = "Measurements that had a value."
    good = [Sample(labels, counters["received"] - counters["faults"]) for labels, _, counters in named]
    yield counter("readings_total", text, good)
    yield counter("failed_measurements_total", "Measurements that had none.", count("faults"))
    text = "Values that are not to be trusted."
    yield counter("suspect_readings_total", text, count("suspect"))
    text = "Readings that its device kept, and that came late."
    yield counter("late_readings_total", text, count("late"))
    text = "Readings that its device had no room for, as far as it knows how many."
    yield counter("missing_readings_total", text, count("missing"))
    yield counter("published_readings_total", "Events #changed.", count("published"))
    yield counter("live_reads_total", "Requests to read it now.", count("reads"))
    yield counter("failed_live_reads_total", "Those of them that failed.", count("failed_reads"))


def _about(sensor: SensorNow) -> Labels:
    return ("sender", sensor.name), ("kind", sensor.kind), ("unit", sensor.unit), ("link", sensor.link)


def _is_stale(status: SensorStatus) -> bool:
    if status.last is None:
        return status.fault is not None
    return status.last.quality == STALE


def _value(status: SensorStatus) -> Value:
    return None if status.last is None or _is_stale(status) else status.last.value


def _measured(status: SensorStatus) -> Value:
    return None if status.last is None else status.last.utc
