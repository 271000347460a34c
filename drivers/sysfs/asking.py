"""One channel read once: its value, or why there is none."""

import errno
import logging
from typing import NamedTuple

from drivers.clock import Clock
from drivers.sysfs.faults import Fault, of_error
from drivers.sysfs.files import Files
from drivers.sysfs.probe import Pause, Probe

logger = logging.getLogger(__name__)

_GONE = (errno.ENOENT, errno.ENODEV, errno.ENOTDIR)


class Outcome(NamedTuple):
    """`value` is None where `fault` says why; `measured` is monotonic; `gone`: the chip is not there."""

    value: float | None
    fault: str | None
    measured: float
    gone: bool = False


def ask(probe: Probe, files: Files, clock: Clock, pause: Pause) -> Outcome:
    """Waits for the chip. Never raises but what `pause` does: a defect is logged, and is a fault too."""
    try:
        value, measured = probe.read(pause)
    except Fault as fault:
        return Outcome(None, str(fault), clock.monotonic())
    except OSError as error:
        if error.errno in _GONE and _is_gone(probe, files):
            return Outcome(None, None, clock.monotonic(), gone=True)
        why = of_error(error, str(error.filename or probe.folder))
        return Outcome(None, str(why), clock.monotonic())
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        logger.exception("%s: internal error", probe.channel)
        return Outcome(None, f"internal error: {type(error).__name__}: {error}", clock.monotonic())
    return Outcome(value, None, clock.monotonic() if measured is None else measured)


def _is_gone(probe: Probe, files: Files) -> bool:
    """A file may be gone while its chip is there."""
    try:
        return files.mark(probe.folder) != probe.mark
    except OSError:
        return True
