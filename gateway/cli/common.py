"""What commands share with the command line that calls them: neither imports the other for it."""

from __future__ import annotations

import sys

DEFAULT_CONFIG = "config.yaml"
EXIT_USAGE = 2


def discard_output() -> None:
    """Leave nothing to be flushed into a closed pipe, a full disk or a lost terminal."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def hear_signals() -> None:
    """Have those that end a program come in: who starts us may have blocked them, and threads inherit that.
    Those that are ignored stay so, as nohup and a script's `&` mean it."""
    import signal

    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT})
