"""Putting an entry into a YAML text, with every other character left as it is.

PyYAML's nodes say where each value begins and ends; what is put in goes behind the last one of a mapping, in
the style of that mapping. Nothing is written anew, so comments, quotes, indentation and line ends stay.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

STEP = 2
"""Spaces for a level, where the text has none to go by."""

# Text that YAML takes for text without quotes: no number begins so, and no word that means something else.
_PLAIN = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z_/][A-Za-z0-9_./-]*", re.IGNORECASE)


_ESCAPED = {'"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


class CannotInsertError(ValueError):
    """The text is written in a way that nothing can safely be put in; says why."""


def inserted(text: str, path: Sequence[str], entry: Mapping[str, Any]) -> str:
    """`text` with the keys of `entry` at the end of the mapping at `path`, which is made where there is none.

    `entry` holds texts, numbers, truth values, lists and mappings of them; its keys must not be there yet.
    Raises `CannotInsertError`, and `yaml.YAMLError` for a text that is no YAML.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    line_end = "\r\n" if "\r\n" in text else "\n"
    if root is None:
        return _at_the_end(text, as_block(_nested(path, entry), 0, STEP), line_end)
    if text.count("\r") != text.count("\r\n"):
        raise CannotInsertError("its lines end in a way that is not used any more")
    mapping, rest, key = _deepest(root, path)
    if not isinstance(mapping, yaml.MappingNode):
        return _below_its_key(text, key, _nested(rest, entry), line_end)
    if mapping.flow_style:
        return _in_braces(text, mapping, _nested(rest, entry))
    return _below_the_last(text, mapping, _nested(rest, entry), line_end)


def as_block(entry: Mapping[str, Any], indent: int, step: int = STEP, depth: int = 2) -> list[str]:
    """Lines of YAML. Mappings stand one key a line down to `depth` levels, and in braces below that."""
    lines = []
    for name, value in entry.items():
        if isinstance(value, Mapping) and value and depth > 0:
            lines.append(f"{' ' * indent}{_scalar(name)}:")
            lines += as_block(value, indent + step, step, depth - 1)
        else:
            lines.append(f"{' ' * indent}{_scalar(name)}: {as_flow(value)}")
    return lines


def as_flow(value: Any) -> str:
    """YAML on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(name)}: {as_flow(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(as_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """Truth values and numbers as JSON has them, but that YAML wants a point in `5e-05`."""
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) else f'"{"".join(map(_letter, value))}"'
    text = json.dumps(value)
    return text.replace("e", ".0e") if isinstance(value, float) and "." not in text else text


def _letter(letter: str) -> str:
    """As it stands between quotes. (JSON has two halves for what lies beyond 16 bits; YAML refuses them.)"""
    if letter in _ESCAPED:
        return _ESCAPED[letter]
    number = ord(letter)
    return letter if letter.isprintable() else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _nested(path: Sequence[str], entry: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in reversed(path):
        entry = {name: entry}
    return entry


def _deepest(root: yaml.Node, path: Sequence[str]) -> tuple[yaml.Node, Sequence[str], yaml.Node]:
    """The value at `path`, or as far as there is one; what is left of the path; the key of that value."""
    node, key, rest = root, root, list(path)
    while rest and isinstance(node, yaml.MappingNode):
        found = next(((k, v) for k, v in node.value if k.value == rest[0]), None)
        if found is None:
            break
        key, node = found
        rest.pop(0)
        if _is_alias(key, node):
            raise CannotInsertError(f"{key.value!r} is an alias (*name): what it stands for is elsewhere")
    if not isinstance(node, yaml.MappingNode) and not _is_empty(node):
        raise CannotInsertError(f"{key.value!r} is not a mapping")
    return node, rest, key


def _is_empty(node: yaml.Node) -> bool:
    """Whether nothing is written there."""
    return isinstance(node, yaml.ScalarNode) and node.start_mark.index == node.end_mark.index


def _is_alias(key: yaml.Node, value: yaml.Node) -> bool:
    """Whether the value is what was written elsewhere before, and named here."""
    return value.start_mark.index < key.end_mark.index


def _at_the_end(text: str, lines: list[str], line_end: str) -> str:
    glue = line_end if text and not text.endswith("\n") else ""
    return text + glue + "".join(line + line_end for line in lines)


def _in_braces(text: str, mapping: yaml.MappingNode, entry: Mapping[str, Any]) -> str:
    """Behind the last value, before whatever follows it: a comma, a comment, the brace."""
    new = as_flow(entry)[1:-1]
    if not mapping.value:
        place = text.index("{", mapping.start_mark.index) + 1
        return text[:place] + new + text[place:]
    key, last = mapping.value[-1]
    if _is_empty(last) or _is_alias(key, last):
        raise CannotInsertError(f"{key.value!r} is the last in its braces, and has no value of its own")
    place = last.end_mark.index
    return f"{text[:place]}, {new}{text[place:]}"


def _below_its_key(text: str, key: yaml.Node, entry: Mapping[str, Any], line_end: str) -> str:
    """`links:` with nothing behind it."""
    lines = as_block(entry, key.start_mark.column + STEP)
    return _after_line(text, _end_of_line(text, key.end_mark.index), lines, line_end)


def _below_the_last(text: str, mapping: yaml.MappingNode, entry: Mapping[str, Any], line_end: str) -> str:
    """Behind the last entry, and the comments that stand under it as far to the right as it does."""
    indent = _column(mapping)
    place = _past_comments(text, _end_of_line(text, _last_index(mapping)), indent)
    lines = as_block(entry, indent, _step(mapping, indent))
    if _are_spaced(text, mapping):
        lines = ["", *lines]
    return _after_line(text, place, lines, line_end)


def _after_line(text: str, place: int, lines: list[str], line_end: str) -> str:
    """`place` is where a line begins, or the end of the text, whose last line may lack its end."""
    new = line_end.join(lines)
    if place == len(text) and not text.endswith("\n"):
        return text + line_end + new
    return text[:place] + new + line_end + text[place:]


def _end_of_line(text: str, place: int) -> int:
    """Where the next line begins."""
    found = text.find("\n", place)
    return len(text) if found < 0 else found + 1


def _last_index(node: yaml.Node) -> int:
    """Where what is written of a value ends. (Marks of block mappings stand at what follows.)"""
    while isinstance(node, yaml.MappingNode | yaml.SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        key, node = last if isinstance(node, yaml.MappingNode) else (None, last)
        if key is not None and (_is_empty(node) or _is_alias(key, node)):
            return int(key.end_mark.index)
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        raise CannotInsertError("a text of several lines (| or >) is the last thing there")
    return int(node.end_mark.index)


def _past_comments(text: str, place: int, indent: int) -> int:
    """Past the comments from `place` on that stand at `indent` or further to the right."""
    past = place
    while place < len(text):
        end = _end_of_line(text, place)
        line = text[place:end].strip("\r\n")
        if line.strip() and not (line.lstrip(" ").startswith("#") and _width(line) >= indent):
            break
        place = end
        if line.strip():
            past = end
    return past


def _column(mapping: yaml.MappingNode) -> int:
    """Where the keys stand. (The mapping's own mark is that of its anchor, if it has one.)"""
    return int(mapping.value[0][0].start_mark.column)


def _width(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _step(mapping: yaml.MappingNode, indent: int) -> int:
    """How much further to the right the entries' own keys stand."""
    for _key, value in mapping.value:
        if isinstance(value, yaml.MappingNode) and not value.flow_style:
            step = _column(value) - indent
            if 0 < step <= 8:
                return step
    return STEP


def _are_spaced(text: str, mapping: yaml.MappingNode) -> bool:
    """Whether the last entry stands apart from the one before."""
    if len(mapping.value) < 2:
        return False
    line = text.rfind("\n", 0, mapping.value[-1][0].start_mark.index)
    before = text[text.rfind("\n", 0, max(line, 0)) + 1 : max(line, 0)]
    return not before.strip()
