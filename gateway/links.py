"""The links of the config and their sensors, as one service."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sig
from drivers.identities import Roster
from drivers.kinds import new_source, protocol, sensor_class
from drivers.link import Link
from drivers.sensor import Sensor
from drivers.stream.on_port import OnPort
from gateway import health
from gateway.captures import Tapped
from gateway.config import Config
from gateway.config.catalog import defect
from gateway.discovered import Discovery, Names, discovers
from gateway.identities import Identities
from gateway.notes import LinkNotes
from gateway.service import Part, all_within
from gateway.sim_port import sim_port

if TYPE_CHECKING:
    from drivers.clock import Clock
    from drivers.dispatcher import Dispatcher
    from drivers.source import Source
    from gateway.config.models import LinkSection
    from gateway.data_folder import DataFolder
    from gateway.samples import Family

logger = logging.getLogger(__name__)

UNSEEN_S = 3600.0
"""A device that reports by itself may be silent for so long before it is missed: most radio nodes sleep for
less than 20 minutes, and a message of theirs is lost now and then."""
POLLS = 3
POLLED_GRACE_S = 1.0
"""One that is polled is missed after so many polls and a second: the rule by which its values are stale."""


class Links:
    """`config` is without those parts that cannot be made, which the log says; so are `links` and `names`.

    The constructor opens nothing, but may read what was kept of earlier runs. `status` and `why_down` are for
    any thread, the rest for who owns it.
    """

    name = "links"

    def __init__(self, config: Config, dispatcher: Dispatcher, folder: DataFolder, clock: Clock) -> None:
        self.links: dict[str, Link] = {}
        self.taps: dict[str, Tapped | None] = {}
        """By link, what its captures hear; None where it has no port."""
        self.sensors: Mapping[str, Sensor] = {}
        self._dispatcher = dispatcher
        self._folder = folder
        self._clock = clock
        self._router: sig.Router | None = None
        self.config = config
        self._make_links()
        self._make_sensors()
        self.names = Names(self.config.sensors, self.config.left_out_sensors.keys())

    def attach(self, router: sig.Router) -> None:
        """Have the sensors be senders there, those too that were found in earlier runs."""
        self._router = router
        for sensor in self.sensors.values():
            sensor.attach(router)
        for name in self.config.left_out_sensors:  # listed, and not connected
            router.getSender(name, create=True)
        for name, section in self.config.links.items():
            if discovers(section.options):
                link = self.links[name]
                Discovery(link, self.names, self._folder, made=self._found, gone=Sensor.detach).remember()

    def start(self) -> None:
        """See `Service`: open every link, whether its board is there or not."""
        for link in self.links.values():
            link.open()

    def stop(self, within_s: float) -> bool:
        """See `Service`."""
        return all_within([link.close for link in self.links.values()], within_s, "link")

    def status(self) -> dict[str, Part]:
        """See `Service`: each link, and each device that sensors are on."""
        parts: dict[str, Part] = {}
        devices: dict[str, dict[str, Part]] = {}
        links = {name: link.status() for name, link in self.links.items()}
        may_be_unseen: dict[str, bool] = {}
        for name, status in links.items():
            secret = ("links", name, "port") in self.config.secrets
            now = self._clock.monotonic()
            parts[f"links.{name}"] = health.of_link(status, now, secret=secret)
            may_be_unseen[name] = now - status.since < patience_s(self.config.links[name])
        for name, section in self.names.all().items():
            sensor = self.sensors.get(name)  # one that was found this moment is not there yet
            if sensor is None:
                continue
            link = self.links[section.link]
            device = link.device_of(sensor.channel)
            part = health.of_sensor(
                sensor.status(),
                parts[f"links.{section.link}"],
                link.absence(sensor.channel),
                may_be_unseen[section.link],
            )
            called = f"devices.{section.link}" + (f"/{device}" if device else "")
            devices.setdefault(called, {})[name] = part
        return parts | {name: health.of_device(sensors) for name, sensors in devices.items()}

    def families(self) -> Iterator[Family]:
        """See `Measured`."""
        # Only where metrics are asked for.
        from gateway.metrics import links, sensors
        from gateway.samples import gauge

        yield from links.families([links.now(link) for link in self.links.values()])
        named = [(sensor, self.names.get(name)) for name, sensor in self.sensors.items()]
        text = "Parts of the config that cannot be used."
        yield gauge("left_out_parts", text, len(self.config.left_out))
        yield from sensors.families([sensors.now(sensor, at.link) for sensor, at in named if at is not None])

    def dropped(self) -> dict[str, int]:
        """See `Dropping`: what the dispatcher had no room for, or came while a sensor was not connected."""
        return {name: sensor.counters["dropped"] for name, sensor in self.sensors.items()}

    def loops(self) -> dict[str, float]:
        """See `Looping`."""
        turned = {f"link-{name}": link.turned for name, link in self.links.items()}
        return {loop: at for loop, at in turned.items() if at is not None}

    def why_down(self, name: str) -> str | None:
        """Why a sender that is not connected is not; None if it is no sensor's."""
        if (reason := self.config.left_out_sensors.get(name)) is not None:
            return reason
        sensor, section = self.sensors.get(name), self.names.get(name)
        if sensor is None or section is None:
            return None
        link = self.links[section.link]
        down = link.status().reason or sensor.problem or link.absence(sensor.channel)
        return f"link {link.name}: {down or 'the board has just come; ask again'}"

    def _make_links(self) -> None:
        memory = Identities(self.config.data / "identities.json", self.config.links, self._folder)
        roster = Roster()
        for name, section in self.config.links.items():
            with self._leaving_out("links", name, f"protocol {section.protocol!r}"):
                options = section.options
                if isinstance(port := options.get("port"), str) and self._folder.status().usable:
                    options["port"] = sim_port(port, self.config.data / name)
                source = new_source(section.protocol, options)
                self.links[name] = Link(
                    name,
                    source=source,
                    identity=section.identity,
                    memory=memory,
                    roster=roster,
                    notes=LinkNotes(self.config.data / f"{name}.notes.json", name, self._folder),
                    dispatcher=self._dispatcher,
                    clock=self._clock,
                )
                self.taps[name] = self._tapped(name, section, source)

    def _make_sensors(self) -> None:
        sensors: dict[str, Sensor] = {}
        for name, section in self.config.sensors.items():
            with self._leaving_out("sensors", name, f"driver {section.driver!r}"):
                kind = sensor_class(section.driver)
                sensors[name] = kind(name, self.links[section.link], section.channel, **section.options)
        self.sensors = sensors

    @contextmanager
    def _leaving_out(self, section: str, name: str, what: str) -> Iterator[None]:
        """What the config's checks could not know: somebody else's driver or protocol fails when it is
        used."""
        try:
            yield
        except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
            text = str(error) if isinstance(error, ValueError) else defect(what, error)
            self.config = self.config.without(section, name, text)

    def _tapped(self, name: str, section: LinkSection, source: Source) -> Tapped | None:
        if not isinstance(source, OnPort):
            return None
        hidden = ("links", name, "port") in self.config.secrets
        port = None if hidden else section.options.get("port")
        about = {"port": port, "baud": source.settings.baud, "protocol": section.protocol}
        return Tapped(source.tap, about)

    def _found(self, sensor: Sensor) -> None:
        """At the start, and then on the dispatcher's thread."""
        assert self._router is not None
        self.sensors = {**self.sensors, sensor.name: sensor}
        sensor.attach(self._router)


def patience_s(section: LinkSection) -> float:
    """How long a device of the link may not have been heard since the link is up."""
    every = protocol(section.protocol).options.get("every")
    if every is None:
        return UNSEEN_S
    written = section.options.get("every")
    seconds: float = every.default if written is None else every.parse(written)
    return POLLS * seconds + POLLED_GRACE_S
