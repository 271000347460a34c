"""`simulate`: the simulator is a program of its own, and stays one."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping


def simulate(options: Mapping[str, str]) -> int:
    """Become the simulator. Does not return, so that signals and the exit status are its own."""
    arguments = [f"--{name}={value}" for name, value in options.items()]
    sys.stdout.flush()
    # -P: the current folder is not a place to import from.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "firmware_sim", *arguments])  # noqa: S606 - no shell wanted
