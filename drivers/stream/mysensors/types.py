"""The protocol's tables: what a child is (S_…), what it reports (V_…), what keeps the network going (I_…).

By core/MyMessage.h of MySensors 2.4.0-alpha. Units are those of the API's documentation, and where it names
none, those of the project's own sketches; a quantity that sketches send in different units has none here.
"""

from enum import IntEnum
from typing import NamedTuple


class Internal(IntEnum):
    """The types of command 3 that matter to a controller."""

    BATTERY_LEVEL = 0
    TIME = 1
    VERSION = 2
    ID_REQUEST = 3
    ID_RESPONSE = 4
    CONFIG = 6
    LOG_MESSAGE = 9
    SKETCH_NAME = 11
    SKETCH_VERSION = 12
    GATEWAY_READY = 14
    PRESENTATION = 19
    DISCOVER_REQUEST = 20
    DISCOVER_RESPONSE = 21
    HEARTBEAT_RESPONSE = 22
    LOCKED = 23
    PING = 24
    PONG = 25
    REGISTRATION_REQUEST = 26
    REGISTRATION_RESPONSE = 27
    DEBUG = 28
    PRE_SLEEP = 32
    POST_SLEEP = 33


CHILD_TYPES = (
    "S_DOOR",
    "S_MOTION",
    "S_SMOKE",
    "S_BINARY",
    "S_DIMMER",
    "S_COVER",
    "S_TEMP",
    "S_HUM",
    "S_BARO",
    "S_WIND",
    "S_RAIN",
    "S_UV",
    "S_WEIGHT",
    "S_POWER",
    "S_HEATER",
    "S_DISTANCE",
    "S_LIGHT_LEVEL",
    "S_ARDUINO_NODE",
    "S_ARDUINO_REPEATER_NODE",
    "S_LOCK",
    "S_IR",
    "S_WATER",
    "S_AIR_QUALITY",
    "S_CUSTOM",
    "S_DUST",
    "S_SCENE_CONTROLLER",
    "S_RGB_LIGHT",
    "S_RGBW_LIGHT",
    "S_COLOR_SENSOR",
    "S_HVAC",
    "S_MULTIMETER",
    "S_SPRINKLER",
    "S_WATER_LEAK",
    "S_SOUND",
    "S_VIBRATION",
    "S_MOISTURE",
    "S_INFO",
    "S_GAS",
    "S_GPS",
    "S_WATER_QUALITY",
)
"""By number."""
_S = {name: number for number, name in enumerate(CHILD_TYPES)}


class Payload(IntEnum):
    """What the payload of a value is. `LOOSE` is whatever the sketch's author wanted: a number or not."""

    NUMBER = 0
    LOOSE = 1
    TEXT = 2


class Value(NamedTuple):
    """A type of value. `kind` and `unit` are as in `drivers.source.Channel`, empty where the type does not
    say. `measured`: a sensor's quantity, which may be asked for. Of the others most are an actuator's, and
    common sketches switch it on any message with that type, an empty request included."""

    name: str
    payload: Payload = Payload.NUMBER
    kind: str = ""
    unit: str = ""
    measured: bool = False


def _measured(name: str, kind: str = "", unit: str = "") -> Value:
    return Value(name, Payload.NUMBER, kind, unit, measured=True)


def _loose(name: str) -> Value:
    return Value(name, Payload.LOOSE)


def _text(name: str) -> Value:
    return Value(name, Payload.TEXT)


VALUES: tuple[Value, ...] = (
    _measured("V_TEMP", "temperature", "C"),  # as I_CONFIG is answered with M
    _measured("V_HUM", "humidity", "%"),
    Value("V_STATUS"),
    Value("V_PERCENTAGE", unit="%"),
    _measured("V_PRESSURE", "pressure", "hPa"),
    _text("V_FORECAST"),
    _measured("V_RAIN", "precipitation", "mm"),
    _measured("V_RAINRATE", "precipitation_intensity", "mm/h"),
    _measured("V_WIND", "wind_speed", "m/s"),
    _measured("V_GUST", "wind_speed", "m/s"),
    _measured("V_DIRECTION", unit="°"),
    _measured("V_UV"),
    _measured("V_WEIGHT", "weight", "kg"),
    _measured("V_DISTANCE"),  # cm in the project's sketch, m in others
    _measured("V_IMPEDANCE", unit="Ω"),
    Value("V_ARMED"),
    Value("V_TRIPPED"),
    _measured("V_WATT", "power", "W"),
    _measured("V_KWH", "energy", "kWh"),
    _loose("V_SCENE_ON"),
    _loose("V_SCENE_OFF"),
    _text("V_HVAC_FLOW_STATE"),
    _text("V_HVAC_SPEED"),
    _measured("V_LIGHT_LEVEL", unit="%"),  # uncalibrated: no lx, so no light
    *(_loose(f"V_VAR{number}") for number in range(1, 6)),
    _text("V_UP"),
    _text("V_DOWN"),
    _text("V_STOP"),
    _text("V_IR_SEND"),
    _text("V_IR_RECEIVE"),
    _measured("V_FLOW"),
    _measured("V_VOLUME"),
    Value("V_LOCK_STATUS"),
    _measured("V_LEVEL"),  # see LEVELS
    _measured("V_VOLTAGE", "voltage", "V"),
    _measured("V_CURRENT", "current", "A"),
    _text("V_RGB"),
    _text("V_RGBW"),
    _text("V_ID"),
    _text("V_UNIT_PREFIX"),
    Value("V_HVAC_SETPOINT_COOL"),
    Value("V_HVAC_SETPOINT_HEAT"),
    _text("V_HVAC_FLOW_MODE"),
    _text("V_TEXT"),
    _loose("V_CUSTOM"),
    _text("V_POSITION"),
    _text("V_IR_RECORD"),
    _measured("V_PH", "ph"),
    _measured("V_ORP", "voltage", "mV"),
    _measured("V_EC", "conductivity", "µS/cm"),
    _measured("V_VAR", "reactive_power", "var"),
    _measured("V_VA", "apparent_power", "VA"),
    _measured("V_POWER_FACTOR", "power_factor"),
    _text("V_MULTI_MESSAGE"),
)
"""By number."""
_V = {value.name: number for number, value in enumerate(VALUES)}
V_UNIT_PREFIX = _V["V_UNIT_PREFIX"]

LAST = (len(CHILD_TYPES) - 1, len(VALUES) - 1, len(VALUES) - 1, max(Internal), 255)
"""The last type of each command."""

_LEVELS = {
    _S["S_LIGHT_LEVEL"]: ("light", "lx"),
    _S["S_SOUND"]: ("sound_pressure", "dB"),
    _S["S_VIBRATION"]: ("frequency", "Hz"),
    _S["S_MOISTURE"]: ("moisture", "%"),
}
"""What V_LEVEL is, by the child that reports it."""


def quantity(child_type: int | None, value_type: int) -> tuple[str, str]:
    """The kind and the unit of a value; `child_type` is None while the child has not been presented."""
    if child_type is not None and value_type == _V["V_LEVEL"]:
        return _LEVELS.get(child_type, ("", ""))
    value = VALUES[value_type]
    return value.kind, value.unit


MAIN = {
    _S[child]: _V[value]
    for child, value in {
        "S_TEMP": "V_TEMP",
        "S_HUM": "V_HUM",
        "S_BARO": "V_PRESSURE",
        "S_WIND": "V_WIND",
        "S_RAIN": "V_RAIN",
        "S_UV": "V_UV",
        "S_WEIGHT": "V_WEIGHT",
        "S_POWER": "V_WATT",
        "S_DISTANCE": "V_DISTANCE",
        "S_AIR_QUALITY": "V_LEVEL",
        "S_DUST": "V_LEVEL",
        "S_SOUND": "V_LEVEL",
        "S_VIBRATION": "V_LEVEL",
    }.items()
}
"""The kind that a child is for: the one that a channel without a kind means."""

PREFERRED = {
    _S[child]: _V[value]
    for child, value in {
        "S_LIGHT_LEVEL": "V_LEVEL",
        "S_MULTIMETER": "V_VOLTAGE",
        "S_MOISTURE": "V_LEVEL",
        "S_WATER_QUALITY": "V_PH",
        "S_WATER": "V_VOLUME",
        "S_GAS": "V_VOLUME",
    }.items()
}
"""The same of children that may report one of several kinds only: this one if it comes, else the first."""
