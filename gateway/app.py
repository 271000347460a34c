"""The composition root: the only module that puts dispatcher, links, sensors and router together."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from drivers.dispatcher import Dispatcher
from drivers.link import Link
from drivers.sensor import Sensor
from gateway import health
from gateway.bridging import Bridging
from gateway.clock.wall import WallClock
from gateway.config import Config
from gateway.data_folder import DataFolder, InUseError
from gateway.discovered import Names
from gateway.dispatching import Dispatching
from gateway.feed import Feed
from gateway.links import Links
from gateway.own_sender import OwnSender
from gateway.recording import Recording
from gateway.senders import GatewayRouter
from gateway.service import MARGIN_S, Part, Service, StartError, stop_together
from gateway.serving import Server
from gateway.timekeeping import Timekeeping, open_clock
from gateway.web import Known, web

logger = logging.getLogger(__name__)

LINKS_S = 1.0 + MARGIN_S
DISPATCHER_S = 0.3 + MARGIN_S
SERVER_S = 0.4
STOP_S = LINKS_S + DISPATCHER_S + SERVER_S
"""What `stop` gives each stage, and all of them, of the 2 s that were promised. The last has what the others
left: the bridge to MQTT, which stops beside the server, may have to wait for a slow disk."""


class Stage(NamedTuple):
    """Services that are stopped at the same time, in `within_s` seconds or what is left of all."""

    within_s: float
    services: Sequence[Service]


class App:
    """One gateway. The constructor opens nothing; `start` and `stop` belong to one thread.

    `config` is without the parts that turn out to be of no use at the start, as `left_out` of it says.
    `router`, `clock`, `links`, `sensors` and `names` are there from `start` on, and may be used from any
    thread, as `health` may.
    """

    router: GatewayRouter
    clock: WallClock
    names: Names
    links: Mapping[str, Link]

    def __init__(self, config: Config) -> None:
        self.config = config
        self.dispatcher = Dispatcher()
        self.folder = DataFolder(config.data)
        self._links: Links | None = None
        self._recording: Recording | None = None
        self._stages: list[Stage] = []

    @property
    def sensors(self) -> Mapping[str, Sensor]:
        """Those of the config, and those that links have found by now."""
        return self._links.sensors if self._links is not None else {}

    def start(self) -> None:
        """Listen, then open every link; returns at once, whether their boards are there or not.

        Raises StartError, with everything stopped again.
        """
        try:
            self._take_folder()
            self._stages = self._compose()
            for out in self.config.left_out:
                for problem in out.problems:
                    logger.error("%s; %s is left out", problem, out.name)
            for stage in self._stages:
                for service in stage.services:
                    service.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> bool:
        """Close everything, in less than 2 s whatever hangs; False if something had to be left behind."""
        stages, self._stages = self._stages, []
        deadline = time.monotonic() + STOP_S
        done = True
        if self._recording is not None:
            self._recording.leaving()
        for stage in reversed(stages):
            within_s = stage.within_s
            if stage is stages[0]:
                within_s = max(within_s, deadline - time.monotonic())
            done &= stop_together(stage.services, within_s)
        self.folder.close()
        return done

    def health(self) -> dict[str, Any]:
        """What flows, and what does not; see `gateway.health`."""
        parts: dict[str, Part] = {out.name: health.of_left_out(out) for out in self.config.left_out}
        parts["data folder"] = health.of_folder(self.folder.status())
        for service in self.services():
            parts |= service.status()
        return health.report(parts)

    def _unwritten(self, params: Any) -> Any:
        """What `$gateway` answers to `history`."""
        assert self._recording is not None
        return self._recording.unwritten(params)

    def services(self) -> Iterator[Service]:
        """All that run, from any thread; none before `start` and after `stop`."""
        for stage in self._stages:
            yield from stage.services

    def _take_folder(self) -> None:
        """First of all: nobody else may be at work there. Then it can be said what time it is."""
        try:
            self.folder.open()
            self.clock = open_clock(self.config.data, self.folder)
        except InUseError as error:
            raise StartError(f"{self.config.where('gateway', 'data')}: gateway.data: {error}") from None
        except ValueError as error:
            raise StartError(str(error)) from None

    def _compose(self) -> list[Stage]:
        """The services, in the order in which they start: who listens comes before who speaks."""
        timekeeping = Timekeeping(self.clock, self.dispatcher, self.folder)
        links = self._links = Links(self.config, self.dispatcher, self.folder, self.clock)
        self.config, self.links, self.names = links.config, links.links, links.names
        hidden = frozenset(name for name in self.links if ("links", name, "port") in self.config.secrets)
        own = OwnSender(
            self.config.gateway.name,
            self.links,
            links.taps,
            self.health,
            hidden=hidden,
            clock=self.clock,
            history=self._unwritten if self.config.history is not None else None,
        )
        server = Server(self.config, self.names, links.why_down, own)
        self.router = server.router
        links.attach(self.router)
        feed = Feed(self.router, self.clock)
        outside: list[Service] = [server, timekeeping]
        if self.config.history is not None:
            self._recording = Recording(self.config, feed, self.clock)
            outside.append(self._recording)
        if self.config.mqtt is not None:
            found = self.names.discovered
            outside.append(Bridging(self.config, self.router, feed, self.links, found, self.clock))
        inside: list[Service] = [links]
        if self.config.http is not None:  # after the links: it is not to hold up their first values
            info = partial(own.info, None)
            known = Known(self.health, info, self.clock, self.services, self._recording, lambda: self.sensors)
            inside.append(web(self.config, self.router, feed, known))
        return [
            Stage(SERVER_S, outside),
            Stage(DISPATCHER_S, [Dispatching(self.dispatcher)]),
            Stage(LINKS_S, inside),
        ]
