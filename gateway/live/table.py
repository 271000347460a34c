"""What the live table shows of each sensor, with no word about how."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import sig
from drivers.clock import SYSTEM_CLOCK, Clock
from gateway.decimals import Shown, decimals_of_source

GOOD, STALE = "good", "stale"
UP = "up"
RISING = frozenset({"hot", "wet", "bright", "high"})
"""Events that fire above their limit; the others do below it."""
Reading = Mapping[str, Any]


class Link(Protocol):
    """What is asked of a link."""

    def status(self) -> Any: ...


class Limit(NamedTuple):
    """A threshold, by its event; `crossed` by the newest value, if that is good."""

    event: str
    value: float
    crossed: bool


class Rank(enum.IntEnum):
    """How much a sensor needs somebody to look at it; the worst is the least."""

    ILL = 0
    UNSURE = 1
    BEYOND = 2
    WELL = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One sensor. `age_s` is seconds since the measurement, None without one; `reason` says why the value is
    not good or the link not up; `decimals` are its source's, or what its values have shown, so
    that they do not jump about."""

    name: str
    value: float | None
    unit: str
    age_s: float | None
    quality: str
    link: str
    link_state: str
    reason: str
    decimals: int = 0
    limits: tuple[Limit, ...] = ()

    @property
    def rank(self) -> Rank:
        """By which the worst come first where not all have room."""
        if self.quality == STALE or (self.reason and (self.value is None or self.link_state != UP)):
            return Rank.ILL
        if self.quality != GOOD or self.link_state != UP:
            return Rank.UNSURE
        return Rank.BEYOND if any(limit.crossed for limit in self.limits) else Rank.WELL


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
        self._shown = Shown()
        self._of_source: dict[str, int | None] = {}
        self._limits: dict[str, Mapping[str, float]] = {}
        self._told: set[str] = set()  # whose limits are those since they are connected

    def now(self) -> list[Row]:
        """A row for each sensor, in the order of the config, then those that links have found."""
        links = self._links()
        states = {name: link.status() for name, link in dict(links.values()).items()}
        return [self._row(sensor, states[link]) for sensor, (link, _) in links.items()]

    def forget_settings(self) -> None:
        """The config is another: thresholds and units may be, too."""
        self._told.clear()
        self._shown = Shown()

    def _row(self, sensor: str, link: Any) -> Row:
        connected, reading = self._ask(sensor)
        state = str(link.state)
        reason = link.reason
        if state == UP:
            reason = (reading or {}).get("reason") if connected else self._problem(sensor)
        reason = reason or ""
        if reading is None:
            fault = self._info(sensor).get("fault") if connected and state == UP else None
            quality = "" if fault is None else STALE
            return Row(sensor, None, "", None, quality, link.name, state, fault or reason)
        age = self._clock.monotonic() - self._measured[sensor]
        quality = reading["quality"] if connected else STALE
        value, unit = reading["value"], reading["unit"]
        if connected and sensor not in self._told:
            self._told.add(sensor)
            info = self._info(sensor)
            self._limits[sensor] = info.get("thresholds") or {}
            self._of_source[sensor] = decimals_of_source(info)
        decimals = self._shown.decimals(sensor, value, self._of_source.get(sensor))
        limits = self._crossed(sensor, value if quality == GOOD else None)
        return Row(sensor, value, unit, max(0.0, age), quality, link.name, state, reason, decimals, limits)

    def _ask(self, sensor: str) -> tuple[bool, Reading | None]:
        try:
            reading = self._router.request(sensor, "last")
        except sig.RequestError:
            self._told.discard(sensor)
            return False, self._last.get(sensor)
        if reading is not None:
            # At once, as long as the reading's time and ours are of one clock, which may be set later.
            ago = self._clock.utc() - datetime.fromisoformat(reading["time"]).timestamp()
            self._measured[sensor] = self._clock.monotonic() - ago
            self._last[sensor] = reading
        return True, reading

    def _crossed(self, sensor: str, good: float | None) -> tuple[Limit, ...]:
        """Its thresholds; `good`: its value, if that can be trusted."""
        return tuple(
            Limit(
                event,
                limit,
                good is not None and (good >= limit if event in RISING else good <= limit),
            )
            for event, limit in self._limits.get(sensor, {}).items()
        )

    def _info(self, sensor: str) -> Mapping[str, Any]:
        """What it says of itself; nothing, if it has just gone."""
        with contextlib.suppress(sig.RequestError):
            info: Mapping[str, Any] = self._router.request(sensor, "info")
            return info
        return {}
