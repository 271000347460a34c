"""Words of anybody's, for a terminal."""


def plain(text: str) -> str:
    """`text` with what could steer the terminal written out, as in `\\x1b`: any client may send any name, and
    any board any word."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
