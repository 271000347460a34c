"""YAML text to plain values, with the line of every one of them.

Strategy: PyYAML scans, parses and composes the node graph (its safe parts only; nothing is ever constructed
from a tag), and we turn the nodes into dicts, lists and scalars ourselves. That gives a line for every
path, duplicate keys with both lines, and bounds on size, depth and what aliases may expand to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from gateway.config.characters import curly, unseen
from gateway.config.mapping_keys import name_of, no_name
from gateway.config.nodes import MAX_DEPTH, MAX_VALUES, UnreadableError, compose
from gateway.config.problems import Location, Problem, shown
from gateway.config.scalars import PREFIX, scalar_value
from gateway.config.secrets import SECRET_TAGS, SecretError, Secrets

_CUT = re.compile(r"[ \t]+#[^\s#]")
_VARIABLE = re.compile(r"\$\{([^{}\s]{1,60})\}|\A\$([A-Z][A-Z0-9_]{1,60})\Z")
_PATTERNS = {"pattern", "ignore"}
"""Keys of regular expressions, in which `${` is no variable."""
_ELSEWHERE = ("!secret", "!env_var", "!include", "!include_text")
"""Tags of Home Assistant and ESPHome, for the same ends as ours."""

STAND_IN = "not-read"
"""For a secret that this user may not read, where that is passed over."""
MAX_TEXT_CHARS = 400
"""A driver's error text holds what was given, which may be long."""


@dataclass(slots=True)
class Document:
    """A parsed file: plain values, the line of each path, which are secret or broken, what was wrong.

    `written`: how those were written that YAML reads as true, false or a number. `cut`: values without quotes
    that end before a `#` with no space behind it. `unfilled`: texts with a `${NAME}` in them, and that.
    `unseen`: texts with a character in them that cannot be seen, and which. `past_denied`: files that this
    user may not read are no problem, but in `denied`, and taken to be right.
    """

    file: str
    tree: Any = None
    lines: dict[Location, int] = field(default_factory=dict)
    secrets: set[Location] = field(default_factory=set)
    written: dict[Location, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    broken: set[Location] = field(default_factory=set)
    cut: set[Location] = field(default_factory=set)
    unfilled: dict[Location, str] = field(default_factory=dict)
    text: str = ""
    unseen: dict[Location, str] = field(default_factory=dict)
    past_denied: bool = False
    denied: list[Problem] = field(default_factory=list)

    def line(self, path: Location) -> int:
        """The line of `path`, or of the nearest thing around it that was written."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def complain(self, path: Location, text: str, *, collides: Location | None = None) -> None:
        """Note a problem at `path`, unless what is there could not even be read (which is noted already).
        `collides`: see `Problem`."""
        if path in self.broken:
            return
        if path in self.unfilled and "!env" not in text:
            text += f"; {not_filled_in(self.unfilled[path])}"
        if len(text) > MAX_TEXT_CHARS:
            text = text[: MAX_TEXT_CHARS - 1] + "…"
        self.problems.append(Problem(self.file, self.line(path), text, path, collides=collides))

    def may_not_read(self, path: Location, text: str) -> None:
        """Note at `path` that this user may not read the file that it names."""
        problem = Problem(self.file, self.line(path), text, path, denied=True)
        into = self.denied if self.past_denied else self.problems
        if problem not in into:
            into.append(problem)

    def not_taken(self, around: Location, line: int, text: str, path: Location) -> None:
        """Note what is wrong with a key of the mapping at `around`, which goes on without it."""
        self.problems.append(Problem(self.file, line, text, path, outside=around))


def parse(text: str, file: str, secrets: Secrets, *, past_denied: bool = False) -> Document:
    """Parse `text`. `tree` is None for an empty document; syntax errors are in `problems`, never raised."""
    document = Document(file, text=text, past_denied=past_denied)
    try:
        node = compose(text)
        if node is not None:
            document.tree = _Converter(document, secrets).convert(node, (), ())
    except UnreadableError as error:
        document.problems = [Problem(file, error.line, error.text, column=error.column)]
    return document


class _Converter:
    """Nodes to values; the document's `lines`, `secrets` and `problems` grow along the way."""

    def __init__(self, document: Document, secrets: Secrets) -> None:
        self._document = document
        self._secrets = secrets
        self._values = 0

    def convert(self, node: yaml.Node, path: Location, around: tuple[yaml.Node, ...], line: int = 0) -> Any:
        """`around`: the nodes that hold this one; `line`: the line to report (0: the node's own)."""
        self._values += 1
        line = line or node.start_mark.line + 1
        if self._values > MAX_VALUES:
            raise UnreadableError(line, f"more than {MAX_VALUES} values, once aliases (*name) are expanded")
        if any(node is outer for outer in around):
            raise UnreadableError(line, "an alias (*name) inside of what it stands for")
        if len(around) > MAX_DEPTH:
            raise UnreadableError(
                line, f"nested more than {MAX_DEPTH} levels deep, once aliases are expanded"
            )
        self._document.lines[path] = line
        self._forget(path)
        if isinstance(node, yaml.MappingNode) and node.tag == PREFIX + "map":
            return self._mapping(node, path, (*around, node))
        if isinstance(node, yaml.SequenceNode) and node.tag == PREFIX + "seq":
            inside = (*around, node)
            return [self.convert(item, (*path, index), inside) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.tag.startswith(PREFIX):
            known, value = scalar_value(node)
            if known:
                self._note(path, node, value)
                return value
        if isinstance(node, yaml.ScalarNode) and node.tag in SECRET_TAGS:
            return self._secret(node, path)
        self._broken(path, _refused_tag(node.tag))
        return None

    def _forget(self, path: Location) -> None:
        """How a value was written that another takes the place of."""
        self._document.written.pop(path, None)
        self._document.cut.discard(path)
        self._document.unfilled.pop(path, None)
        self._document.unseen.pop(path, None)

    def _note(self, path: Location, node: yaml.ScalarNode, value: object) -> None:
        """What is to be known of how a value was written."""
        if isinstance(value, int | float):
            self._document.written[path] = node.value
        elif node.style is None and isinstance(value, str):
            self._document.lines[path] = node.start_mark.line + 1
            if curly(value):
                self._broken(
                    path, f'{value[0]} and {value[-1]} are no quotes to YAML; write straight ones: "…"'
                )
            elif (what := unseen(value)) is not None:
                self._document.unseen[path] = what
        end = node.end_mark
        if node.style is None and end.buffer is not None and _CUT.match(end.buffer, end.pointer):
            self._document.cut.add(path)
        if (variable := _VARIABLE.search(node.value)) is not None and not _PATTERNS.intersection(path):
            self._document.unfilled[path] = variable[0]
            # Single quotes mean each character as it is, as they do to a shell.
            if variable[1] and node.style != "'" and isinstance(value, str):
                self._unfilled(path, variable)

    def _unfilled(self, path: Location, variable: re.Match[str]) -> None:
        text = not_filled_in(variable[0])
        if variable[0] == variable.string and variable[1].isidentifier():
            text = f"{variable[0]} is not filled in here; write: !env {variable[1]}"
        self._broken(path, f"{text}; if that is the value itself, write it in single quotes")

    def _broken(self, path: Location, text: str) -> None:
        self._document.complain(path, text)
        self._document.broken.add(path)

    def _mapping(
        self, node: yaml.MappingNode, path: Location, around: tuple[yaml.Node, ...]
    ) -> dict[str, Any]:
        """What is written wins over what is merged, and of several merges the first that has the key.

        So it is in one `<<: [*a, *b]`, which YAML defines, and with two `<<`, which it does not. Who wins is
        converted last: the lines of its values, and how they were written, are then those that are kept.
        """
        merged: dict[str, Any] = {}
        for key_node, value_node in reversed(node.value):
            if key_node.tag == PREFIX + "merge":
                merged |= self._merge(value_node, path, around)
        written: dict[str, Any] = {}
        first_line: dict[str, int] = {}
        before: yaml.Node | None = None
        for key_node, value_node in node.value:
            previous, before = before, value_node
            if key_node.tag == PREFIX + "merge":
                continue
            key, line = self._key(key_node, path, previous), key_node.start_mark.line + 1
            if key is None:
                continue
            if key in first_line:
                text = (
                    f"duplicate key {shown(key)}: it is also on line {first_line[key]}; remove or rename one"
                )
                self._document.not_taken(path, line, text, (*path, key))
                continue
            first_line[key] = line
            written[key] = self.convert(value_node, (*path, key), around, line)
        return merged | written

    def _merge(self, node: yaml.Node, path: Location, around: tuple[yaml.Node, ...]) -> dict[str, Any]:
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        found: dict[str, Any] = {}
        for source in reversed(sources):
            line = self._document.lines[path]
            value = self.convert(source, path, around)
            self._document.lines[path] = line
            if isinstance(value, dict):
                found |= value
            else:
                self._document.complain(path, "'<<' expected a mapping to merge, such as *name")
        return found

    def _key(self, node: yaml.Node, path: Location, before: yaml.Node | None) -> str | None:
        """The key, None if it is none, which is noted; `before`: the value before it."""
        name = name_of(node)
        if name is None:
            self._document.not_taken(path, node.start_mark.line + 1, no_name(node, before), path)
            if isinstance(node, yaml.MappingNode):  # nothing is to be said of what is left of it
                self._document.broken.add(path)
        return name

    def _secret(self, node: yaml.ScalarNode, path: Location) -> str | None:
        self._document.secrets.add(path)
        try:
            return self._secrets.resolve(node.tag, node.value)
        except SecretError as error:
            if error.denied:
                self._document.may_not_read(path, str(error))
                if self._document.past_denied:
                    return STAND_IN
                self._document.broken.add(path)
            else:
                self._broken(path, str(error))
            return None


def not_filled_in(variable: str) -> str:
    """What to write instead of `${NAME}`."""
    name = variable[1:] if variable[1:].isidentifier() else "NAME"
    return f"{variable} is not filled in here: write !env {name}, for a variable that holds the whole value"


def _refused_tag(tag: str) -> str:
    tag = tag.replace(PREFIX, "!!")
    if tag in _ELSEWHERE:
        return f"there is no {tag} here; write !file NAME, a file that holds this value alone, or !env NAME"
    text = f"the tag {shown(tag)} is not allowed here; remove it (allowed: {', '.join(SECRET_TAGS)})"
    return text if tag.startswith("!!") else f"{text}, or write a value that begins with '!' in quotes"
