"""What a board was asked, and has not answered yet."""

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

MAX_ID = 65535
MAX_REQUESTS = 8
"""Requests waiting. The gateway has one outstanding and repeats it when a slow board does not answer."""
NEVER = 2**63
"""In nanoseconds: after all times, 292 years."""


class Request(NamedTuple):
    """A request that waits: carried out at `due_ns`."""

    due_ns: int
    id: int
    verb: str
    arguments: tuple[str, ...]


class Requests:
    """In the order of their arrival, which is also that of their times."""

    def __init__(self) -> None:
        self._waiting: deque[Request] = deque()

    @property
    def due_ns(self) -> int:
        """When the next is to be carried out; NEVER: none waits."""
        return self._waiting[0].due_ns if self._waiting else NEVER

    def put(self, due_ns: int, request_id: int, verb: str, arguments: Iterable[str]) -> bool:
        """Carry it out then, or after those that wait; False: there is no room for it."""
        if len(self._waiting) == MAX_REQUESTS:
            return False
        if self._waiting:
            due_ns = max(due_ns, self._waiting[-1].due_ns)
        self._waiting.append(Request(due_ns, request_id, verb, tuple(arguments)))
        return True

    def pop(self) -> Request:
        """The next."""
        return self._waiting.popleft()

    def clear(self) -> None:
        """Forget all of them."""
        self._waiting.clear()
