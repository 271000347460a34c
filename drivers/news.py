"""Telling sinks of devices that come and go: in order, never dropped, and bounded."""

import collections
import logging
import threading
from collections.abc import Callable, Iterable

from drivers.dispatcher import Dispatcher
from drivers.sink import Sink

logger = logging.getLogger(__name__)

# Comings and goings of one device that wait for a blocked dispatcher; beyond it, an up and its down cancel
# each other.
MAX_WAITING = 64


class News:
    """A link's news on their way to its sinks. `sinks` says, when they arrive, who a device's are."""

    def __init__(self, link: str, dispatcher: Dispatcher, sinks: Callable[[str], Iterable[Sink]]) -> None:
        self._link = link
        self._dispatcher = dispatcher
        self._sinks = sinks
        self._lock = threading.Lock()  # guards the two below, for a few assignments
        self._waiting: collections.deque[tuple[str, Callable[[Sink], None]]] = collections.deque()
        self._posted = 0  # jobs in the dispatcher's queue, each of which delivers one of those

    def tell(self, device: str, news: Callable[[Sink], None]) -> None:
        """Have every sink of `device` hear of it. From any thread; never blocks."""
        with self._lock:
            if len(self._waiting) >= MAX_WAITING:
                self._cancel(device)
            self._waiting.append((device, news))
            if self._posted >= len(self._waiting):
                return
            self._posted += 1
        self._dispatcher.post_always(News._deliver, self)

    def _cancel(self, device: str) -> None:
        mine = [index for index, (other, _) in enumerate(self._waiting) if other == device]
        if len(mine) >= MAX_WAITING:
            for index in reversed(mine[-2:]):
                del self._waiting[index]

    def _deliver(self) -> None:
        """The dispatcher's thread, in order with the measurements."""
        with self._lock:
            self._posted -= 1
            if not self._waiting:
                return
            device, news = self._waiting.popleft()
        for sink in self._sinks(device):
            try:
                news(sink)
            except Exception:  # the other sensors must hear of it all the same
                logger.exception("%s: %r failed", self._link, sink)
