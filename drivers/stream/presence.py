"""Whether a device is there, and whether it is the one that was."""

import os


def device_presence(path: str) -> object:
    """What tells one appearance of the device at `path` from the next; None when it is not there."""
    try:
        status = os.stat(path)  # noqa: PTH116 - the same call, on the text that the config has
    except OSError:
        return None
    return status.st_rdev, status.st_ino, status.st_ctime_ns
