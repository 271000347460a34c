"""Bytes in and out of an opened port, with foreign exceptions translated here, once."""

import contextlib
import errno
import os
import select
import termios
import time
from dataclasses import dataclass
from typing import Any, Self

from drivers.errors import LinkLostError, PortError, PortNotFoundError

# The kernel's tty buffer holds 4 KiB; a network port may have more waiting.
READ_SIZE = 65536
# A request is one short line: when a port does not take it in a second, the port hangs.
WRITE_TIMEOUT_S = 1.0
# How long a port that has no file descriptor to wait on is asked at a time.
_POLL_S = 0.05
# What pyserial lets through of the system's and its own (SerialException is an OSError).
_FOREIGN = (OSError, ValueError, TypeError, termios.error)


@dataclass(frozen=True, slots=True)
class PortSettings:
    """TEMP"""

    baud: int = 115200
    parity: str = "none"
    stop_bits: int = 1
    dtr: bool | None = None
    rts: bool | None = None


class Transport:
    """An open port. One thread at a time reads, one at a time writes, any may `wake` the reader.

    Opened by `open_transport`, closed by `close`, which the reader's thread calls when it is done.
    """

    def __init__(self, port: Any, *, pollable: bool) -> None:
        self._port = port
        self.wakes = pollable
        """Whether `wake` ends a read at once, or only by and by."""
        # poll, not select, which fails on descriptors over 1023; os.read and os.write, not the port's own:
        # its read takes several system calls for each byte, its write selects.
        self._descriptor: int | None = port.fileno() if pollable else None
        # Written to by wake(): the reader waits on the port and on this at once.
        self._wake_reader, self._wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._readable = select.poll()
        self._readable.register(self._wake_reader, select.POLLIN)
        if self._descriptor is not None:
            self._readable.register(self._descriptor, select.POLLIN)

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, at once if something has; b"" after `timeout_s`, or when woken.

        Raises `LinkLostError` when the port is gone.
        """
        try:
            if self._descriptor is None:
                return self._read_polling(timeout_s)
            data = None
            for descriptor, _ in self._readable.poll(timeout_s * 1000):
                if descriptor == self._wake_reader:
                    os.read(descriptor, 64)
                else:
                    data = os.read(descriptor, READ_SIZE)
            if data is None:
                return b""
        except BlockingIOError:
            return b""
        except _FOREIGN as error:
            raise LinkLostError(f"reading failed: {_words(error)}") from error
        if not data:
            raise LinkLostError("the port was closed at the other end (unplugged?)")
        return data

    def write(self, data: bytes) -> None:
        """Write all of `data` within `WRITE_TIMEOUT_S`. Raises `LinkLostError`."""
        try:
            if self._descriptor is None:
                self._port.write(data)
            else:
                _write_all(self._descriptor, data)
        except _FOREIGN as error:
            raise LinkLostError(f"writing failed: {_words(error)}") from error

    def write_at_once(self, data: bytes) -> bool:
        """Write all of `data` if the port takes it without a wait; False if it did not, or failed: `write`
        tells why. From any thread."""
        if self._descriptor is None:
            return False
        try:
            return os.write(self._descriptor, data) == len(data)
        except OSError:
            return False

    def wake(self) -> None:
        """Have `read` return soon. Not after `close`."""
        with contextlib.suppress(BlockingIOError):  # the pipe is full: the reader will wake anyway
            os.write(self._wake_writer, b"\0")

    def close(self) -> None:
        """Close the port."""
        # pyserial's sockets are not closed by it when their peer is gone: their shutdown fails first.
        with contextlib.ExitStack() as left:
            if (connection := getattr(self._port, "_socket", None)) is not None:
                left.callback(connection.close)
            with contextlib.suppress(*_FOREIGN):  # it is gone: nothing is left to close
                self._port.close()
        os.close(self._wake_reader)
        os.close(self._wake_writer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read_polling(self, timeout_s: float) -> bytes:
        self._port.timeout = min(timeout_s, _POLL_S)
        first: bytes = self._port.read(1)
        rest: bytes = self._port.read(self._port.in_waiting) if first else b""
        return first + rest


def _write_all(descriptor: int, data: bytes) -> None:
    deadline = time.monotonic() + WRITE_TIMEOUT_S
    writable = select.poll()
    writable.register(descriptor, select.POLLOUT)
    while data:
        if not writable.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimeoutError(errno.ETIMEDOUT, f"the port took nothing for {WRITE_TIMEOUT_S:g} s")
        with contextlib.suppress(BlockingIOError):
            data = data[os.write(descriptor, data) :]


def open_transport(device: str, settings: PortSettings) -> Transport:
    """Open a device path or a URL of pyserial's, 8 data bits, no parity, 1 stop bit.

    Raises `PortNotFoundError` when nothing is there, `PortError` when it cannot be opened; the text says what
    to do.
    """
    import serial  # a gateway whose links are all down, and the CLI, do without

    try:
        port = serial.serial_for_url(
            device,
            baudrate=settings.baud,
            timeout=0,
            write_timeout=WRITE_TIMEOUT_S,
            exclusive=_exclusive(device),
        )
    except (OSError, ValueError, termios.error) as error:
        raise _open_error(device, error) from error
    # Descriptors of ttys and sockets can be waited on; pyserial's other URLs have none, or one that shows
    # nothing.
    return Transport(port, pollable="://" not in device or device.startswith("socket://"))


def _exclusive(device: str) -> bool | None:
    """Lock devices against a second program; URLs have no lock."""
    return None if "://" in device else True


def _open_error(device: str, error: Exception) -> PortError:
    # pyserial's sockets put the system's error into the text only; the exception that they met has its
    # number.
    number = getattr(error, "errno", None) or getattr(error.__context__, "errno", None)
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.ECONNREFUSED):
        return PortNotFoundError(f"{device} is not there: {_words(error)}")
    if number in (errno.EAGAIN, errno.EBUSY) or "exclusively lock" in str(error):
        return PortError(f"{device} is held by another program; find it with `fuser -v {device}` and end it")
    if number in (errno.EACCES, errno.EPERM):
        return PortError(
            f"no permission to open {device}; add this user to its group (`ls -l {device}`, usually "
            "`sudo usermod -aG dialout $USER`) and log in again"
        )
    return PortError(f"cannot open {device}: {_words(error)}")


def _words(error: Exception) -> str:
    number = getattr(error, "errno", None)
    return os.strerror(number) if isinstance(number, int) else str(error) or type(error).__name__
