"""Where a link is in its life, and why it is not up."""

import threading
from collections.abc import Callable

from drivers.link_status import LinkState
from drivers.reasons import LoggedReasons

CLOSED = "the link is closed"


class Life:
    """Read by any thread, under `lock`, the link's, where several of its values are to belong together.
    `logged`: what has been said of it, for the link's thread alone. `now`: monotonic seconds."""

    def __init__(self, link: str, lock: threading.Lock, now: Callable[[], float]) -> None:
        self._lock = lock
        self._now = now
        self.state = LinkState.CLOSED
        self.reason: str | None = CLOSED
        self.since = now()
        self.ups = 0
        """How often it came up."""
        self.logged = LoggedReasons(link, now)

    def enter(self, state: LinkState, reason: str | None) -> None:
        """Be there from now on; `reason`: why it is not up."""
        with self._lock:
            if state is not self.state:
                self.since = self._now()
                self.ups += state is LinkState.UP
            self.state, self.reason = state, reason
        if reason is not None and state not in (LinkState.CLOSED, LinkState.GREETING):
            self.logged.warn(reason)
