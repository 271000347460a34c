"""How the gateway does, as it says so on its topic `diagnostics`."""

from __future__ import annotations

from drivers.clock import UNSET
from drivers.reading import format_utc
from drivers.readings import MOVED_S
from gateway.clock.wall import WallClock
from gateway.mqtt.delivery import Delivery
from gateway.mqtt.home_assistant.discovery import encode
from gateway.mqtt.settings import Settings
from gateway.mqtt.states import States


class Diagnostics:
    """`clock` knows whether it can be believed. `instance`: another one at each start."""

    def __init__(
        self,
        settings: Settings,
        delivery: Delivery,
        states: States,
        instance: str,
        clock: WallClock,
    ) -> None:
        self._settings = settings
        self._delivery = delivery
        self._states = states
        self._instance = instance
        self._clock = clock
        self._began = clock.monotonic()
        self._started: float | None = None  # UTC

    def message(self) -> bytes:
        """As it is sent now."""
        links = self._settings.links()
        payload = {
            "time": format_utc(self._clock.utc()),
            **({} if self._clock.believed else {"clock": UNSET}),
            "instance": self._instance,
            "version": self._settings.version,
            "started": format_utc(self._start()),
            "uptime": int(self._clock.monotonic() - self._began),
            "links": dict(links),
            "links_up": sum(state == "up" for state in links.values()),
            "outbox": self._delivery.waiting,
            "published": self._delivery.published,
            "lost": self._delivery.lost,
            "left_out": self._states.left_out,
        }
        return encode(payload)

    def _start(self) -> float:
        """When we were started, UTC: the same each time, so that nobody's database has a row a minute of it,
        until the machine's clock is set. By as much as any other time that has been told is corrected for."""
        started = self._clock.stamp(self._began)[0]
        if self._started is None or abs(started - self._started) >= MOVED_S:
            self._started = started
        return self._started
