"""Writing captures: what went over a link, in a text file (docs/capture.md, version 1). No I/O."""

import re
from collections.abc import Iterator

from drivers.stream.tap import NOTE

VERSION = 1
# A longer piece takes several lines.
MOST_BYTES = 1024
_SHORT = {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x5C: "\\\\"}
_AS_TEXT = [
    _SHORT.get(byte) or (chr(byte) if 0x20 <= byte <= 0x7E else f"\\x{byte:02x}") for byte in range(256)
]
_OUTER_SPACE = re.compile("^ | $")


def header(link: str, port: str | None, baud: int | None, protocol: str | None, start: str | None) -> str:
    """The first line; None is what is not known. `start` is the wall clock at second 0, as RFC 3339."""
    known = {"link": link, "port": port, "baud": baud, "protocol": protocol, "start": start}
    words = (f"{key}={_word(value)}" for key, value in known.items())
    return f"sig-gateway capture {VERSION} {' '.join(words)}\n"


class CaptureWriter:
    """Turns what a tap tells into lines. Times are seconds since the start; one that goes back is taken for
    the one before."""

    def __init__(self) -> None:
        self._last = 0.0

    def lines(self, seconds: float, way: str, data: bytes) -> Iterator[str]:
        """The lines for one piece; see `drivers.stream.tap.Listener`."""
        self._last = max(self._last, seconds)
        at = f"+{self._last:.6f}"
        if way == NOTE:
            yield f"# {at} {' '.join(data.decode(errors='replace').split())}\n"
            return
        for start in range(0, len(data), MOST_BYTES):
            piece = data[start : start + MOST_BYTES]
            text, digits = _OUTER_SPACE.sub(r"\\x20", _text(piece)), piece.hex(" ")
            yield f"{at} {way} {text}\n" if len(text) <= len(digits) else f"{at} {way}x {digits}\n"


def _text(data: bytes) -> str:
    return "".join([_AS_TEXT[byte] for byte in data])


def _word(value: object) -> str:
    return "-" if value in (None, "") else _text(str(value).encode(errors="replace")).replace(" ", "\\x20")
