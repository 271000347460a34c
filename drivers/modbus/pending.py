"""Which answers of a slave may still come, so that none is taken for another's.

An RTU answer shows whose it is, its function and how long it is, and not which question it answers. What may
come unexpected is of two kinds: an answer later than we waited, and one that is sent twice. Both would be
taken for the answer to the next question, if that is of the same slave and shape. So:

- After a time-out the slave is not asked before `patience_s` has passed since the question, twice the
  time-out at first. An answer that comes by then is known as late, and the slave can be asked again at once.
  From how late it was, `patience_s` is learnt: twice that.
- A question of the same shape but of other registers waits five times as long: there an answer that is later
  still would be a wrong value, and not only one that is somewhat old.
- After an answer, a question of the same shape but of other registers waits one time-out more, in which a
  second copy of the answer would come.

Others are asked meanwhile. What remains: an answer that is the slave's first late one, and later than ten
time-outs. Modbus TCP numbers its answers, and waits for nothing.
"""

import math

from drivers.modbus.pdu import Answer, Query, answer_of

# How long an answer may be late, in time-outs, before one of that slave has been late.
_PATIENCE = 2.0
# And where it would be a wrong value.
_ALIKE = 5.0
LONGEST_PATIENCE_S = 60.0


class Pending:
    """One slave's. `numbered`: its answers say which question they answer. For one thread."""

    def __init__(self, timeout_s: float, *, numbered: bool = False) -> None:
        self._timeout_s = timeout_s
        self._numbered = numbered
        self.patience_s = _PATIENCE * timeout_s
        self.latest_s = 0.0
        """How long after its question the latest answer came; 0 if none was late."""
        self._owed: tuple[Query, float] | None = None
        self._last: tuple[Query, Answer, float] | None = None

    def ready_at(self, query: Query) -> float:
        """From when on an answer to the question cannot be one to an earlier question."""
        if self._numbered:
            return -math.inf
        ready = -math.inf
        if self._owed is not None:
            owed, asked = self._owed
            alike = owed != query and owed.shape == query.shape
            ready = asked + self.patience_s * (_ALIKE if alike else 1.0)
        if self._last is not None:
            last, _, answered = self._last
            if last != query and last.shape == query.shape:
                ready = max(ready, answered + self._timeout_s)
        return ready

    def timed_out(self, query: Query, asked: float) -> None:
        """The question of `asked` was not answered in time."""
        self._owed = query, asked

    def answered(self, query: Query, answer: Answer, now: float) -> None:
        """It was."""
        self._owed = None
        self._last = query, answer, now

    def stray(self, pdu: bytes, now: float) -> str:
        """What an answer of the slave is that nobody waits for: `late`, `double` or `unasked`."""
        if self._owed is not None and answer_of(self._owed[0], pdu) is not None:
            self.latest_s = now - self._owed[1]
            self.patience_s = min(max(self.patience_s, 2 * self.latest_s), LONGEST_PATIENCE_S)
            self._owed = None
            return "late"
        if self._last is not None and answer_of(self._last[0], pdu) == self._last[1]:
            return "double"
        return "unasked"
