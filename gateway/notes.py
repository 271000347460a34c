"""What a link's source keeps over restarts, in a small JSON file of the data folder for each link.

    {"version": 1, "notes": {…}}

What is in it is the source's own: the nodes of a radio network, the numbers that it has given them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.data_folder import DataFolder
from gateway.kept_file import KeptFile

VERSION = 1
MAX_BYTES = 8 * 1024 * 1024
"""254 nodes of 300 quantities take 5 MB, see `drivers.stream.mysensors.memory`; a large house 100 KB."""


class LinkNotes:
    """`drivers.source.Notes` of the link `link`, in the file at `path`. It is read at the first question, and
    written when something is new."""

    def __init__(self, path: Path, link: str, folder: DataFolder | None = None) -> None:
        self._file = KeptFile(
            path,
            version=VERSION,
            max_bytes=MAX_BYTES,
            forgotten=f"What was known of what is on the link {link} is forgotten, and learned anew",
            unwritten=f"after the next start it is not known what is on the link {link}",
            folder=folder,
        )
        self._saved: dict[str, Any] | None = None
        self._content: dict[str, Any] = {}

    def close(self) -> None:
        """The link goes."""
        self._file.close()

    def recall(self) -> dict[str, Any]:
        """See `drivers.source.Notes`."""
        if self._saved is None:
            self._saved = self._content = self._file.read(_check).get("notes", {})
        return self._content

    def note(self, content: dict[str, Any]) -> None:
        """See `drivers.source.Notes`."""
        self.recall()
        self._content = content
        if content != self._saved and self._file.write({"notes": content}):
            self._saved = content


def _check(content: dict[str, Any]) -> None:
    if not isinstance(content.get("notes"), dict):
        raise ValueError("expected notes in it")  # noqa: TRY004 - as for all that is not ours
