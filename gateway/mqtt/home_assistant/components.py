"""Home Assistant's entities for what we have, with its own names of options, abbreviated. Pure, no I/O.

Availability is with each component, never at the root of a device: one that reports the outage itself must
not inherit it. Templates render nothing where there is nothing to say, which Home Assistant ignores; `None`
makes an entity unknown. The facts behind the choices are in docs/home-assistant.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.mqtt.topics import Topics

Parts = dict[str, dict[str, Any]]
"""Components by their key, which is unique in its device."""

DEVICE_CLASSES = {"temperature": "temperature", "humidity": "humidity", "light": "illuminance"}
"""By kind; a kind of the user's own has none, and is shown with its unit all the same."""
DECIMALS = {"lx": 0, "ppm": 0, "ppb": 0, "Pa": 0, "V": 2, "bar": 3}
"""By unit; one digit for all others."""
THRESHOLD_CLASSES = {"cold": "cold", "hot": "heat", "wet": "moisture", "bright": "light"}
"""By event; the others have none: a dark room is no problem every night."""

_BAD_IN_ID = re.compile(r"[^a-zA-Z0-9_-]")
_VALUE = (
    "{% if value_json is defined %}"
    "{% if value_json.quality == 'good' %}{{ value_json.value }}"
    "{% elif value_json.quality == 'stale' %}None{% endif %}"
    "{% endif %}"
)
_STALE = "{% if value_json is defined %}{{ 'ON' if value_json.quality == 'stale' else 'OFF' }}{% endif %}"
_ATTRIBUTES = (
    "{% if value_json is defined %}"
    "{{ {'quality': value_json.quality, 'reason': value_json.reason | default('')} | tojson }}"
    "{% else %}{}{% endif %}"
)


@dataclass(frozen=True, slots=True)
class Threshold:
    """An event that fires when the value passes `limit`; it is over once the value is back beyond `back`."""

    event: str
    limit: float
    back: float
    rising: bool


@dataclass(frozen=True, slots=True)
class SensorFacts:
    """What the config and the driver say of a sensor. `device_class`: Home Assistant's, None for that of the
    kind."""

    name: str
    kind: str
    unit: str
    link: str
    thresholds: tuple[Threshold, ...] = ()
    decimals: int | None = None
    device_class: str | None = None
    state_class: str | None = "measurement"


def object_id(*names: str) -> str:
    """An id of letters, digits, `_` and `-`, the same for the same names, and another for others."""
    text = "_".join(_BAD_IN_ID.sub("_", name) for name in names)
    if all(_BAD_IN_ID.search(name) is None and "_" not in name for name in names):
        return text
    from hashlib import sha256  # with it comes OpenSSL, of 3 MB

    digest = sha256("\0".join(names).encode(errors="surrogatepass")).hexdigest()
    return f"{text[:80]}_{digest[:8]}"


def entity_id(platform: str, *names: str) -> str:
    """What Home Assistant may call the entity at first: `sensor.greenhouse Büro` becomes
    `sensor.greenhouse_buro` there, as it transliterates better than we could."""
    return f"{platform}.{' '.join(names)}"


def of_gateway(gateway: str, topics: Topics) -> Parts:
    """Its diagnostics. The connection itself has no availability: it is what reports the outage."""
    device = object_id("sig", gateway)
    ours: dict[str, Any] = {"ent_cat": "diagnostic"}
    numbers = ours | {"p": "sensor", "stat_t": topics.diagnostics, "avty": [{"t": topics.status}]}
    parts: Parts = {
        "connection": ours
        | {
            "p": "binary_sensor",
            "name": "Connection",
            "dev_cla": "connectivity",
            "stat_t": topics.status,
            "pl_on": "online",
            "pl_off": "offline",
        },
        "links_up": numbers | {"name": "Links up", "sug_dsp_prc": 0},
        "outbox": numbers | {"name": "Outbox", "stat_cla": "measurement", "sug_dsp_prc": 0},
        # The start's time rather than the seconds since: those would be a row a minute in a database.
        "uptime": numbers | {"name": "Uptime", "dev_cla": "timestamp", "val_tpl": _template("started")},
        "version": numbers | {"name": "Version"},
    }
    for key, part in parts.items():
        if part["p"] == "sensor":
            part.setdefault("val_tpl", _template(key))
        part["uniq_id"] = f"{device}_{key}"
        part["def_ent_id"] = entity_id(part["p"], gateway, part["name"])
    return parts


def _template(key: str) -> str:
    """Of a key of the diagnostics, which an older gateway's, still retained, may lack."""
    return f"{{% if value_json is defined %}}{{{{ value_json.{key} | default('') }}}}{{% endif %}}"


def of_link(gateway: str, topics: Topics, link: str, sensors: Sequence[SensorFacts]) -> Parts:
    """A board's link, and the sensors on it."""
    up = f"'ON' if value_json.links.get({link!r}) == 'up' else 'OFF'"
    parts: Parts = {
        # `link` in the third place, where the sensors have `sensor`: so no two keys are the same.
        object_id("sig", gateway, "link", link): {
            "p": "binary_sensor",
            "name": "Link",
            "dev_cla": "connectivity",
            "ent_cat": "diagnostic",
            "stat_t": topics.diagnostics,
            "val_tpl": f"{{% if value_json is defined %}}{{{{ {up} }}}}{{% endif %}}",
            "avty": [{"t": topics.status}],
            "def_ent_id": entity_id("binary_sensor", gateway, link, "link"),
        }
    }
    for sensor in sensors:
        parts |= _of_sensor(gateway, topics, sensor)
    for key, part in parts.items():
        part["uniq_id"] = key
        part.setdefault("def_ent_id", entity_id(part["p"], gateway, part["name"]))
    return parts


def _of_sensor(gateway: str, topics: Topics, sensor: SensorFacts) -> Parts:
    key = object_id("sig", gateway, "sensor", sensor.name)
    state = topics.state(sensor.name)
    status = {"t": topics.status}
    both = {"avty": [status, {"t": topics.availability(sensor.name)}], "avty_mode": "all"}
    decimals = DECIMALS.get(sensor.unit, 1) if sensor.decimals is None else sensor.decimals
    parts: Parts = {
        key: {
            "p": "sensor",
            "name": sensor.name,
            "dev_cla": sensor.device_class or DEVICE_CLASSES.get(sensor.kind),
            "unit_of_meas": sensor.unit or None,
            "stat_cla": sensor.state_class,
            "sug_dsp_prc": decimals,
            "stat_t": state,
            "val_tpl": _VALUE,
            "json_attr_t": state,
            "json_attr_tpl": _ATTRIBUTES,
            **both,
        },
        # Stale is what a sensor is during its outage, so this depends on the gateway only.
        f"{key}_stale": {
            "p": "binary_sensor",
            "name": f"{sensor.name} stale",
            "dev_cla": "problem",
            "ent_cat": "diagnostic",
            "stat_t": state,
            "val_tpl": _STALE,
            "avty": [status],
        },
    }
    for threshold in sensor.thresholds:
        parts[f"{key}_{threshold.event}"] = {
            "p": "binary_sensor",
            "name": f"{sensor.name} {threshold.event}",
            "dev_cla": _threshold_class(sensor, threshold),
            "stat_t": state,
            "val_tpl": _beyond(threshold),
            **both,
        }
    return {
        key: {name: value for name, value in part.items() if value is not None} for key, part in parts.items()
    }


def _threshold_class(sensor: SensorFacts, threshold: Threshold) -> str | None:
    if (sensor.device_class, threshold.event) == ("battery", "low"):
        return "battery"  # of binary sensors: on when it is low
    return THRESHOLD_CLASSES.get(threshold.event)


def _beyond(threshold: Threshold) -> str:
    """ON beyond the limit, OFF once it is back; nothing in between and without a good value: as before.

    What it was before is known to the entity only: `this.state` is `unavailable` after an outage.
    """
    beyond, back = (">=", "<=") if threshold.rising else ("<=", ">=")
    return (
        "{% if value_json is defined and value_json.quality == 'good' %}"
        f"{{% if value_json.value {beyond} {threshold.limit!r} %}}ON"
        f"{{% elif value_json.value {back} {threshold.back!r} %}}OFF{{% endif %}}"
        "{% endif %}"
    )
