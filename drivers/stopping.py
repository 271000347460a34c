"""Whether a loop is to end, and when it went round last."""

import threading
from collections.abc import Callable


class Stopping(threading.Event):
    """Set when a loop is to end. The loop asks each time it goes round, or could not be ended; so when it
    asked last says whether it still does. Only the loop's own thread asks. `clock`: monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._now = clock
        self.asked = clock()
        """When (monotonic) it was asked last. For any thread."""

    def is_set(self) -> bool:
        """See `threading.Event`."""
        self.asked = self._now()
        return super().is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """See `threading.Event`."""
        self.asked = self._now()
        found = super().wait(timeout)
        self.asked = self._now()
        return found
