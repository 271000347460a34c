"""What whoever asks may not look at, and how to have it looked at: as root."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

from gateway.doctor.finding import Finding, Level
from gateway.doctor.machine import Machine
from gateway.doctor.named_files import nodes_of, scalars

SEARCHED = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""Where `sudo` looks for programs, as Debian has it: in no user's own folders."""
_HOME = re.compile(r"(^|^unix:|^sim:|[?&](data|replay)=)~(/|$)")
"""Where a path in a config begins with the user's own home; `~name` is the same for all."""
_TEXTS = ("tag:yaml.org,2002:str", "!file")
_JOURNALS = ("/var/log/journal", "/run/log/journal")


def as_root(config: Path, command: str = "doctor") -> str:
    """What to type, to be pasted as it is; with the whole path, too, where `sudo` would not find the program,
    and a word where the config has a `~`."""
    script = Path(sys.executable).with_name("sig-gateway")
    typed = f"sudo sig-gateway {command} -c {shlex.quote(str(config.absolute()))}"
    if str(script.parent) not in SEARCHED and script.exists():
        typed += f" (in full: sudo {shlex.quote(str(script))} {command} …)"
    if _has_home(config):
        text = f"a ~ in {config.name} is root's home under sudo, not {Path.home()}"
        typed += f" ({text}: write that path in full)"
    return typed


def _has_home(config: Path) -> bool:
    """Whether something in it is beside whoever reads it, see `gateway.config.paths`."""
    return any(node.tag in _TEXTS and _HOME.search(node.value) for _, node in scalars(nodes_of(config)))


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
