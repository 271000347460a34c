"""The check of the clock and the time zone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from drivers.reading import format_utc
from gateway.clock.belief import Evidence, Verdict, judge
from gateway.clock.machine import ThisMachine
from gateway.clock.wall import override
from gateway.doctor.finding import Finding, Level
from gateway.doctor.machine import Machine
from gateway.doctor.patient import Patient

CHECK = "clock"


def time_of_day(patient: Patient) -> Iterator[Finding]:
    """Whether the machine's clock can be believed, and the time zone exists."""
    machine = patient.machine
    here = ThisMachine(machine.place("/run"), machine.place("/proc"))
    evidence = Evidence(
        wall=here.wall(),
        synchronised=here.synchronised(),
        silent_client=here.silent_client(),
        newest=_newest(patient),
        built=here.built,
        doubted=None,
    )
    try:
        forced = override()
    except ValueError as error:
        yield Finding(CHECK, Level.RED, str(error), "unset SIG_GATEWAY_CLOCK, or set it to one of these")
        return
    yield of_clock(judge(evidence, forced), evidence.wall)
    yield zone(machine, os.environ.get("TZ"))


def _newest(patient: Patient) -> float:
    """The newest time in the data folder, by its files: nothing is opened."""
    newest = 0.0
    if patient.config is not None:
        for name in ("history.db", "mqtt.db"):
            try:
                newest = max(newest, (patient.config.data / name).stat().st_mtime)
            except OSError:
                continue
    return newest


def of_clock(verdict: Verdict, wall: float) -> Finding:
    """What is held of it."""
    now = format_utc(wall)[:19] + "Z"
    if not verdict.believed:
        remedy = (
            "is there a network? `timedatectl` says more; sudo timedatectl set-ntp true; without a network: "
            "sudo date -s '2026-11-22 06:30'"
        )
        return Finding(CHECK, Level.RED, f"it says {now}, and is not believed: {verdict.why}", remedy)
    if not verdict.synchronised:
        text = f"it says {now}; {verdict.why}"
        return Finding(
            CHECK, Level.YELLOW, text, "sudo apt install systemd-timesyncd; sudo timedatectl set-ntp true"
        )
    return Finding(CHECK, Level.GREEN, f"{now}, synchronised")


def zone(machine: Machine, variable: str | None) -> Finding:
    """Readings are in UTC; the page, the table and the log of others are not. `variable`: $TZ."""
    zones = machine.place("/usr/share/zoneinfo")
    if variable:
        if zones.is_dir() and "/" in variable and not (zones / variable.lstrip(":")).is_file():
            text = f"TZ is {variable!r}, which is no time zone here: times are shown in UTC"
            return Finding(
                CHECK, Level.YELLOW, text, "timedatectl list-timezones; or: sudo apt install tzdata"
            )
        return Finding(CHECK, Level.GREEN, f"time zone {variable} (TZ)")
    link = machine.place("/etc/localtime")
    if not link.exists():
        if link.is_symlink():
            text = f"the time zone is a file that is not there: {os.readlink(link)}"  # noqa: PTH115 - a text
            return Finding(
                CHECK, Level.YELLOW, text, "sudo apt install tzdata; sudo timedatectl set-timezone NAME"
            )
        return Finding(CHECK, Level.GREEN, "time zone UTC, as none is set")
    return Finding(CHECK, Level.GREEN, f"time zone {_name(link)}")


def _name(link: Path) -> str:
    _, _, name = str(link.resolve()).partition("/zoneinfo/")
    return name or time.strftime("%Z")
