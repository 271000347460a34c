"""The board's end of the serial line: the master of a pty.

A UART has no memory and no flow control, and this port neither: what is written while nobody has the other
end open, or while its buffers (some 16 kB in Linux) are full, is lost. So the simulator holds no descriptor
of the slave: then Linux says "hung up" on the master exactly while nobody has the slave open.
"""

import os
import pty
import select
import termios
import tty

_READ_SIZE = 4096


class PtyPort:
    """Closed until `plug`; `unplug` makes the other end fail at once. Both may be called at any time."""

    def __init__(self) -> None:
        self._master = -1
        self._hangups = select.poll()
        self._last_device = ""
        self.device = ""
        """The slave, such as `/dev/pts/4`; empty while unplugged."""

    def fileno(self) -> int:
        """The descriptor to wait on for `read`; only while `listening`, or the wait ends at once."""
        return self._master

    def plug(self, other: bool = False) -> None:
        """Open a pty, raw and without echo; with `other` under another name than the last time."""
        self.unplug()
        master, device = _open_raw()
        if other and device == self._last_device:
            occupied = master
            master, device = _open_raw()
            os.close(occupied)
        self._master, self.device, self._last_device = master, device, device
        self._hangups.register(master, 0)

    def unplug(self) -> None:
        """Close it: whoever has the slave open gets a hangup (end of file or an error)."""
        if self._master >= 0:
            self._hangups.unregister(self._master)
            os.close(self._master)
        self._master, self.device = -1, ""

    def listening(self) -> bool:
        """Has somebody the other end open?"""
        return self._master >= 0 and not self._hangups.poll(0)

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
        except OSError:  # nothing there, or nobody
            return b""

    def forget(self) -> None:
        """Drop what the last listener did not read, so that the next one does not get old lines."""
        try:
            slave = os.open(self.device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:  # another program made it exclusive: then that one has just opened it
            return
        try:
            termios.tcflush(slave, termios.TCIFLUSH)
        finally:
            os.close(slave)


def _open_raw() -> tuple[int, str]:
    master, slave = pty.openpty()
    device = os.ttyname(slave)
    tty.setraw(slave)  # lasts as long as the master, though the slave is closed
    os.close(slave)
    os.set_blocking(master, False)
    return master, device
