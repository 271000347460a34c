"""YAML text to PyYAML's nodes: bounded in depth and number, and errors in words that lead to the remedy."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from gateway.config.yaml_words import told

MAX_DEPTH = 32
"""Levels of nesting. A config needs four."""

MAX_VALUES = 50_000
"""Values after aliases are expanded: 256 KiB of text cannot hold as many without aliases of aliases."""


class _Loader(yaml.SafeLoader):
    """Composes nodes only, and only so deep and so many."""

    depth = 0
    nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.depth >= MAX_DEPTH:
            raise yaml.composer.ComposerError(
                None,
                None,
                f"nested more than {MAX_DEPTH} levels deep",
                self.peek_event().start_mark,  # type: ignore[no-untyped-call]
            )
        self._refuse_empty_anchor()
        self.depth += 1
        self.nodes += 1
        if self.nodes > MAX_VALUES:
            raise UnreadableError(self.line + 1, f"more than {MAX_VALUES} values: that is not a config")
        try:
            node: yaml.Node | None = super().compose_node(parent, index)
        finally:
            self.depth -= 1
        return node

    def _refuse_empty_anchor(self) -> None:
        """`password: &abc` names nothing, and nothing is the password."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.ScalarEvent) and event.anchor and not event.value and event.style is None:
            text = "'&' begins an anchor, which names a value, and there is none; write it in quotes"
            raise yaml.composer.ComposerError(None, None, text, event.start_mark)  # type: ignore[arg-type]


@dataclass
class UnreadableError(Exception):
    """Nothing can be made of the file: bad syntax, or more than any config has."""

    line: int
    text: str
    column: int = 0


def compose(text: str) -> yaml.Node | None:
    """The root; None for an empty document. Raises UnreadableError."""
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        text = f"not valid YAML: the character {chr(error.character)!r} is not allowed"
        raise UnreadableError(line, text, column) from None
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _marked(error, text) from None
    except (ValueError, OverflowError, IndexError) as error:
        # PyYAML lets these out for a few malformed escapes and directives ("\UFFFFFFFF", %YAML 1.999…)
        raise UnreadableError(loader.line + 1, f"not valid YAML: {error}", loader.column + 1) from None
    finally:
        loader.dispose()


def _marked(error: yaml.MarkedYAMLError, source: str) -> UnreadableError:
    found = told(error, source.splitlines(), source)
    return UnreadableError(found.line + 1, f"not valid YAML: {found.text}", found.column + 1)
