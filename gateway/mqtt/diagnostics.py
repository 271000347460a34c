"""How the gateway does, as it says so on its topic `diagnostics`."""

from __future__ import annotations

from collections.abc import Callable

from drivers.reading import format_utc
from gateway.mqtt.delivery import Delivery
from gateway.mqtt.home_assistant.discovery import encode
from gateway.mqtt.settings import Settings
from gateway.mqtt.states import States

STEP_S = 2.0
"""By so much the wall clock must have been off to have been set: two looks at two clocks take less."""


class Diagnostics:
    """`clock`: monotonic. `instance`: another one at each start."""

    def __init__(
        self,
        settings: Settings,
        delivery: Delivery,
        states: States,
        instance: str,
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._delivery = delivery
        self._states = states
        self._instance = instance
        self._clock = clock
        self._began = clock()
        self._started: float | None = None  # UTC

    def message(self, utc: float) -> bytes:
        """As it is sent; `utc` is the time now."""
        links = self._settings.links()
        payload = {
            "time": format_utc(utc),
            "instance": self._instance,
            "version": self._settings.version,
            "started": format_utc(self._start(utc)),
            "uptime": int(self._clock() - self._began),
            "links": dict(links),
            "links_up": sum(state == "up" for state in links.values()),
            "outbox": self._delivery.waiting,
            "published": self._delivery.published,
            "lost": self._delivery.lost,
            "left_out": self._states.left_out,
        }
        return encode(payload)

    def _start(self, utc: float) -> float:
        """When we were started, UTC: the same each time, so that nobody's database has a row a minute of it,
        until the machine's clock is set."""
        started = utc - (self._clock() - self._began)
        if self._started is None or abs(started - self._started) > STEP_S:
            self._started = started
        return self._started
