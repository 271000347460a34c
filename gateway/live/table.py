"""What the live table shows of each sensor, with no word about how."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import sig
from drivers.clock import SYSTEM_CLOCK, Clock

STALE = "stale"
MOST_DECIMALS = 3
SIGNIFICANT = 4
Reading = Mapping[str, Any]


class Link(Protocol):
    """What is asked of a link."""

    def status(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Row:
    """One sensor. `age_s` is seconds since the measurement, None without one; `reason` says why the value is
    not good or the link not up; `decimals` is what its values have shown, so that they do not jump about."""

    name: str
    value: float | None
    unit: str
    age_s: float | None
    quality: str
    link: str
    link_state: str
    reason: str
    decimals: int = 0


class LiveTable:
    """Makes the rows; keeps the newest reading of each sensor, to show those of a lost link as stale.

    `links`: by sensor name, the link's name and the link; asked each time, as links may find sensors.
    `problem`: by sensor name, why it is not connected though its link is up. For one thread.
    """

    def __init__(
        self,
        router: sig.Router,
        links: Callable[[], Mapping[str, tuple[str, Link]]],
        problem: Callable[[str], str | None],
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._router = router
        self._links = links
        self._problem = problem
        self._clock = clock
        self._last: dict[str, Reading] = {}
        self._measured: dict[str, float] = {}  # of each of those, monotonic
        self._decimals: dict[str, int] = {}

    def now(self) -> list[Row]:
        """A row for each sensor, in the order of the config, then those that links have found."""
        links = self._links()
        states = {name: link.status() for name, link in dict(links.values()).items()}
        return [self._row(sensor, states[link]) for sensor, (link, _) in links.items()]

    def _row(self, sensor: str, link: Any) -> Row:
        connected, reading = self._ask(sensor)
        state = str(link.state)
        reason = link.reason
        if state == "up":
            reason = (reading or {}).get("reason") if connected else self._problem(sensor)
        reason = reason or ""
        if reading is None:
            fault = self._fault(sensor) if connected and state == "up" else None
            quality = "" if fault is None else STALE
            return Row(sensor, None, "", None, quality, link.name, state, fault or reason)
        age = self._clock.monotonic() - self._measured[sensor]
        quality = reading["quality"] if connected else STALE
        value, unit = reading["value"], reading["unit"]
        decimals = max(self._decimals.get(sensor, 0), decimals_of(value))
        self._decimals[sensor] = decimals
        return Row(sensor, value, unit, max(0.0, age), quality, link.name, state, reason, decimals)

    def _ask(self, sensor: str) -> tuple[bool, Reading | None]:
        try:
            reading = self._router.request(sensor, "last")
        except sig.RequestError:
            return False, self._last.get(sensor)
        if reading is not None:
            # At once, as long as the reading's time and ours are of one clock, which may be set later.
            ago = self._clock.utc() - datetime.fromisoformat(reading["time"]).timestamp()
            self._measured[sensor] = self._clock.monotonic() - ago
            self._last[sensor] = reading
        return True, reading

    def _fault(self, sensor: str) -> str | None:
        """Why there never was a value, where that is known: `last` has none to say it with."""
        with contextlib.suppress(sig.RequestError):
            fault: str | None = self._router.request(sensor, "info").get("fault")
            return fault
        return None


def value_text(value: float | None, decimals: int) -> str:
    """`23.10`; a dash without a value."""
    if value is None:
        return "-"
    return f"{value:.{decimals}f}" if abs(value) < 1e9 else f"{value:.6g}"


def decimals_of(value: float | None) -> int:
    """How many decimals are worth showing of `value`: all, if it has no more than 3, as what a board sends;
    else, as a calibration makes digits that mean nothing, what leaves 4 significant digits, at most 4."""
    if value is None:
        return 0
    decimals = _decimals(value, 6)
    if decimals <= MOST_DECIMALS:
        return decimals
    whole = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    return _decimals(value, max(0, SIGNIFICANT - whole))


def _decimals(value: float, most: int) -> int:
    return len(f"{value:.{most}f}".partition(".")[2].rstrip("0"))
