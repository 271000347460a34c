"""Messages of QoS 0 are not acknowledged: an answer to a ping that was sent after them has to do."""

from __future__ import annotations

from collections import deque


class Confirmation:
    """Of one connection. A broker deals with what we send in its order."""

    def __init__(self) -> None:
        self._messages: deque[int] = deque()
        self._pings: deque[int] = deque()  # how many of the messages each was sent after

    @property
    def ping_wanted(self) -> bool:
        """Whether there are messages, and no ping is out."""
        return bool(self._messages) and not self._pings

    def sent(self, mid: int) -> None:
        """A message."""
        self._messages.append(mid)

    def pinging(self) -> None:
        """A ping is being sent, for whatever reason."""
        self._pings.append(len(self._messages))

    def pong(self) -> list[int]:
        """The ids of the messages that the broker has: those before the oldest ping."""
        count = self._pings.popleft() if self._pings else 0
        self._pings = deque(after - count for after in self._pings)
        return [self._messages.popleft() for _ in range(count)]
