"""One conversion for all thermometers of a 1-wire bus.

`therm_bulk_read` takes the word `trigger`; then each sensor's next read delivers what was converted, without
750 ms of its own (the kernel's Documentation/w1/slaves/w1_therm.rst). The kernel's write returns when the
conversion is done. It may be written by root alone, unless a udev rule says else; without it each sensor
converts by itself, and is as good.
"""

import errno
import logging

from drivers.sysfs.files import Files
from drivers.sysfs.probe import Pause

logger = logging.getLogger(__name__)

FILE = "therm_bulk_read"
_TRIGGER = "trigger\n"
_CONVERTING = "-1"
# A bus whose write returns early is asked until it is done, as long as the longest conversion and some more.
_STEP_S = 0.05
_STEPS = 20
_NEVER = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT)


class Bulk:
    """Of one bus; `folder` is its master's. For the bus's threads, one at a time."""

    def __init__(self, link: str, folder: str, files: Files) -> None:
        self.path = f"{folder}/{FILE}"
        self._link = link
        self._files = files
        self._useless = False

    @property
    def possible(self) -> bool:
        """Whether `convert` is worth a try."""
        return not self._useless

    def convert(self, pause: Pause) -> bool:
        """Have all sensors convert; waits for it. False where they have to do it one by one. Never raises
        but what `pause` does."""
        try:
            self._files.write(self.path, _TRIGGER)
            for _ in range(_STEPS):
                if self._files.text(self.path).strip() != _CONVERTING:
                    return True
                pause(_STEP_S)
        except OSError as error:
            self._useless = error.errno in _NEVER
            if error.errno in (errno.EACCES, errno.EPERM):
                logger.info(
                    "%s: %s may be written by root alone, so each sensor there converts by itself, which "
                    "takes up to 750 ms; docs/sysfs.md has a udev rule that lets this program do it for all "
                    "at once",
                    *(self._link, self.path),
                )
            return False
        return True
