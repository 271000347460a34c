"""What a check of the config is given beside the value that it checks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.config.catalog import Catalog
from gateway.config.document import Document


@dataclass(frozen=True, slots=True)
class Context:
    """`document`: the file, where problems are noted; its tree is a mapping. `folder`: the config file's.
    `credentials`: see `gateway.config.credentials`."""

    document: Document
    catalog: Catalog
    folder: Path
    credentials: Path | None = None

    def section(self, name: str) -> Any:
        """A section as it was written, errors and all; one with nothing under it is the same as none."""
        value = self.document.tree.get(name)
        return {} if value is None else value

    def has(self, name: str) -> bool:
        """Whether the section is there, with something under it."""
        return self.document.tree.get(name) is not None
