"""How a USB device is written in a config: `usb:VID:PID` or `usb:VID:PID:SERIAL`, written and read here.

A serial number may hold anything. What is awkward in a config (a space, `#`, a quote, `%` itself, letters
beyond ASCII) is percent-encoded, as in a URL; other punctuation is taken as it is.
"""

import re
from urllib.parse import quote, unquote

from drivers.errors import OptionError

_NOTATION = re.compile(r"usb:([0-9a-f]{4}):([0-9a-f]{4})(?::(\S+))?", re.IGNORECASE | re.ASCII)
_PLAIN = ":+=@/,;()!$*"  # beside letters, digits and "-._~"


def written(vid: int, pid: int, serial: str | None) -> str:
    """What to write for a device; an empty serial number is none."""
    identity = f"usb:{vid:04x}:{pid:04x}"
    return f"{identity}:{quote(serial, safe=_PLAIN, errors='replace')}" if serial else identity


def read(text: str) -> tuple[int, int, str | None]:
    """Vendor, product and serial number, if any. Raises `OptionError`."""
    match = _NOTATION.fullmatch(text)
    if match is None:
        raise OptionError(
            "port",
            "expected usb:VID:PID or usb:VID:PID:SERIAL, such as usb:2341:0043, a space in SERIAL written as "
            f"%20, got {text!r}",
        )
    serial = match[3]
    return int(match[1], 16), int(match[2], 16), unquote(serial, errors="replace") if serial else None
