"""Regular expressions made from example lines: the numbers are groups, and what is between them stays."""

import itertools
import re
from collections import Counter
from collections.abc import Sequence

# In `DHT11` and `PM2.5` the digits are part of a word; in `A40.10` one letter marks a number.
_NUMBER = re.compile(r"(?<![\w.])[+-]?\d+(?:\.\d+)?|(?<![A-Za-z_][A-Za-z])(?<=[A-Za-z])[+-]?\d+(?:\.\d+)?")
_WORD = re.compile(r"[A-Za-z][A-Za-z_]+")
_SMALL_WORDS = frozenset({"and", "are", "at", "is", "of", "the", "to"})
_GROUP = r"(?P<{name}>[-+]?[0-9.]+|nan)"
_MOST_PATTERNS = 8
_MOST_GROUPS = 16
_LONGEST_PATTERN = 1000  # as the key allows


def patterns_for(texts: Sequence[str]) -> list[str]:
    """One for each kind of line that has a number, the most frequent first; no banners, which come rarely."""
    made = Counter(pattern for text in texts if (pattern := _pattern(text.strip()))).most_common(
        _MOST_PATTERNS
    )
    return [pattern for pattern, count in made if 3 * count >= made[0][1]]


def _pattern(text: str) -> str:
    pieces, names, end = ["^"], Counter[str](), 0
    for match in itertools.islice(_NUMBER.finditer(text), _MOST_GROUPS + 1):
        between = text[end : match.start()]
        words = [word for word in _WORD.findall(between) if word.lower() not in _SMALL_WORDS]
        name = max(words, key=len) if words else "value"
        names[name] += 1
        group = name if names[name] == 1 else f"{name}{names[name]}"
        pieces += (_literal(between), _GROUP.format(name=group))
        end = match.end()
    if not names or sum(names.values()) > _MOST_GROUPS:
        return ""
    pattern = "".join((*pieces, _literal(text[end:]), "$"))
    return pattern if len(pattern) <= _LONGEST_PATTERN else ""


def _literal(text: str) -> str:
    """What matches this text, with white space of any amount."""
    return r"\s+".join(re.sub(r"([][.^$*+?{}\\|()])", r"\\\1", piece) for piece in re.split(r"\s+", text))
