"""What the log says of problems: each once, and not too many different ones."""

from __future__ import annotations

import logging


class Complaints:
    """Each text once, until `clear`; `most` different ones until then."""

    def __init__(self, logger: logging.Logger, most: int) -> None:
        self._logger = logger
        self._most = most
        self._told: set[str] = set()

    def __bool__(self) -> bool:
        """Whether there were any."""
        return bool(self._told)

    def tell(self, level: int, text: str) -> None:
        """Log it, unless that was done already."""
        if text not in self._told and len(self._told) < self._most:
            self._told.add(text)
            self._logger.log(level, "%s", text)

    def clear(self) -> None:
        """It is over: should a problem come again, that is news."""
        self._told.clear()
