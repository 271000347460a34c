"""What a board says for whoever debugs it: into the log, within bounds."""

import logging

from drivers.stream.conversation import Note

logger = logging.getLogger(__name__)

# So many notes are logged in such a time, the rest is counted: a board that prints in its main loop would
# write gigabytes a day to the SD card.
MAX_NOTES = 20
NOTES_S = 60.0


class BoardNotes:
    """Kept by whoever reads the link."""

    def __init__(self, link: str) -> None:
        self._link = link
        self._count = 0
        self._until = 0.0

    def take(self, note: Note, now: float) -> None:
        """Log what was said at `now` (monotonic), or count it. Chatter is for level debug."""
        if note.chatter:
            logger.debug("%s: the board says: %s", self._link, note.text)
            return
        if now >= self._until:
            if self._count > MAX_NOTES:
                logger.info("%s: the board said %d more notes", self._link, self._count - MAX_NOTES)
            self._count, self._until = 0, now + NOTES_S
        self._count += 1
        if self._count <= MAX_NOTES:
            logger.info("%s: the board says: %s", self._link, note.text)
