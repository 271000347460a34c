"""The collector, put together: as `gateway.app` does it for a gateway."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from drivers.dispatcher import Dispatcher
from gateway import health
from gateway.clock.wall import WallClock
from gateway.collect.consumer import Consumer
from gateway.collect.faring import of_sites
from gateway.collect.listing import Listing
from gateway.collect.live import Live
from gateway.collect.sites import Sites
from gateway.config.collecting import CollectConfig
from gateway.data_folder import DataFolder, InUseError
from gateway.dispatching import Dispatching
from gateway.member.settings import settings_of
from gateway.metrics.collect import Metrics
from gateway.service import Part, Service, StartError, all_within, stop_together
from gateway.timekeeping import Timekeeping, open_clock
from gateway.version import full_version

logger = logging.getLogger(__name__)

FRONT_S, CONSUMER_S, KEEPING_S = 0.5, 0.4, 0.6
"""What is given, one after the other, to those who answer, to those who take, and to those who write."""
LAST_S = 0.05
"""What the data folder has: its disk may hang."""


class CollectApp:
    """One collector. The constructor opens nothing; `start` and `stop` belong to one thread, `health` and
    `services` are for any."""

    clock: WallClock

    def __init__(self, config: CollectConfig) -> None:
        self.config = config
        self.folder = DataFolder(config.data)
        self._dispatcher = Dispatcher()
        self._began = time.monotonic()
        self._front: Sequence[Service] = ()
        self._behind: Sequence[Service] = ()
        self._sites: Sites | None = None
        self._consumer: Consumer | None = None
        self.live: Live | None = None
        """There with `http` alone."""

    def start(self) -> None:
        """Begin; returns at once, whether a router is there or not. Raises StartError, with everything
        stopped again."""
        try:
            self._take_folder()
            self._compose()
            for service in (*self._behind, *self._front):
                service.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> bool:
        """End everything, in less than 2 s whatever hangs; False if something had to be left behind."""
        done = stop_together(self._front, FRONT_S)
        if self._consumer is not None:
            done &= self._consumer.stop(CONSUMER_S)
        if self._sites is not None and (keepings := self._sites.stop()):
            done &= stop_together(keepings, KEEPING_S)
        done &= stop_together([each for each in self._behind if each is not self._consumer], KEEPING_S / 2)
        return done & all_within([self.folder.close], LAST_S, "data folder")

    def health(self) -> dict[str, Any]:
        """What flows, and what does not."""
        parts: dict[str, Part] = {"data folder": health.of_folder(self.folder.last_status)}
        for service in self.services():
            parts |= service.status()
        if self._consumer is not None:
            parts |= of_sites(self._consumer.members, time.time())
        return health.report(parts)

    def info(self) -> dict[str, Any]:
        """What `GET /api/v1/gateway` says of the collector."""
        members = self._consumer.members if self._consumer is not None else []
        return {
            "name": self.config.collect.name,
            "version": full_version(),
            "uptime": round(time.monotonic() - self._began, 3),
            "links": {},
            "fleet": {"gateways": len(members), "up": sum(member.up for member in members)},
        }

    def services(self) -> Iterator[Service]:
        """All that run."""
        yield from self._behind
        if self._sites is not None:
            yield from self._sites
        yield from self._front

    def _take_folder(self) -> None:
        shared = self.config.shared
        try:
            self.folder.open()
            self.clock = open_clock(self.config.data, self.folder)
        except InUseError as error:
            raise StartError(f"{shared.where('collect', 'data')}: collect.data: {error}") from None
        except ValueError as error:
            raise StartError(str(error)) from None

    def _compose(self) -> None:
        section = self.config.collect
        settings = settings_of(self.config.fleet, self.config.shared)
        sites = Sites(self.config, self.clock, lambda: consumer.wake())
        consumer = Consumer(settings, section.sites, section.name, self.clock, sites)
        self._sites, self._consumer = sites, consumer
        timekeeping = Timekeeping(self.clock, self._dispatcher, self.folder)
        self._behind = (timekeeping, Dispatching(self._dispatcher), consumer)
        if self.config.shared.http is not None:
            self.live = Live(settings, section.sites)
            self._front = (self._http(self.live, consumer, sites), self.live)

    def _http(self, live: Live, consumer: Consumer, sites: Sites) -> Service:
        from gateway.feed import Feed
        from gateway.http.context import Context, Fleet
        from gateway.http.service import HttpService

        listing = Listing(lambda: consumer.members, live.router)
        metrics = Metrics(self.config.collect.name, self.clock, self.services)
        context = Context(
            live.router,
            Feed(live.router, self.clock),
            self.health,
            self.info,
            lambda: sites,
            metrics,
            fleet=Fleet(listing.gateways, listing),
        )
        return HttpService(self.config.shared, context)


def summary_of(report: Mapping[str, Any]) -> str:
    """What it did, in a line for the log."""
    return f"collected {report['fleet']['up']} of {report['fleet']['gateways']} gateways"
