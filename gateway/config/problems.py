"""What is wrong with a config, said in one line that a person can act on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice

from gateway.config.yaml_remedies import missing_blank
from gateway.plain import plain

Location = tuple[str | int, ...]
"""Where in the document: `("sensors", "temp", "delta")`."""

_SHOWN_CHARS = 60
_SHOWN_NAMES = 24
_PLAIN_NAME = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `line` and `column` count from 1; 0 means that there is none to name.

    `collides`: with what it cannot be at the same time; that came first in the file. `outside`: what this is
    about is not in the document at all, as the mapping at `outside` could not take it: a key that was there
    already, or that is no name. `denied`: whether it is right was not seen, as this user may not read the
    file.
    """

    file: str
    line: int
    text: str
    path: Location = ()
    column: int = 0
    collides: Location | None = None
    outside: Location | None = None
    denied: bool = False

    def __str__(self) -> str:
        """`config.yaml:12: sensors.temp.delta: expected …`. What could steer a terminal is written out: a
        driver's words may hold any name that was given."""
        place = self.file
        if self.line:
            place += f":{self.line}"
        if self.line and self.column:
            place += f":{self.column}"
        parts = [place, path_text(self.path), self.text] if self.path else [place, self.text]
        return plain(": ".join(parts))


class ConfigError(Exception):
    """The config cannot be used. `problems` has all that was found, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(in_order_of_the_file(problems))
        super().__init__("\n".join(map(str, self.problems)))


def in_order_of_the_file(problems: Iterable[Problem]) -> list[Problem]:
    """By line and column; those of one place as they were found."""
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


def path_text(path: Location) -> str:
    """`sensors.temp.delta`, with odd names in quotes, and list places as `[0]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += "." * bool(text) + (part if _PLAIN_NAME.fullmatch(part) else shown(part))
    return text


def shown(value: object) -> str:
    """The value as a person would write it in YAML, cut short; a mapping or list only by its kind."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        kind = "list" if isinstance(value, list) else "mapping"
        return f"an empty {kind}" if not value else "a list" if kind == "list" else "a mapping (key: value)"
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that `name` is most likely a misspelling of; None if none is near."""
    lowered = {candidate.lower(): candidate for candidate in names}
    found = get_close_matches(name.lower()[:_SHOWN_CHARS], lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


def choices(what: str, name: object, names: Iterable[str], where: str = "") -> str:
    """`no link 'bord'; did you mean 'board'? links are: board` for a name that is none of `names`;
    `where` goes behind it."""
    known = sorted(names)
    text = f"no {what} {shown(name)}{where}"
    near = nearest(name, known) if isinstance(name, str) else None
    if near is not None:
        text += f"; did you mean {near!r}?"
    if not known:
        return f"{text}; there are no {what}s"
    more = f", … ({len(known)} in all)" if len(known) > _SHOWN_NAMES else ""
    return f"{text}{'' if near else ';'} {what}s are: {', '.join(islice(known, _SHOWN_NAMES))}{more}"


def unknown_key(key: str, keys: Iterable[str]) -> str:
    """`unknown key 'detla'; did you mean 'delta'?`, or the list of keys if none is near."""
    known = list(keys)
    near = nearest(key, known)
    if near is not None:
        return f"unknown key {shown(key)}; did you mean {near!r}?"
    return f"unknown key {shown(key)}; keys here are: {', '.join(known)}"


def glued_key(text: str, keys: Iterable[str]) -> str | None:
    """`a blank is missing behind 'port:'; write: port: "sim:"` for a text that begins with one of `keys` and
    its colon; None for another one."""
    key, colon, value = text.partition(":")
    key = key.strip(" {")
    if not colon or not value.strip() or key not in keys:
        return None
    return missing_blank(key, value.strip())
