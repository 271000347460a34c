"""The bridge to MQTT, as a service."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gateway import health
from gateway.encoding import text_of
from gateway.service import Part, State
from gateway.version import package_version

if TYPE_CHECKING:
    import sig
    from drivers.link import Link
    from gateway.clock.wall import WallClock
    from gateway.config import Config, SensorSection
    from gateway.feed import Feed
    from gateway.mqtt.bridge import Bridge

logger = logging.getLogger(__name__)


class Bridging:
    """For a config that has `mqtt`. `discovered`: the sensors that links have found by now."""

    name = "mqtt"

    def __init__(
        self,
        config: Config,
        router: sig.Router,
        feed: Feed,
        links: Mapping[str, Link],
        discovered: Callable[[], Mapping[str, SensorSection]],
        clock: WallClock,
    ) -> None:
        self._config = config
        self._router = router
        self._feed = feed
        self._links = links
        self._discovered = discovered
        self._clock = clock
        self._bridge: Bridge | None = None
        self._broker = ""
        self._failure: str | None = None

    def start(self) -> None:
        """See `Service`. What goes wrong here leaves MQTT out, and nothing else."""
        try:
            self._start()
        except Exception as error:
            logger.exception("mqtt: it cannot be started, and is left out; please report this")
            self._failure = f"{type(error).__name__}: {text_of(error)}"

    def _start(self) -> None:
        from gateway.mqtt.bridge import Bridge  # paho costs 6 MB
        from gateway.mqtt.settings import from_config

        settings = from_config(self._config, self._links, package_version(), self._discovered)
        secret = ("mqtt", "url") in self._config.secrets
        self._broker = "the broker" if secret else settings.target.name
        bridge = Bridge(self._router, settings, self._clock, self._feed)
        bridge.start()
        self._bridge = bridge

    def stop(self, within_s: float) -> bool:
        """See `Service`."""
        if self._bridge is None or self._bridge.stop(within_s):
            return True
        logger.warning("stopping: mqtt did not stop within %g s and is left behind", within_s)
        return False

    def status(self) -> dict[str, Part]:
        """See `Service`: the connection, and the file that waits for it."""
        if self._failure is not None:
            return {"mqtt": Part(State.FAILING, f"left out, as it cannot be started: {self._failure}")}
        if self._bridge is None:
            return {}
        status = self._bridge.status()
        mqtt = health.of_mqtt(self._broker, status, tuple(status.aside))
        return {"mqtt": mqtt, "database": health.of_database(status.disk)}
