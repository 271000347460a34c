"""Subscription: what `Router.listen` returns."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Self

from sig.event import Callback

Adding = Callable[[Callback, str | None, str | None], bool]
"""Begins a subscription; False if the sender is connected and does not declare the event."""
Removing = Callable[[Callback, str | None, str | None], bool]
"""Ends one that was made with the same arguments."""


class Subscription:
    """One subscription, until `close()`, or to the end of its `with` block. Throwing it away does not end it.

    Of several made with the same arguments each `close()` ends one, the oldest first, as `removeListener`.
    """

    def __init__(
        self, add: Adding, remove: Removing, callback: Callback, sender: str | None, event: str | None
    ) -> None:
        """Subscribe. Raises LookupError if the sender is connected and does not declare the event."""
        self._of = f"sender {sender or '(any)'}, event {event or '(any)'}"
        if not add(callback, sender, event):
            raise LookupError(f"sender '{sender}' does not declare the event '{event}'")
        # Taking from a deque is one step for all threads: no lock, which a finalizer could find held.
        self._ending: deque[Callable[[], bool]] = deque([lambda: remove(callback, sender, event)])

    def __repr__(self) -> str:
        return f"<Subscription to {self._of}{'' if self._ending else ', closed'}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the subscription. Any number of times, from any thread, also from the listener itself."""
        try:
            end = self._ending.popleft()
        except IndexError:
            return
        end()
