"""What is asked of systemd, by its own program."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

BOOTED = Path("/run/systemd/system")
"""sd_booted(3): there where systemd runs the machine."""
WITHIN_S = 100.0
"""A start may take the unit's TimeoutStartSec."""


class SystemdError(Exception):
    """It refused, or is not there; the text is what it said."""


class Systemctl:
    """Of the machine, or of the user. All methods raise SystemdError."""

    def __init__(self, *, user: bool, program: str = "systemctl") -> None:
        self._command = [program, "--user"] if user else [program]

    def version(self) -> int:
        """Such as 252."""
        words = self("--version").split()
        try:
            return int(words[1])
        except (IndexError, ValueError):
            raise SystemdError(f"systemctl --version says {' '.join(words[:4])!r}") from None

    def show(self, unit: str, properties: Sequence[str]) -> dict[str, str]:
        """Properties of a unit; of one that is not there as well."""
        lines = self("show", unit, f"--property={','.join(properties)}").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def __call__(self, *arguments: str) -> str:
        """Run it; what it printed."""
        command = [*self._command, "--no-pager", *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SystemdError(f"{' '.join(command)}: {error}") from None
        if done.returncode:
            raise SystemdError(done.stderr.strip() or f"{' '.join(command)}: status {done.returncode}")
        return done.stdout
