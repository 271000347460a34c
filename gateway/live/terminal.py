"""A terminal that is drawn on: entered, drawn, and given back as it was.

Like an editor it uses the alternate screen, so resizing leaves no debris, and what was there before comes
back. Only lines that have changed are written: nothing flickers, and an ssh connection has little to carry.
"""

from __future__ import annotations

import os
import select
import signal
import termios
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, TextIO

from gateway.live.lines import Line, cells, has_colours, painted

# The alternate screen, no cursor, no wrapping at the right edge; and back.
ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l"
LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l"
CLEAR = "\x1b[2J"
ERASE = "\x1b[K"
"""What is right of the cursor, which stands on the last column after a line that is as wide."""
FALLBACK = (80, 24)
"""Columns and lines of a terminal that does not know."""
DISABLED = b"\x00"
"""A control character that no key sends."""


class TerminalGoneError(Exception):
    """Its window was closed, or its connection."""


class Terminal:
    """On `stream`. The constructor does nothing to it. `leave` may come from any thread, `enter` and `draw`
    belong to one; both raise TerminalGoneError."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._fd = stream.fileno()
        self._encoding = stream.encoding or "ascii"
        self._colours = has_colours(stream)
        self._modes: list[Any] | None = None
        self._entered = False
        self._gone = False
        self._size = (0, 0)
        self._drawn: list[str] = []

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines, now; at least one of each."""
        try:
            columns, lines = os.get_terminal_size(self._fd)
        except OSError:
            columns, lines = FALLBACK
        return (columns, lines) if columns > 0 and lines > 0 else FALLBACK

    def enter(self) -> None:
        """Take it: what is typed is not shown, and of its keys only Ctrl-C means something."""
        self._entered = True
        self._hush()
        self._write(ENTER + CLEAR)

    def draw(self, lines: Sequence[Line], size: tuple[int, int]) -> None:
        """Show these lines, which were made for a terminal of that size."""
        texts = [self._text(line, size[0]) for line in lines]
        out = []
        if size != self._size:
            self._size, self._drawn = size, []
            out.append(CLEAR)
        for number in range(max(len(texts), len(self._drawn))):
            text = texts[number] if number < len(texts) else ERASE
            if number >= len(self._drawn) or self._drawn[number] != text:
                out.append(f"\x1b[{number + 1};1H{text}")
        self._drawn = texts
        if out and self._entered:
            self._write("".join(out))

    def forget(self) -> None:
        """Somebody else may have written there: the next drawing is a whole one."""
        self._size = (0, 0)

    def lose(self) -> None:
        """It has gone: there is nothing to be given back."""
        self._gone = True

    def leave(self) -> bool:
        """Give it back; False if it has gone, or takes nothing now, as one behind a lost connection.

        Waits for nothing; may come any number of times."""
        if self._gone or not self._entered:
            return not self._gone
        self._entered = False
        self._unhush()
        try:
            self._gone = not select.select([], [self._fd], [], 0)[1]
            if not self._gone:
                self._write(LEAVE)
        except (OSError, TerminalGoneError):
            self._gone = True
        return not self._gone

    def _text(self, line: Line, columns: int) -> str:
        width = sum(cells(text) for text, _ in line)
        return painted(line, colours=self._colours) + (ERASE if width < columns else "")

    def _write(self, text: str) -> None:
        data = text.encode(self._encoding, errors="replace")
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError as error:
            raise TerminalGoneError(str(error)) from error

    def _hush(self) -> None:
        """Ctrl-S would hold up whoever writes; Ctrl-Z and Ctrl-\\ would stop the gateway, and leave the
        terminal as it is."""
        with suppress(termios.error):
            self._modes = termios.tcgetattr(self._fd)
            modes = termios.tcgetattr(self._fd)
            modes[0] &= ~termios.IXON
            modes[3] &= ~termios.ECHO
            for key in (termios.VSUSP, termios.VQUIT):
                modes[6][key] = DISABLED
            self._set(modes)

    def _unhush(self) -> None:
        with suppress(termios.error):
            if self._modes is not None:
                self._set(self._modes)
                termios.tcflush(self._fd, termios.TCIFLUSH)  # what was typed is for nobody, not for the shell

    def _set(self, modes: list[Any]) -> None:
        """From the background the kernel would stop us for it (SIGTTOU), unless that is blocked."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            termios.tcsetattr(self._fd, termios.TCSANOW, modes)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def in_foreground(stream: TextIO) -> bool:
    """Whether the terminal is ours now, and not the shell's that has started us with `&`."""
    try:
        return os.tcgetpgrp(stream.fileno()) == os.getpgrp()
    except OSError:  # it is nobody's, as in some containers
        return True
