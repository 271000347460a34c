"""The options of the sensors, for type checkers. What each does is said in `drivers.sensor_options`; None is
the default.

A sensor of somebody's own with other options says so in the same way: see `drivers.temperature`.
"""

from collections.abc import Sequence
from typing import Required, TypedDict

# A number from 0, in the unit that is published; or a percentage such as "5%".
Amount = float | str
# Seconds, or text such as "500ms", "30s", "5min".
Duration = float | str


class SensorOptions(TypedDict, total=False):
    """Those of every kind."""

    offset: float | None
    scale: float | None
    calibrate: Sequence[Sequence[float]] | None
    invalid: float | Sequence[float] | None
    range: Sequence[float] | None
    clamp: bool | None
    spike: Amount | None
    median: int | None
    average: Duration | None
    delta: Amount | None
    min_interval: Duration | None
    step: Amount | None
    heartbeat: Duration | None
    hysteresis: Amount | None
    stale_after: Duration | None
    interval: Duration | None


class TemperatureOptions(SensorOptions, total=False):
    """Those of `TemperatureSensor`. `unit` and `show`: C, F or K."""

    cold: float | None
    hot: float | None
    unit: str | None
    show: str | None


class HumidityOptions(SensorOptions, total=False):
    """Those of `HumiditySensor`. `unit`: %."""

    dry: float | None
    wet: float | None
    unit: str | None


class LightOptions(SensorOptions, total=False):
    """Those of `LightSensor`. `unit`: lx or klx."""

    dark: float | None
    bright: float | None
    unit: str | None


class GenericOptions(SensorOptions, total=False):
    """Those of `GenericSensor`. `unit`: any, or "" for none."""

    low: float | None
    high: float | None
    unit: Required[str]
    device_class: str | None
    precision: int | None
