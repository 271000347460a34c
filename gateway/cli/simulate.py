"""`simulate`: the simulator is a program of its own, and stays one."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

# As `-m firmware_sim`, but for the name in its errors.
_PROGRAM = "import sys; from firmware_sim.cli import main; sys.exit(main(program='sig-gateway simulate'))"


def simulate(options: Mapping[str, str], *, loop: bool = False) -> int:
    """Become the simulator. Does not return, so that signals and the exit status are its own."""
    arguments = [f"--{name}={value}" for name, value in options.items()]
    if loop:
        arguments.append("--loop")
    sys.stdout.flush()
    # -P: the current folder is not a place to import from.
    os.execv(sys.executable, [sys.executable, "-P", "-c", _PROGRAM, *arguments])  # noqa: S606 - no shell wanted
