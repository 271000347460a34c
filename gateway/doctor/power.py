"""The check of a Raspberry Pi's power and heat. Looks, and pure judgement.

`vcgencmd get_throttled` answers `throttled=0x50005`: bit 0 undervoltage now, 1 frequency capped, 2 throttled,
3 soft limit of the temperature; bits 16 to 19 the same since the boot (Raspberry Pi's documentation of
vcgencmd). The kernel's driver raspberrypi-hwmon tells undervoltage alone, as `in0_lcrit_alarm` of `rpi_volt`.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.doctor.finding import Finding, Level
from gateway.doctor.machine import Machine
from gateway.doctor.patient import Patient

CHECK = "power"
UNDERVOLTAGE, HOT = 0x1, 0xE
SINCE_BOOT = 16
WITHIN_S = 3.0
_SUPPLY = (
    "use the power supply made for this board, with its own cable, and give USB devices that need much a hub "
    "with its own supply"
)
_COOL = "give it air or a heat sink"


def power(patient: Patient) -> Iterator[Finding]:
    """Undervoltage makes USB ports vanish and SD cards lose what was written."""
    yield judge(throttled(patient.machine), alarm(patient.machine))


def throttled(machine: Machine) -> int | None:
    """The bits of the firmware; None where it is not asked."""
    for path in machine.glob("/sys/devices/platform/soc/soc:firmware/get_throttled"):
        bits = machine.number(str(path.relative_to(machine.root)), 16)
        if bits is not None:
            return bits
    said = machine.run(["vcgencmd", "get_throttled"], WITHIN_S)
    try:
        return int(said.text.partition("=")[2], 16) if said is not None else None
    except ValueError:  # not for this user to ask
        return None


def alarm(machine: Machine) -> bool | None:
    """Of undervoltage, by the kernel; None where it has none."""
    for folder in machine.glob("/sys/class/hwmon/hwmon*"):
        inside = folder.relative_to(machine.root)
        if machine.read(f"{inside}/name") == "rpi_volt":
            found = machine.number(f"{inside}/in0_lcrit_alarm")
            return None if found is None else bool(found)
    return None


def judge(bits: int | None, alarmed: bool | None) -> Finding:
    """One line, for the worst of it."""
    if bits is None and alarmed is None:
        return Finding(CHECK, Level.GREEN, "this machine does not tell of undervoltage")
    now, before = bits or 0, (bits or 0) >> SINCE_BOOT
    if alarmed or now & UNDERVOLTAGE:
        return Finding(CHECK, Level.RED, "undervoltage, now: it gets too little power", _SUPPLY)
    if before & UNDERVOLTAGE:
        text = "undervoltage since the boot: it got too little power for a while"
        return Finding(CHECK, Level.YELLOW, text, _SUPPLY)
    if now & HOT:
        return Finding(CHECK, Level.YELLOW, "slowed down, now, as it is too hot", _COOL)
    if before & HOT:
        return Finding(CHECK, Level.YELLOW, "it was slowed down since the boot, as it was too hot", _COOL)
    return Finding(CHECK, Level.GREEN, "no undervoltage, and not too hot")
