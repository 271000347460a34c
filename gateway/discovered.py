"""Sensors that nobody wrote into the config: those of a link with `discover: true`.

Each channel that a device offers becomes a sensor with the default options, called LINK-CHANNEL with `-` for
`/`. A sensor of the config on the same channel wins. What was discovered is remembered, in a small JSON file
of the data folder for each link: from the next start on its sender, its topics and its entities are there at
once, though its node sleeps for another hour.

    {"version": 1, "sensors": {"12/0": {"kind": "temperature", "unit": "C"}}}
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from drivers.kinds import sensor_class
from drivers.link import Link
from drivers.options import parse_options
from drivers.pace import Pace
from drivers.sensor import Sensor
from drivers.source import Channel, Device
from gateway.config.models import SensorSection
from gateway.data_folder import DataFolder
from gateway.kept_file import KeptFile

logger = logging.getLogger(__name__)

OPTION = "discover"
"""The key of a link's that has senders made of what it finds."""
MAX_SENSORS = 512
"""Of one link: 254 nodes with two kinds of values each. A sensor takes some 10 KB."""
WRITE_S = 2.0
"""After so long what is new is written, with all that has come meanwhile; see `drivers.pace`."""
LONGEST_WRITE_S = 300.0
VERSION = 1
MAX_BYTES = 256 * 1024
"""512 sensors of some 100 bytes each, and room for more."""
OWN_DRIVERS = ("temperature", "humidity", "light")
"""The kinds that have a driver of their own; all others are `generic`."""


class Quantity(NamedTuple):
    """What a channel measures."""

    kind: str
    unit: str

    def section(self, link: str, channel: str) -> SensorSection:
        """As it would stand in a config."""
        if self.kind in OWN_DRIVERS:
            return SensorSection(driver=self.kind, link=link, channel=channel)
        options = {"unit": self.unit}
        if self.kind and _fits({**options, "device_class": self.kind}):
            options["device_class"] = self.kind
        return SensorSection(driver="generic", link=link, channel=channel, **options)


class Names:
    """The sensors that were discovered, by name, of all links; none is called like one of the config's, or
    like one that was left out of it. Any thread may look."""

    def __init__(
        self, configured: Mapping[str, SensorSection], left_out: Collection[str] = frozenset()
    ) -> None:
        self.use(configured, left_out)
        self._lock = threading.Lock()  # guards the exchange of what is below
        self._sections: Mapping[str, SensorSection] = {}

    def use(self, configured: Mapping[str, SensorSection], left_out: Collection[str]) -> None:
        """The config has these now. Those that were discovered and are called so are to be dropped first."""
        self.configured = configured
        self._left_out = left_out

    def of_the_config(self, name: str) -> bool:
        """Whether the config has it, left out or not."""
        return name in self.configured or name in self._left_out

    def __contains__(self, name: object) -> bool:
        """Whether a sensor, of the config or discovered, is called so."""
        return name in self.configured or name in self._sections or name in self._left_out

    def get(self, name: str) -> SensorSection | None:
        """The sensor of that name, of the config or discovered."""
        return self.configured.get(name) or self._sections.get(name)

    def discovered(self) -> Mapping[str, SensorSection]:
        """Those that were discovered."""
        return self._sections

    def all_names(self) -> set[str]:
        """Of all, those too that were left out."""
        return {*self.configured, *self._sections, *self._left_out}

    def all(self) -> dict[str, SensorSection]:
        """Those of the config, and those that were discovered."""
        return {**self.configured, **self._sections}

    def take(self, name: str, section: SensorSection, before: SensorSection | None) -> bool:
        """Whether `name` is `section`'s now: it is free, or `before` had it."""
        with self._lock:
            if self.of_the_config(name) or self._sections.get(name) is not before:
                return False
            self._sections = {**self._sections, name: section}
            return True

    def drop(self, name: str) -> None:
        """It is no discovered one's any more."""
        with self._lock:
            self._sections = {each: section for each, section in self._sections.items() if each != name}


class Discovery:
    """What one link has discovered. `made` is called with each new sensor, `gone` with one that another takes
    the place of, as its channel measures something else now; `dropped` with one that there is no more, as the
    config has changed. `found`, `give_way`, `look_again` and `end` belong to the dispatcher's thread,
    `remember` to who starts, before that."""

    def __init__(
        self,
        link: Link,
        names: Names,
        folder: DataFolder,
        *,
        made: Callable[[Sensor], None],
        gone: Callable[[Sensor], None],
        dropped: Callable[[Sensor], None] | None = None,
    ) -> None:
        self._link = link
        self._names = names
        self._made = made
        self._gone = gone
        self._dropped = dropped or gone
        self._file = KeptFile(
            folder.path / f"{link.name}.discovered.json",
            version=VERSION,
            max_bytes=MAX_BYTES,
            forgotten=f"Which senders the link {link.name} has found is forgotten, and learned anew",
            unwritten=f"after the next start senders of the link {link.name} come with their first values",
            folder=folder,
        )
        self._configured = self._channels_of_the_config()
        self._ended = False
        self._sensors: dict[str, tuple[Quantity, SensorSection, Sensor]] = {}
        self._complained = False
        self._writing = False
        self._pace = Pace(WRITE_S, LONGEST_WRITE_S)

    def remember(self) -> None:
        """Make the sensors of earlier runs, and look out for new ones."""
        noted = self._file.read(_check).get("sensors", {})
        for channel, quantity in noted.items():
            if not self._is_configured(channel, {}):
                self._make(channel, Quantity(quantity["kind"], quantity["unit"]))
        self._link.watch(self.found)

    def give_way(self) -> None:
        """The config has other sensors now: one of them may have the channel, or the name, of one that was
        discovered. On the dispatcher's thread."""
        self._configured = self._channels_of_the_config()
        devices = self._link.status().devices.values()
        channels = {name: channel for device in devices for name, channel in device.channels.items()}
        for channel, (_, _, sensor) in list(self._sensors.items()):
            if self._is_configured(channel, channels) or self._names.of_the_config(sensor.name):
                self._drop(channel, sensor)

    def look_again(self) -> None:
        """And one of them may have left its channel. Likewise."""
        for device in self._link.status().devices.values():
            self.found(device)

    def end(self) -> None:
        """The link goes, and its sensors with it. On the dispatcher's thread."""
        self._ended = True
        self._file.close()
        for channel, (_, _, sensor) in list(self._sensors.items()):
            self._drop(channel, sensor)

    def _drop(self, channel: str, sensor: Sensor) -> None:
        del self._sensors[channel]
        self._names.drop(sensor.name)
        self._dropped(sensor)

    def _channels_of_the_config(self) -> frozenset[str]:
        sensors = self._names.configured.items()
        return frozenset(
            section.channel or name for name, section in sensors if section.link == self._link.name
        )

    def found(self, device: Device) -> None:
        """A device has come, or says anew what it has."""
        if self._ended:
            return
        new = False
        for channel, what in device.channels.items():
            if what.offered and not self._is_configured(channel, device.channels):
                new |= self._make(channel, Quantity(what.kind, what.unit))
        if new and not self._writing:
            self._writing = True
            self._link.dispatcher.call_at(self._pace.due(self._link.clock.monotonic()), self._write)

    def _write(self) -> None:
        self._writing = False
        if self._ended:
            return
        sensors = {channel: quantity._asdict() for channel, (quantity, _, _) in self._sensors.items()}
        self._file.write({"sensors": sensors})

    def _is_configured(self, channel: str, channels: Mapping[str, Channel]) -> bool:
        """Whether a sensor of the config takes it, by this name or by its longer one."""
        return channel in self._configured or any(
            name.startswith(f"{channel}/") and not channels[name].offered
            for name in self._configured & channels.keys()
        )

    def _make(self, channel: str, quantity: Quantity) -> bool:
        """Whether there is a sensor more, or another."""
        before = self._sensors.get(channel)
        if before is not None and before[0] == quantity:
            return False
        section = quantity.section(self._link.name, channel)
        name = f"{self._link.name}-{channel.replace('/', '-')}"
        if not self._may(channel, name, section, before[1] if before is not None else None):
            return False
        if before is not None:
            self._gone(before[2])
        sensor = sensor_class(section.driver)(name, self._link, channel, **section.options)
        self._sensors[channel] = quantity, section, sensor
        self._made(sensor)
        return True

    def _may(self, channel: str, name: str, section: SensorSection, before: SensorSection | None) -> bool:
        if before is None and len(self._sensors) >= MAX_SENSORS:
            why = f"{MAX_SENSORS} are there, and no more are made; write those that you need into the config"
        elif not self._names.take(name, section, before):
            why = f"another sensor is called {name}; rename that one, or write this one into the config"
        else:
            return True
        if not self._complained:
            logger.warning("%s: channel %s has no sender: %s", self._link.name, channel, why)
        self._complained = True
        return False


def discovers(options: Mapping[str, Any]) -> bool:
    """Whether a link with these keys is to have senders made."""
    return options.get(OPTION) is True


def _fits(options: Mapping[str, Any]) -> bool:
    """Whether `generic` takes these: Home Assistant refuses some units for a class."""
    kind = sensor_class("generic")
    try:
        kind.check_options(parse_options(kind.option_table(), options))
    except ValueError:
        return False
    return True


def _check(content: dict[str, Any]) -> None:
    sensors = content.get("sensors")
    if not isinstance(sensors, dict) or not all(map(_is_quantity, sensors.values())):
        raise ValueError("expected sensors with a kind and a unit in it")


def _is_quantity(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(key), str) for key in ("kind", "unit"))
