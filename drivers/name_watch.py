"""A sender's name that somebody else has: it is tried again as soon as it is free."""

from collections.abc import Callable
from typing import Any

import sig
from drivers.dispatcher import Dispatcher


class NameWatch:
    """Has `retry` run on the dispatcher's thread whenever a sender called `name` goes, while it is started.

    `start` and `stop` belong to the dispatcher's thread; both may be called once more than needed.
    """

    def __init__(self, name: str, dispatcher: Dispatcher, retry: Callable[[], None]) -> None:
        self._name = name
        self._dispatcher = dispatcher
        self._retry = retry
        self._router: sig.Router | None = None
        self._posted = False

    def start(self, router: sig.Router) -> None:
        """Watch the senders of `router`. One that went before is not seen: try once more after this."""
        if self._router is None:
            self._router = router
            router.addListener(self._gone, self._name, sig.EVENT_DISCONNECT)

    def stop(self) -> None:
        """Watch no more."""
        router, self._router = self._router, None
        if router is not None:
            router.removeListener(self._gone, self._name, sig.EVENT_DISCONNECT)

    def _gone(self, _info: dict[str, Any], _data: object) -> None:
        """On the thread that removed the sender, which goes on at once."""
        if not self._posted:  # however often that name comes and goes, one try waits
            self._posted = True
            self._dispatcher.post_always(NameWatch._free, self)

    def _free(self) -> None:
        self._posted = False
        if self._router is not None:
            self._retry()
