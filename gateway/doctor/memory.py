"""The check of the machine's memory."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.doctor.finding import Finding, Level
from gateway.doctor.machine import Machine
from gateway.doctor.patient import Patient

CHECK = "memory"
LITTLE, VERY_LITTLE = 60 * 10**6, 25 * 10**6
"""Bytes that programs can still have: a gateway takes some 50 MB."""
_MORE = "`ps aux --sort=-rss | head` shows who takes it; end what is not needed, or add swap (zram-tools)"


def memory(patient: Patient) -> Iterator[Finding]:
    """What is left, and whether the kernel had to end a program for want of it."""
    facts = meminfo(patient.machine.read("/proc/meminfo") or "")
    yield judge(facts.get("MemAvailable"), facts.get("MemTotal"), facts.get("SwapFree", 0))
    killed = _killed(patient.machine)
    if killed:
        text = (
            f"the kernel has ended {killed} program{'s' * (killed > 1)} since the boot, as memory was short"
        )
        yield Finding(CHECK, Level.YELLOW, text, f"sudo dmesg | grep -i 'out of memory' names them; {_MORE}")


def meminfo(text: str) -> dict[str, int]:
    """/proc/meminfo in bytes."""
    return {name: int(kib) * 1024 for name, kib in re.findall(r"^(\w+): +(\d+) kB$", text, re.MULTILINE)}


def judge(available: int | None, total: int | None, swap: int) -> Finding:
    """All in bytes; None where the kernel does not say."""
    if available is None or total is None:
        return Finding(CHECK, Level.GREEN, "this machine does not tell how much is left")
    text = f"{available // 10**6} of {total // 10**6} MB can still be had"
    if available + swap < VERY_LITTLE:
        return Finding(CHECK, Level.RED, f"only {text}", _MORE)
    if available < LITTLE:
        return Finding(CHECK, Level.YELLOW, f"only {text}", _MORE)
    return Finding(CHECK, Level.GREEN, text)


def _killed(machine: Machine) -> int:
    found = re.search(r"^oom_kill (\d+)$", machine.read("/proc/vmstat") or "", re.MULTILINE)
    return int(found[1]) if found else 0
