"""Coming to the fleet, for who must not wait for it: that needs a router and may take seconds, so it has a
thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from gateway.fleet.session import EXTRA, FleetError

logger = logging.getLogger(__name__)

T = TypeVar("T")

PAUSES_S = (0.2, 5.0)
"""Between two tries, the first and the longest; it doubles."""


class Joining(Generic[T]):
    """A thread, `name`, that tries until a router lets us in, and ends.

    `attempt` is one try; it raises FleetError or ImportError where there is no way in, and is tried again
    whatever it raises. `joined` is given what it returns, once, unless `stop` came before: then `leave` is,
    which closes it. `failed` is told why not, when that is another reason than before. All of them are called
    on that thread; `joined` and `failed` are not to block.
    """

    def __init__(
        self,
        name: str,
        attempt: Callable[[], T],
        joined: Callable[[T], object],
        leave: Callable[[T], object],
        failed: Callable[[str], object],
    ) -> None:
        self._name = name
        self._attempt = attempt
        self._joined = joined
        self._leave = leave
        self._failed = failed
        self._lock = threading.Lock()  # whoever has stopped it hears of nothing any more
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.problem: str | None = None
        """Why the last try has failed; None before one has."""

    def start(self) -> None:
        """Once. Raises RuntimeError if this machine has no thread left."""
        self._thread.start()

    def stop(self, within_s: float) -> bool:
        """A try that is under way ends by itself, some seconds later, and holds nothing that is needed; False
        if there is one. Python cannot end meanwhile: zenoh's code would come back to nothing, and abort."""
        with self._lock:
            self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        pause_s, longest_s = PAUSES_S
        while not self._stopping.is_set():
            try:
                opened = self._attempt()
            except ImportError:
                self._note(EXTRA)
            except FleetError as error:
                self._note(str(error))
            except Exception as error:
                text = f"{type(error).__name__}: {error}"
                if text != self.problem and not self._stopping.is_set():
                    logger.exception("%s: it cannot join, and tries again; please report this", self._name)
                self._note(text)
            else:
                self._hand_over(opened)
                return
            self._stopping.wait(pause_s)
            pause_s = min(2 * pause_s, longest_s)

    def _hand_over(self, opened: T) -> None:
        with self._lock:
            stopped = self._stopping.is_set()
            if not stopped:
                self._joined(opened)
        if stopped:
            self._leave(opened)

    def _note(self, text: str) -> None:
        with self._lock:
            if text != self.problem and not self._stopping.is_set():
                self.problem = text
                self._failed(text)
