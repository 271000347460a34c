"""The board's end of the serial line: the master of a pty.

A UART has no memory and no flow control, and this port neither: what is written while nobody has the other
end open, or while its buffers (some 16 kB in Linux) are full, is lost.

Linux hangs the master up while no descriptor of the slave is open. That tells us whether somebody listens;
but a wait for input would end at once, always. So while nobody listens we hold a descriptor of the slave, the
guard; to see whether somebody came, the guard is let go for a moment; when somebody is there, for good.
"""

import os
import pty
import select
import termios
import tty

from firmware_sim.errors import SimulatorError

_READ_SIZE = 4096


class PtyPort:
    """Closed until `plug`; `unplug` makes the other end fail at once. Both may be called at any time."""

    def __init__(self) -> None:
        self._master = -1
        self._guard = -1
        self._hangups = select.poll()
        self._last_device = ""
        self.device = ""
        """The slave, such as `/dev/pts/4`; empty while unplugged."""
        self.spoiled = False
        """Nobody can open the slave any more, since a program left it exclusive: plug in anew."""

    def fileno(self) -> int:
        """The descriptor to wait on for `read`."""
        return self._master

    def plug(self, other: bool = False) -> None:
        """Open a pty, raw and without echo; with `other` under another name than the last time."""
        self.unplug()
        master, guard = _open()
        try:
            if other and os.ttyname(guard) == self._last_device:
                occupied = master, guard
                try:
                    master, guard = _open()
                finally:
                    if (master, guard) != occupied:
                        _close(*occupied)
            tty.setraw(guard)  # lasts as long as the master
            os.set_blocking(master, False)
            device = os.ttyname(guard)
            self._hangups.register(master, 0)
        except BaseException:
            _close(master, guard)
            raise
        self._master, self._guard = master, guard
        self.device = self._last_device = device

    def unplug(self) -> None:
        """Close it: whoever has the slave open gets a hangup (end of file or an error)."""
        if self._master >= 0:
            self._hangups.unregister(self._master)
            os.close(self._master)
        self._drop_guard()
        self._master, self.device, self.spoiled = -1, "", False

    def listening(self) -> bool:
        """Has somebody the other end open?"""
        self._drop_guard()
        if self._master < 0:
            return False
        if self._hangups.poll(0):
            self._take_guard()
            return False
        return True

    def write(self, data: bytes) -> int:
        """How many of the bytes the port took; the rest is lost."""
        if not self.listening():
            return 0
        try:
            return os.write(self._master, data)
        except OSError:  # the buffers are full, or the listener left just now
            return 0

    def read(self) -> bytes:
        """What has come; empty when nothing has."""
        try:
            return os.read(self._master, _READ_SIZE)
        except BlockingIOError:
            return b""
        except OSError:  # hung up: the last listener has left
            self.listening()
            return b""

    def _take_guard(self) -> None:
        try:
            self._guard = os.open(self.device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:  # TIOCEXCL outlives the program that set it, unless we are root
            self.spoiled = True
        else:
            termios.tcflush(self._guard, termios.TCIFLUSH)  # the next listener gets no old lines

    def _drop_guard(self) -> None:
        if self._guard >= 0:
            os.close(self._guard)
            self._guard = -1


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _open() -> tuple[int, int]:
    try:
        return pty.openpty()
    except OSError as err:
        raise SimulatorError(
            f"cannot open a pseudo-terminal: {err}; is /dev/pts mounted, and not full?"
        ) from err
