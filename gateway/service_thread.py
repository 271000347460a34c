"""The thread of a service that has one: it ends in the time that it is given, or is left behind."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)


class ServiceThread:
    """A thread `name` that does `run`; nobody waits for it at the end of the process. Several may wait for
    its end at the same time, as a reload and the end of the gateway do."""

    def __init__(self, name: str, run: Callable[[], object]) -> None:
        self._name = name
        self._run = run
        self._thread: threading.Thread | None = None

    @property
    def is_begun(self) -> bool:
        """From `start` until it was seen to have ended."""
        return self._thread is not None

    def start(self) -> None:
        """Begin, unless it has. Raises RuntimeError if this machine has no thread left."""
        if self._thread is None:
            thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            thread.start()
            self._thread = thread

    def wait(self, within_s: float) -> bool:
        """Whether it has ended after so long; also if it was never begun."""
        thread = self._thread
        if thread is None:
            return True
        thread.join(within_s)
        if thread.is_alive():
            return False
        if self._thread is thread:  # else it was begun again, once another had seen its end
            self._thread = None
        return True

    def stop(self, within_s: float, service: str, left: Callable[[], str] = lambda: "") -> bool:
        """`wait` for one that has been told to end; where it does not, that is in the log: with the name of
        the service, and what is `left` undone."""
        ended = self.wait(within_s)
        if not ended:
            left_behind(service, within_s, left())
        return ended


def left_behind(service: str, within_s: float, left: str = "") -> None:
    """Say so."""
    logger.warning("stopping: %s did not stop within %g s and is left behind%s", service, within_s, left)
