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
    """Where in a valid `pattern` a repetition begins whose inside can be of several lengths; None without one.

    Possessive repetitions (`a++`) and atomic groups do not try again, and are fine.
    """
    varies = [False]  # for each open group: whether what is in it can be of several lengths
    atomic = [False]
    closed = False  # the same of the group that ends just before
    for match in _TOKEN.finditer(pattern):
        token = match[0]
        inner, closed = closed, False
        if token.startswith("("):
            varies.append(False)
            atomic.append(token == "(?>")
        elif token == ")" and len(varies) > 1:
            inside, sealed = varies.pop(), atomic.pop()
            closed = inside and not sealed
            varies[-1] |= closed
        elif token == "|":
            varies[-1] = True
        elif (most := _most(token)) is not None and not (len(token) > 1 and token[-1] == "+"):
            if inner and most >= _MANY:
                return match.start()
            varies[-1] |= not _exact(token)
    return None


def _most(token: str) -> float | None:
    """How often a quantifier repeats at most; None of what is none."""
    if token[0] in "*+":
        return float("inf")
    if token[0] == "?":
        return 1
    count = _COUNT.fullmatch(token)
    if count is None or token.startswith(("{}", "{,}")):
        return None
    least, comma, most = count.groups()
    return float(most if comma else least) if most or not comma else float("inf")


def _exact(token: str) -> bool:
    return token[0] == "{" and "," not in token
