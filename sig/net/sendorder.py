"""Which message goes out next: one rule for our own peers, another for a pysig. No I/O, lock or clock."""

from __future__ import annotations

from collections import deque
from enum import Enum

from sig.limits import Limits

# Enough to make the system call's cost small, and a small part of a socket's buffer.
PIECE = 64 * 1024


class Kind(Enum):
    """What a message is, which decides when it goes out."""

    REPLY = 0
    CALL = 1
    SIGNAL = 2
    # a call that must not overtake the signals before it
    CALL_IN_ORDER = 3


Waiting = tuple[Kind, bytes, int | None]


class Pipelined:
    """For our own peers: replies and calls first, then signals in order, as many as the window allows.

    Any number of calls may be on their way, ours and the peer's: what OneAtATime has to know of them is
    nothing to this.
    """

    def __init__(self, window: int) -> None:
        self._window = self._credit = window
        self._urgent: deque[bytes] = deque()
        # Signals, and between them, as tuples of one, the calls that must not overtake them.
        self._ordered: deque[bytes | tuple[bytes]] = deque()

    def add(self, kind: Kind, data: bytes, call_id: int | None) -> None:  # noqa: ARG002 - part of the protocol
        if kind is Kind.SIGNAL:
            self._ordered.append(data)
        elif kind is Kind.CALL_IN_ORDER:
            self._ordered.append((data,))
        else:
            self._urgent.append(data)

    def add_signals(self, signals: list[bytes]) -> None:
        self._ordered.extend(signals)

    def take(self, now: float) -> tuple[bytes, int | None]:  # noqa: ARG002
        """What may go out now, taken off; b"" if nothing may. And the id of the call that is to be answered
        before there is more, if it is one."""
        parts = []
        size = 0
        while self._urgent and size < PIECE:
            parts.append(self._urgent.popleft())
            size += len(parts[-1])
        ordered = self._ordered
        while ordered and size < PIECE:
            data = ordered[0]
            if isinstance(data, tuple):
                (data,) = data
            elif self._credit:
                self._credit -= 1
            else:
                break
            ordered.popleft()
            parts.append(data)
            size += len(data)
        return b"".join(parts), None

    def grant(self, signals: int) -> None:
        """The peer has worked off so many signals: as many more may go."""
        self._credit = min(self._credit + signals, self._window)

    def signals(self) -> int:
        return sum(not isinstance(each, tuple) for each in self._ordered)

    def rest(self) -> list[Waiting]:
        waiting: list[Waiting] = [(Kind.REPLY, data, None) for data in self._urgent]
        for data in self._ordered:
            if isinstance(data, tuple):
                waiting.append((Kind.CALL_IN_ORDER, data[0], None))
            else:
                waiting.append((Kind.SIGNAL, data, None))
        self._urgent.clear()
        self._ordered.clear()
        return waiting


class OneAtATime:
    """For a pysig, which loses two objects that meet in one of its reads, and reads where it handles.

    - One call at a time, signals included; the next one after its answer. An answer shows that the peer has
      read all that was sent before.
    - While a call is unanswered, replies wait: the peer is busy with the call, and would not read them. But
      not for ever, as some other peer may be waiting for the reply before it answers the call.
    - After a reply, a pause; unless the peer, which is owed no other, makes its next call, which it does not
      do before it has read the reply. (Calls of several of its threads overlap; then it is no sign.)
    - Replies and calls take turns.
    """

    def __init__(self, limits: Limits) -> None:
        self._gap_s = limits.plain_gap_s
        self._hold_s = limits.plain_hold_s
        self._replies: deque[bytes] = deque()
        self._calls: deque[tuple[bytes, int | None]] = deque()
        self.unanswered: int | None = None
        """The id of the call that was sent last, until it is answered."""
        # Calls of the peer that no reply has been sent to.
        self._owed = 0
        self._reply_was_last = False
        self._not_before = 0.0
        self._no_reply_before = 0.0

    def add(self, kind: Kind, data: bytes, call_id: int | None) -> None:
        if kind is Kind.REPLY:
            self._replies.append(data)
        else:
            self._calls.append((data, call_id))

    def take(self, now: float) -> tuple[bytes, int | None]:
        """As that of Pipelined."""
        if self.pause(now) != 0.0:
            return b"", None
        if self._calls and self.unanswered is None and (self._reply_was_last or not self._replies):
            data, self.unanswered = self._calls.popleft()
            self._reply_was_last = False
            self._no_reply_before = now + self._hold_s
            return data, self.unanswered
        self._owed -= 1
        self._reply_was_last = True
        self._not_before = now + self._gap_s
        return self._replies.popleft(), None

    def pause(self, now: float) -> float | None:
        """How long until something may go out that may not yet; None if nothing is to be waited for."""
        if self.unanswered is None:
            earliest = self._not_before if self._calls or self._replies else None
        else:
            earliest = max(self._not_before, self._no_reply_before) if self._replies else None
        return None if earliest is None else max(0.0, earliest - now)

    def drop(self, call_id: int) -> int:
        """Do not send that call; how many bytes it had, 0 if it is gone already."""
        for waiting in self._calls:
            if waiting[1] == call_id:
                self._calls.remove(waiting)
                return len(waiting[0])
        return 0

    def answered(self, call_id: int | None, now: float, given_up: bool) -> None:
        """The peer has answered that call, or is not waited for any longer; one that was not sent is not."""
        if call_id is not None and self.unanswered == call_id:
            self.unanswered = None
            self._not_before = now + self._gap_s if given_up or self._reply_was_last else 0.0

    def heard_call(self) -> None:
        """The peer has made a call that is to be replied to."""
        if self._reply_was_last and self.unanswered is None and self._owed == 0:
            self._not_before = 0.0
        self._owed += 1

    def signals(self) -> int:
        """As if all calls of ours were: which of them are is not kept."""
        return len(self._calls)

    def rest(self) -> list[Waiting]:
        waiting: list[Waiting] = [(Kind.REPLY, data, None) for data in self._replies]
        waiting += [(Kind.CALL_IN_ORDER, data, call_id) for data, call_id in self._calls]
        self._replies.clear()
        self._calls.clear()
        return waiting
