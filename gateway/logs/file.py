"""A log file that is begun anew when it is large. What cannot be written is somebody else's to say."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

PRIVATE = 0o600
AT_MOST = 0o640
"""Of the rights of the file before it, a new one keeps these: its group may read where that was wanted."""


class RotatingFile:
    """Lines at the end of the file at `path`, at most `size` bytes of them; `count` earlier ones beside it,
    `.1` the newest. For one thread. Methods raise OSError, and may be tried again."""

    def __init__(self, path: Path, size: int, count: int) -> None:
        self._path = path
        self._size = size
        self._count = count
        self._descriptor = -1
        self._id = (0, 0)
        self._length = 0

    def write(self, line: str) -> None:
        """One line, or the few of a traceback, whole or not at all."""
        data = line.encode(errors="backslashreplace") + b"\n"
        if self._descriptor < 0 or self._is_gone():
            self._open()
        if self._length and self._length + len(data) > self._size:
            self._rotate()
        self._append(data)

    def close(self) -> None:
        """May come any number of times."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _append(self, data: bytes) -> None:
        try:
            written = os.write(self._descriptor, data)
            while written < len(data):  # a disk that is nearly full takes a part
                written += os.write(self._descriptor, data[written:])
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._length)
            self.close()
            raise
        self._length += len(data)

    def _open(self, mode: int = PRIVATE) -> None:
        self.close()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        self._descriptor = os.open(self._path, flags, PRIVATE)
        status = os.fstat(self._descriptor)
        self._id, self._length = (status.st_dev, status.st_ino), status.st_size
        if mode != PRIVATE:
            with suppress(OSError):
                os.fchmod(self._descriptor, mode)

    def _is_gone(self) -> bool:
        """Whether somebody has removed it, or put it aside: what is written there nobody would find."""
        try:
            status = os.stat(self._path)  # noqa: PTH116 - once for every line
        except FileNotFoundError:
            return True
        return (status.st_dev, status.st_ino) != self._id

    def _rotate(self) -> None:
        mode = os.fstat(self._descriptor).st_mode & AT_MOST
        self.close()
        for number in range(self._count - 1, 0, -1):
            with suppress(FileNotFoundError):
                os.replace(self._numbered(number), self._numbered(number + 1))  # noqa: PTH105 - texts
        if self._count:
            os.replace(self._path, self._numbered(1))  # noqa: PTH105 - texts
        else:
            self._path.unlink(missing_ok=True)
        self._open(mode)

    def _numbered(self, number: int) -> str:
        return f"{self._path}.{number}"
