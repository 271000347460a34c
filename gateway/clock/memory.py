"""What is kept of time over restarts, in a small file of the data folder.

    {"version": 1, "newest": 1795329000.1, "boots": {"<id>": [1795315000.2, 1795329000.1]}}

`newest`: a time when the clock was believed. `boots`, oldest first: of each boot, UTC less CLOCK_BOOTTIME,
null where no clock of that boot was ever believed; and when events of it were first found by a later one.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from gateway.data_folder import DataFolder
from gateway.kept_file import KeptFile

VERSION = 1
MAX_BOOTS = 64
"""A boot a day for as long as an outbox may keep events, and more."""
MAX_BYTES = 64 * 1024
MOST_UTC = 253_402_300_799.0
"""The year 9999, the last that can be told."""


class Memory:
    """In memory alone without a `path`, which is in `folder`. For any thread; `save` from
    one at a time."""

    def __init__(self, path: Path | None = None, folder: DataFolder | None = None) -> None:
        self._lock = threading.Lock()  # held for some assignments
        self._file = None if path is None else _kept(path, folder)
        content = self._file.read(_check) if self._file is not None else {}
        self._newest: float = content.get("newest", 0.0)
        self._boots: dict[str, tuple[float | None, float | None]] = {
            boot: (offset, seen) for boot, (offset, seen) in content.get("boots", {}).items()
        }

    @property
    def newest(self) -> float:
        """The newest time that was believed, and noted (UTC seconds); 0.0 if there is none."""
        return self._newest

    def note(self, utc: float, *, anew: bool = False) -> None:
        """A time that is believed; `anew`: whatever was noted before was wrong if it is later."""
        self._newest = utc if anew else max(self._newest, utc)

    def offset(self, boot: str) -> float | None:
        """UTC less CLOCK_BOOTTIME of that boot; None if that is not known."""
        return self._boots.get(boot, (None, None))[0]

    def seen(self, boot: str) -> float | None:
        """When events of that boot were first found (UTC); None if they were not."""
        return self._boots.get(boot, (None, None))[1]

    def learn(self, boot: str, *, offset: float | None = None, seen: float | None = None) -> None:
        """Of a boot: its offset, which may become another; when events of it were found, the first time."""
        with self._lock:
            known = self._boots.get(boot, (None, None))
            new = offset if offset is not None else known[0], known[1] if known[1] is not None else seen
            if new == known:
                return
            self._boots[boot] = new
            while len(self._boots) > MAX_BOOTS:
                del self._boots[next(iter(self._boots))]

    def save(self) -> None:
        """Write it down. Waits for the disk, and never raises."""
        if self._file is None:
            return
        with self._lock:
            content = {"newest": self._newest, "boots": {boot: list(of) for boot, of in self._boots.items()}}
        self._file.write(content)  # `learn` is part of a look at the clock, which nobody may hold up


def _kept(path: Path, folder: DataFolder | None) -> KeptFile:
    return KeptFile(
        path,
        version=VERSION,
        max_bytes=MAX_BYTES,
        forgotten="What time it was last is forgotten: a clock that was not set may be believed",
        unwritten="after the next start, a clock that was not set may be believed",
        folder=folder,
    )


def _check(content: dict[str, Any]) -> None:
    newest, boots = content.get("newest"), content.get("boots")
    if not _is_utc(newest) or not isinstance(boots, dict) or len(boots) > MAX_BOOTS:
        raise ValueError("expected a time and boots in it")
    for of in boots.values():
        if not isinstance(of, list) or len(of) != 2 or not all(one is None or _is_utc(one) for one in of):
            raise ValueError("expected an offset and a time, or null, of each boot")


def _is_utc(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST_UTC
