"""The bridge to MQTT, as a service."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from gateway import health
from gateway.encoding import text_of
from gateway.mailbox import Mailbox
from gateway.samples import Family, counter, disk_written, gauge
from gateway.service import Part, State
from gateway.service_thread import left_behind
from gateway.version import package_version

if TYPE_CHECKING:
    import sig
    from drivers.link import Link
    from gateway.clock.wall import WallClock
    from gateway.config import Config, SensorSection
    from gateway.feed import Feed
    from gateway.mailbox import Noted
    from gateway.mqtt.bridge import Bridge
    from gateway.mqtt.home_assistant.discovery import BoardFacts
    from gateway.mqtt.settings import Settings

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
        self._boards: dict[str, BoardFacts] = {}
        self.mailbox = Mailbox(keeps=True)
        """Where its events come from."""
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
            self._feed.remove(self.mailbox)
            self.mailbox.give_up()

    def _start(self) -> None:
        from gateway.mqtt.bridge import Bridge  # paho costs 6 MB
        from gateway.mqtt.settings import from_config

        settings = self._settings(self._config, from_config)
        secret = ("mqtt", "url") in self._config.secrets
        self._broker = "the broker" if secret else settings.target.name
        bridge = Bridge(self._router, settings, self._clock, self._feed, self.mailbox)
        bridge.start()
        self._bridge = bridge

    def know(self, readings: Sequence[Noted]) -> None:
        """It comes late: that is what was heard last of each sensor."""
        from gateway.mqtt.bridge import Known

        self.mailbox.post(Known(readings))

    def changed(self, config: Config) -> Callable[[], None]:
        """By a config that has another sensor, or link, and the same MQTT. What it returns is to be called
        when those that are gone have left the router, and none has come."""
        from gateway.mqtt.settings import from_config

        settings, bridge = self._settings(config, from_config), self._bridge
        return partial(bridge.use, settings) if bridge is not None else lambda: None

    def write_soon(self) -> None:
        """Some device has little room left for readings that are not safe: at most once a second the outbox
        writes those that it holds. Returns at once; from any thread."""
        if self._bridge is not None:
            self._bridge.write_soon()

    def _settings(self, config: Config, make: Callable[..., Settings]) -> Settings:
        return make(config, self._links, package_version(), self._discovered, self._boards)

    def stop(self, within_s: float) -> bool:
        """See `Service`."""
        if self._bridge is None or self._bridge.stop(within_s):
            return True
        left_behind(self.name, within_s, f", with {self._bridge.unwritten} events not written")
        return False

    def status(self) -> dict[str, Part]:
        """See `Service`: the connection, and the file that waits for it."""
        if self._failure is not None:
            return {"mqtt": Part(State.FAILING, f"left out, as it cannot be started: {self._failure}")}
        if self._bridge is None:
            return {}
        status = self._bridge.status()
        return {"mqtt": health.of_mqtt(self._broker, status), "database": health.of_database(status.disk)}

    def families(self) -> Iterator[Family]:
        """See `Measured`."""
        if self._bridge is None:
            return
        status, bounds = self._bridge.status(), self._bridge.bounds
        yield gauge("mqtt_connected", "Whether the broker has accepted us.", status.connected)
        text = "Events that the broker has acknowledged."
        yield counter("mqtt_published_events_total", text, status.published)
        yield counter("mqtt_lost_events_total", "Events that it will never have.", status.lost)
        yield gauge("mqtt_queue_events", "Events that the bridge has not taken yet.", status.unread)
        text = "Answers to requests that wait to be sent."
        yield gauge("mqtt_waiting_answers", text, status.answers)
        text = "Events that wait for the broker's acknowledgement."
        yield gauge("outbox_events", text, status.waiting)
        yield gauge("outbox_max_events", "The most that may wait on disk.", bounds.rows)
        yield gauge("outbox_bytes", "What the events on disk take.", status.size)
        yield gauge("outbox_max_bytes", "The most that they may take.", bounds.size)
        yield gauge("outbox_writable", "Whether it can be written.", status.disk is None)
        yield disk_written("outbox", status.written)

    def dropped(self) -> Mapping[str, int]:
        """See `Dropping`."""
        return self._bridge.dropped() if self._bridge is not None else {}

    def loops(self) -> Mapping[str, float]:
        """See `Looping`."""
        return {"mqtt": self._bridge.status().turned} if self._bridge is not None else {}
