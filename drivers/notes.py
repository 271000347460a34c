"""What a source notes of its link, for as long as the program runs."""

from typing import Any


class ForgetfulNotes:
    """`drivers.source.Notes` that nothing keeps."""

    def __init__(self) -> None:
        self._content: dict[str, Any] = {}

    def recall(self) -> dict[str, Any]:
        """See `drivers.source.Notes`."""
        return self._content

    def note(self, content: dict[str, Any]) -> None:
        """See `drivers.source.Notes`."""
        self._content = content
