"""From two configs to what becomes of each part. Pure, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from gateway.config import Config, Problem, sizes, spans
from gateway.config.problems import Location, shown
from gateway.config.sizes import AS_SIZE
from gateway.config.spans import AS_SPAN

SERVED = ("router", "mqtt", "http", "history", "fleet")
"""Sections that are a service each. What an entry of `links` and of `sensors` is, `Links` knows."""
NAMED = ("links", "sensors")
LOG = "log"
"""What is logged, and where; told of only where it is another."""
RESTART = "cannot be changed while the gateway runs: restart it, or take the change back"

MOST_CHARS = 60
"""Of a value, in words."""

Files = Mapping[str, object]
"""By section, what stands for the content of the files that it names."""


class Fate(StrEnum):
    """What becomes of a part."""

    KEPT = "kept"
    CHANGED = "changed in place"
    RESTARTED = "restarted"
    ADDED = "added"
    REMOVED = "removed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Plan:
    """`fates`: of each part, in the order of the config, those that go last. `words`: what is another with
    those that are changed or restarted."""

    fates: Mapping[Location, Fate]
    words: Mapping[Location, str] = field(default_factory=dict)

    def goes_on(self, *part: str) -> bool:
        """Whether what runs now is to run on."""
        return self.fates.get(part) in (Fate.KEPT, Fate.CHANGED)

    @property
    def changed_sensors(self) -> list[str]:
        """By name, those that are to be changed in place."""
        return [
            str(part[1]) for part, fate in self.fates.items() if part[0] == "sensors" and fate is Fate.CHANGED
        ]

    @property
    def log_differs(self) -> bool:
        """Whether something else is to be logged, or elsewhere."""
        return (LOG,) in self.fates

    @property
    def sensors_differ(self) -> bool:
        """Whether there is another sensor or link than before, or one with other settings."""
        return any(part[0] in NAMED and fate is not Fate.KEPT for part, fate in self.fates.items())


def unchangeable(before: Config, after: Config) -> list[Problem]:
    """What a start only can change: who the gateway is, where it keeps things, and sections that nothing here
    knows."""
    found = []
    for name in _sections(after):
        if name in SERVED or name in NAMED or name == LOG:
            continue
        old, new = dict(getattr(before, name) or {}), dict(getattr(after, name) or {})
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) != new.get(key) and not (key == "data" and before.data == after.data):
                where = (name, key)
                said = f"{RESTART} (it is {shown(old.get(key))}, and is to be {shown(new.get(key))})"
                secret = where in before.secrets or where in after.secrets
                line = after.lines.get(where) or after.lines.get((name,), 0)
                found.append(Problem(str(after.path), line, RESTART if secret else said, where))
    return found


def plan(
    before: Config,
    after: Config,
    files: tuple[Files, Files],
    changeable: Callable[[str], bool],
) -> Plan:
    """`files`: of both configs. `changeable`: whether a sensor that runs takes other options in place."""
    fates: dict[Location, Fate] = {}
    words: dict[Location, str] = {}
    for part, (old, new) in _pairs(before, after).items():
        fate = _fate(old, new)
        differences = _differences(part, before, after) if old is not None and new is not None else []
        if part[0] in SERVED and fate is Fate.KEPT and files[0].get(part[0]) != files[1].get(part[0]):
            differences.append("what is in its certificates")
        if differences:
            fate = Fate.CHANGED if part[0] == LOG else Fate.RESTARTED
            words[part] = ", ".join(differences)
        fates[part] = fate
    for name, sensor in after.sensors.items():
        part = ("sensors", name)
        if fates[part] is Fate.ADDED:
            continue
        link = fates["links", sensor.link]
        if link is not Fate.KEPT or before.sensors[name].link != sensor.link:
            fates[part] = Fate.RESTARTED
            words.setdefault(part, f"its link {sensor.link} is {link}")
        elif fates[part] is Fate.RESTARTED and _in_place(before, after, name) and changeable(name):
            fates[part] = Fate.CHANGED
    return Plan(fates, words)


def _sections(config: Config) -> list[str]:
    from gateway.config.sections import entries

    return [name for name in entries() if hasattr(config, name)]


def _pairs(before: Config, after: Config) -> dict[Location, tuple[BaseModel | None, BaseModel | None]]:
    """Each part that one of the two has, with what it is in both."""
    pairs: dict[Location, tuple[BaseModel | None, BaseModel | None]] = {}
    for section in NAMED:
        old, new = getattr(before, section), getattr(after, section)
        for name in dict.fromkeys((*new, *old)):
            pairs[section, name] = old.get(name), new.get(name)
    for section in SERVED:
        both = getattr(before, section), getattr(after, section)
        if both != (None, None):
            pairs[(section,)] = both
    if before.log != after.log:
        pairs[(LOG,)] = before.log, after.log
    return pairs


def _fate(old: BaseModel | None, new: BaseModel | None) -> Fate:
    if old is None:
        return Fate.ADDED
    return Fate.REMOVED if new is None else Fate.KEPT


def _differences(part: Location, before: Config, after: Config) -> list[str]:
    """`hot 26 → 24`, for each key; without the values of what is secret."""
    old, new = _keys(part, before), _keys(part, after)
    found = []
    for key in dict.fromkeys((*old, *new)):
        where = (*part, key)
        hidden = [_below(where, config) for config in (before, after)]
        if old.get(key) == new.get(key) and hidden[0] == hidden[1]:
            continue
        if any(hidden) or not (_plain(old.get(key)) and _plain(new.get(key))):
            found.append(key)
        else:
            said = _in_units(_model(part, after), key)
            found.append(f"{key} {said(old.get(key))} → {said(new.get(key))}")
    return found


def _model(part: Location, config: Config) -> BaseModel:
    section = getattr(config, str(part[0]))
    model: BaseModel = section if len(part) == 1 else section[part[1]]
    return model


def _keys(part: Location, config: Config) -> dict[str, Any]:
    return dict(_model(part, config))


def _in_units(model: BaseModel, key: str) -> Callable[[Any], str]:
    """How a value of that key is said."""
    field = type(model).model_fields.get(key)
    metadata = [] if field is None else field.metadata
    units = spans.written if AS_SPAN in metadata else sizes.written if AS_SIZE in metadata else None
    return lambda value: _said(value if units is None or value is None else units(value))


def _below(where: Location, config: Config) -> frozenset[Location]:
    """What is secret there."""
    return frozenset(each for each in config.secrets if each[: len(where)] == where)


def _plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _said(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "none" if value is None else str(value)[:MOST_CHARS]


def _in_place(before: Config, after: Config, name: str) -> bool:
    """Whether it is the same driver on the same channel."""
    old, new = before.sensors[name], after.sensors[name]
    return (old.driver, old.channel or name) == (new.driver, new.channel or name)
