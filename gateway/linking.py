"""Links and sensors made from the config's sections: for the start, and for a change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from drivers.identities import Roster
from drivers.kinds import new_source, sensor_class
from drivers.link import Link
from drivers.stream.on_port import OnPort
from gateway.captures import Tapped
from gateway.config.catalog import defect
from gateway.identities import Identities
from gateway.notes import LinkNotes
from gateway.sim_port import sim_port

if TYPE_CHECKING:
    from drivers.clock import Clock
    from drivers.dispatcher import Dispatcher
    from drivers.sensor import Sensor
    from drivers.source import Source
    from gateway.config import Config, LinkSection
    from gateway.data_folder import DataFolder


@dataclass(slots=True)
class Made:
    """What there is of a config, which is without the parts that could not be made. `notes`: of each link."""

    config: Config
    links: dict[str, Link] = field(default_factory=dict)
    taps: dict[str, Tapped | None] = field(default_factory=dict)
    notes: dict[str, LinkNotes] = field(default_factory=dict)
    sensors: dict[str, Sensor] = field(default_factory=dict)


class Maker:
    """Makes them, and opens nothing. `memory` and what else all links share is here. `on_pressure`: see
    `Link`."""

    def __init__(
        self,
        config: Config,
        dispatcher: Dispatcher,
        folder: DataFolder,
        clock: Clock,
        on_pressure: Callable[[], None],
    ) -> None:
        self.memory = Identities(config.data / "identities.json", config.links, folder)
        self._roster = Roster()
        self._dispatcher = dispatcher
        self._folder = folder
        self._clock = clock
        self._on_pressure = on_pressure

    def make(self, config: Config, goes_on: Made | None = None) -> Made:
        """All of a config. What `goes_on` has is taken over, and not made."""
        made = Made(config)
        before = goes_on or Made(config)
        for name, section in config.links.items():
            if name in before.links:
                made.links[name], made.taps[name] = before.links[name], before.taps[name]
                made.notes[name] = before.notes[name]
                continue
            with _leaving_out(made, "links", name, f"protocol {section.protocol!r}"):
                self._make_link(made, name, section)
        for name, sensor in made.config.sensors.items():
            if name in before.sensors:
                made.sensors[name] = before.sensors[name]
                continue
            with _leaving_out(made, "sensors", name, f"driver {sensor.driver!r}"):
                kind = sensor_class(sensor.driver)
                made.sensors[name] = kind(name, made.links[sensor.link], sensor.channel, **sensor.options)
        return made

    def _make_link(self, made: Made, name: str, section: LinkSection) -> None:
        config, options = made.config, section.options
        if isinstance(port := options.get("port"), str) and self._folder.status().usable:
            options["port"] = sim_port(port, config.data / name)
        source = new_source(section.protocol, options)
        notes = LinkNotes(config.data / f"{name}.notes.json", name, self._folder)
        made.links[name] = link = Link(
            name,
            source=source,
            identity=section.identity,
            memory=self.memory,
            roster=self._roster,
            notes=notes,
            dispatcher=self._dispatcher,
            clock=self._clock,
        )
        link.on_pressure = self._on_pressure
        made.notes[name] = notes
        made.taps[name] = _tapped(config, name, section, source)


def given_up(new: Mapping[str, LinkNotes], left: Mapping[str, LinkNotes]) -> None:
    """The notes of links that go, or that are not to come after all: those of `new` that `left` has not."""
    for name, notes in new.items():
        if left.get(name) is not notes:
            notes.close()


@contextmanager
def _leaving_out(made: Made, section: str, name: str, what: str) -> Iterator[None]:
    """What the config's checks could not know: somebody else's driver or protocol fails when it is used."""
    try:
        yield
    except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
        text = str(error) if isinstance(error, ValueError) else defect(what, error)
        made.config = made.config.without(section, name, text)


def _tapped(config: Config, name: str, section: LinkSection, source: Source) -> Tapped | None:
    if not isinstance(source, OnPort):
        return None
    hidden = ("links", name, "port") in config.secrets
    port = None if hidden else section.options.get("port")
    about = {"port": port, "baud": source.settings.baud, "protocol": section.protocol}
    return Tapped(source.tap, about)
