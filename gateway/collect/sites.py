"""Who keeps what: a file for each site, or PostgreSQL for all. And their histories as one."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.collect.keeping import Keeping, Made
from gateway.event_id import EventId
from gateway.fleet.keys import quoted

if TYPE_CHECKING:
    from gateway.clock.wall import WallClock
    from gateway.collect.site_store import Told
    from gateway.config.collecting import CollectConfig
    from gateway.history.rows import Kept, Series

FILE = "history.db"
BEFORE_MS = 1000
"""The stream numbers events as they come, and history as it takes them, a moment apart: who goes on from the
one in the other gets so much twice, and misses nothing."""


class Sites:
    """`of` is for the consumer's thread; the rest for any."""

    def __init__(self, config: CollectConfig, clock: WallClock, wake: Callable[[], None]) -> None:
        self._config = config
        self._clock = clock
        self._wake = wake
        self._lock = threading.Lock()  # guards the two below: nobody is begun after the stop
        self._keepings: dict[str, Keeping] = {}
        self._stopped = False

    def __iter__(self) -> Iterator[Keeping]:
        """All that there are by now."""
        return iter(list(self._keepings.values()))

    def begin(self) -> None:
        """Those of whom there is something already, so that it can be read though nobody of theirs comes."""
        if self._config.collect.postgres is not None:
            self.of("")
            return
        for path in sorted(self._config.data.glob(f"*/{FILE}")):
            site = _site_of(path.parent.name)
            if not self._config.collect.sites or site in self._config.collect.sites:
                self.of(site)

    def of(self, site: str) -> Keeping:
        """Who keeps that site's events; begun, if it is a new one. Raises RuntimeError if this machine has no
        thread left for it; it is tried anew then."""
        name = "" if self._config.collect.postgres is not None else site
        with self._lock:
            keeping = self._keepings.get(name)
            if keeping is None:
                window_s = self._config.collect.window
                keeping = Keeping(name, self._make_of(name), self._clock, window_s, self._wake)
                if not self._stopped:
                    keeping.start()
                self._keepings = {**self._keepings, name: keeping}
        return keeping

    def stop(self) -> Sequence[Keeping]:
        """No more are begun; these are to be stopped."""
        with self._lock:
            self._stopped = True
        return list(self)

    def points(self, sender: str, since_ms: int, until_ms: int, points: int) -> Series | None:
        """See `gateway.http.context.History`."""
        keeping = self._keepings.get("") or self._keepings.get(_site_of(sender.partition("/")[0]))
        return None if keeping is None else keeping.points(sender, since_ms, until_ms, points)

    def since(self, after: EventId, limit: int) -> Sequence[Kept] | None:
        """See `gateway.http.context.History`."""
        found: list[Sequence[Kept]] = []
        for keeping in self:
            some = keeping.since(after._replace(ms=after.ms - BEFORE_MS), limit)
            if some is None:
                return None
            found.append(some)
        return list(heapq.merge(*found, key=lambda each: each.id))[:limit]

    def _make_of(self, site: str) -> Callable[[Told, Told], Made]:
        section = self._config.history
        keep = round(section.keep * 1000), round(section.events * 1000)
        if (url := self._config.collect.postgres) is not None:
            return lambda opened, wrote: _postgres(url.get_secret_value(), *keep, opened, wrote)
        path = self._config.data / folder_of(site) / FILE
        bounds = *keep, section.size
        return lambda opened, wrote: _file(path, bounds, opened, wrote)


def folder_of(site: str) -> str:
    """Its folder's name: whatever a site is called, it is one."""
    name = quoted(site).replace("*", "%2A")
    return name if name.strip(".") else name.replace(".", "%2E")


def _site_of(name: str) -> str:
    from urllib.parse import unquote

    return unquote(name, errors="replace")


def _file(path: Path, bounds: tuple[int, int, int], opened: Told, wrote: Told) -> Made:
    from gateway.collect.site_store import SiteStore
    from gateway.history.archive import Archive
    from gateway.history.store import Store

    keep_ms, keep_events_ms, most = bounds
    store = Store(path, keep_ms=keep_ms, keep_events_ms=keep_events_ms, most_bytes=most)
    archive = Archive(path)
    return Made(SiteStore(path, store, opened, wrote), archive, archive.close)


def _postgres(url: str, keep_ms: int, keep_events_ms: int, opened: Told, wrote: Told) -> Made:
    from gateway.collect.postgres import postgres

    return postgres(url, keep_ms, keep_events_ms, opened, wrote)
