"""What the checks are about: a config, a user, a machine, and what the gateway that runs says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.config import Config
from gateway.config.problems import Problem
from gateway.doctor.machine import Machine
from gateway.doctor.people import Person
from gateway.doctor.unit import Unit


@dataclass(frozen=True, slots=True)
class Running:
    """The gateway that answers at `url`. `health` and `info`: what it says; None where none does, and then
    `problem` says why. `refused`: nobody listens there."""

    url: str
    health: Mapping[str, Any] | None = None
    info: Mapping[str, Any] | None = None
    problem: str = ""
    refused: bool = False

    @property
    def answers(self) -> bool:
        """Whether a gateway does."""
        return self.health is not None

    def link(self, name: str) -> Mapping[str, Any]:
        """What it says of a link; empty if it knows none."""
        links = (self.info or {}).get("links")
        link = links.get(name) if isinstance(links, dict) else None
        return link if isinstance(link, dict) else {}


@dataclass(frozen=True, slots=True)
class Patient:
    """`config`: without the parts that have errors; None if nothing could be made of it. `problems`: all that
    is wrong with the file. `person`: whose rights count. `keeper`: the process that has the data folder."""

    path: Path
    config: Config | None
    person: Person
    running: Running
    problems: tuple[Problem, ...] = ()
    unit: Unit | None = None
    keeper: int | None = None
    machine: Machine = field(default_factory=Machine)
