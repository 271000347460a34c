"""Whose turn it is to read a connection.

Strategy: to hand something over to another thread costs two wake-ups (its own, and its wait for the
interpreter), more than all else that a request needs. So in a run of requests nobody hands over: the caller
who waits for an answer reads the connection itself, and a worker that has run a handler goes on to read the
next request. Both are guests; the connection's own reader lends them its turn.

Rules:
 - Who has the turn reads, and nobody else. Who has it runs no user code: a worker leaves the turn before it
   runs a handler, and a caller never runs one.
 - While the turn is lent, the reader stands by. It takes the turn back at once if the guest who leaves it
   says so, and else once it has been free for FREE_S, or twice that at most.
 - So the turn is left free only where somebody is about to take it.
"""

from __future__ import annotations

import threading

# How long the turn may be free: as long as a hand-over takes, on a busy machine.
FREE_S = 0.001


class Turn:
    """See the top of this file. Whoever makes it is taken to have the turn, for the reader."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        # The thread that has it; 0: nobody. At first the reader, whichever thread that will be.
        self._owner = -1
        self._recalled = False
        self.asleep = False
        """Whether the reader waits without a limit, as a guest has been reading for long."""
        self._changes = 0

    def take(self) -> bool:
        """On a guest's thread: have the turn, if it is free. Does not wait."""
        with self._changed:
            if self._owner:
                return False
            self._changes += 1
            self._owner = threading.get_ident()
            return True

    def leave(self, at_once: bool) -> None:
        """On the thread of the guest who has it; on another it does nothing. `at_once`: nobody is about to
        take it, the reader has to."""
        with self._changed:
            if self._owner != threading.get_ident():
                return
            self._recalled = at_once
            self._changes += 1
            self._owner = 0
            if at_once or self.asleep:
                self._changed.notify()

    def abandon(self) -> None:
        """On a guest's thread that was interrupted anywhere: have it no more, if it had it."""
        with self._changed:
            if self._owner in (0, threading.get_ident()):
                self._owner = 0
                self._recalled = True
                self._changes += 1
                self._changed.notify()

    def lend(self) -> None:
        """On the reader, which has it: let guests have it; returns when the reader has it again."""
        with self._changed:
            self._owner = 0
            self._recalled = False
            seen = -1
            while self._owner or not (self._recalled or self._changes == seen):
                self.asleep = bool(self._owner) and self._changes == seen
                seen = self._changes
                self._changed.wait(None if self.asleep else FREE_S)
            self.asleep = False
            self._owner = threading.get_ident()
