"""History, as a service: a thread that records what is said, and answers to what was.

It begins when the first values are there, as opening the file and importing SQLite take time: a gateway is to
have its sensors before its history. What comes before that waits in the mailbox. Only where the clock is not
set it begins at once, since ids of events are then not sure to come after those of the last run.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sig
from gateway import health
from gateway.first_values import wait_for_values
from gateway.mailbox import Mailbox, Noted
from gateway.samples import Family, counter, disk_written, gauge
from gateway.service import Part, State
from gateway.service_thread import ServiceThread

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.clock.wall import WallClock
    from gateway.config import Config
    from gateway.event_id import EventId
    from gateway.feed import Feed
    from gateway.history.archive import Archive
    from gateway.history.recall import Recall
    from gateway.history.recorder import Recorder
    from gateway.history.rows import Kept, Series

logger = logging.getLogger(__name__)

FIRST_S = 1.0
"""The longest wait for the first event, a sender's coming."""
SETTLE_S = 0.3
"""After that, as it comes just before the first values."""

FILE = "history.db"
OPENING_S = 0.3
"""What the start waits for the file where the clock is not set."""
AGAIN_S = 30.0
"""After an error of its own."""


class Recording:
    """For a config that has `history`. `start`, `leaving` and `stop` belong to one thread."""

    name = "history"

    def __init__(self, config: Config, feed: Feed, clock: WallClock) -> None:
        assert config.history is not None
        self._section = config.history
        self._path: Path = config.data / FILE
        self._feed = feed
        self._clock = clock
        self.mailbox = Mailbox(keeps=True)
        """Where its events come from."""
        self.goes_on = False
        """Whether another one has recorded until now, so that values of before hold still."""
        self._thread = ServiceThread("history", self._run)
        self._stopping = threading.Event()
        self._opened = threading.Event()
        self._recorder: Recorder | None = None
        self._recall: Recall | None = None
        self._archive: Archive | None = None
        self._left_at = math.inf
        self._failed = False

    def start(self) -> None:
        """See `Service`. Raises RuntimeError if this machine has no thread left; nobody fills its mailbox
        then."""
        if self._thread.is_begun:
            return
        self._feed.add(self.mailbox)
        try:
            self._thread.start()
        except RuntimeError:
            self._feed.remove(self.mailbox)
            self.mailbox.give_up()
            raise
        if not self._clock.believed:
            self._opened.wait(OPENING_S)

    def know(self, readings: Sequence[Noted]) -> None:
        """It comes late: that is what was heard last of each sensor."""
        for noted in readings:
            self.mailbox.put(noted)

    def leaving(self) -> None:
        """The gateway is about to stop: senders that go from now on go with it."""
        self._left_at = self._clock.monotonic()
        if self._recorder is not None:
            self._recorder.leave(self._left_at)

    def stop(self, within_s: float) -> bool:
        """See `Service`: write what there is."""
        if not self._thread.is_begun:
            return True
        self._feed.remove(self.mailbox)
        if self._archive is not None:
            self._archive.close()  # before the store, whose last act is to clear away its log
        self._stopping.set()
        self.mailbox.post(None)
        return self._thread.stop(within_s, self.name, self._unwritten)

    def _unwritten(self) -> str:
        waiting = self._recorder.status.waiting if self._recorder is not None else self.mailbox.depth
        return f", with {waiting} events not written"

    def status(self) -> dict[str, Part]:
        """See `Service`."""
        if self._failed:
            return {"history": Part(State.FAILING, "it failed, and begins anew; see the log")}
        if self._recorder is None:
            return {"history": Part(State.UNKNOWN, "not opened yet")}
        return {"history": health.of_history(self._recorder.status)}

    def families(self) -> Iterator[Family]:
        """See `Measured`."""
        if self._recorder is None:
            return
        status = self._recorder.status
        text = "Until when readings are on disk."
        until = None if status.written_until is None else status.written_until / 1000
        yield gauge("history_written_timestamp_seconds", text, until)
        yield gauge("history_queue_events", "Events that are not on disk yet.", status.waiting)
        yield counter("history_lost_events_total", "Events that never will be.", status.lost)
        writable = status.opened and status.problem is None
        text = "Readings that their device sent again, and that were on disk already."
        yield counter("history_repeated_readings_total", text, self._recorder.repeated)
        yield gauge("history_writable", "Whether the file can be written.", writable)
        yield disk_written("history", status.written)

    def dropped(self) -> Mapping[str, int]:
        """See `Dropping`."""
        return self._recorder.dropped() if self._recorder is not None else {}

    def loops(self) -> Mapping[str, float]:
        """See `Looping`."""
        return {"history": self._recorder.turned} if self._recorder is not None and not self._failed else {}

    def points(self, sender: str, since_ms: int, until_ms: int, points: int) -> Series | None:
        """See `gateway.http.context.History`."""
        return self._recalled().points(sender, since_ms, until_ms, points)

    def since(self, after: EventId, limit: int) -> Sequence[Kept] | None:
        """See `gateway.http.context.History`."""
        return self._recalled().since(after, limit)

    def unwritten(self, params: Any) -> dict[str, Any]:
        """The request `history` of the gateway's own sender."""
        return self._recalled().unwritten(params)

    def _recalled(self) -> Recall:
        if self._recall is None:
            raise sig.Busy("history is not opened yet; try again in a second")
        return self._recall

    def write_soon(self) -> None:
        """Some device has little room left for readings that are not safe: at most once a second all is
        written. Returns at once; from any thread."""
        if self._recorder is not None:
            self._recorder.flush_soon()

    # The service's thread

    def _run(self) -> None:
        try:
            self._run_on()
        finally:
            if self._recorder is None:
                self.mailbox.give_up()
            else:
                self._recorder.give_up()

    def _run_on(self) -> None:
        if self._clock.believed:
            wait_for_values(self.mailbox, self._stopping, FIRST_S, SETTLE_S)
        while True:
            try:
                self._record()
            except Exception:
                logger.exception("history: it failed, and begins anew; please report this")
                self._failed = True
            if self._stopping.is_set():
                return
            self._stopping.wait(AGAIN_S)

    def _record(self) -> None:
        if self._recorder is None:
            self._recorder = self._made()
        self._failed = False
        self._recorder.run()

    def _made(self) -> Recorder:
        from gateway.history.archive import Archive
        from gateway.history.recall import Recall
        from gateway.history.recorder import Recorder
        from gateway.history.store import Store

        section = self._section
        store = Store(
            self._path,
            keep_ms=round(section.keep * 1000),
            keep_events_ms=round(section.events * 1000),
            most_bytes=section.size,
        )
        recorder = Recorder(
            store, self.mailbox, self._clock, section.window, self._stopping, self._go_on_after
        )
        recorder.leave(self._left_at)
        recorder.goes_on = self.goes_on
        self._archive = Archive(self._path)
        self._recall = Recall(self._archive, recorder)
        return recorder

    def _go_on_after(self, last: EventId) -> None:
        self._feed.go_on_after(last)
        self._opened.set()
