"""Home Assistant's device classes of sensors: which units each takes, and what kind of statistics.

It refuses the discovery message of a sensor whose unit is none of its class's (since 2025.7; before, it
warned), so a config that has one is told before. The identifiers and units are those of `SensorDeviceClass`,
`DEVICE_CLASS_UNITS` and `DEVICE_CLASS_STATE_CLASSES` in home-assistant/core,
homeassistant/components/sensor/const.py and homeassistant/const.py, as of 2026; what only newer versions take
(`pm4`, `absolute_humidity`, `ppb` of gases, µA, …) an older one refuses still.

"Micro" is a matter of its own: until 2025.7 the micro sign U+00B5 was the right one, but for microseconds;
since 2025.8 it is the Greek letter U+03BC, and the micro sign is taken for it (home-assistant/core#144853).
So what is published is the micro sign, and the Greek letter where that was right all along or the unit is
newer.
"""

from typing import NamedTuple

from drivers.quantity import NO_LIMITS
from drivers.units import GREEK_MU, MICRO_SIGN, spelled

PERCENT = (0.0, 100.0)
NOT_NUMBERS = ("date", "enum", "timestamp")


class DeviceClass(NamedTuple):
    """`units`: those that it takes, the first for an example, `""` for none, empty for any.
    `state_class`: None where no one fits all versions. `limits`: the least and the most that there can be."""

    units: tuple[str, ...]
    state_class: str | None = "measurement"
    limits: tuple[float, float] = NO_LIMITS

    def spelling(self, unit: str) -> str | None:
        """`unit` as Home Assistant writes it; None when it refuses it."""
        if not self.units:
            return unit
        return next((one for one in self.units if spelled(one) == spelled(unit)), None)


def _units(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_UG = f"{MICRO_SIGN}g/m³"
_PRESSURE = _units("hPa Pa kPa mPa bar mbar cbar mmHg inHg inH₂O psi")
_SPEED = _units("m/s km/h mm/s m/min ft/s in/s mph kn Beaufort")
_FLUX = _units("mm/h mm/d in/h in/d")
_ENERGY = _units("Wh kWh MWh GWh TWh mWh J kJ MJ GJ cal kcal Mcal Gcal")
_METERED = _units("m³ L ft³ CCF MCF")
_VOLUME = (*_units("m³ L mL ft³ CCF MCF gal"), "fl. oz.")
_BYTES = _units("B kB MB GB TB PB EB ZB YB KiB MiB GiB TiB PiB EiB ZiB YiB bit kbit Mbit Gbit")
_TEMPERATURE = _units("°C °F K")

DEVICE_CLASSES: dict[str, DeviceClass] = {
    "absolute_humidity": DeviceClass(_units("g/m³ mg/m³")),
    "apparent_power": DeviceClass(_units("VA kVA mVA")),
    "aqi": DeviceClass(("",)),
    "area": DeviceClass(_units("m² cm² mm² km² in² ft² yd² mi² ac ha")),
    "atmospheric_pressure": DeviceClass(_PRESSURE),
    "battery": DeviceClass(("%",), limits=PERCENT),
    "blood_glucose_concentration": DeviceClass(_units("mg/dL mmol/L")),
    "carbon_dioxide": DeviceClass(("ppm",)),
    "carbon_monoxide": DeviceClass(("ppm", "ppb", "mg/m³", _UG)),
    "conductivity": DeviceClass((f"{MICRO_SIGN}S/cm", "mS/cm", "S/cm")),
    "current": DeviceClass(("A", "mA", f"{GREEK_MU}A")),
    "data_rate": DeviceClass(_units("B/s kB/s MB/s GB/s KiB/s MiB/s GiB/s bit/s kbit/s Mbit/s Gbit/s")),
    "data_size": DeviceClass(_BYTES),
    "distance": DeviceClass(_units("m cm mm km in ft yd mi nmi")),
    "duration": DeviceClass(("s", "ms", f"{GREEK_MU}s", "min", "h", "d")),
    "energy": DeviceClass(_ENERGY, "total_increasing"),
    "energy_distance": DeviceClass(_units("kWh/100km Wh/km mi/kWh km/kWh")),
    "energy_storage": DeviceClass(_ENERGY),
    "frequency": DeviceClass(_units("Hz kHz MHz GHz")),
    "gas": DeviceClass(_METERED, "total_increasing"),
    "humidity": DeviceClass(("%",), limits=PERCENT),
    "illuminance": DeviceClass(("lx",)),
    "irradiance": DeviceClass(_units("W/m² BTU/(h⋅ft²)")),
    "moisture": DeviceClass(("%",), limits=PERCENT),
    "monetary": DeviceClass((), None),
    "nitrogen_dioxide": DeviceClass((_UG, "ppb", "ppm")),
    "nitrogen_monoxide": DeviceClass((_UG, "ppb")),
    "nitrous_oxide": DeviceClass((_UG,)),
    "ozone": DeviceClass((_UG, "ppb", "ppm")),
    "ph": DeviceClass(("",)),
    "pm1": DeviceClass((_UG,)),
    "pm10": DeviceClass((_UG,)),
    "pm25": DeviceClass((_UG,)),
    "pm4": DeviceClass((_UG,)),
    "power": DeviceClass(_units("W kW MW GW TW mW BTU/h")),
    "power_factor": DeviceClass(("%", "")),
    "precipitation": DeviceClass(_units("mm cm in"), "total_increasing"),
    "precipitation_intensity": DeviceClass(_FLUX),
    "pressure": DeviceClass(_PRESSURE),
    "reactive_energy": DeviceClass(_units("varh kvarh"), "total_increasing"),
    "reactive_power": DeviceClass(_units("var kvar mvar")),
    "signal_strength": DeviceClass(_units("dBm dB")),
    "sound_pressure": DeviceClass(_units("dB dBA")),
    "speed": DeviceClass((*_SPEED, *_FLUX)),
    "sulphur_dioxide": DeviceClass((_UG, "ppb")),
    "temperature": DeviceClass(_TEMPERATURE),
    "temperature_delta": DeviceClass(_TEMPERATURE),
    "volatile_organic_compounds": DeviceClass((_UG, "mg/m³")),
    "volatile_organic_compounds_parts": DeviceClass(_units("ppb ppm")),
    "voltage": DeviceClass(("V", "mV", f"{MICRO_SIGN}V", "kV", "MV")),
    "volume": DeviceClass(_VOLUME, "total_increasing"),
    "volume_flow_rate": DeviceClass(
        _units("m³/h m³/min m³/s L/h L/min L/s mL/s ft³/min gal/h gal/min gal/d")
    ),
    "volume_storage": DeviceClass(_VOLUME),
    "water": DeviceClass((*_METERED, "gal"), "total_increasing"),
    "weight": DeviceClass(("g", "kg", "mg", f"{MICRO_SIGN}g", "oz", "lb", "st")),
    # "measurement_angle" is the right one since 2025.4, and unknown before.
    "wind_direction": DeviceClass(("°",), None),
    "wind_speed": DeviceClass(_SPEED),
}
