"""What stands in the files that a config names, and that are read when a part starts: certificates."""

from __future__ import annotations

import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.config.credentials import AT_A_START

if TYPE_CHECKING:
    from gateway.config import Config

SECTIONS = ("router", "http", "mqtt", "fleet")
KEYS = ("ca", "cert", "key")


Digest = tuple[int, int] | None
"""Length and checksum: it is to tell a renewed file from the one before, and OpenSSL's would cost 3 MB."""


def files_of(config: Config) -> dict[str, tuple[Digest, ...]]:
    """By section that has `tls`, a digest of each file; None of what cannot be read. Waits for the disk."""
    return {
        section: tuple(_digest(config.read_at(name)) for name in names)
        for section, names in _names(config).items()
    }


def not_taken(config: Config) -> dict[str, str]:
    """By section that has `tls` with files that systemd has handed over: what is to be said of those that
    were renewed since, or may have been, as a reload finds what was there at the start. Reads files."""
    found = {}
    for section, names in _names(config).items():
        handed = [name for name in names if config.read_at(name) != config.beside(name)]
        there = {name: _digest(config.beside(name)) for name in handed}
        renewed = [name for name in handed if there[name] not in (None, _digest(config.read_at(name)))]
        if renewed:
            found[section] = f"{', '.join(renewed)}: not as at the start any more; {AT_A_START}"
        elif None in there.values():
            found[section] = f"a certificate or key that was renewed is not seen: {AT_A_START}"
    return found


def _names(config: Config) -> dict[str, list[str]]:
    """The files of each section that has `tls`, as the config calls them."""
    sections = {name: getattr(getattr(config, name), "tls", None) for name in SECTIONS}
    return {
        section: [name for key in KEYS if (name := getattr(tls, key, None))]
        for section, tls in sections.items()
        if tls is not None
    }


def _digest(path: Path) -> Digest:
    with suppress(OSError):
        data = path.read_bytes()
        return len(data), zlib.crc32(data)
    return None
