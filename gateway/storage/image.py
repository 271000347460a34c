"""A damaged file and its write-ahead log as pages, the newest of each first."""

from __future__ import annotations

import struct
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from gateway.storage import wal

MAGIC = b"SQLite format 3\0"
PAGE_SIZE = 4096
"""SQLite's own choice, and so ours, where the file does not say."""
MOST_TRUNKS = 100_000
"""Of the list of free pages: each names up to a thousand others. A list that runs in a circle ends."""


class Image:
    """The file at `path` and its log, each of which may be missing. Raises OSError, also when entered."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stack = ExitStack()
        self._file: BinaryIO | None = None
        self._log: BinaryIO | None = None
        self.page_size = PAGE_SIZE
        self.version = 0
        """Of the schema, as the file says; 0 where it does not."""
        self.fetched: set[int] = set()
        """The pages that rows go on on."""

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._stack.close()

    def _open(self) -> None:
        log_path = self._path.with_name(f"{self._path.name}-wal")
        header = b""
        if self._path.exists():
            self._file = self._stack.enter_context(self._path.open("rb"))
            header = self._file.read(100)
        if header.startswith(MAGIC) and len(header) == 100:
            (size,) = struct.unpack_from(">H", header, 16)
            size = 65536 if size == 1 else size
            self.page_size = size if size in wal.PAGE_SIZES else PAGE_SIZE
        log = wal.read(log_path, self.page_size)
        if log.frames:
            self._log = self._stack.enter_context(log_path.open("rb"))
            if not header:
                self.page_size = log.page_size
        frames = log.frames if log.page_size == self.page_size else []
        self._frames: dict[int, list[int]] = {}
        for frame in frames:
            if frame.ours:
                self._frames.setdefault(frame.page, []).append(frame.at)
        length = self._path.stat().st_size if self._file is not None else 0
        self._count = length // self.page_size
        self._free = self._free_pages()
        for first in self.versions_of(1):
            (self.version,) = struct.unpack_from(">i", first, 60)
            break

    @property
    def pages(self) -> list[int]:
        """The numbers of all but those that are free."""
        numbers = {*range(1, self._count + 1), *(page for page in self._frames if 0 < page < 1 << 31)}
        return sorted(numbers - self._free)

    def versions_of(self, number: int) -> list[bytes]:
        """What the page is, and was before; the newest first."""
        found = [self._at(self._log, at) for at in reversed(self._frames.get(number, []))]
        if 0 < number <= self._count:
            found.append(self._at(self._file, (number - 1) * self.page_size))
        return [page for page in found if len(page) == self.page_size]

    def fetch(self, number: int) -> bytes:
        """A page that a row goes on on. Raises ValueError if there is none."""
        found = self.versions_of(number)
        if not found:
            raise ValueError(f"there is no page {number}")
        self.fetched.add(number)
        return found[0]

    def _at(self, file: BinaryIO | None, at: int) -> bytes:
        if file is None:
            return b""
        try:
            file.seek(at)
            return file.read(self.page_size)
        except OSError:  # a sector that the card does not give any more
            return b""

    def _free_pages(self) -> set[int]:
        """What stands there has been deleted."""
        found: set[int] = set()
        first = self.versions_of(1)
        trunk = struct.unpack_from(">I", first[0], 32)[0] if first else 0
        while trunk and trunk not in found and len(found) < MOST_TRUNKS:
            found.add(trunk)
            pages = self.versions_of(trunk)
            if not pages:
                break
            next_trunk, count = struct.unpack_from(">2I", pages[0])
            if count <= self.page_size // 4 - 2:
                found.update(struct.unpack_from(f">{count}I", pages[0], 8))
            trunk = next_trunk
        return found
