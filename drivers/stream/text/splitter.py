"""From bytes to lines.

A line ends with CR, LF, both, or what the config calls the terminator. What comes first after the opening of
a port may lack its beginning, and half of `21.50,40.10` is a line, too, and a wrong one: so the splitter says
of each line whether its beginning was seen. It was when another line ended before it, or when nothing came
for `QUIET_S` before its first byte: a board that resets when its port is opened starts after 1 to 2 s.
"""

from typing import NamedTuple

# An ArduinoJson document of forty values is 1 KB.
MAX_LINE = 2048
# Longer than a sketch waits in the middle of a line: a DS18B20 takes 0.75 s, after `Serial.print("Temp: ")`.
# Shorter than the boot loader of an Arduino, which takes 1 to 2 s.
QUIET_S = 1.0


class Line(NamedTuple):
    """Without its end. `whole`: its beginning was seen. Of a line of more than `MAX_LINE` bytes so many and
    one are there."""

    data: bytes
    whole: bool


class Splitter:
    """Collects bytes, at most `MAX_LINE` and one between calls. `terminator`: None is CR, LF, or both."""

    def __init__(self, terminator: bytes | None) -> None:
        self._terminator = terminator
        self._end_bytes = len(terminator or b"\n")
        self._rest = b""
        self._whole = False
        self._skipping = False  # a line that was too long has been handed out, its end is to come
        self._heard: float | None = None

    @property
    def pending(self) -> bool:
        """Whether a line has begun and has not ended."""
        return bool(self._rest) or self._skipping

    def look(self, now: float) -> None:
        """The port was open at `now`, and nothing came."""
        if self._heard is None:
            self._heard = now

    def receive(self, data: bytes, now: float) -> list[Line]:
        """The lines that `data`, received at `now`, completes; blank ones are left out."""
        if not self._whole and self._heard is not None and now - self._heard >= QUIET_S:
            self._rest, self._whole = b"", True
        self._heard = now
        data = self._rest + data
        if self._terminator is not None:
            pieces = data.split(self._terminator)
        else:
            pieces = data.replace(b"\r", b"\n").split(b"\n")
        self._rest = pieces.pop()
        lines = []
        for piece in pieces:
            if not self._skipping and piece.strip():
                lines.append(Line(piece[: MAX_LINE + 1], self._whole))
            self._whole, self._skipping = True, False
        if len(self._rest) > MAX_LINE:
            if not self._skipping:
                lines.append(Line(self._rest[: MAX_LINE + 1], self._whole))
            # Of the rest of that line, only as much is kept as its end may have begun in.
            self._rest = self._rest[len(self._rest) + 1 - self._end_bytes :]
            self._skipping = True
        return lines
