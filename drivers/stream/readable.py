"""Whether bytes are text: what tells a wrong baud rate from a board that says something else."""

# A line of text: so many bytes at least, and so large a part of them that a person can read.
LEAST_TEXT = 4
READABLE = 0.9
# The tab, and what Latin-1 has for `°`, `²`, `³`, `µ`: of `21.5°C` one is more than a tenth.
_SIGNS = b"\t\xb0\xb2\xb3\xb5"


def is_text(line: bytes) -> bool:
    """Whether a person could read it, and it is long enough to tell."""
    return len(line.decode(errors="replace").strip("\r\n\t ")) >= LEAST_TEXT and is_readable(line)


def is_readable(line: bytes) -> bool:
    """Whether what is there is characters of UTF-8 or, with `°` and the like, Latin-1."""
    text = line.strip(b"\r\n\t ")
    try:
        characters = text.decode()
    except UnicodeDecodeError:
        return sum(32 <= byte < 127 or byte in _SIGNS for byte in text) >= READABLE * len(text)
    readable = sum(character.isprintable() or character == "\t" for character in characters)
    return readable >= READABLE * len(characters)
