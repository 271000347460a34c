"""Who the board is, and which start this is."""

import os
from binascii import hexlify

from sensorline.lines import MAX_WORD, number, word

IDENTITY_FILE = "sensorline.id"
BOOT_FILE = "sensorline.boot"
MAX_BOOT = 0xFFFFFFFF


def identity():
    """The chip's number; where it has none, one that was drawn at the first start and is kept in a file."""
    try:
        from machine import unique_id
    except ImportError:
        pass
    else:
        return hexlify(unique_id()).decode().upper()[:MAX_WORD]
    known = _read(IDENTITY_FILE)
    if known:
        return word(known)
    drawn = hexlify(os.urandom(6)).decode().upper()
    _write(IDENTITY_FILE, drawn)
    return drawn


def next_boot():
    """Another number at each start: counted in a file, drawn where none can be written."""
    last = number(_read(BOOT_FILE))
    boot = 1 if last is None else last % MAX_BOOT + 1
    if not _write(BOOT_FILE, str(boot)):
        boot = int.from_bytes(os.urandom(4), "big") or 1
    return boot


def _read(name):
    try:
        with open(name) as file:
            return file.read(32).strip()
    except OSError:
        return ""


def _write(name, text):
    """Whether it is written: in one step, as the power may go at any time."""
    try:
        with open(name + ".new", "w") as file:
            file.write(text)
        os.rename(name + ".new", name)
    except OSError:
        return False
    return True
