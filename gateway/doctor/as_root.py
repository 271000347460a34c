"""What whoever asks may not look at, and how to have it looked at: as root."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from gateway.doctor.finding import Finding, Level
from gateway.doctor.machine import Machine

SEARCHED = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""Where `sudo` looks for programs, as Debian has it: in no user's own folders."""
_JOURNALS = ("/var/log/journal", "/run/log/journal")


def as_root(config: Path, command: str = "doctor") -> str:
    """What to type; with the whole path, too, where `sudo` would not find the program."""
    script = Path(sys.executable).with_name("sig-gateway")
    typed = f"sudo sig-gateway {command} -c {config.absolute()}"
    if str(script.parent) in SEARCHED or not script.exists():
        return typed
    return f"{typed} (in full: sudo {script} {command} …)"


def not_seen(check: str, what: str, config: Path) -> Finding:
    """A line for `what` could not be looked at."""
    return Finding(check, Level.YELLOW, f"{what}; only root can tell", as_root(config))


def is_hidden(path: Path) -> bool:
    """Whether it cannot even be said that it is there."""
    try:
        path.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def is_journal_hidden(machine: Machine) -> bool:
    """Whether what systemd writes of services is not for whoever asks: it is for root and some groups (`adm`,
    `systemd-journal`)."""
    files = [file for place in _JOURNALS for file in machine.glob(f"{place}/*/system.journal")]
    return bool(files) and not any(os.access(file, os.R_OK) for file in files)
