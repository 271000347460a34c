"""What `!env` and `!file` hold is text; where a number, true or false is wanted, it is what YAML reads."""

from __future__ import annotations

from typing import Any

from gateway.config.document import Document
from gateway.config.mending import read
from gateway.config.problems import Location


def read_secrets(value: Any, where: Location, around: Location, document: Document) -> bool:
    """Read what is at `where` in `value`, and below it, as YAML would, if it comes from `!env` or `!file`.
    `around`: where `value` is in the document. True if that changed anything; `value` is changed in place."""
    inner = value
    for part in where[:-1]:
        try:
            inner = inner[part]
        except (LookupError, TypeError):
            return False
    if not where or not isinstance(inner, dict | list):
        return False
    return _read_at(inner, where[-1], (*around, *where), document)


def _read_at(holder: Any, key: str | int, path: Location, document: Document) -> bool:
    try:
        value = holder[key]
    except (LookupError, TypeError):
        return False
    if isinstance(value, str) and path in document.secrets:
        holder[key] = read(value)
        return not isinstance(holder[key], str)
    if isinstance(value, dict | list):
        places = list(value) if isinstance(value, dict) else range(len(value))
        return sum(_read_at(value, place, (*path, place), document) for place in places) > 0
    return False


def holds_secret(path: Location, document: Document) -> bool:
    """Whether what is at `path` is not to be shown, or something in it."""
    return any(secret[: len(path)] == path for secret in document.secrets)
