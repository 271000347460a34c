"""Which board answered where: remembered over restarts, in a small JSON file of the data folder.

    {"version": 1, "links": {"board": {"": "0001"}, "bus": {"roof": "4711"}}}

by link and device. What it is for: when another board answers than before, its readings are not the ones that
the sensors' names promise. The file is a help, not a need: whatever is wrong with it is a warning, and the
gateway goes on as if nothing had been remembered.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gateway.data_folder import DataFolder
from gateway.kept_file import KeptFile

VERSION = 1
MAX_DEVICES = 256
"""Of one link; a bus has 247, a radio gateway 254. Beyond it, those first remembered go."""

MAX_BYTES = 4 * 1024 * 1024
"""256 devices of 64 bytes each on 250 links. A larger file is not ours."""

_Entries = dict[str, dict[str, str]]


class Identities:
    """The identities in the file at `path`, which is read at the first question. For any thread.

    `links`: the names of the config's links; what is known of others goes when the file is next written.
    Nothing here raises: what cannot be read or written is logged.
    """

    def __init__(self, path: Path, links: Iterable[str], folder: DataFolder | None = None) -> None:
        self._file = KeptFile(
            path,
            version=VERSION,
            max_bytes=MAX_BYTES,
            forgotten="Which boards were on the links is forgotten, and learned anew",
            unwritten="after the next start it is not known which board was where",
            folder=folder,
        )
        self._links = frozenset(links)
        self._lock = threading.Lock()  # guards what is in memory, and the one reading
        self._entries: _Entries | None = None
        self._writing = (
            threading.Lock()
        )  # guards the rest: one writes, nobody who only asks waits for the disk
        self._saved: _Entries = {}

    def of_links(self, links: Iterable[str]) -> None:
        """The config has these now."""
        self._links = frozenset(links)

    def recall(self, link: str, device: str) -> str | None:
        """The identity last remembered; None if there is none."""
        with self._lock:
            return self._read().get(link, {}).get(device)

    def remember(self, link: str, device: str, identity: str) -> None:
        """From now on, and after the next start. Waits for the disk, if this is something new."""
        with self._lock:
            devices = self._read().setdefault(link, {})
            devices[device] = identity
            while len(devices) > MAX_DEVICES:
                del devices[next(iter(devices))]
        with self._writing:
            with self._lock:
                wanted = {name: dict(known) for name, known in self._read().items() if name in self._links}
            if wanted != self._saved and self._file.write({"links": wanted}):
                self._saved = wanted

    def _read(self) -> _Entries:
        """What is in memory, from the file the first time. Under the lock."""
        if self._entries is None:
            self._entries = self._file.read(_check).get("links", {})
            self._saved = {name: dict(devices) for name, devices in self._entries.items()}
        return self._entries


def _check(content: dict[str, Any]) -> None:
    if not _fits(content.get("links")):
        raise ValueError("expected links with devices with texts in it")


def _fits(links: object) -> bool:
    return isinstance(links, dict) and all(
        isinstance(devices, dict) and all(isinstance(identity, str) for identity in devices.values())
        for devices in links.values()
    )
