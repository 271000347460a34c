"""The keys of the config's mappings: names, each as one text however it was typed."""

from __future__ import annotations

import re
import unicodedata
from typing import TypeGuard

import yaml

from gateway.config.characters import curly, seen, unseen, without_curly
from gateway.config.mending import quoted_if_needed
from gateway.config.problems import shown
from gateway.config.scalars import MAX_NUMBER_CHARS, scalar_value


def name_of(node: yaml.Node) -> str | None:
    """As a keyboard makes it: some programs write ü as one character and some as two, which look alike. None
    for what is no name, or holds what nobody could type again."""
    text = _text(node)
    if text is None or unseen(text) is not None or curly(text):
        return None
    return unicodedata.normalize("NFC", text)


def no_name(node: yaml.Node, before: yaml.Node | None) -> str:
    """Why `name_of` has none, and what to write; `before`: the value before it."""
    if not isinstance(node, yaml.ScalarNode):
        text = "expected a name before ':', got a mapping or a list"
        return (
            f"{text}; instead of '{{{{ … }}}}' write !env NAME"
            if isinstance(node, yaml.MappingNode)
            else text
        )
    if (name := _text(node)) is not None:
        return _odd(name)
    value = scalar_value(node)[1]
    kind = {bool: "a boolean", type(None): "null"}.get(type(value), "a number")
    text = f"expected a name, got {node.value[:MAX_NUMBER_CHARS]}, which YAML reads as {kind}"
    if _is_digits(node) and _is_digits(before):
        return f"{text}; a fraction is written with a point: {before.value}.{node.value}"
    return f"{text}; write it in quotes: {node.value[:MAX_NUMBER_CHARS]!r}"


def _odd(name: str) -> str:
    """What is behind a colon in it is not shown: it may be a password, with a blank missing before it."""
    key, colon, _ = name.partition(":")
    what = unseen(name)
    why = f"{name[0]} and {name[-1]} are no quotes to YAML"
    if what is not None:
        why = f"there is a character in it that cannot be seen ({what})"
    text = f"expected a name, got {shown(key)}{colon}{'…' * len(colon)}: {why}"
    write = seen(without_curly(seen(name)))
    if colon:
        return f"{text}; write plain blanks"
    return f"{text}; write: {quoted_if_needed(write)}" if write else text


def _text(node: yaml.Node) -> str | None:
    known, value = scalar_value(node) if isinstance(node, yaml.ScalarNode) else (True, None)
    return value if known and isinstance(value, str) else None


def _is_digits(node: yaml.Node | None) -> TypeGuard[yaml.ScalarNode]:
    """Whether it may be a half of `0,1`."""
    return isinstance(node, yaml.ScalarNode) and re.fullmatch("-?[0-9]{1,15}", node.value) is not None
