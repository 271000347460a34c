"""What systemd says of the service: read from `systemctl`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from gateway.doctor.machine import Machine

UNIT = "sig-gateway.service"
WITHIN_S = 5.0
_ASKED = (
    "LoadState,UnitFileState,ActiveState,SubState,Result,NRestarts,User,Group,SupplementaryGroups,MainPID,"
    "DynamicUser,StateDirectory,ProtectSystem,ReadWritePaths,FragmentPath,DropInPaths"
)
_STATES = Path("/var/lib")
"""Where `StateDirectory` is."""


class Unit(NamedTuple):
    """Of the service. `user`: that it runs as, empty for root or, in a user's manager, that user; `own`: it
    is a user's. `watchdog`: how often a loop that hung has had it restarted in the last week. `dynamic`:
    systemd makes the user up at each start. `states`: folders that it makes for it. `credentials`: by its
    name, what systemd reads for it as root. `writable`: folders that it may write to, None for no such
    bound."""

    enabled: bool
    active: str
    result: str
    restarts: int
    user: str
    groups: tuple[str, ...]
    own: bool
    pid: int
    watchdog: int = 0
    dynamic: bool = False
    states: tuple[Path, ...] = ()
    credentials: tuple[tuple[str, Path], ...] = ()
    writable: tuple[Path, ...] | None = None

    def lets_write(self, path: Path) -> bool:
        """Whether the unit's bounds (`ProtectSystem=strict`) let it write there."""
        return self.writable is None or any(path.is_relative_to(folder) for folder in self.writable)

    def keeps(self, path: Path) -> bool:
        """Whether systemd makes that folder, and gives it to a made-up user at each start."""
        return any(path.is_relative_to(folder) for folder in self.states)

    @property
    def systemctl(self) -> str:
        """How a person calls it."""
        return "systemctl --user" if self.own else "sudo systemctl"

    @property
    def journalctl(self) -> str:
        """The same for its log."""
        return f"journalctl {'--user -u' if self.own else '-u'} {UNIT.removesuffix('.service')}"


def is_systemd(machine: Machine) -> bool:
    """Whether it runs this machine: sd_booted(3)."""
    return machine.place("/run/systemd/system").is_dir()


def look_for_unit(machine: Machine) -> Unit | None:
    """The service of the system, else of this user; None if there is none."""
    if not is_systemd(machine):
        return None
    for manager in ([], ["--user"]):
        said = machine.run(["systemctl", *manager, "show", UNIT, "-p", _ASKED], WITHIN_S)
        if said is None or said.status != 0:
            continue
        unit = parse(said.text, own=bool(manager))
        if unit is not None:
            return unit._replace(
                watchdog=_watchdog(machine, manager), credentials=_credentials(machine, said.text)
            )
    return None


def parse(text: str, *, own: bool) -> Unit | None:
    """From `KEY=value` lines; None where it is not installed."""
    found = dict(line.partition("=")[::2] for line in text.splitlines())
    if found.get("LoadState") in (None, "", "not-found"):
        return None
    states = tuple(_STATES / name for name in found.get("StateDirectory", "").split())
    written = (Path(name.lstrip("-+")) for name in found.get("ReadWritePaths", "").split())
    return Unit(
        enabled=found.get("UnitFileState") in ("enabled", "enabled-runtime", "static", "linked", "generated"),
        active=found.get("ActiveState", ""),
        result=found.get("Result", ""),
        restarts=_number(found.get("NRestarts", "")),
        user=found.get("User", ""),
        groups=(*filter(None, [found.get("Group", "")]), *found.get("SupplementaryGroups", "").split()),
        own=own,
        pid=_number(found.get("MainPID", "")),
        dynamic=found.get("DynamicUser") == "yes",
        states=states,
        writable=(*states, *written) if found.get("ProtectSystem") == "strict" else None,
    )


def credentials(text: str) -> dict[str, Path]:
    """Of `LoadCredential` in the text of a unit and its drop-ins."""
    found: dict[str, Path] = {}
    for value in re.findall(r"(?m)^\s*LoadCredential\s*=\s*(.*?)\s*$", text):
        name, _, place = value.replace("%%", "%").partition(":")
        if not name:
            found.clear()
        elif place:
            found[name] = Path(place)
    return found


def _credentials(machine: Machine, shown: str) -> tuple[tuple[str, Path], ...]:
    """From the unit's files: of this property `systemctl show` says `[unprintable]` (systemd 252)."""
    files = re.findall(r"(?m)^(?:FragmentPath|DropInPaths)=(.*)$", shown)
    texts = [machine.read(path) or "" for path in " ".join(files).split()]
    return tuple(credentials("\n".join(texts)).items())


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _watchdog(machine: Machine, manager: list[str]) -> int:
    """By what systemd writes into the journal when it comes to that."""
    command = ["journalctl", *manager, "-q", "-o", "cat", "--no-pager", "-n", "1000", "--since", "-7d"]
    said = machine.run([*command, "-u", UNIT, "--grep", "Watchdog timeout"], WITHIN_S)
    return len(said.text.splitlines()) if said is not None and said.status == 0 else 0
