"""From what was found on ports to the lines of a config."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from drivers.kinds import protocol, sensor_kinds
from drivers.stream.port_settings import PortSettings
from gateway.config.fields import MAX_SENDER_CHARS, is_sender_name
from gateway.config.insertion import as_block
from gateway.probe.found import Found, FoundChannel

_OWN_DRIVERS = ("temperature", "humidity", "light")
# What sketches call what they measure, where they do not say it in any other way.
_BY_NAME = (
    ("temperature", re.compile(r"temp|^t\d*$", re.IGNORECASE)),
    ("humidity", re.compile(r"hum|^rh$|^h\d*$", re.IGNORECASE)),
    ("light", re.compile(r"lux|^lx$", re.IGNORECASE)),
)
_BY_UNIT = {
    "c": "temperature",
    "°c": "temperature",
    "f": "temperature",
    "°f": "temperature",
    "k": "temperature",
    "°k": "temperature",
    "lx": "light",
    "lux": "light",
    "klx": "light",
    "%rh": "humidity",
}
# What is not the driver's own unit, and written beside the number only: then the config has to say it.
_OTHER_UNITS = {"F": "F", "°F": "F", "K": "K", "°K": "K", "klx": "klx"}


@dataclass
class Proposal:
    """Links and sensors for a config, under names that are not taken there. `left_out`: channels for which
    there is no driver. `choices`: lines to paste one of, each a comment, and none of them written."""

    taken_links: Collection[str] = ()
    taken_sensors: Collection[str] = ()
    links: dict[str, dict[str, Any]] = field(default_factory=dict)
    sensors: dict[str, dict[str, Any]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)

    def add(self, port: str, found: Found, settings: PortSettings) -> None:
        """A link at `port`, and a sensor for each channel; nothing where the link's keys are not known. What
        has to be chosen goes to `choices`."""
        name = _free(found.name, {*self.taken_links, *self.links})
        link = _link(port, found.protocol, settings)
        for choice in found.choices:
            keys = dict(choice.link) if found.link is not None else link | dict(choice.link)
            self.choices += [f"# {line}  # {choice.words}" for line in as_block({name: keys}, 2, depth=0)]
        if found.link is None:
            return
        self.links[name] = link | dict(found.link)
        for channel in found.channels if found.sensors else ():
            self._add_sensor(name, channel)

    @property
    def sections(self) -> dict[str, Mapping[str, Mapping[str, Any]]]:
        """What is to be written, by section."""
        return {"links": self.links, "sensors": self.sensors}

    def text(self) -> str:
        """The lines to paste; empty if nothing was found."""
        sections = {name: entries for name, entries in self.sections.items() if entries}
        return "".join(f"{line}\n" for line in as_block(sections, 0))

    def _add_sensor(self, link: str, channel: FoundChannel) -> None:
        driver = _driver(channel)
        if driver is None:
            self.left_out.append(f"{channel.name} of {link}")
            return
        taken = {*self.taken_sensors, *self.sensors}
        name = _sender_name(channel.name)
        if name in taken or name.isdecimal():
            name = _free(_sender_name(f"{link}-{channel.name}"), taken)
        sensor = {"driver": driver, "link": link}
        if channel.name != name:
            sensor["channel"] = channel.name
        if driver == "generic" or (not channel.kind and channel.unit in _OTHER_UNITS):
            # A generic sensor must say one; nobody knows better, so it is left for a person to fill in.
            sensor["unit"] = _OTHER_UNITS.get(channel.unit, channel.unit)
        self.sensors[name] = sensor


def _link(port: str, name: str, settings: PortSettings) -> dict[str, Any]:
    """What differs from the protocol's own defaults."""
    link: dict[str, Any] = {"protocol": name, "port": port}
    options = protocol(name).options
    for key in ("baud", "parity", "stop_bits"):
        value = getattr(settings, key)
        if key in options and options[key].default != value:
            link[key] = value
    return link


def _driver(channel: FoundChannel) -> str | None:
    """Which driver fits: by what the device says of the channel, else by its unit, else by its name."""
    if channel.kind in _OWN_DRIVERS:
        return channel.kind
    if not channel.kind:
        if channel.unit.lower() in _BY_UNIT:
            return _BY_UNIT[channel.unit.lower()]
        for driver, pattern in _BY_NAME:
            if pattern.search(channel.name) and channel.unit in ("", "%"):
                return driver
    return "generic" if "generic" in sensor_kinds() else None


def _sender_name(text: str) -> str:
    """A sensor's name as near to `text` as may be."""
    text = text.replace("/", "-").strip().lstrip("#")[:MAX_SENDER_CHARS]
    return text if is_sender_name(text) else "sensor"


def _free(name: str, taken: Collection[str]) -> str:
    """`name`, or with the first number behind it that makes it new."""
    if name not in taken:
        return name
    number = 2
    while f"{name[: MAX_SENDER_CHARS - 6]}-{number}" in taken:
        number += 1
    return f"{name[: MAX_SENDER_CHARS - 6]}-{number}"
