"""Whether the kernel writes its messages to a serial port: a board there would be told of each start of the
machine, and of each fault in it.

The kernel lists the ttys of its console in a file (Linux, Documentation/ABI/testing/sysfs-tty). On a
Raspberry Pi `console=serial0,115200` in /boot/firmware/cmdline.txt puts the UART on it; raspi-config takes
that out when it turns the login shell off.
"""

import functools
import logging
import os

logger = logging.getLogger(__name__)

ACTIVE = "/sys/class/tty/console/active"
REMEDY = (
    "turn that off with `sudo raspi-config` (Interface Options > Serial Port > login shell: no), or take "
    "console=serial0,115200 out of /boot/firmware/cmdline.txt, and restart the machine"
)


def consoles(active: str | None = None) -> frozenset[str]:
    """The names of the ttys that the console is on, such as `ttyAMA0`; none where that cannot be read. From
    any thread."""
    try:
        with open(active or ACTIVE, "rb") as file:  # noqa: PTH123 - one small file, beside many
            return frozenset(file.read(4096).decode("ascii", "replace").split())
    except OSError:
        return frozenset()


def warn_of_console(device: str, path: str) -> None:
    """Say that the port is the console's too, if it is: once for each while the program runs."""
    name = os.path.basename(os.path.realpath(path))  # noqa: PTH119 - text all the way
    if name in consoles():
        _warn(device, name)


@functools.cache
def _warn(device: str, name: str) -> None:
    of = "" if device.endswith(name) else f" ({name})"
    logger.warning(
        "%s%s is also the kernel's console, whose messages reach the board: %s", device, of, REMEDY
    )
