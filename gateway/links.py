"""The links of the config and their sensors, as one service."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import sig
from drivers.kinds import protocol
from drivers.link import Link
from drivers.sensor import Sensor
from gateway import health
from gateway.config import Config
from gateway.discovered import Discovery, Names, discovers
from gateway.exchanged import Exchanged
from gateway.linking import Made, Maker, given_up
from gateway.senders import release
from gateway.service import Part, all_within

if TYPE_CHECKING:
    from drivers.clock import Clock
    from drivers.dispatcher import Dispatcher
    from gateway.config.models import LinkSection, SensorSection
    from gateway.data_folder import DataFolder
    from gateway.reload.plan import Plan
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
    any thread, the rest for who owns it. `on_pressure`: see `Link`.
    """

    name = "links"

    def __init__(
        self,
        config: Config,
        dispatcher: Dispatcher,
        folder: DataFolder,
        clock: Clock,
        on_pressure: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._router: sig.Router | None = None
        self._maker = Maker(config, dispatcher, folder, clock, on_pressure)
        self._made = made = self._maker.make(config)
        self.config = made.config
        self.secret_ports = _secret_ports(made.config)
        """Links whose port is not to be told."""
        self.links = Exchanged(made.links)
        self.taps = Exchanged(made.taps)
        """By link, what its captures hear; None where it has no port."""
        self.sensors: Mapping[str, Sensor] = made.sensors
        self.names = Names(self.config.sensors, self.config.left_out_sensors.keys())
        self._discoveries: dict[str, Discovery] = {}

    def attach(self, router: sig.Router) -> None:
        """Have the sensors be senders there, those too that were found in earlier runs."""
        self._router = router
        self._attach(self.sensors.values())
        self._discover(self.links.values())

    def start(self) -> None:
        """See `Service`: open every link, whether its board is there or not."""
        for link in self.links.values():
            link.open()

    @property
    def made(self) -> Made:
        """What there is by the config that holds."""
        return self._made

    def prepare(self, config: Config, plan: Plan) -> Made:
        """What there is to be by another config: made, where it is new. Opens nothing. It is to be exchanged,
        or given up."""
        kept = Made(config, taps=self._made.taps, notes=self._made.notes)
        kept.links = {name: link for name, link in self.links.items() if plan.goes_on("links", name)}
        kept.sensors = {
            name: sensor
            for name, sensor in self.sensors.items()
            if name in self.config.sensors and plan.goes_on("sensors", name)
        }
        return self._maker.make(config, kept)

    def give_up(self, made: Made) -> None:
        """It was prepared, and is not to be after all."""
        given_up(made.notes, self._made.notes)

    def exchange(self, made: Made, plan: Plan, between: Callable[[], None]) -> None:
        """From one config to another, as prepared: who goes leaves the router, who stays is changed, who
        comes enters. On the dispatcher's thread, in turn with what is measured. `between`: called when those
        that go have gone."""
        before, self._made = self._made, made
        links = {*before.links.values(), *made.links.values()}
        for link in links:
            link.exchanging(True)
        try:
            self._exchange(before, made, plan, between)
        finally:
            # One that goes is told it to its end: its channels are taken up by the one that comes.
            for link in links.intersection(made.links.values()):
                link.exchanging(False)

    def _exchange(self, before: Made, made: Made, plan: Plan, between: Callable[[], None]) -> None:
        names = self.names.all_names()
        for name, sensor in before.sensors.items():
            if made.sensors.get(name) is not sensor:
                sensor.detach()
        for name, link in before.links.items():
            if made.links.get(name) is not link and (discovery := self._discoveries.pop(name, None)):
                discovery.end()
        self._use(made)
        for discovery in self._discoveries.values():
            discovery.give_way()
        between()
        for name in plan.changed_sensors:
            _change(made.sensors[name], made.config.sensors[name])
        for discovery in self._discoveries.values():
            discovery.look_again()
        self._attach(
            sensor for name, sensor in made.sensors.items() if before.sensors.get(name) is not sensor
        )
        self._discover(link for name, link in made.links.items() if before.links.get(name) is not link)
        assert self._router is not None
        for name in names - self.names.all_names():
            release(self._router, name)

    def _use(self, made: Made) -> None:
        self.config = made.config
        self._maker.memory.of_links(made.config.links)
        found = {name: each for name, each in self.sensors.items() if name in self.names.discovered()}
        secret = _secret_ports(made.config)
        self.secret_ports |= secret  # nobody is to see an old port by the new config, nor the other way round
        self.links.exchange(made.links)
        self.taps.exchange(made.taps)
        self.secret_ports = secret
        self.names.use(made.config.sensors, made.config.left_out_sensors.keys())
        # One that was found may be written into the config by now, under its own name: that one it is then.
        self.sensors = {**found, **made.sensors}

    def follow(self, before: Made, within_s: float, *, opens: bool = True) -> bool:
        """After an exchange: links that are no more are closed, those that are new are opened (`opens`).
        False if one did not close in time; it does so later, and nobody waits for it."""
        given_up(before.notes, self._made.notes)
        gone = [link.close for name, link in before.links.items() if self._made.links.get(name) is not link]
        done = all_within(gone, within_s, "link")
        for name, link in self._made.links.items() if opens else ():
            if before.links.get(name) is not link:
                link.open()
        return done

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
            secret = name in self.secret_ports
            now = self._clock.monotonic()
            parts[f"links.{name}"] = health.of_link(status, now, secret=secret)
            if (its := self.config.links.get(name)) is not None:
                may_be_unseen[name] = now - status.since < patience_s(its)
        for name, section in self.names.all().items():
            sensor = self.sensors.get(name)  # one that was found this moment is not there yet
            if sensor is None:
                continue
            link = self.links.get(section.link)
            if link is None or section.link not in may_be_unseen:  # the config has just changed
                continue
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
        link = self.links.get(section.link)
        if link is None:  # the config has just changed
            return None
        down = link.status().reason or sensor.problem or link.absence(sensor.channel)
        return f"link {link.name}: {down or 'the board has just come; ask again'}"

    def _attach(self, sensors: Iterable[Sensor]) -> None:
        """Have them be senders, and those that are left out be listed, not connected."""
        assert self._router is not None
        for sensor in sensors:
            sensor.attach(self._router)
        for name in self.config.left_out_sensors:
            self._router.getSender(name, create=True)

    def _discover(self, links: Iterable[Link]) -> None:
        """On those of the links that are to have senders made of what they find."""
        for link in links:
            if discovers(self.config.links[link.name].options):
                found = Discovery(
                    link,
                    self.names,
                    self._folder,
                    made=self._found,
                    gone=Sensor.detach,
                    dropped=self._dropped,
                )
                self._discoveries[link.name] = found
                found.remember()

    def _found(self, sensor: Sensor) -> None:
        """At the start, and then on the dispatcher's thread."""
        assert self._router is not None
        self.sensors = {**self.sensors, sensor.name: sensor}
        sensor.attach(self._router)

    def _dropped(self, sensor: Sensor) -> None:
        """The opposite, on the dispatcher's thread."""
        sensor.detach()
        self.sensors = {name: each for name, each in self.sensors.items() if each is not sensor}


def _secret_ports(config: Config) -> frozenset[str]:
    return frozenset(name for name in config.links if ("links", name, "port") in config.secrets)


def _change(sensor: Sensor, section: SensorSection) -> None:
    """In place; a defect of one is not to leave the others half done."""
    try:
        sensor.change(section.options)
    except Exception:
        logger.exception("%s: it could not be changed; please report this", sensor.name)


def patience_s(section: LinkSection) -> float:
    """How long a device of the link may not have been heard since the link is up."""
    every = protocol(section.protocol).options.get("every")
    if every is None:
        return UNSEEN_S
    written = section.options.get("every")
    seconds: float = every.default if written is None else every.parse(written)
    return POLLS * seconds + POLLED_GRACE_S
