"""Whose values are these? A device says who it is, and that is compared with who is meant.

Two ports change places, or a second adapter of the same kind is plugged in: then a greenhouse's sensor would
report a freezer's temperature without a word. So a link may be pinned to an identity; without a pin, the one
that was seen last is remembered, and readings of another device are marked until somebody has looked.
"""

import logging
import threading
from collections.abc import Callable
from typing import NamedTuple, Protocol

from drivers.source import Device

logger = logging.getLogger(__name__)


class Memory(Protocol):
    """Keeps the identity last seen of each device, from one start of the gateway to the next."""

    def recall(self, link: str, device: str) -> str | None:
        """The identity; None for a device that was never seen."""

    def remember(self, link: str, device: str, identity: str) -> None:
        """Keep it. Called when another device has come than before; may wait for a disk. Never raises."""


class Forgetful:
    """A memory that lasts as long as the program."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], str] = {}

    def recall(self, link: str, device: str) -> str | None:
        """See `Memory`."""
        return self._seen.get((link, device))

    def remember(self, link: str, device: str, identity: str) -> None:
        """See `Memory`."""
        self._seen[link, device] = identity


class Verdict(NamedTuple):
    """`refusal`: why the device is not to be used. `warning`: why it may be another one than is meant."""

    refusal: str | None = None
    warning: str | None = None


class IdentityCheck:
    """One link's devices against its pin, or against who was there before. For the thread that reads.

    `later` has something done soon, on a thread that may wait for a disk; without it that is done at once.
    """

    def __init__(
        self,
        link: str,
        pin: str | None,
        memory: Memory,
        later: Callable[[Callable[[], None]], None] = lambda remember: remember(),
    ) -> None:
        self._link = link
        self._pin = pin
        self._memory = memory
        self._later = later
        self._remembered: dict[str, str] = {}  # by device: what the memory has, or will have soon
        self._lock = threading.Lock()  # guards the next one
        self._to_remember: dict[str, str] = {}
        self._expected: dict[str, str] = {}  # by device, for as long as the program runs
        self._warned: dict[str, str] = {}

    def judge(self, device: Device) -> Verdict:
        """Whether it is who is meant. A warning is logged once for each change."""
        found = device.identity
        if not found:
            return Verdict()  # a device that does not say who it is
        if self._pin is not None and not device.name:
            if found == self._pin:
                return Verdict()
            refusal = f"board {found} answers, and identity: {self._pin} is wanted"
            return Verdict(refusal=f"{refusal}; plug that one in, or write identity: {found}")
        expected = self._expected.get(device.name)
        if expected is None:
            expected = self._memory.recall(self._link, device.name) or found
            self._expected[device.name] = expected
        self._remember(device.name, found)
        if found == expected:
            self._warned.pop(device.name, None)
            return Verdict()
        warning = f"board {found} answers where {expected} did; write identity: {found} if that is meant"
        if self._warned.get(device.name) != found:
            self._warned[device.name] = found
            logger.warning(
                "%s: %s. Until then, or the next start, its readings are suspect", self._link, warning
            )
        return Verdict(warning=warning)

    def _remember(self, device: str, identity: str) -> None:
        """At most one call waits, however often the devices change."""
        if self._remembered.get(device) == identity:
            return
        self._remembered[device] = identity
        with self._lock:
            waits = bool(self._to_remember)
            self._to_remember[device] = identity
        if not waits:
            self._later(self._tell_memory)

    def _tell_memory(self) -> None:
        with self._lock:
            news, self._to_remember = self._to_remember, {}
        for device, identity in news.items():
            self._memory.remember(self._link, device, identity)


class Roster:
    """Who is up on which link, to see when two links reach one device. Shared by links; any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._present: dict[tuple[str, str], tuple[str, int]] = {}

    def enter(self, link: str, device: Device) -> None:
        """The device is up; a WARNING names the other link that is up on the same one."""
        if not device.identity:
            return
        who = device.identity, device.boot
        with self._lock:
            if self._present.get((link, device.name)) == who:
                return  # it has only said hello again
            self._present[link, device.name] = who
            others = sorted(
                {other for (other, _), them in self._present.items() if them == who and other != link}
            )
        if others:
            logger.warning(
                "%s and %s reach one board: %s, boot %d; remove one of the two links",
                *(link, " and ".join(others), device.identity, device.boot),
            )

    def leave(self, link: str, device: str) -> None:
        """The device is gone."""
        with self._lock:
            self._present.pop((link, device), None)
