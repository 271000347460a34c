"""What a service says to systemd: ready, how it does, reloading, stopping, alive.

Source: sd_notify(3), sd_watchdog_enabled(3): a datagram of `NAME=value` lines to the socket in
`NOTIFY_SOCKET`, a path or, with an `@`, an abstract name. Anything that speaks this protocol may be there:
systemd, `systemd-run`, a container's manager, the tests.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Mapping

SEND_WITHIN_S = 0.5
"""A manager that takes nothing for so long is not waited for; the watchdog says so again soon."""

logger = logging.getLogger(__name__)


class Manager:
    """Who started this process and wants to be told, or nobody: then all methods do nothing.

    From any thread. Nothing raises: a gateway goes on without its manager, and says once in the log that it
    cannot be told. The one socket is opened with the first message and kept, as later there may be no
    descriptor left. `environ` is only read.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self._watchdog_s = _watchdog_s(environ) if self._address is not None else None
        self._lock = threading.Lock()  # guards what follows; held for a message, so for SEND_WITHIN_S at most
        self._socket: socket.socket | None = None
        self._failed = False
        self._closed = False
        self.last_text = ""
        """What `ready` or `status` said last: what stands at the manager."""

    @property
    def present(self) -> bool:
        """Whether there is somebody to be told."""
        return self._address is not None

    @property
    def watchdog_s(self) -> float | None:
        """Seconds within which `alive` is to be called again, else the process is ended; None: not asked."""
        return self._watchdog_s

    def ready(self, text: str) -> None:
        """The start, or a reload, is over; `text` as for `status`."""
        self._tell(f"READY=1\nSTATUS={_one_line(text)}\n", text)

    def status(self, text: str) -> None:
        """How it does, for `systemctl status`: one line."""
        self._tell(f"STATUS={_one_line(text)}\n", text)

    def reloading(self, monotonic_us: int) -> None:
        """A reload begins, at this time of the monotonic clock in microseconds; `ready` ends it."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={monotonic_us}\n")

    def stopping(self) -> None:
        """The stop has begun. Nothing is said after that: a reload may still be under way."""
        self._tell("STOPPING=1\n", last=True)

    def alive(self) -> None:
        """All is well: the watchdog's time begins anew."""
        self._tell("WATCHDOG=1\n")

    def trigger(self) -> None:
        """Something hangs that only another process can mend: do as if the watchdog's time were over."""
        self._tell("WATCHDOG=trigger\n")

    def close(self) -> None:
        """Give the socket back. Nothing is said after that."""
        with self._lock:
            self._closed = True
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    def _tell(self, message: str, text: str | None = None, *, last: bool = False) -> None:
        if self._address is None:
            return
        with self._lock:
            if self._closed:
                return
            self._closed = last
            if text is not None:
                self.last_text = text
            error = self._send(message, self._address)
            told, self._failed = self._failed, error is not None
        if error is not None and not told:
            logger.warning("systemd cannot be told %r: %s", message.partition("\n")[0], error)

    def _send(self, message: str, address: bytes) -> OSError | None:
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                self._socket.settimeout(SEND_WITHIN_S)
            self._socket.sendto(message.encode(), address)
        except OSError as error:
            return error
        return None


def _address(name: str) -> bytes | None:
    """None for what is not there, and for what this protocol does not have."""
    if name.startswith("@"):
        return b"\0" + os.fsencode(name[1:])
    return os.fsencode(name) if name.startswith("/") else None


def _watchdog_s(environ: Mapping[str, str]) -> float | None:
    """`WATCHDOG_PID` is another process where this one was started by the service, and is not it."""
    with contextlib.suppress(ValueError):
        meant = environ.get("WATCHDOG_PID")
        microseconds = int(environ.get("WATCHDOG_USEC", ""))
        if microseconds > 0 and (meant is None or int(meant) == os.getpid()):
            return microseconds / 1e6
    return None


def _one_line(text: str) -> str:
    return " ".join(text.split())
