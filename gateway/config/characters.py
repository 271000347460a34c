"""Characters that a text program or a web page put there, and YAML takes as they are: curly quotes, and what
cannot be seen."""

from __future__ import annotations

import unicodedata

_QUOTES = "“”„‟‘’‚‛«»‹›＂＇"
_JOINERS = "\u200c\u200d"
"""They belong to the writing of some languages, and to emoji."""


def curly(text: str) -> bool:
    """Whether it is in quotes that are none to YAML."""
    return len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES


def without_curly(text: str) -> str:
    """What is in them."""
    return text[1:-1] if curly(text) else text


def unseen(text: str) -> str | None:
    """The first character of `text` that cannot be seen, by number and name; None without one."""
    for index, char in enumerate(text):
        if _is_unseen(char) and not (char in _JOINERS and _joins(text, index)):
            return f"U+{ord(char):04X} {unicodedata.name(char, 'no name')}"
    return None


def seen(text: str) -> str:
    """`text` with plain spaces for odd ones, and without what cannot be seen."""
    spaced = "".join(" " if unicodedata.category(char) == "Zs" else char for char in text)
    return "".join(char for char in spaced if not _is_unseen(char)).strip()


def _is_unseen(char: str) -> bool:
    """No width, or that of a space, or it turns the direction of what follows."""
    return char == "\u00ad" or (char != " " and unicodedata.category(char) in ("Cf", "Zs", "Zl", "Zp"))


def _joins(text: str, index: int) -> bool:
    around = text[max(0, index - 1) : index] + text[index + 1 : index + 2]
    return len(around) == 2 and not any(char.isascii() for char in around)
