"""A site's file, as its recorder writes it: events, and how far each gateway is, in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from gateway.collect.admission import Admission, Cursor
from gateway.collect.cursors import Cursors
from gateway.data_folder import PRIVATE
from gateway.history.disk import Opened
from gateway.history.rows import Batch
from gateway.history.store import Store
from gateway.storage.schema import StoreError

Told = Callable[[Mapping[str, Cursor]], None]
"""How far gateways are, by name (`site/gateway`); on the recorder's thread."""


class SiteStore:
    """A `gateway.history.disk.Store` of the file at `path`, whose folder is made. `opened`: told what it had;
    `wrote`: what is safe by now."""

    def __init__(self, path: Path, store: Store, opened: Told, wrote: Told) -> None:
        self._path = path
        self._store = store
        self._opened = opened
        self._wrote = wrote
        self._cursors = Cursors()
        self._admission = Admission()

    @property
    def written(self) -> int | None:
        """See `Store`."""
        return self._store.written

    @property
    def repeated(self) -> int:
        """See `Store`."""
        return self._store.repeated

    def open(self) -> Opened:
        """See `Store`."""
        try:
            self._path.parent.mkdir(PRIVATE, parents=True, exist_ok=True)
        except OSError as error:
            text = f"the folder {self._path.parent} cannot be made: {error.strerror}"
            raise StoreError(text) from None
        opened = self._store.open()
        cursors = self._store.read(self._cursors.read)
        self._admission.opened(cursors, (name for name, gap in opened.senders.items() if gap is None))
        self._opened(cursors)
        return opened

    def write(self, batch: Batch) -> None:
        """See `Store`."""
        items, cursors = self._admission.admit(batch.items)

        def also(db: sqlite3.Connection) -> None:
            self._cursors.write(db, cursors)

        self._store.write(batch._replace(items=items), also, every=True)
        self._admission.wrote()
        if cursors:
            self._wrote(cursors)

    def maintain(self, now_ms: int) -> bool:
        """See `Store`."""
        return self._store.maintain(now_ms)

    def settle(self, boot: str, offset_ms: int) -> None:
        """See `Store`."""
        self._store.settle(boot, offset_ms)

    def untimed_boots(self) -> Collection[str]:
        """See `Store`."""
        return self._store.untimed_boots()

    def close(self) -> None:
        """See `Store`."""
        self._store.close()
