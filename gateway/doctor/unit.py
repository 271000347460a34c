"""What systemd says of the service: read from `systemctl`."""

from __future__ import annotations

from typing import NamedTuple

from gateway.doctor.machine import Machine

UNIT = "sig-gateway.service"
WITHIN_S = 5.0
_ASKED = (
    "LoadState,UnitFileState,ActiveState,SubState,Result,NRestarts,User,Group,SupplementaryGroups,MainPID,"
    "DynamicUser"
)


class Unit(NamedTuple):
    """Of the service. `user`: that it runs as, empty for root or, in a user's manager, that user; `own`: it
    is a user's. `watchdog`: how often a loop that hung has had it restarted in the last week."""

    enabled: bool
    active: str
    result: str
    restarts: int
    user: str
    groups: tuple[str, ...]
    own: bool
    pid: int
    watchdog: int = 0

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
        unit = parse(said.text, own=bool(manager)) if said is not None and said.status == 0 else None
        if unit is not None:
            return unit._replace(watchdog=_watchdog(machine, manager))
    return None


def parse(text: str, *, own: bool) -> Unit | None:
    """From `KEY=value` lines; None where it is not installed."""
    found = dict(line.partition("=")[::2] for line in text.splitlines())
    if found.get("LoadState") in (None, "", "not-found"):
        return None
    return Unit(
        enabled=found.get("UnitFileState") in ("enabled", "enabled-runtime", "static", "linked", "generated"),
        active=found.get("ActiveState", ""),
        result=found.get("Result", ""),
        restarts=_number(found.get("NRestarts", "")),
        user=found.get("User", ""),
        groups=(*filter(None, [found.get("Group", "")]), *found.get("SupplementaryGroups", "").split()),
        own=own,
        pid=_number(found.get("MainPID", "")),
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _watchdog(machine: Machine, manager: list[str]) -> int:
    """By what systemd writes into the journal when it comes to that."""
    command = ["journalctl", *manager, "-q", "-o", "cat", "--no-pager", "-n", "1000", "--since", "-7d"]
    said = machine.run([*command, "-u", UNIT, "--grep", "Watchdog timeout"], WITHIN_S)
    return len(said.text.splitlines()) if said is not None and said.status == 0 else 0
