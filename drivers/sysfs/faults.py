"""Why a measurement is none, in words for a person."""

import errno
import os
import re

SHOWN = 40  # characters of a text that makes no sense
# No more digits than any driver prints: `float` takes them all, and a million of them take long.
_NUMBER = re.compile(r"[-+]?[0-9]{1,24}(\.[0-9]{1,24})?")

# What an error's number means for a sensor on an I2C bus, a 1-wire bus or a pin. A chip that is pulled out
# says EREMOTEIO or ENXIO, by the bus's driver (Documentation/i2c/fault-codes.rst).
_MEANINGS = {
    errno.EIO: "the chip did not answer, or its answer was damaged",
    errno.ETIMEDOUT: "the chip did not answer in time",
    errno.EREMOTEIO: "the chip does not answer; is it still wired?",
    errno.ENXIO: "the chip does not answer; is it still wired?",
    errno.EAGAIN: "the bus is busy",
    errno.EBUSY: "the chip is busy, or another program uses it",
    errno.EINTR: "the read was interrupted",
    errno.ENODATA: "the chip has no value: it is switched off, or has not measured yet",
    errno.ENODEV: "the device is gone",
    errno.ENOENT: "the file is gone",
    errno.EINVAL: "the kernel's driver refuses the read",
    errno.ELOOP: "a circle of links leads there",
    errno.EISDIR: "it is a folder",
}
_PERMISSION = (errno.EACCES, errno.EPERM)


class Fault(Exception):  # noqa: N818 - it says what happened, and is never seen outside of this package
    """A measurement failed; the text is a clause for a person."""


def of_error(error: OSError, path: str) -> Fault:
    """What the kernel said instead of a value in the file at `path`."""
    name = os.path.basename(path)  # noqa: PTH119 - text all the way
    if error.errno in _PERMISSION:
        return Fault(
            f"there is no permission to read {path}; see `ls -l` there, run as another user, or write a udev "
            "rule (docs/sysfs.md)"
        )
    code = errno.errorcode.get(error.errno or 0, "no number")
    meaning = _MEANINGS.get(error.errno or 0) or error.strerror or str(error)
    return Fault(f"{name} cannot be read: {meaning} ({code})")


def number(text: str, name: str) -> float:
    """The number that the file `name` has. Raises `Fault` for anything else."""
    stripped = text.strip()
    if _NUMBER.fullmatch(stripped):
        return float(stripped)
    if not stripped:
        raise Fault(f"{name} is empty")
    raise Fault(f"{name} says {shown(stripped)} where a number was expected")


def shown(text: str) -> str:
    """A text of somebody's as part of a line, quoted and not too long."""
    return ascii(text[:SHOWN]) + ("…" if len(text) > SHOWN else "")
