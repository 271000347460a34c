"""A link's thread: opens its source, greets who is there, stays with them, and starts again when it is
lost."""

import logging
import random
import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple

from drivers.attendance import Attendance
from drivers.clock import Clock
from drivers.errors import LinkLostError, PortError, PortNotFoundError, SilentError
from drivers.life import CLOSED, Life
from drivers.link_status import LinkState
from drivers.source import Keeper, Session, Source
from drivers.stopping import Stopping
from sig.errors import text_of

logger = logging.getLogger(__name__)

_DEFECT = "internal error, see the log"


class Pace(NamedTuple):
    """In seconds. After a failure it waits `first`, then twice as long each time, up to `last`, or `absent`
    where nothing is there; meanwhile it looks each `presence` whether that has changed. After `steady` with
    somebody there it begins with `first` again."""

    first: float
    last: float
    absent: float
    presence: float
    steady: float


class Supervision:
    """Of one `source`, for `keeper`; `run` is the thread, `stopping` ends it. `lock`: the link's, which
    guards `session` and `totals`."""

    def __init__(
        self,
        link: str,
        source: Source,
        keeper: Keeper,
        lock: threading.Lock,
        life: Life,
        there: Attendance,
        clock: Clock,
    ) -> None:
        self._link = link
        self._source = source
        self._keeper = keeper
        self._lock = lock
        self._life = life
        self._there = there
        self._clock = clock
        self.stopping = Stopping(clock.monotonic)
        self.session: Session | None = None
        """The one that is open."""
        self.totals: dict[str, int] = {}
        """The counters of those that were."""
        self._up_s: float | None = None  # how long somebody has been there, of this opening

    def run(self, pace: Pace) -> None:
        """Never ends but by `stopping`, whatever the source raises."""
        back_off = pace.first
        while not self.stopping.is_set():
            self._up_s = None
            self._guarded(self._hold)
            if self._was_up_for(pace.steady):
                back_off = pace.first
                self._life.logged.forget()
            longest = pace.absent if self._life.state is LinkState.ABSENT else pace.last
            back_off = min(back_off, longest)
            self._pause(back_off, pace.presence)
            back_off *= 2
        self._guarded(self._source.close)
        self._life.enter(LinkState.CLOSED, CLOSED)

    def _was_up_for(self, seconds: float) -> bool:
        return self._up_s is not None and self._up_s >= seconds

    def _guarded(self, step: Callable[[], None]) -> None:
        """A defect must be seen, and must not end the link for ever."""
        try:
            step()
        except Exception as error:
            if self._life.logged.is_news(f"{_DEFECT} {type(error).__name__}"):
                logger.exception("%s: internal error", self._link)
            self._life.enter(LinkState.FAILED, f"{_DEFECT}: {type(error).__name__}: {text_of(error)}")

    def _hold(self) -> None:
        """Open the source and stay with it until it is lost."""
        if self._life.state is LinkState.CLOSED:
            self._life.enter(LinkState.OPENING, None)
        try:
            session = self._source.open(self._keeper)
        except PortNotFoundError as error:
            self._life.enter(LinkState.ABSENT, str(error))
            return
        except (PortError, LinkLostError) as error:
            self._life.enter(LinkState.FAILED, str(error))
            return
        reason = _DEFECT
        try:
            with self._lock:
                self.session, self._there.where = session, session.where
            self._converse(session)
            reason = CLOSED
        except LinkLostError as error:
            reason = str(error)
        finally:
            self._let_go(session, CLOSED if self.stopping.is_set() else reason)

    def _converse(self, session: Session) -> None:
        while True:
            self._life.enter(LinkState.GREETING, self._life.reason)
            devices = session.greet(self.stopping)
            up_at = self._clock.monotonic()
            try:
                for device in devices:
                    self._there.came(device)
                if not self._there.anybody_refused:
                    self._life.enter(LinkState.UP, None)
                session.run(self.stopping)
                return
            except SilentError as error:
                self._there.all_gone(LinkState.ABSENT, str(error))
            finally:
                self._up_s = max(self._up_s or 0.0, self._clock.monotonic() - up_at)

    def _let_go(self, session: Session, reason: str) -> None:
        """Whatever the session raises by now, its end is not left out."""
        lost = LinkState.FAILED if self._up_s is None else LinkState.ABSENT
        try:
            with self._lock:
                self.session = None
                self.totals = counted(self.totals, session.counters)
        finally:
            # First the news: closing a port may take long.
            self._there.all_gone(LinkState.CLOSED if self.stopping.is_set() else lost, reason)
            session.end(reason)

    def _pause(self, back_off: float, presence_s: float) -> None:
        """Wait for the back-off, or until the source has gone, come or been replaced: then at once."""
        before = self._presence()
        jittered = back_off * random.uniform(0.8, 1.2)
        until = self._clock.monotonic() + jittered
        while not self.stopping.is_set() and (wait := until - self._clock.monotonic()) > 0:
            self.stopping.wait(min(wait, presence_s))
            now = self._presence()
            if now is not None and now != before:
                return

    def _presence(self) -> object:
        """The source's; None also when it cannot say, as in the middle of an unplug."""
        try:
            return self._source.presence()
        except Exception as error:
            if self._life.logged.is_news(f"presence {type(error).__name__}"):
                logger.exception("%s: cannot tell whether %s is there", self._link, self._source.where)
            return None


def counted(totals: Mapping[str, int], counters: Mapping[str, int]) -> dict[str, int]:
    """The sum of both, by name."""
    return {name: totals.get(name, 0) + counters.get(name, 0) for name in {**totals, **counters}}
