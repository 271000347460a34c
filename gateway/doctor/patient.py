"""What the checks are about: a config, a user, a machine, and what the gateway that runs says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.config import Config
from gateway.config.problems import Problem
from gateway.data_folder import LOCK
from gateway.doctor.as_root import is_hidden
from gateway.doctor.machine import Machine
from gateway.doctor.people import Person
from gateway.doctor.unit import Unit


@dataclass(frozen=True, slots=True)
class Running:
    """The gateway that answers at `url`. `health` and `info`: what it says; None where none does, and then
    `problem` says why. `refused`: nobody listens there; `locked`: it wants a token, and not ours."""

    url: str
    health: Mapping[str, Any] | None = None
    info: Mapping[str, Any] | None = None
    problem: str = ""
    refused: bool = False
    locked: bool = False

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
    is wrong with the file; `denied`: what of it, and of the files that it names, whoever asks may not read.
    `person`: whose rights count. `keeper`: the process that has the data folder."""

    path: Path
    config: Config | None
    person: Person
    running: Running
    problems: tuple[Problem, ...] = ()
    denied: tuple[Problem, ...] = ()
    unit: Unit | None = None
    keeper: int | None = None
    machine: Machine = field(default_factory=Machine)

    @property
    def keeper_hidden(self) -> bool:
        """Whether whoever asks may not see who has the data folder."""
        return self.keeper is None and self.config is not None and is_hidden(self.config.data / LOCK)

    @property
    def another_s(self) -> bool:
        """Whether the gateway is not for whoever asks to run: then it is no fault that they may not read what
        it reads. So it is where its service, or its config, is somebody else's; to root all is as its own."""
        me = os.geteuid()
        if me == 0:
            return False
        try:
            return not self.person.caller or self.running.answers or self.path.stat().st_uid != me
        except OSError:
            return True
