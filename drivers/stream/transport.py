"""Bytes in and out of an opened port, with foreign exceptions translated here, once."""

import contextlib
import errno
import logging
import os
import select
import termios
from typing import Any, Self

from drivers.clock import boottime
from drivers.errors import LinkLostError
from drivers.stream import opening, proc
from drivers.stream.opening import close_port, is_polled, open_error, open_port, words
from drivers.stream.port_settings import PortSettings
from drivers.stream.tap import NOTE, READ, WRITTEN, Tap

logger = logging.getLogger(__name__)

# The kernel's tty buffer holds 4 KiB; a network port may have more waiting.
READ_SIZE = 65536
# How often it is said that another program reads the port too.
SAY_AGAIN_S = 600.0
# What pyserial lets through of the system's and its own (SerialException is an OSError).
FOREIGN = (OSError, ValueError, TypeError, AttributeError, NotImplementedError, termios.error)
_DEFAULT = PortSettings()


class Transport:
    """An open port. One thread at a time reads, one at a time writes, any may `wake` the reader. `tap` hears
    what is read and written.

    Opened by `open_transport`, closed by `close`, which the reader's thread calls when it is done.
    """

    def __init__(self, port: Any, device: str = "", *, pollable: bool, tap: Tap | None = None) -> None:
        self._port = port
        self._device = device
        self._tap = tap or Tap()
        self.wakes = pollable
        """Whether `wake` ends a read at once, or only by and by."""
        # poll, not select, which fails on descriptors over 1023; os.read and os.write, not the port's own:
        # its read takes several system calls for each byte, its write selects.
        self.descriptor: int | None = port.fileno() if pollable else None
        """What shows that bytes have come; None: nothing does."""
        self._is_tty = self.descriptor is not None and os.isatty(self.descriptor)
        self._taken = 0
        self._say_again = 0.0
        # Written to by wake(): the reader waits on the port and on this at once. Last, since all that can
        # fail is before it.
        self._readable = select.poll()
        self._wake_reader, self._wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._readable.register(self._wake_reader, select.POLLIN)
        if self.descriptor is not None:
            self._readable.register(self.descriptor, select.POLLIN)

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, at once if something has; b"" after `timeout_s`, when woken, or when another
        program was quicker.

        Raises `LinkLostError` when the port is gone.
        """
        came = False
        try:
            if self.descriptor is None:
                return self._read_polling()
            for descriptor, _ in self._readable.poll(timeout_s * 1000):
                if descriptor == self._wake_reader:
                    os.read(descriptor, 64)
                else:
                    came = True
        except FOREIGN as error:
            raise LinkLostError(f"reading failed: {words(error)}") from error
        return self.read_ready() if came else b""

    def read_ready(self) -> bytes:
        """The same for who has waited for `descriptor` himself: without a wait."""
        assert self.descriptor is not None
        try:
            data = os.read(self.descriptor, READ_SIZE)
        except BlockingIOError:
            data = None
        except FOREIGN as error:
            raise LinkLostError(f"reading failed: {words(error)}") from error
        if data:
            if self._tap.listeners:
                self._tap.told(boottime(), READ, data)
            return data
        # A port that is gone hangs up, and stays so. One that had bytes a moment ago, has none now and does
        # not hang up was read by somebody else. A socket's empty read is its end.
        if self._is_tty and not _hangs_up(self.descriptor):
            self._taken_by_another()
        elif data is not None:
            raise LinkLostError("the port was closed at the other end (unplugged?)")
        return b""

    def write(self, data: bytes) -> None:
        """Write all of `data` within `WRITE_TIMEOUT_S`. Raises `LinkLostError`."""
        began = boottime()
        try:
            if self.descriptor is None:
                self._port.write(data)
            else:
                _write_all(self.descriptor, data)
        except FOREIGN as error:
            raise LinkLostError(f"writing failed: {words(error)}") from error
        if self._tap.listeners:
            self._tap.told(began, WRITTEN, data)

    def write_at_once(self, data: bytes) -> bool:
        """Write all of `data` if the port takes it without a wait; False if it did not, or failed: `write`
        tells why. From any thread."""
        if self.descriptor is None:
            return False
        began = boottime()
        try:
            written = os.write(self.descriptor, data)
        except OSError:
            return False
        if self._tap.listeners:
            self._tap.told(began, WRITTEN, data[:written])
        return written == len(data)

    def wake(self) -> None:
        """Have `read` return soon. Not after `close`."""
        with contextlib.suppress(BlockingIOError):  # the pipe is full: the reader will wake anyway
            os.write(self._wake_writer, b"\0")

    def close(self, reason: str = "") -> None:
        """Close the port; nothing happens if it is closed. `reason` is for whoever listens in."""
        port, self._port = self._port, None
        if port is None:
            return
        # pyserial's sockets are not closed by it when their peer is gone: their shutdown fails first.
        connection = getattr(port, "_socket", None)
        close_port(port)
        if connection is not None:
            connection.close()
        os.close(self._wake_reader)
        os.close(self._wake_writer)
        if self._tap.listeners:
            said = f"port closed: {reason}" if reason else "port closed"
            self._tap.told(boottime(), NOTE, said.encode(errors="replace"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read_polling(self) -> bytes:
        first: bytes = self._port.read(1)  # waits for `POLL_S` at most
        rest: bytes = self._port.read(self._port.in_waiting) if first else b""
        if first and self._tap.listeners:
            self._tap.told(boottime(), READ, first + rest)
        return first + rest

    def _taken_by_another(self) -> None:
        self._taken += 1
        now = boottime()
        if now < self._say_again:
            return
        self._say_again = now + SAY_AGAIN_S
        others = ", ".join(proc.holders(self._device)) or f"`sudo fuser -v {self._device}` shows it"
        logger.warning(
            "another program also reads %s, and takes what is ours (%d times): %s; end it, or its use of the "
            "port",
            self._device,
            self._taken,
            others,
        )


def _hangs_up(descriptor: int | None) -> bool:
    assert descriptor is not None
    hangup = select.poll()
    hangup.register(descriptor, 0)
    return bool(hangup.poll(0))


def _write_all(descriptor: int, data: bytes) -> None:
    deadline = boottime() + opening.WRITE_TIMEOUT_S
    writable = select.poll()
    writable.register(descriptor, select.POLLOUT)
    while data:
        if not writable.poll(max(0.0, deadline - boottime()) * 1000):
            raise TimeoutError(errno.ETIMEDOUT, f"the port took nothing for {opening.WRITE_TIMEOUT_S:g} s")
        with contextlib.suppress(BlockingIOError):
            data = data[os.write(descriptor, data) :]


def open_transport(device: str, settings: PortSettings = _DEFAULT, *, tap: Tap | None = None) -> Transport:
    """Open a device path or a URL of pyserial's; see `drivers.stream.opening.open_port`. `tap` hears what is
    read and written.

    Nothing stays open when it fails. Raises `PortNotFoundError` when nothing is there, `PortError` when it
    cannot be opened; the text says what to do.
    """
    with contextlib.ExitStack() as owned:
        port = open_port(device, settings)
        owned.callback(close_port, port)
        try:
            transport = Transport(port, device, pollable=not is_polled(device), tap=tap)
        except FOREIGN as error:  # no descriptors left
            raise open_error(device, error) from error
        owned.pop_all()
    if tap is not None:
        tap.told(boottime(), NOTE, b"port opened")
    return transport
