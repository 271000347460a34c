"""A mapping that its owner exchanges as a whole, for those who are given it once and ask it ever again."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import TypeVar

V = TypeVar("V")


class Exchanged(Mapping[str, V]):
    """From any thread; who goes through it sees one state of it. `exchange` belongs to its owner."""

    def __init__(self, content: Mapping[str, V] | None = None) -> None:
        self._now: Mapping[str, V] = dict(content or {})

    def exchange(self, content: Mapping[str, V]) -> None:
        """From now on it is this, which nobody changes any more."""
        self._now = content

    def __getitem__(self, key: str) -> V:
        return self._now[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now)

    def __len__(self) -> int:
        return len(self._now)

    def keys(self) -> KeysView[str]:
        """As of a mapping."""
        return self._now.keys()

    def values(self) -> ValuesView[V]:
        """As of a mapping."""
        return self._now.values()

    def items(self) -> ItemsView[str, V]:
        """As of a mapping."""
        return self._now.items()
