"""Those at the door who have not shown yet that they may come in: bounded in all and for each address."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Strangers(Generic[T]):
    """Of too many of one address its oldest has to go; of too many in all, the oldest of the address that has
    most. So who only opens connections drives out its own. Any thread.
    """

    def __init__(self, most: int, most_of_address: int) -> None:
        self._most = most
        self._most_of_address = most_of_address
        self._lock = threading.Lock()
        # By address, each in the order of their coming, as a dict keeps it.
        self._by_address: dict[str, dict[T, None]] = {}
        self._addresses: dict[T, str] = {}

    def __len__(self) -> int:
        return len(self._addresses)

    def __contains__(self, one: T) -> bool:
        return one in self._addresses

    def add(self, one: T, address: str) -> T | None:
        """One more; returns the one that has to go for it, which is forgotten."""
        with self._lock:
            same = self._by_address.setdefault(address, {})
            same[one] = None
            self._addresses[one] = address
            if len(same) > self._most_of_address:
                return self._forget(next(iter(same)))
            return self._forget(self._first_to_go()) if len(self._addresses) > self._most else None

    def remove(self, one: T) -> bool:
        """It is none any more, as it came in or has left; False if it was forgotten before."""
        with self._lock:
            if one not in self._addresses:
                return False
            self._forget(one)
            return True

    def take(self) -> T | None:
        """The one whose turn it is, which is none any more: the oldest of the address that has fewest."""
        with self._lock:
            if not self._addresses:
                return None
            return self._forget(self._oldest(min(map(len, self._by_address.values()))))

    def pop(self) -> T | None:
        """The one that has to go first; None if there is none."""
        with self._lock:
            return self._forget(self._first_to_go()) if self._addresses else None

    def _first_to_go(self) -> T:
        return self._oldest(max(map(len, self._by_address.values())))

    def _oldest(self, count: int) -> T:
        """The oldest of an address that has so many; of several, of the one that has had any for longest."""
        return next(next(iter(same)) for same in self._by_address.values() if len(same) == count)

    def _forget(self, one: T) -> T:
        address = self._addresses.pop(one)
        same = self._by_address[address]
        del same[one]
        if not same:
            del self._by_address[address]
        return one
