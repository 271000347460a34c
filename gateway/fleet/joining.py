"""Coming to the fleet: opening a session needs a router and may take seconds, so it has its own thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.fleet.session import EXTRA, LONGEST_CLOSE_S, FleetError, Settings, close, open_session

if TYPE_CHECKING:
    import zenoh

logger = logging.getLogger(__name__)

PAUSES_S = (0.2, 5.0)
"""Between two tries, the first and the longest; it doubles."""


class Joining:
    """Tries until a router lets us in; `joined(session)` is called once, on its thread, unless `stop` came
    before. `problem`: why the last try has failed, None before it has."""

    def __init__(self, settings: Settings, joined: Callable[[zenoh.Session], object]) -> None:
        self._settings = settings
        self._joined = joined
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fleet-join", daemon=True)
        self.problem: str | None = None

    def start(self) -> None:
        """Once. Raises RuntimeError if this machine has no thread left."""
        self._thread.start()

    def stop(self, within_s: float) -> bool:
        """A try that is under way ends by itself, some seconds later, and holds nothing that is needed; False
        if there is one. Python cannot end meanwhile: zenoh's code would come back to nothing, and abort."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        pause_s, longest_s = PAUSES_S
        while not self._stopping.is_set():
            try:
                session = open_session(self._settings)
            except ImportError:
                self._failed(EXTRA)
            except FleetError as error:
                self._failed(str(error))
            except Exception as error:
                logger.exception("fleet: joining it failed; please report this")
                self._failed(f"{type(error).__name__}: {error}")
            else:
                if self._stopping.is_set():
                    close(session, LONGEST_CLOSE_S)
                else:
                    self._joined(session)
                return
            self._stopping.wait(pause_s)
            pause_s = min(2 * pause_s, longest_s)

    def _failed(self, text: str) -> None:
        if text != self.problem:
            logger.warning("fleet: %s; it is tried again", text)
        self.problem = text
