"""The check of SD cards, eMMC and file systems: how worn they say they are. Looks, and pure judgement.

eMMC says it in tenths: `life_time` is two numbers, 0x01 for 0 to 10 % used, 0x0A for 90 to 100 %, 0x0B for
more; `pre_eol_info` is 1 normal, 2 when 80 % and 3 when 90 % of the spare blocks are used (JEDEC JESD84-B51,
EXT_CSD 267 to 269). SD cards say nothing of the kind. ext4 counts the errors that it has met in
`errors_count`.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.doctor.finding import Finding, Level
from gateway.doctor.machine import Machine
from gateway.doctor.patient import Patient

CHECK = "wear"
WORN, WORN_OUT = 9, 11
"""Tenths of its life, as above: from 80 % on, beyond 100 %."""
_REPLACE = "copy it to a new one before it fails; what is worth keeping: the config and the data folder"


def wear(patient: Patient) -> Iterator[Finding]:
    """Each card and chip, and each file system that has met errors."""
    machine = patient.machine
    found = [*_cards(machine), *_file_systems(machine)]
    yield from found or [Finding(CHECK, Level.GREEN, "no card or chip that tells how worn it is")]


def _cards(machine: Machine) -> Iterator[Finding]:
    for folder in machine.glob("/sys/block/mmcblk*"):
        name, inside = folder.name, folder.relative_to(machine.root)
        if "boot" in name or "rpmb" in name:
            continue
        kind = "SD card" if machine.read(f"{inside}/device/type") == "SD" else "eMMC"
        yield judge(
            f"the {kind} {name}",
            [
                int(part, 16)
                for part in (machine.read(f"{inside}/device/life_time") or "").split()
                if _is_hex(part)
            ],
            machine.number(f"{inside}/device/pre_eol_info", 16),
            read_only=machine.number(f"{inside}/ro") == 1,
        )


def _is_hex(text: str) -> bool:
    return (
        text.lower().startswith("0x")
        and text[2:].isalnum()
        and all(c in "0123456789abcdefABCDEF" for c in text[2:])
    )


def judge(what: str, life: list[int], spare: int | None, *, read_only: bool) -> Finding:
    """`life`, `spare`: as above; nothing where it does not say."""
    most = max(life, default=0)
    if read_only:
        remedy = f"is its lock switch on? Else it is at its end: {_REPLACE}"
        return Finding(CHECK, Level.RED, f"{what} takes no more writes", remedy)
    if most >= WORN_OUT or spare == 3:
        return Finding(CHECK, Level.RED, f"{what} is worn out, by its own count", _REPLACE)
    if most >= WORN or spare == 2:
        used = f"{(most - 1) * 10} to {most * 10} % of its life" if most else "80 % of its spare blocks"
        return Finding(CHECK, Level.YELLOW, f"{what} has used {used}", _REPLACE)
    if most:
        return Finding(CHECK, Level.GREEN, f"{what} has used at most {most * 10} % of its life")
    return Finding(CHECK, Level.GREEN, f"{what} does not tell how worn it is")


def _file_systems(machine: Machine) -> Iterator[Finding]:
    for path in machine.glob("/sys/fs/ext4/*/errors_count"):
        errors = machine.number(str(path.relative_to(machine.root)))
        if errors:
            text = f"the file system on {path.parent.name} has met {errors} error{'s' * (errors > 1)}"
            remedy = f"sudo touch /forcefsck; sudo reboot; then see: sudo dmesg | grep {path.parent.name}"
            yield Finding(CHECK, Level.YELLOW, text, remedy)
