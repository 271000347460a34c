"""What was written and YAML took for something else, without an error: a value that ends before what was
meant, one that is empty, a variable that nobody fills in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from gateway.config.document import Document, not_filled_in
from gateway.config.explain import extra_of
from gateway.config.leaving_out import NAMED
from gateway.config.problems import Location, Problem


def yaml_warnings(document: Document, models: Mapping[str, type[BaseModel]]) -> list[Problem]:
    """Of a document without errors; `models`: by section, that of it, or of each of its entries."""
    found: list[tuple[Location, str]] = []
    for path, value in _scalars(document.tree, ()):
        where = path[2:] if path[0] in NAMED else path[1:]
        if path in document.secrets or not where:
            continue
        key = where[-1]
        extra = extra_of(models[str(path[0])], tuple(map(str, where)))
        if (value is None or (value == "" and extra.get("secret"))) and extra:
            found.append((path, _empty(str(key), extra, cut=path in document.cut)))
        elif path in document.cut and (extra.get("quote") or extra.get("secret")):
            found.append((path, _cut(str(key))))
        if path in document.unseen:
            found.append((path, f"there is a character in it that cannot be seen ({document.unseen[path]})"))
        if path in document.unfilled:
            found.append((path, not_filled_in(document.unfilled[path])))
    return [Problem(document.file, document.line(path), text, path) for path, text in found]


def _empty(key: str, extra: Mapping[str, Any], *, cut: bool) -> str:
    text = "it is empty, which is as if it were not there"
    if cut:
        return f"{text}: '#' begins a comment; write a value that begins with '#' in quotes"
    return f"{text}; remove the key, or write: {key}: {extra.get('write')}"


def _cut(key: str) -> str:
    text = "the value ends before ' #', where YAML begins a comment"
    return f'{text}; if the rest belongs to it, write it in quotes: {key}: "… #…"'


def _scalars(value: Any, path: Location) -> Iterator[tuple[Location, Any]]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _scalars(inner, (*path, key))
    elif path:
        yield path, value
