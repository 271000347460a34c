"""What stands in the files that a config names, and that are read when a part starts: certificates."""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.config import Config

SECTIONS = ("router", "http", "mqtt")
KEYS = ("ca", "cert", "key")


Digest = tuple[int, int] | None
"""Length and checksum: it is to tell a renewed file from the one before, and OpenSSL's would cost 3 MB."""


def files_of(config: Config) -> dict[str, tuple[Digest, ...]]:
    """By section that has `tls`, a digest of each file; None of what cannot be read. Waits for the disk."""
    found = {}
    for name in SECTIONS:
        tls = getattr(getattr(config, name), "tls", None)
        if tls is not None:
            names = [getattr(tls, key, None) for key in KEYS]
            found[name] = tuple(_digest(config, name) for name in names if name)
    return found


def _digest(config: Config, name: str) -> Digest:
    with suppress(OSError):
        data = config.read_at(name).read_bytes()
        return len(data), zlib.crc32(data)
    return None
