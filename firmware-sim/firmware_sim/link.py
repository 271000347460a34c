"""The stable name of the port: a symlink that a simulator owns while it runs.

Who owns a path is settled by a lock that the kernel drops with the process, kill -9 included: a socket with
an abstract name (Linux) made from the path. So a symlink without an owner is a stale one.
"""

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

from firmware_sim.errors import SimulatorError

_LONGEST_NAME = 90
"""Bytes of a path that fit, with our prefix, into the 108 of a socket address; longer ones are hashed."""


class Claim:
    """The right to `path`, which one simulator at a time has."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: socket.socket | None = None

    def take(self, check: Callable[[], None]) -> None:
        """Own the path, if `check` has nothing against it; SimulatorError when another simulator does."""
        if not self.path.parent.is_dir():
            raise SimulatorError(
                f"{self.path}: expected a folder {self.path.parent}; make it, or give another --link"
            )
        lock = socket.socket(socket.AF_UNIX)
        try:
            lock.bind(self._lock_name())
            check()
        except OSError as err:
            lock.close()
            if err.errno != errno.EADDRINUSE:
                raise SimulatorError(f"{self.path}: cannot be the link: {err.strerror}") from err
            raise SimulatorError(
                f"{self.path}: expected a free path; got one that a running simulator owns; end it with "
                f"`--link {self.path} --tell quit`, or give another --link"
            ) from None
        except BaseException:
            lock.close()
            raise
        self._lock = lock

    def release(self) -> None:
        """Let others have the path."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _lock_name(self) -> bytes:
        where = os.fsencode(self.path.parent.resolve() / self.path.name)
        if len(where) > _LONGEST_NAME:
            from hashlib import blake2b  # 15 ms of start-up that most paths do without

            where = blake2b(where, digest_size=16).hexdigest().encode()
        return b"\0firmware-sim:" + where


class Link:
    """`path`, to be a symlink to a device; nothing happens before `claim`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._claim = Claim(path)
        self._device = ""

    def claim(self) -> None:
        """Own the path; SimulatorError when another simulator does, or a file is in the way."""
        self._claim.take(self._check_replaceable)

    def point_to(self, device: str) -> None:
        """Make it a symlink to `device`, in one step."""
        new = self.path.with_name(f".{self.path.name}.new")
        self._check_replaceable()
        try:
            new.unlink(missing_ok=True)
            new.symlink_to(device)
            new.replace(self.path)
        except OSError as err:
            raise SimulatorError(f"{self.path}: cannot make the link to {device}: {err.strerror}") from err
        self._device = device

    def remove(self) -> None:
        """Remove the symlink, if it is still the one we made."""
        if self._device and self.path.is_symlink() and str(self.path.readlink()) == self._device:
            self.path.unlink()
        self._device = ""

    def release(self) -> None:
        """Remove it and let others have the path."""
        self.remove()
        self._claim.release()

    def _check_replaceable(self) -> None:
        if not self.path.is_symlink() and self.path.exists():
            raise SimulatorError(
                f"{self.path}: expected no file there, or a symlink; got something else, which "
                "is left alone; move it away, or give another --link"
            )
