"""The composition root: the only module that puts dispatcher, links, sensors and router together."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import sig
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
from gateway.member.service import Membership
from gateway.own_sender import OwnSender
from gateway.recording import Recording
from gateway.reload.exchange import Exchange
from gateway.reload.files import files_of
from gateway.reload.last_good import keep
from gateway.reload.parts import Listener, Parts
from gateway.reload.refusal import load_beside
from gateway.reload.reloader import Reloader
from gateway.reload.report import Report
from gateway.senders import GatewayRouter
from gateway.service import Part, Service, StartError, all_within, stop_together
from gateway.serving import Server
from gateway.stages import DISPATCHER_S, LINKS_S, SERVER_S, Stage, stages_of
from gateway.timekeeping import Timekeeping, open_clock
from gateway.web import Known, probe, web

logger = logging.getLogger(__name__)

RELOAD_S = 0.05
"""What a reload that is under way has to see that. At the end it has what the services have left: it writes
down what a new one has heard until then."""
LAST_S = 0.02
"""What it has at least, and then the data folder: its disk may hang."""
STOP_S = LINKS_S + DISPATCHER_S + SERVER_S
"""What `stop` gives each stage, and all of them, of the 2 s that were promised. The last has what the others
left: the bridge to MQTT, which stops beside the server, may have to wait for a slow disk."""


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
        self._config = config
        self._parts: Parts | None = None
        self.dispatcher = Dispatcher()
        self.folder = DataFolder(config.data)
        self.reloader = Reloader(self._reload, first=self._keep_config, after=self._reloaded)
        self._changing = threading.Lock()  # guards who is exchanged by whom
        self._services: Mapping[str, Service] = {}
        self._stopped = False

    @property
    def config(self) -> Config:
        """The one that holds now: another one after a reload."""
        return self._parts.config if self._parts is not None else self._config

    @property
    def sensors(self) -> Mapping[str, Sensor]:
        """Those of the config, and those that links have found by now."""
        return self._parts.links.sensors if self._parts is not None else {}

    def start(self) -> None:
        """Listen, then open every link; returns at once, whether their boards are there or not.

        Raises StartError, with everything stopped again.
        """
        self._stopped = False
        try:
            self._take_folder()
            self._compose()
            for out in self.config.left_out:
                for problem in out.problems:
                    logger.error("%s; %s is left out", problem, out.name)
            for service in self.services():
                service.start()
            self.reloader.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> bool:
        """Close everything, in less than 2 s whatever hangs; False if something had to be left behind. Where
        this machine has no thread left for what is to end at the same time, each comes after the other, and
        takes as long as it takes."""
        deadline = time.monotonic() + STOP_S
        self.reloader.leave(RELOAD_S)
        with self._changing:
            self._stopped = True
            stages, self._services = self._stages(), {}
        done = True
        for service in stages[0].services:
            if isinstance(service, Recording):
                service.leaving()
        for stage in reversed(stages):
            within_s = stage.within_s
            if stage is stages[0]:
                within_s = max(within_s, deadline - time.monotonic())
            done &= stop_together(stage.services, within_s)
        if not self.reloader.stop(max(LAST_S, deadline - time.monotonic())):
            done = False
            self._tell_unwritten()
        return done & all_within([self.folder.close], max(LAST_S, deadline - time.monotonic()), "data folder")

    def _tell_unwritten(self) -> None:
        """Of a reload that is left behind: what its new services have heard in vain."""
        for name, count in self._parts.unwritten().items() if self._parts is not None else ():
            logger.error(
                "stopping: %s: %d events since the reload are lost: its disk is too slow", name, count
            )

    def health(self) -> dict[str, Any]:
        """What flows, and what does not; see `gateway.health`."""
        parts: dict[str, Part] = {out.name: health.of_left_out(out) for out in self.config.left_out}
        parts["data folder"] = health.of_folder(self.folder.last_status)
        for service in self.services():
            parts |= service.status()
        if self._parts is not None:
            parts |= self._parts.late
        return health.report(parts)

    def services(self) -> Iterator[Service]:
        """All that run, in the order of their start; none before that and after `stop`. From any thread."""
        for stage in self._stages():
            yield from stage.services

    def _stages(self) -> list[Stage]:
        return stages_of(self._services)

    def _take_folder(self) -> None:
        """First of all: nobody else may be at work there. Then it can be said what time it is."""
        try:
            self.folder.open()
            self.clock = open_clock(self.config.data, self.folder)
        except InUseError as error:
            raise StartError(f"{self.config.where('gateway', 'data')}: gateway.data: {error}") from None
        except ValueError as error:
            raise StartError(str(error)) from None

    def _compose(self) -> None:
        """The services; none is started."""
        links = Links(self.config, self.dispatcher, self.folder, self.clock, self._write_soon)
        config, self.links, self.names = links.config, links.links, links.names
        own = OwnSender(
            config.gateway.name,
            self.links,
            links.taps,
            self.health,
            hidden=lambda: links.secret_ports,
            clock=self.clock,
            history=self._unwritten,
            reload=self.reloader.request,
        )
        server = Server(config, self.names, links.why_down, own)
        self.router = server.router
        links.attach(self.router)
        feed = Feed(self.router, self.clock)
        info = partial(own.info, None)
        known = Known(self.health, info, self.clock, self.services, self._recording, lambda: self.sensors)
        found = self.names.discovered
        make: dict[str, Callable[[Config], Listener]] = {
            "history": lambda config: Recording(config, feed, self.clock),
            "mqtt": lambda config: Bridging(config, self.router, feed, self.links, found, self.clock),
            "http": lambda config: web(config, self.router, feed, known),
            "fleet": lambda config: Membership(
                config, self.router, feed, self.clock, self._info_of, partial(self._about, own)
            ),
        }
        self._services = {
            "router": server,
            "clock": Timekeeping(self.clock, self.dispatcher, self.folder),
            "dispatcher": Dispatching(self.dispatcher),
            "links": links,
            **{name: each(config) for name, each in make.items() if getattr(config, name) is not None},
        }
        self._parts = Parts(
            config=config,
            dispatcher=self.dispatcher,
            links=links,
            server=server,
            own=own,
            feed=feed,
            make=make,
            running=lambda name: self._services.get(name),
            set_running=self._set_running,
            probe=probe,
            files=files_of(config),
        )

    def _recording(self) -> Recording | None:
        found = self._services.get("history")
        return found if isinstance(found, Recording) else None

    def _write_soon(self) -> None:
        """A device has little room left for readings that are not safe, whoever holds them."""
        for service in self._services.values():
            if isinstance(service, Recording | Bridging | Membership):
                service.write_soon()

    def _info_of(self, sensor: str) -> Any:
        """What it would answer to `info`; None for what is no sensor."""
        found = self.sensors.get(sensor)
        return None if found is None else found.info()

    def _about(self, own: OwnSender) -> Mapping[str, Any]:
        """What the fleet is told of this gateway."""
        info, clock = own.info(None), self.clock.status()
        told = {key: info[key] for key in ("name", "version", "python", "uptime")}
        facts = {key: clock[key] for key in ("believed", "synchronised", "why")}
        return told | {"clock": facts | {"utc": round(self.clock.utc(), 3)}}

    def _unwritten(self, params: Any) -> Any:
        """What `$gateway` answers to `history`."""
        recording = self._recording()
        if recording is None:
            raise sig.UnknownMethod("this gateway keeps no history; write in its config: history: {}")
        return recording.unwritten(params)

    # The reload's thread

    def _set_running(self, name: str, service: Service | None) -> bool:
        with self._changing:
            if self._stopped:
                return False
            others = {each: its for each, its in self._services.items() if each != name}
            self._services = others if service is None else {**others, name: service}
            return True

    def _reload(self, stopping: threading.Event) -> Report:
        assert self._parts is not None
        return Exchange(self._parts, load_beside(self.config), stopping).run()

    def _reloaded(self, report: Report) -> None:
        """After the answer."""
        assert self._parts is not None
        if report.parted:
            self._parts.server.part()
        if not report.failed:
            self._keep_config()

    def _keep_config(self) -> None:
        keep(self.config, self.folder)
