"""Which of a link's devices are there, and why the others are not."""

import logging
import threading
from collections.abc import Mapping

from drivers.identities import IdentityCheck, Roster
from drivers.life import Life
from drivers.link_status import LinkState
from drivers.news import News
from drivers.source import Device

logger = logging.getLogger(__name__)

# Of the devices of a link, in a message.
MAX_LISTED = 12


class Attendance:
    """Changed by the thread that reads, under `lock`, the link's; read by any. `identities` judges who comes;
    `roster`: shared by links; `news`: how sinks hear of it."""

    def __init__(
        self,
        link: str,
        lock: threading.Lock,
        life: Life,
        identities: IdentityCheck,
        roster: Roster,
        news: News,
    ) -> None:
        self._link = link
        self._lock = lock
        self._life = life
        self._identities = identities
        self._roster = roster
        self._news = news
        self.where: str | None = None
        """What was opened last, for the log."""
        self.devices: dict[str, Device] = {}
        """Those that are there, by name."""
        self.warnings: dict[str, str | None] = {}
        """By name, why one may be another than is meant."""
        self._refused: dict[str, str] = {}
        self._absent: dict[str, str] = {}  # why, of those that the source has given up

    @property
    def anybody_refused(self) -> bool:
        """Whether one was there that is not to be used."""
        return bool(self._refused)

    def refuses(self, name: str) -> bool:
        """Whether that one is there, and not to be used."""
        return name in self._refused

    def absence(self, name: str) -> str | None:
        """Why the device is not there though the link may be up; None while it is."""
        if name in self.devices:
            return None
        why = self._refused.get(name) or self._absent.get(name)
        return why or f"{name or 'the device'} is not there{_others(self.devices)}"

    def came(self, device: Device) -> None:
        """It is there, or says anew who it is."""
        verdict = self._identities.judge(device)
        if verdict.refusal is not None:
            self._refuse(device.name, verdict.refusal)
            return
        warning = verdict.warning
        with self._lock:
            before = self.devices.get(device.name)
            self.devices = {**self.devices, device.name: device}
            self.warnings = {**self.warnings, device.name: warning}
            self._refused.pop(device.name, None)
            self._absent.pop(device.name, None)
        if not self._refused:
            self._life.enter(LinkState.UP, None)
        self._log(before, device)
        self._roster.enter(self._link, device)
        self._news.tell(device.name, lambda sink: sink.link_up(device, warning))

    def went(self, name: str, reason: str) -> None:
        """The source has given it up."""
        with self._lock:
            known = self._without(name)
            self._refused.pop(name, None)
            self._absent[name] = reason
        if self._life.logged.is_news(f"gone {name}"):
            logger.warning("%s: %s", self._link, reason)
        if known is not None:
            self._gone(name, reason)

    def all_gone(self, state: LinkState, reason: str) -> None:
        """Nobody is there any more, and the link is in `state`."""
        with self._lock:
            gone, self.devices = self.devices, {}
            self.warnings, self._refused, self._absent = {}, {}, {}
        # First the state, then the news: a listener of #disconnect may ask for the status.
        self._life.enter(state, reason)
        for name in gone:
            self._gone(name, reason)

    def _refuse(self, name: str, reason: str) -> None:
        """The device stays on the line, asked nothing and heard by nobody: opening the port again and again
        would only reset it."""
        with self._lock:
            known = self._without(name)
            self._refused[name] = reason
        if not self.devices:
            self._life.enter(LinkState.FAILED, reason)
        if known is not None:
            self._gone(name, reason)

    def _without(self, name: str) -> Device | None:
        """Take it away, under the lock; what it was."""
        devices = dict(self.devices)
        known = devices.pop(name, None)
        self.devices = devices
        return known

    def _gone(self, name: str, reason: str) -> None:
        self._roster.leave(self._link, name)
        self._news.tell(name, lambda sink: sink.link_down(reason))

    def _log(self, before: Device | None, device: Device) -> None:
        who = " ".join(filter(None, (device.name, device.model, device.identity)))
        if before is None and self._life.logged.is_news(f"up {device.name} {device.identity}"):
            firmware = device.firmware and f"firmware {device.firmware}"
            channels = f"channels {', '.join(device.channels)}" if device.channels else ""
            known = ", ".join(filter(None, (who, firmware, channels)))
            logger.info("%s: up on %s%s", self._link, self.where, known and f": {known}")
        if before is None or (before.identity, before.boot) == (device.identity, device.boot):
            return
        if self._life.logged.is_news(f"restart {device.name} {device.identity}"):
            logger.info("%s: %s restarted, boot %d", self._link, who, device.boot)


def _others(devices: Mapping[str, Device]) -> str:
    """`; there are a, b`, for somebody who may have mistyped a name; nothing where devices have none."""
    names = sorted(filter(None, devices))
    more = f", … ({len(names)} in all)" if len(names) > MAX_LISTED else ""
    return f"; there are {', '.join(names[:MAX_LISTED])}{more}" if names else ""
