"""How bytes come to the board, and leave it."""

import select
import sys


class StdPort:
    """Standard input and output: the USB port of most boards, or UART 0 behind their USB chip. Byte 0x03,
    which would end the program, is a byte like any other while `open`."""

    def __init__(self):
        self._in = sys.stdin.buffer
        self._out = sys.stdout.buffer
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)

    def open(self):
        """Before the first byte."""
        _interrupt_by(-1)

    def close(self):
        """Ctrl-C ends the program again."""
        _interrupt_by(3)

    def wait(self, ms):
        """Until something has come, so long at most; whether it has."""
        return bool(self._poll.poll(ms))

    def read(self):
        """What has come, 64 bytes at most. Raises `EOFError` where a port can end, and has."""
        data = b""
        while len(data) < 64 and self._poll.poll(0):
            byte = self._in.read(1)  # it would wait for all of more than one
            if byte == b"":
                raise EOFError
            if byte is None:
                break
            data += byte
        return data

    def write(self, data):
        """All of it, or what nobody takes is lost: a board that waits for a reader measures nothing."""
        try:
            self._out.write(data)
        except OSError:
            pass


class UartPort:
    """A `machine.UART`, made with `timeout=0`, and a receive buffer of 256 bytes at least."""

    def __init__(self, uart):
        self._uart = uart
        self._poll = select.poll()
        self._poll.register(uart, select.POLLIN)

    def open(self):
        """See `StdPort`."""

    def close(self):
        """See `StdPort`."""

    def wait(self, ms):
        """See `StdPort`."""
        return bool(self._poll.poll(ms))

    def read(self):
        """See `StdPort`."""
        return self._uart.read() or b""

    def write(self, data):
        """See `StdPort`."""
        self._uart.write(data)


def _interrupt_by(byte):
    try:
        from micropython import kbd_intr
    except ImportError:
        return
    kbd_intr(byte)
