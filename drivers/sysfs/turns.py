"""The threads of a bus: one at a time reads; one whose read hangs is left behind, and another takes over.

reading -> (too long) -> left behind, a daemon -> its read returns: it ends, and nobody hears of it
"""

import collections
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from drivers.clock import Clock
from drivers.sysfs.left import MOST, Left, LeftReads

logger = logging.getLogger(__name__)

# A read in progress at the end is waited for so long, which is a conversion and some more; then it is left.
END_S = 1.0


class GivenUpError(Exception):
    """Nobody waits for this thread any more: it is to end."""


@dataclass(slots=True, eq=False)
class Turn:
    """A thread's. `reading`: the path that it reads now, since `since`; `left`: nobody waits for it."""

    thread: threading.Thread | None = None
    reading: str | None = None
    since: float = 0.0
    left: bool = False


class Turns:
    """Of the bus whose folder is `path`. `step` does one thing, and returns soon but for what hangs.

    `news` guards all of it, and what the bus puts beside it; `step` waits on it. `reading` and `pause` belong
    to the thread whose turn it is, the rest to the session's.
    """

    def __init__(
        self,
        path: str,
        name: str,
        clock: Clock,
        left: LeftReads,
        hangs_after_s: float,
        step: Callable[[Turn], None],
        counters: collections.Counter[str],
    ) -> None:
        self.news = threading.Condition()
        self.ended = False
        self._path = path
        self._name = name
        self._clock = clock
        self._left = left
        self._hangs_after_s = hangs_after_s
        self._step = step
        self._counters = counters
        self._turn: Turn | None = None

    def begin(self) -> None:
        """With `news` held: have a thread, if there is none, and it would not only hang beside others."""
        if self._turn is not None or self.ended or len(self.left()) >= MOST:
            return
        turn = Turn()
        turn.thread = threading.Thread(target=self._work, args=(turn,), name=self._name, daemon=True)
        turn.thread.start()  # it waits for `news`
        self._turn = turn

    @property
    def busy(self) -> bool:
        """Whether there is a thread that reads."""
        return self._turn is not None

    def left(self) -> list[Left]:
        """What hangs on this bus, the longest first."""
        return self._left.of(self._path)

    def give_up(self, now: float) -> Left | None:
        """Leave the thread behind if its read takes too long; returns what it was."""
        with self.news:
            turn = self._turn
            if turn is None or turn.reading is None or now - turn.since < self._hangs_after_s:
                return None
            self._turn = None
            return self._leave(turn, turn.reading)

    def end(self) -> None:
        """End the thread; one that hangs is left behind. Twice is as good as once."""
        with self.news:
            self.ended = True
            turn, self._turn = self._turn, None
            self.news.notify_all()
        if turn is None or turn.thread is None:
            return
        turn.thread.join(END_S)
        with self.news:
            if turn.reading is not None:
                self._leave(turn, turn.reading)

    @contextmanager
    def reading(self, turn: Turn, what: str) -> Iterator[None]:
        """While the file or folder `what` is read. Raises `GivenUpError` when nobody waits for it by then."""
        self._enter(turn, what)
        try:
            yield
        finally:
            with self.news:
                turn.reading = None
        self._check(turn)

    def pause(self, turn: Turn, seconds: float) -> None:
        """Wait within `reading`, which does not count as hanging. Raises `GivenUpError` at the end."""
        until = self._clock.monotonic() + seconds
        with self.news:
            what, turn.reading = turn.reading or "", None
            while not self.ended and (left := until - self._clock.monotonic()) > 0:
                self.news.wait(left)
        self._enter(turn, what)

    def _enter(self, turn: Turn, what: str) -> None:
        self._check(turn)
        with self.news:
            turn.reading, turn.since = what, self._clock.monotonic()

    def _check(self, turn: Turn) -> None:
        if turn.left or self.ended:
            raise GivenUpError

    def _leave(self, turn: Turn, what: str) -> Left:
        turn.left = True
        self._counters["hung"] += 1
        left = Left(what, turn.since)
        self._left.add(self._path, turn, left)
        return left

    def _work(self, turn: Turn) -> None:
        try:
            while not (turn.left or self.ended):
                self._step(turn)
        except GivenUpError:
            pass
        except Exception:  # a defect must be seen; the session's next look begins another turn
            logger.exception("%s: internal error", self._name)
            with self.news:
                self._turn = None if self._turn is turn else self._turn
        finally:
            with self.news:
                if turn.left:
                    self._counters["returned"] += 1
                    self._left.returned(self._path, turn)
