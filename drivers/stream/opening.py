"""Opening a serial port: what is asked before, what is set, and what an error means."""

import contextlib
import errno
import fcntl
import logging
import os
import re
import socket
import struct
import sys
import termios
from typing import Any
from urllib.parse import urlsplit

from drivers.errors import PortError, PortNotFoundError
from drivers.stream import proc
from drivers.stream.console import warn_of_console
from drivers.stream.port_settings import PortSettings

logger = logging.getLogger(__name__)

# A request is one short line: when a port does not take it in a second, the port hangs.
WRITE_TIMEOUT_S = 1.0
# How long a port that has no file descriptor to wait on is asked at a time. Set once: pyserial's rfc2217
# settles the whole line anew with the other end whenever it is changed.
POLL_S = 0.05
# A peer that answers no probe is gone after 15 + 3 × 5 s.
KEEPALIVE = {socket.TCP_KEEPIDLE: 15, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3}
UNHEARD_MS = 30_000
_PARITY = {"none": "N", "even": "E", "odd": "O"}
_LINES = {"dtr": "DTR", "rts": "RTS"}
_UART = re.compile(r"/dev/tty(AMA|S)\d+")


def open_port(device: str, settings: PortSettings) -> Any:
    """An open port of pyserial's, locked and settled; nothing stays open when that fails.

    A device is locked against programs that ask (flock) and those that do not (TIOCEXCL; root's may open it
    all the same). When it is closed, DTR and RTS stay as they are: a board that resets when DTR comes on does
    so once, not at each start of the gateway. Raises `PortError`, `PortNotFoundError`.
    """
    path = _path(device)
    if path is not None:
        _refuse_terminal(device, path)
    with contextlib.ExitStack() as owned:
        try:
            port = _unopened(device, settings, exclusive=path is not None)
            owned.callback(close_port, port)
            port.open()
            if path is not None:
                fcntl.ioctl(port.fileno(), termios.TIOCEXCL)
                _keep_lines(port.fileno())
                warn_of_console(device, path)
            elif device.startswith("rfc2217:"):
                # pyserial's has no time-out for writing; its socket has one, of 5 s.
                port._socket.settimeout(WRITE_TIMEOUT_S)
            _notice_dead_peers(getattr(port, "_socket", None))
            _say_what_is_ignored(device, port, settings)
        except Exception as error:  # pyserial lets AttributeError, NotImplementedError, struct.error through
            raise open_error(device, error) from error
        owned.pop_all()
    return port


def _notice_dead_peers(connection: socket.socket | None) -> None:
    """A server that lost its power says nothing. Where we write nothing, only probes find out."""
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in KEEPALIVE.items():
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
        # While something that we wrote is not acknowledged, no probe is sent: it tries for 15 minutes.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNHEARD_MS)


def close_port(port: Any) -> None:
    """Close what `open_port` opened, once or more; also one that is gone, or was never opened."""
    with contextlib.suppress(Exception):  # it has no descriptor, or is gone
        # A pseudo-terminal would stay locked as long as its other end lives.
        fcntl.ioctl(port.fileno(), termios.TIOCNXCL)
    with contextlib.suppress(Exception):  # nothing is left to close
        port.close()
    output = getattr(getattr(port, "formatter", None), "output", None)  # of spy://…?file=…
    if output is not None and output is not sys.stderr:
        output.close()


def open_error(device: str, error: Exception) -> PortError:
    """What a foreign error of an opening means, and what to do."""
    # pyserial's sockets put the system's error into the text only; the exception that they met has its
    # number.
    number = _number(error) or _number(error.__context__)
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.ECONNREFUSED):
        return PortNotFoundError(f"{device} is not there: {os.strerror(number)}")
    if number in (errno.EAGAIN, errno.EBUSY) or "exclusively lock" in str(error):
        others = ", ".join(proc.holders(_path(device) or device))
        if others:
            return PortError(f"{device} is held by another program: {others}; end it, or its use of the port")
        return PortError(
            f"{device} is held by another program; find it with `fuser -v {device}` (with sudo, "
            "those of others too) and end it"
        )
    if number in (errno.EACCES, errno.EPERM):
        return PortError(
            f"no permission to open {device}; add this user to its group (`ls -l {device}`, usually "
            "`sudo usermod -aG dialout $USER`) and log in again"
        )
    return PortError(f"cannot open {device}: {words(error) if number is None else os.strerror(number)}")


def words(error: Exception) -> str:
    """A foreign error in the system's words, if it has a number."""
    number = _number(error)
    return os.strerror(number) if number is not None else str(error) or type(error).__name__


def _number(error: BaseException | None) -> int | None:
    # termios.error is no OSError and keeps the number among its arguments.
    number = error.args[0] if isinstance(error, termios.error) else getattr(error, "errno", None)
    return number if isinstance(number, int) else None


def _path(device: str) -> str | None:
    """The device's path; None for a port behind a network."""
    if device.startswith("spy:"):
        url = urlsplit(device)
        return url.netloc + url.path
    return None if "://" in device else device


def _unopened(device: str, settings: PortSettings, *, exclusive: bool) -> Any:
    import serial  # a gateway whose links are all down, and the CLI, do without

    port = serial.serial_for_url(
        device,
        do_not_open=True,
        baudrate=settings.baud,
        parity=_PARITY[settings.parity],
        stopbits=settings.stop_bits,
        timeout=POLL_S if is_polled(device) else 0,
        write_timeout=None if device.startswith("rfc2217:") else WRITE_TIMEOUT_S,
        exclusive=True if exclusive else None,
    )
    # Before the opening: pyserial sets the lines while it opens.
    for line in _LINES:
        if getattr(settings, line) is not None:
            setattr(port, line, getattr(settings, line))
    return port


def is_polled(device: str) -> bool:
    """Whether a port must be asked: descriptors of ttys and sockets can be waited on; pyserial's other URLs
    have none, or one that shows nothing, or must see what is read."""
    return "://" in device and not device.startswith("socket:")


def _refuse_terminal(device: str, path: str) -> None:
    user = proc.terminal_user(path)
    if user is None:
        return
    real = os.path.realpath(path)
    if _UART.fullmatch(real):
        raise PortError(
            f"{device} has a login shell on it: {user}; turn it off with `sudo raspi-config` (Interface "
            "Options > Serial Port > login shell: no), or where there is none with "
            f"`sudo systemctl disable --now serial-getty@{real.removeprefix('/dev/')}`"
        )
    raise PortError(
        f"{device} is the terminal of {user}, no serial port of ours; write the one that the board is on, "
        "see `sig-gateway ports`"
    )


def _keep_lines(descriptor: int) -> None:
    """Have DTR and RTS stay on when the port is closed, where the driver can."""
    with contextlib.suppress(termios.error):
        settings = termios.tcgetattr(descriptor)
        settings[2] &= ~termios.HUPCL
        termios.tcsetattr(descriptor, termios.TCSANOW, settings)


def _say_what_is_ignored(device: str, port: Any, settings: PortSettings) -> None:
    """A port without the lines that are to be set works all the same, and says so."""
    wanted = [text for name, text in _LINES.items() if getattr(settings, name) is not None]
    if not wanted or device.startswith("rfc2217:"):
        return
    try:
        fcntl.ioctl(port.fileno(), termios.TIOCMGET, struct.pack("I", 0))
    except OSError:
        logger.warning("%s has no line %s: the setting is without effect", device, " or ".join(wanted))
