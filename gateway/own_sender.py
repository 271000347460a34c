"""The gateway's own sender: what concerns none of its sensors, under a name that no list shows."""

from __future__ import annotations

import platform
from collections.abc import Callable, Container, Mapping
from typing import Any, Protocol

import sig
from drivers.clock import SYSTEM_CLOCK, Clock
from drivers.link import LinkStatus
from drivers.source import Device
from gateway.captures import Captures, Tapped
from gateway.senders import OWN_NAME
from gateway.version import package_version


class _Link(Protocol):
    """What is asked of a link."""

    def status(self) -> LinkStatus: ...


class OwnSender:
    """Answers `info`, `health` and `capture`, and `history` and `reload` if there are such.

    `health`, `history`, `reload`: what they answer; `links` may be asked at any time from any thread.
    `hidden`: the links by now whose port is a secret of the config. `taps`: by link, what its captures hear;
    None where it has no port.
    """

    def __init__(
        self,
        name: str,
        links: Mapping[str, _Link],
        taps: Mapping[str, Tapped | None],
        health: Callable[[], Mapping[str, Any]],
        *,
        hidden: Callable[[], Container[str]] = frozenset,
        clock: Clock = SYSTEM_CLOCK,
        history: Callable[[Any], Any] | None = None,
        reload: Callable[[Any], Any] | None = None,
    ) -> None:
        self._name = name
        self._links = links
        self._hidden = hidden
        self._clock = clock
        self._began = clock.monotonic()
        self._health = health
        self._captures = Captures(taps, clock)
        self._requests: dict[str | None, Callable[[Any], Any]] = {
            "info": self.info,
            "health": self.health,
            "capture": self._captures.request,
        }
        for method, handler in (("history", history), ("reload", reload)):
            if handler is not None:
                self._requests[method] = handler

    def attach(self, router: sig.Router) -> None:
        """Be there. Before anybody listens to `router`: nobody is to be told of it."""
        router.addSender(OWN_NAME, None, self._requests)

    def close(self) -> None:
        """End the captures."""
        self._captures.close()

    def end_captures(self, links: Container[str]) -> None:
        """End those of links that go."""
        self._captures.end_of(links)

    def info(self, _params: object) -> dict[str, Any]:
        """Who this is, and how its links are. `uptime`: seconds."""
        return {
            "name": self._name,
            "version": package_version(),
            "python": platform.python_version(),
            "uptime": round(self._clock.monotonic() - self._began, 3),
            "links": {name: self._link(name, link.status()) for name, link in self._links.items()},
        }

    def health(self, _params: object) -> Mapping[str, Any]:
        """What flows, and what does not: `{"status", "parts": {name: {"status", "message", …}}}`."""
        return self._health()

    def _link(self, name: str, status: LinkStatus) -> dict[str, Any]:
        """`port` is None where the config keeps it secret; so is `reason`, which would tell it."""
        shown = name not in self._hidden()
        return {
            "state": str(status.state),
            "reason": status.reason if shown else None,
            "since": round(self._clock.monotonic() - status.since, 3),
            "port": status.port if shown else None,
            "opened": status.device if shown else None,
            "warning": status.warning,
            "devices": [_device(device) for device in status.devices.values()],
            "counters": status.counters,
            "waiting": status.waiting,
        }


def _device(device: Device) -> dict[str, Any]:
    return {
        "name": device.name,
        "model": device.model,
        "identity": device.identity,
        "firmware": device.firmware,
        "channels": list(device.channels),
        "keeps": device.kept,
    }
