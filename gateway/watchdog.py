"""Tells the manager of services that every loop goes round, or that one does not: then the process is
started anew.

A loop that stands still for as long as the manager's watchdog allows is stuck, unless it waits for what a new
process would wait for as well:

    the kernel   a thread in uninterruptible sleep (state D of proc(5)) waits for a disk, or for a driver that
                 hangs. Nothing can end it, and a process that has one cannot be ended at all
    SQLite       a slow card, or a damaged file that is being saved (`gateway.storage.at_work`)

Loops are compared with what they said at the last look, not with a clock, so it does not matter by which
clock they go, nor that the machine slept.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from gateway.samples import Looping
from gateway.sd_notify import Manager
from gateway.service import Service
from gateway.service_thread import ServiceThread
from gateway.storage.at_work import at_work_since

LOOK_S = 10.0
"""Between two looks, if the watchdog does not want more of them."""
LOOKS = 4
"""At least so many within the watchdog's time: one that comes late is no reason to end the process."""
SQLITE_S = 3600.0
"""A database that holds a thread longer than this is stuck itself."""
STOP_S = 0.3
"""A look waits for nothing; one that does nevertheless is left behind, as the stop has its time to keep."""
STATUS_CHARACTERS = 300

logger = logging.getLogger(__name__)


class Watched(Protocol):
    """What is asked of the app."""

    def health(self) -> dict[str, Any]: ...
    def services(self) -> Iterator[Service]: ...


@contextlib.contextmanager
def under_watch(app: Watched, manager: Manager) -> Iterator[None]:
    """The app has started: say so, watch over it, and in the end say that it is about to stop."""
    watchdog = Watchdog(app, manager)
    if manager.watchdog_s is not None:
        faulthandler.enable()  # the manager ends a hung process by SIGABRT: then the log has every thread
    manager.ready("started")
    watchdog.start()
    try:
        yield
    finally:
        watchdog.stop()
        manager.stopping()
        manager.close()


class Rounds:
    """Which loops stand still. Reads no clock; `limit_s`: how long one may."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._seen: dict[str, tuple[float, float]] = {}  # what each said last, and since when it says so
        self._looked_at: float | None = None

    def stuck(self, loops: Mapping[str, float], now: float, held: Collection[str]) -> dict[str, float]:
        """Of `loops`, each with what changes when it goes round: those that have not for too long, and for
        how many seconds. `held`: those that wait for what no new process would mend."""
        if self._looked_at is not None and now - self._looked_at > self._limit_s:
            self._seen.clear()  # the machine slept, or this process had no turn: nor had the loops
        self._looked_at = now
        before, self._seen = self._seen, {}
        for loop, said in loops.items():
            was, since = before.get(loop, (said, now))
            self._seen[loop] = (said, now if said != was or loop in held else since)
        ages = {loop: now - since for loop, (_, since) in self._seen.items()}
        return {loop: age for loop, age in ages.items() if age >= self._limit_s}


class Watchdog:
    """A thread, `watchdog`, between `start` and `stop`; none where there is no manager."""

    def __init__(self, app: Watched, manager: Manager, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._manager = manager
        self._clock = clock
        limit_s = manager.watchdog_s
        self._rounds = None if limit_s is None else Rounds(limit_s)
        self._every_s = LOOK_S if limit_s is None else min(LOOK_S, limit_s / LOOKS)
        self._stopping = threading.Event()
        self._thread = ServiceThread("watchdog", self._run)
        self._named: Collection[str] = ()

    def start(self) -> None:
        """Begin to watch."""
        if self._manager.present:
            self._thread.start()

    def stop(self) -> None:
        """End; returns at once, but for a look that is under way."""
        self._stopping.set()
        self._thread.wait(STOP_S)

    def _run(self) -> None:
        while True:
            self.look()
            if self._stopping.wait(self._every_s):
                return

    def look(self) -> None:
        """Once: at the loops, then at how everything fares."""
        if self._rounds is not None:
            self._look_at_loops(self._rounds)
        try:
            status = status_of(self._app.health())
        except Exception:
            status = "its health cannot be told; see the log"
            if status != self._manager.last_text:
                logger.exception("watchdog: health failed; please report this")
        if status != self._manager.last_text:  # another of ours, or what a reload has said meanwhile
            self._manager.status(status)

    def _look_at_loops(self, rounds: Rounds) -> None:
        loops: dict[str, float] = {}
        for service in self._app.services():
            if isinstance(service, Looping):
                loops |= service.loops()
        now = self._clock()
        stuck = rounds.stuck(loops, now, _held(loops, now))
        if not stuck:
            self._named = ()
            self._manager.alive()
            return
        if stuck.keys() != set(self._named):  # where the manager does not act, once is enough
            self._named = tuple(stuck)
            for loop, seconds in stuck.items():
                text = "watchdog: %s has not gone round for %.0f s: the gateway is started anew\n%s"
                logger.error(text, loop, seconds, _stack(loop))
        self._manager.trigger()


def status_of(report: Mapping[str, Any]) -> str:
    """A health report in a line: `ok: 7 parts`, `failing: links.board: no such port (and 2 more)`."""
    parts: Mapping[str, Mapping[str, Any]] = report["parts"]
    worst = [name for name, part in parts.items() if part["status"] == report["status"]]
    if report["status"] == "ok" or not worst:
        return f"{report['status']}: {len(parts)} parts"
    more = f" (and {len(worst) - 1} more)" if len(worst) > 1 else ""
    text = f"{report['status']}: {worst[0]}: {parts[worst[0]]['message']}"
    return text[: STATUS_CHARACTERS - len(more)] + more


def _held(loops: Collection[str], now: float) -> set[str]:
    """Those of the loops, each called as its thread, that wait for the kernel or for SQLite."""
    threads = {thread.name: thread.native_id for thread in threading.enumerate()}
    return {loop for loop in loops if _in_kernel(threads.get(loop)) or _in_sqlite(loop, now)}


def _in_sqlite(thread: str, now: float) -> bool:
    since = at_work_since(thread)
    return since is not None and now - since < SQLITE_S


def _in_kernel(thread: int | None) -> bool:
    """Whether it is in uninterruptible sleep. proc(5), /proc/PID/stat: the state comes after the name, which
    is in parentheses and may have some itself."""
    with contextlib.suppress(OSError, IndexError):
        stat = Path(f"/proc/self/task/{thread}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "D"
    return False


def _stack(thread: str) -> str:
    """Where it is, for the log."""
    ids = {each.name: each.ident for each in threading.enumerate()}
    frame = sys._current_frames().get(ids.get(thread) or 0)
    return "".join(traceback.format_stack(frame)) if frame is not None else "its thread has ended"
