"""What commands share with the command line that calls them: neither imports the other for it."""

from __future__ import annotations

import sys
from pathlib import Path

DEFAULT_CONFIG = "config.yaml"
INSTALLED_CONFIG = Path("/etc/sig-gateway/config.yaml")
"""Of the gateway that is a service of this machine."""
EXIT_USAGE = 2


def config_at(path: Path | None) -> Path:
    """Of which gateway a command is: as was typed, else of this folder; else the service's, which is said."""
    here = Path(DEFAULT_CONFIG)
    if path is not None or here.exists() or not INSTALLED_CONFIG.exists():
        return path or here
    print(f"there is no ./{here}: it is {INSTALLED_CONFIG} that is looked at", file=sys.stderr)
    return INSTALLED_CONFIG


def discard_output() -> None:
    """Leave nothing to be flushed into a closed pipe, a full disk or a lost terminal."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def hear_signals() -> None:
    """Have those that end a program come in: who starts us may have blocked them, and threads inherit that.
    Those that are ignored stay so, as nohup and a script's `&` mean it."""
    import signal

    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT})
