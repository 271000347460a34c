"""What stands in the files that a config names, and that are read when a part starts: certificates."""

from __future__ import annotations

from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.config import Config

SECTIONS = ("router", "http", "mqtt")
KEYS = ("ca", "cert", "key")


def files_of(config: Config) -> dict[str, tuple[bytes, ...]]:
    """By section that has `tls`, a digest of each file; an empty one of what cannot be read. Waits for the
    disk."""
    found = {}
    for name in SECTIONS:
        tls = getattr(getattr(config, name), "tls", None)
        if tls is not None:
            names = [getattr(tls, key, None) for key in KEYS]
            found[name] = tuple(_digest(config, name) for name in names if name)
    return found


def _digest(config: Config, name: str) -> bytes:
    with suppress(OSError):
        return blake2b(config.beside(name).read_bytes(), digest_size=16).digest()
    return b""
