"""A small JSON file of the data folder that helps after a restart, and is no need.

Whoever keeps something here has it in memory as well: where the folder cannot be written, that is all there
is, until the next start. Whatever is wrong with the file is a warning; it is set aside, and the gateway goes
on as if there were none. It is written whole or not at all: whenever the power goes, the old one or the new
one is there. Nobody else may read it.

A file of a newer version is whole, and somebody's who has gone back to this program: it stays as it is, and
is not written over, until it is moved away.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from gateway.data_folder import OURS, DataFolder

logger = logging.getLogger(__name__)

OF_THE_FOLDER = (
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.ENOENT,
    errno.ENOTDIR,
)
"""What no file of the folder can be written for."""
_VERSION_FIRST = re.compile(rb'\{"version": (\d{1,9})[,}]')
"""As it is written, also in a file that is too large to be read."""


class NewerError(ValueError):
    """The file is of a newer version of the program."""


class KeptFile:
    """The file at `path`. `version`: of its format, written with the rest; a file of a later one is refused;
    of any other, or of more than `max_bytes`, it is not ours. `forgotten`, `unwritten`: what it means when it
    cannot be read or written, for a person. `folder`: is told how writing went, and says what is wrong with
    all of its files; when it can be written again, what could not be is. One thread at a time, beside that.
    Nothing here raises.
    """

    def __init__(
        self,
        path: Path,
        *,
        version: int,
        max_bytes: int,
        forgotten: str,
        unwritten: str,
        folder: DataFolder | None = None,
    ) -> None:
        self._path = path
        self._version = version
        self._max_bytes = max_bytes
        self._forgotten = forgotten
        self._unwritten = unwritten
        self._folder = folder
        self._complained = False
        self._is_newer = False
        self._writing = threading.Lock()
        self._owed: str | None = None  # what could not be written
        if folder is not None:
            folder.listen(self._write_what_is_owed)

    def read(self, check: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """What is in it, its version left out; empty if there is none, or it cannot be used.

        `check` raises `ValueError` for what is not ours.
        """
        try:
            if not self._path.exists():
                return {}
            content = self._content()
            check(content)
        except NewerError as error:
            self._refuse(error)
            return {}
        except (OSError, ValueError, RecursionError) as error:
            if not (isinstance(error, OSError) and self._is_said(error)):
                self._set_aside(error)
            return {}
        return content

    def write(self, content: Mapping[str, Any]) -> bool:
        """Whether it is on the disk now. Waits for that."""
        if self._is_newer:
            return False
        text = json.dumps({"version": self._version, **content})
        if len(text) > self._max_bytes:
            self._complain(f"it would be larger than {self._max_bytes} bytes")
            return False
        with self._writing:
            written = self._try(text)
        if written and self._folder is not None:
            self._folder.worked()
        return written

    def close(self) -> None:
        """What could not be written is not owed any more."""
        if self._folder is not None:
            self._folder.unlisten(self._write_what_is_owed)

    def _write_what_is_owed(self) -> None:
        """On whichever thread found that the folder can be written again."""
        with self._writing:
            if self._owed is not None:
                self._try(self._owed)

    def _try(self, text: str) -> bool:
        try:
            with self._folder.written.counting() if self._folder is not None else nullcontext():
                replace_whole(self._path, text)
        except OSError as error:
            self._owed = text
            if self._is_said(error):
                self._complained = True
            self._complain(error.strerror or str(error))
            return False
        self._owed, self._complained = None, False
        return True

    def _complain(self, why: str) -> None:
        if not self._complained:
            logger.warning("%s: cannot be written: %s; %s", self._path, why, self._unwritten)
        self._complained = True

    def _is_said(self, error: OSError) -> bool:
        """Whether it is the folder's affair, which says so once."""
        if self._folder is None or error.errno not in OF_THE_FOLDER:
            return False
        self._folder.failed(error)
        return True

    def _content(self) -> dict[str, Any]:
        """Raises OSError, and ValueError or RecursionError for what is not ours."""
        if not self._path.is_file():
            raise ValueError("it is not a regular file")
        with self._path.open("rb") as file:
            data = file.read(self._max_bytes + 1)
        if first := _VERSION_FIRST.match(data):
            self._must_not_be_newer(int(first[1]))
        if len(data) > self._max_bytes:
            raise ValueError(f"it is larger than {self._max_bytes} bytes")
        try:
            whole = json.loads(data)
        except ValueError as error:
            raise ValueError(f"it is not JSON: {error}") from None
        version = whole.pop("version", None) if isinstance(whole, dict) else None
        self._must_not_be_newer(version)
        if version != self._version:
            raise ValueError(f"expected version {self._version} of it, got {version!r}")
        content: dict[str, Any] = whole
        return content

    def _must_not_be_newer(self, version: object) -> None:
        if isinstance(version, int) and not isinstance(version, bool) and version > self._version:
            raise NewerError(f"({version}; this one knows {self._version})")

    def _refuse(self, error: NewerError) -> None:
        """It is left to the program that wrote it."""
        self._is_newer = True
        text = (
            "%s is of a newer version %s: a newer sig-gateway wrote it; it is neither read nor written: "
            "install that again, or move the file away and start anew. %s; %s"
        )
        logger.error(text, self._path, error, self._forgotten, self._unwritten)

    def _set_aside(self, error: Exception) -> None:
        aside = self._path.with_name(self._path.name + ".damaged")
        why = getattr(error, "strerror", None) or str(error)
        try:
            self._path.replace(aside)
            kept = f"it is kept as {aside.name}"
        except OSError as second:
            kept = f"it cannot be kept as {aside.name}: {second.strerror}"
        logger.warning("%s: cannot be used: %s; %s. %s", self._path, why, kept, self._forgotten)


def replace_whole(path: Path, text: str) -> None:
    """Have `text` in the file at `path`, for our user alone; whenever the power goes, the old one or the new
    one is there. Waits for the disk. Raises OSError."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)  # one that a kill has left may have any rights
    with open(new, "x", encoding="utf-8", newline="", opener=_private) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    _sync_folder(path.parent)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, OURS)


def _sync_folder(folder: Path) -> None:
    """So that the new name outlives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
