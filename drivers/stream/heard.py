"""What came in place of a hello, in words that lead to the remedy."""

from collections.abc import Mapping

from drivers.stream.conversation import Dropped, escaped

# A line of text: so many bytes at least, and so large a part of them that a person can read.
LEAST_TEXT = 4
READABLE = 0.9
# The tab, and what Latin-1 has for `°`, `²`, `³`, `µ`: of `21.5°C` one is more than a tenth.
_SIGNS = b"\t\xb0\xb2\xb3\xb5"


def what_came(received: int, counters: Mapping[str, int], dropped: Dropped | None) -> str:
    """`received` bytes, of which the conversation has made `counters`; `dropped` is the newest bad line."""
    if not received:
        return "nothing came"
    last = f"; last: {dropped.reason}" if dropped is not None else ""
    good = counters["lines"] + counters["skipped"]
    if good:
        return f"{good} good lines came, but no complete hello{last}"
    if dropped is not None and b"$" not in dropped.line and is_text(dropped.line):
        return (
            f"what came is text, but not sensorline: {escaped(dropped.line)} (the baud rate is right, "
            "the board's program prints something else; see docs/protocol.md)"
        )
    return f"{received} bytes came, and not one good line (wrong baud rate?){last}"


def is_text(line: bytes) -> bool:
    """Whether a person could read it, in UTF-8 or, with `°` and the like, Latin-1."""
    text = line.strip(b"\r\n\t ")
    try:
        readable = sum(character.isprintable() or character == "\t" for character in text.decode())
        length = len(text.decode())
    except UnicodeDecodeError:
        readable, length = sum(32 <= byte < 127 or byte in _SIGNS for byte in text), len(text)
    return length >= LEAST_TEXT and readable >= READABLE * length
