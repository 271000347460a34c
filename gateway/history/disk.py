"""What a recorder writes to, as far as it knows it: see `gateway.history.store`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from gateway.event_id import EventId
from gateway.history.rows import Batch


class Opened(Protocol):
    """What was found in the file. `alive`: until when (UTC in ms) a gateway was at work; `senders`: why
    nothing was known of each then, None for one whose value held."""

    @property
    def last_id(self) -> EventId: ...

    @property
    def alive(self) -> int | None: ...

    @property
    def senders(self) -> Mapping[str, str | None]: ...


class Store(Protocol):
    """All of it may raise StoreError: then nothing was written. `written`: bytes, see
    `gateway.storage.database`, and `repeated`: readings that were there already; for any thread."""

    @property
    def written(self) -> int | None: ...
    @property
    def repeated(self) -> int: ...
    def open(self) -> Opened: ...
    def write(self, batch: Batch) -> None: ...
    def maintain(self, now_ms: int) -> bool: ...
    def settle(self, boot: str, offset_ms: int) -> None: ...
    def untimed_boots(self) -> Collection[str]: ...
    def close(self) -> None: ...
