"""Lines: from bytes to checked bodies, and back (docs/protocol.md, section 1).

Nothing is ever taken from a damaged line: a body leaves this module only with a correct CRC-32.
"""

from zlib import crc32

from drivers.stream.conversation import escaped

MAX_BODY = 148
# "$" + body + "*" + eight digits + CR LF
MAX_LINE = 1 + MAX_BODY + 1 + 8 + 2


class LineError(ValueError):
    """A line is damaged, or says something that the protocol does not allow."""


def frame(body: bytes) -> bytes:
    """The line that carries `body`, LF included. Raises `LineError` for a body that no line can carry."""
    if not 0 < len(body) <= MAX_BODY or not body.isascii() or not body.decode().isprintable():
        raise LineError(f"expected 1 to {MAX_BODY} printable ASCII bytes, got {body!r}")
    if b"$" in body or b"*" in body:
        raise LineError(f"expected neither '$' nor '*' in a line's body, got {body!r}")
    return b"$%s*%08X\n" % (body, crc32(body))


def unframe(line: bytes) -> bytes:
    """The body of a line whose LF has been taken off. Raises `LineError` when it is damaged.

    The line begins at the last `$`, so what a lost LF or garbage put before it does no harm.
    """
    if line.endswith(b"\r"):
        line = line[:-1]
    start = line.rfind(b"$")
    if start < 0:
        raise LineError("no '$'")
    body, star, digits = line[start + 1 : -9], line[-9:-8], line[-8:]
    if star != b"*" or not 0 < len(body) <= MAX_BODY:
        raise LineError("no '*' and checksum, or a body of the wrong length")
    expected = b"%08X" % crc32(body)
    if digits != expected:
        raise LineError(f"wrong checksum, is {escaped(digits)}, should be {escaped(expected)}")
    return body


class LineReceiver:
    """Collects bytes and cuts them into lines. Memory is bounded by `MAX_LINE` between calls."""

    def __init__(self) -> None:
        self._rest = b""

    def receive(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes, unchecked, without their LF."""
        *lines, rest = (self._rest + data).split(b"\n")
        # A line of more than MAX_LINE bytes is damaged whatever follows; its end may still hold a good one.
        self._rest = rest[-(MAX_LINE - 1) :]
        return lines
