"""Which board answered where: remembered over restarts, in a small JSON file of the data folder.

    {"version": 1, "links": {"board": {"": "0001"}, "bus": {"roof": "4711"}}}

by link and device. What it is for: when another board answers than before, its readings are not the ones that
the sensors' names promise. The file is a help, not a need: whatever is wrong with it is a warning, and the
gateway goes on as if nothing had been remembered.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterable
from pathlib import Path

logger = logging.getLogger(__name__)

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

    def __init__(self, path: Path, links: Iterable[str]) -> None:
        self._path = path
        self._links = frozenset(links)
        self._lock = threading.Lock()  # guards what is in memory, and the one reading
        self._entries: _Entries | None = None
        self._writing = (
            threading.Lock()
        )  # guards the rest: one writes, nobody who only asks waits for the disk
        self._saved: _Entries = {}
        self._complained = False

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
            if wanted != self._saved:
                self._write(wanted)

    def _read(self) -> _Entries:
        """What is in memory, from the file the first time. Under the lock."""
        if self._entries is None:
            try:
                self._entries = _from_file(self._path)
            except (OSError, ValueError, RecursionError) as error:
                self._entries = {}
                self._set_aside(error)
            self._saved = {name: dict(devices) for name, devices in self._entries.items()}
        return self._entries

    def _set_aside(self, error: Exception) -> None:
        aside = self._path.with_name(self._path.name + ".damaged")
        why = getattr(error, "strerror", None) or str(error)
        try:
            self._path.replace(aside)
            kept = f"it is kept as {aside.name}"
        except OSError as second:
            kept = f"it cannot be kept as {aside.name}: {second.strerror}"
        text = "%s: cannot be used: %s; %s. Which boards were on the links is forgotten, and learned anew"
        logger.warning(text, self._path, why, kept)

    def _write(self, wanted: _Entries) -> None:
        """The whole file or nothing: whenever the power goes, the old one or the new one is there."""
        new = self._path.with_name(self._path.name + ".new")
        try:
            with new.open("w", encoding="ascii") as file:
                json.dump({"version": VERSION, "links": wanted}, file)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
            _sync_folder(self._path.parent)
        except OSError as error:
            if not self._complained:
                text = "%s: cannot be written: %s; after the next start it is not known which board was where"
                logger.warning(text, self._path, error.strerror)
            self._complained = True
            return
        self._saved, self._complained = wanted, False


def _from_file(path: Path) -> _Entries:
    """Raises OSError, and ValueError or RecursionError for what is not ours."""
    if not path.exists():
        return {}
    if not path.is_file():
        raise ValueError("it is not a regular file")
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES} bytes")
    try:
        whole = json.loads(data)
    except ValueError as error:
        raise ValueError(f"it is not JSON: {error}") from None
    version = whole.get("version") if isinstance(whole, dict) else None
    if version != VERSION:
        raise ValueError(f"expected version {VERSION} of it, got {version!r}")
    links: _Entries = whole.get("links")
    if not _fits(links):
        raise ValueError("expected links with devices with texts in it")
    return links


def _fits(links: object) -> bool:
    return isinstance(links, dict) and all(
        isinstance(devices, dict) and all(isinstance(identity, str) for identity in devices.values())
        for devices in links.values()
    )


def _sync_folder(folder: Path) -> None:
    """So that the new name outlives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
