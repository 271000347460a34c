"""A bundle as a file: tar and gzip, for its owner alone, and never over what is there."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

PRIVATE = 0o600
FOLDER = "sig-gateway-bundle"


def packed(files: Mapping[str, str], now: float) -> bytes:
    """The archive. Neither whose it is nor what it is called is in it. `now`: UTC."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, text in files.items():
            data = text.encode(errors="backslashreplace")
            entry = tarfile.TarInfo(f"{FOLDER}/{name}")
            entry.size, entry.mtime, entry.mode = len(data), int(now), PRIVATE
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=int(now))


def write(path: Path, data: bytes) -> None:
    """A new file, whole or not at all. Raises OSError: FileExistsError where something is there, were it a
    link that leads nowhere."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, PRIVATE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise
