"""The data folder: one gateway's at a time, and no need. Without it values are live only.

The lock is flock's, on the file `.lock` with the owner's pid in it, and on the folder itself, as that file
cannot be opened everywhere: the kernel takes both back when the process ends, however it ends.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import math
import os
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from gateway.written import Written

logger = logging.getLogger(__name__)

LOCK = ".lock"
PRIVATE, OURS = 0o700, 0o600
"""Rights of the folder, where we make it, and of the files in it."""
RETRY_S = 10.0
"""How often a folder that cannot be used is tried again: its status is asked for each second."""
BLOCK = 4096
"""Bytes that a file system gives at once, mostly: a small file takes as much."""
_FULL = (errno.ENOSPC, errno.EDQUOT)
_LOCKS = Path("/proc/locks")


class InUseError(Exception):
    """Another gateway has the folder; the text names it, and its process where that is known."""


class FolderStatus(NamedTuple):
    """Whether values can be kept there. `message`: why not, and what to do; empty if they can."""

    usable: bool
    message: str


def is_in_use(path: Path) -> bool:
    """Whether a gateway has the folder, as far as the kernel tells. Takes no lock: that would keep one from
    starting."""
    with suppress(OSError):
        return _holder((path / LOCK).stat().st_ino) is not None
    return False


def _holder(inode: int) -> str | None:
    """Whose process has the lock of that file, from the kernel. Raises OSError."""
    found = re.search(rf"FLOCK\s+\S+\s+WRITE\s+([1-9]\d*)\s+\S+:{inode}\s", _LOCKS.read_text())
    return found[1] if found else None


class DataFolder:
    """The folder at `path`. For any thread, but for `open` and `close`, which belong to one. `clock`:
    monotonic seconds."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self._clock = clock
        self._trying = threading.Lock()  # guards the descriptors; one tries at a time
        self._held: list[int] = []
        self._complete = False  # whether both locks are ours, and the file can be written
        self._closed = True
        self._lock = threading.Lock()  # guards what is below; nobody waits for the disk under it
        self._trouble = ""
        self._retry_at = 0.0
        self.written = Written()
        """By who writes small files there."""
        self._listeners: tuple[Callable[[], None], ...] = ()

    def open(self) -> None:
        """Make it if it is missing, and take its lock. Raises InUseError; whatever else is wrong is logged,
        once, and is in `status`."""
        self._closed = False
        self._warn_of_others()
        try:
            self._try()
        except OSError as error:
            self.failed(error)

    def close(self) -> None:
        """Leave it to others; may come any number of times."""
        with self._trying:
            self._closed = True
            self._release()

    def listen(self, listener: Callable[[], None]) -> None:
        """Have `listener()` called when it can be written again, on the thread that finds it, which waits for
        the disk anyway."""
        self._listeners = (*self._listeners, listener)

    def unlisten(self, listener: Callable[[], None]) -> None:
        """The opposite; nothing happens if it does not listen."""
        self._listeners = tuple(each for each in self._listeners if each != listener)

    def status(self) -> FolderStatus:
        """How it is. A folder that could not be used is tried again for that, now and then; one that was
        removed or replaced under us is made and locked anew."""
        if self._is_gone():
            self._note(f"the data folder {self.path} was removed or replaced while it was in use")
            with self._lock:
                self._retry_at = -math.inf
        with self._lock:
            again = bool(self._trouble) and self._clock() >= self._retry_at
            if again:
                self._retry_at = self._clock() + RETRY_S
        if again:
            try:
                self._try()
            except OSError as error:
                self.failed(error)
            except InUseError as error:
                self._note(str(error))
            else:
                self.worked()
        with self._lock:
            return FolderStatus(not self._trouble, self._trouble)

    @property
    def last_status(self) -> FolderStatus:
        """How it was at the last look. Looks at nothing, and waits for nobody who does: a disk may hang."""
        trouble = self._trouble
        return FolderStatus(not trouble, trouble)

    @property
    def usable(self) -> bool:
        """Whether values can be kept there, as of the last look; looks at nothing."""
        return not self._trouble

    def _is_gone(self) -> bool:
        """Whether the path leads elsewhere than to the folder that we hold: then we hold nothing."""
        with self._trying:
            if not self._complete:
                return False
            try:
                there, ours = self.path.stat(), os.fstat(self._held[0])
            except FileNotFoundError:
                self._complete = False
            except OSError:
                return False  # what is wrong shows when something is written
            else:
                self._complete = (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
            return not self._complete

    def failed(self, error: OSError) -> None:
        """Something could not be written there."""
        why = error.strerror or str(error)
        full = error.errno in _FULL
        what = "make room" if full else "make it writable for this user, or name another in gateway.data"
        self._note(f"the data folder {self.path} cannot be written: {why}; values are live only; {what}")

    def worked(self) -> None:
        """Something could be written there. Where the lock is not ours yet, it is for the next `status` to
        see."""
        with self._lock:
            if not self._complete:
                self._retry_at = -math.inf
                return
            mended, self._trouble = bool(self._trouble), ""
        if mended:
            logger.info("the data folder %s can be written again", self.path)
            for listener in self._listeners:
                listener()

    def _note(self, text: str) -> None:
        with self._lock:
            new, self._trouble = not self._trouble, text
            self._retry_at = self._clock() + RETRY_S
        if new:
            logger.error("%s", text)

    def _try(self) -> None:
        """Raises InUseError, and OSError if it cannot be written."""
        with self._trying:
            self._make()
            if not (self._complete or self._closed):
                self._release()
                self._take()
                self._complete = True
            if not os.access(self.path, os.W_OK | os.X_OK):
                raise OSError(errno.EACCES, os.strerror(errno.EACCES))
            if self._complete:
                pid = b"%d\n" % os.getpid()
                os.pwrite(self._held[-1], pid, 0)
                # On a full disk what is there can be written over; what is new cannot.
                os.pwrite(self._held[-1], bytes(BLOCK), BLOCK)
                os.ftruncate(self._held[-1], len(pid))

    def _make(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir(PRIVATE, exist_ok=True)
        except FileExistsError:
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None

    def _take(self) -> None:
        """The folder's lock, then the file's, whose descriptor is the last."""
        self._hold(os.open(self.path, os.O_RDONLY | os.O_DIRECTORY))
        try:
            self._hold(os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, OURS))
        except OSError:
            with suppress(OSError):  # another's, or on a disk that is read-only: it can still be locked
                self._hold(os.open(self.path / LOCK, os.O_RDONLY))
            raise
        os.ftruncate(self._held[-1], 0)

    def _hold(self, descriptor: int) -> None:
        """Keep it open, with its lock if the file system has such."""
        self._held.append(descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = self._owner(descriptor)
            self._release()
            text = f"another gateway{owner} uses the data folder {self.path}; end it, or name another folder"
            raise InUseError(text) from None
        except OSError as error:
            if len(self._held) == 1:
                text = "%s: this file system has no locks (%s): a second gateway here would not be noticed"
                logger.warning(text, self.path, error.strerror)

    def _owner(self, descriptor: int) -> str:
        """` (process 4711)`, from the kernel or else from the lock's file, which may be of an earlier one."""
        with suppress(OSError):
            if (process := _holder(os.fstat(descriptor).st_ino)) is not None:
                return f" (process {process})"
        with suppress(OSError, ValueError):
            return f" (process {int((self.path / LOCK).read_text())})"
        return ""

    def _release(self) -> None:
        self._complete = False
        while self._held:
            os.close(self._held.pop())

    def _warn_of_others(self) -> None:
        with suppress(OSError):
            if self.path.stat().st_mode & 0o022:
                text = (
                    "others may write to the data folder %s, and so put their values into it: chmod go-w %s"
                )
                logger.warning(text, self.path, self.path)
