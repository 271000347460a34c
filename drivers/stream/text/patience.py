"""Regular expressions that can take for ever: a repetition of what can be of several lengths, as in `(a+)+`.

`re` tries every way to share a text out between the two, 2^n ways for n characters, and while it does nothing
else in the process goes on. Bounding a line's length does not help with these; refusing them does.
"""

import re

_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?(?:P?<\w+>|[a-zA-Z-]*:|[=!>]|<[=!]|P=\w+|\(\w+\)))?|\)"
    r"|[*+?][+?]?|\{[0-9]*,?[0-9]*\}[+?]?|.",
    re.DOTALL,
)
_COUNT = re.compile(r"\{([0-9]*)(,?)([0-9]*)\}[+?]?")
# Repeated fewer times than this, even the worst is done in time.
_MANY = 10


def nested_repetition(pattern: str) -> int | None:
    """Where in a valid `pattern` a repetition begins whose inside can be of several lengths; None if nowhere.

    Possessive repetitions (`a++`) and atomic groups do not try again, and are fine.
    """
    varies = [False]  # for each open group: whether what is in it can be of several lengths
    atomic: list[bool] = []
    closed = False  # the same of the group that ends just before
    for match in _TOKEN.finditer(pattern):
        piece = match[0]
        inner, closed = closed, False
        if piece.startswith("("):
            varies.append(False)
            atomic.append(piece == "(?>")
        elif piece == ")" and len(varies) > 1:
            inside, sealed = varies.pop(), atomic.pop()
            closed = inside and not sealed
            varies[-1] |= closed
        elif piece == "|":
            varies[-1] = True
        elif (most := _most(piece)) is not None and not (len(piece) > 1 and piece[-1] == "+"):
            if inner and most >= _MANY:
                return match.start()
            varies[-1] |= not _exact(piece)
    return None


def _most(piece: str) -> float | None:
    """How often a quantifier repeats at most; None of what is none."""
    if piece[0] in "*+":
        return float("inf")
    if piece[0] == "?":
        return 1
    count = _COUNT.fullmatch(piece)
    if count is None or piece.startswith(("{}", "{,}")):
        return None
    least, comma, most = count.groups()
    return float(most if comma else least) if most or not comma else float("inf")


def _exact(piece: str) -> bool:
    return piece[0] == "{" and "," not in piece
