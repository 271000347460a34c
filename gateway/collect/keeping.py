"""Where events are kept, a site's file or PostgreSQL, as a service: a thread that writes down what it is
given, and answers to what was said.

It is a gateway's own recorder, but for its store, which writes how far each gateway is in the same
transaction. What comes of that, the consumer picks up with `news`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import sig
from gateway import health
from gateway.collect.placed import Placed
from gateway.collect.room import Dropped, Room
from gateway.event_id import BEFORE_ALL, EventId
from gateway.mailbox import Mailbox, Noted
from gateway.samples import Family, Labels, Sample, counter, gauge
from gateway.service import Part, State
from gateway.service_thread import ServiceThread

if TYPE_CHECKING:
    from drivers.receipt import Receipt
    from gateway.clock.wall import WallClock
    from gateway.collect.admission import Cursor
    from gateway.collect.site_store import Told
    from gateway.history.disk import Store
    from gateway.history.recall import Archive, Recall
    from gateway.history.recorder import Recorder
    from gateway.history.rows import Kept, Series

logger = logging.getLogger(__name__)

AGAIN_S = 30.0
"""After an error of its own."""
PAUSE_SHARE = 0.2
"""Of the window, in which what comes is taken at once: what catches up comes by the thousand."""


class Made(NamedTuple):
    """What a thread has opened: what it writes to, and what is read, which `close` closes."""

    store: Store
    archive: Archive
    close: Callable[[], None]


Make = Callable[["Told", "Told"], Made]
"""On the service's thread, as it takes time: given whom to tell what the store had, and what it has
written."""


class News(NamedTuple):
    """Since the last time. `opened`: how far gateways were in what was opened, None where nothing was;
    `wrote`: what is safe by now; `lost`: whose events were not kept, and are to be asked for once more."""

    opened: Mapping[str, Cursor] | None
    wrote: Mapping[str, Cursor]
    lost: Mapping[str, Dropped]


class Keeping:
    """`site`: whose events; "" for those of all. `wake`: called on the service's thread when there is news.
    `put` belongs to one thread, `start` and `stop` to another."""

    def __init__(
        self, site: str, make: Make, clock: WallClock, window_s: float, wake: Callable[[], None]
    ) -> None:
        self.site = site
        self.name = f"history.{site}" if site else "history"
        self._make = make
        self._clock = clock
        self._window_s = window_s
        self._wake = wake
        self._mailbox = Mailbox(keeps=True)
        self._thread = ServiceThread(self.name, self._run)
        self._stopping = threading.Event()
        self.room = Room()
        """What may still come."""
        self._recorder: Recorder | None = None
        self._recall: Recall | None = None
        self._made: Made | None = None
        self._failed = False
        self._last = BEFORE_ALL
        self._lock = threading.Lock()  # guards what follows; held for a few assignments
        self._found: Mapping[str, Cursor] = {}
        self._opened: Mapping[str, Cursor] | None = None
        self._wrote: dict[str, Cursor] = {}

    def start(self) -> None:
        """See `Service`."""
        self._thread.start()

    def stop(self, within_s: float) -> bool:
        """See `Service`: write what there is."""
        if not self._thread.is_begun:
            return True
        if self._made is not None:
            self._made.close()
        self._stopping.set()
        self._mailbox.post(None)
        return self._thread.stop(within_s, self.name, lambda: "; what is not written comes again")

    def status(self) -> dict[str, Part]:
        """See `Service`."""
        if self._failed:
            return {self.name: Part(State.FAILING, "it failed, and begins anew; see the log")}
        if self._recorder is None:
            return {self.name: Part(State.UNKNOWN, "not opened yet")}
        return {self.name: health.of_history(self._recorder.status)}

    def families(self) -> Iterator[Family]:
        """See `Measured`."""
        if self._recorder is None:
            return
        status = self._recorder.status
        labels: Labels = (("site", self.site),)
        until = None if status.written_until is None else status.written_until / 1000
        text = "Until when readings are on disk."
        yield gauge("history_written_timestamp_seconds", text, [Sample(labels, until)])
        text = "Events that are not on disk yet."
        yield gauge("history_queue_events", text, [Sample(labels, status.waiting)])
        writable = status.opened and status.problem is None
        yield gauge("history_writable", "Whether it can be written.", [Sample(labels, writable)])
        text = "Bytes that were written to the disk."
        if status.written is not None:
            yield counter("history_written_bytes_total", text, [Sample(labels, status.written)])

    def loops(self) -> dict[str, float]:
        """See `Looping`."""
        return {self.name: self._recorder.turned} if self._recorder is not None and not self._failed else {}

    def points(self, sender: str, since_ms: int, until_ms: int, points: int) -> Series | None:
        """See `gateway.http.context.History`."""
        return self._recalled().points(sender, since_ms, until_ms, points)

    def since(self, after: EventId, limit: int) -> Sequence[Kept] | None:
        """See `gateway.http.context.History`."""
        return self._recalled().since(after, limit)

    def _recalled(self) -> Recall:
        if self._recall is None:
            raise sig.Busy(
                f"the history of {self.site or 'the fleet'} is not opened yet; try again in a second"
            )
        return self._recall

    # The consumer's thread

    def next_id(self, utc: float) -> EventId:
        """Of an event that comes now."""
        self._last = self._last.next(utc)
        return self._last

    def put(self, noted: Noted, placed: Placed) -> None:
        """To be written; `placed` was just made, with `tell` of this."""
        self.room.take(placed)
        self._mailbox.put(noted._replace(receipt=placed))
        placed.release()

    def tell(self, receipt: Receipt, safe: bool) -> None:
        """Nobody holds it any more. On any thread."""
        assert isinstance(receipt, Placed)
        self.room.let_go(receipt, safe)
        if not safe:
            self._wake()

    def news(self) -> News:
        """What has happened since the last time."""
        with self._lock:
            found = News(self._opened, self._wrote, self.room.dropped())
            self._opened, self._wrote = None, {}
        return found

    # The service's thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._record()
            except Exception:
                logger.exception("%s: it failed, and begins anew; please report this", self.name)
                self._failed = True
                self._stopping.wait(AGAIN_S)
        if self._recorder is None:
            self._mailbox.give_up()
        else:
            self._recorder.give_up()

    def _record(self) -> None:
        if self._recorder is None:
            self._recorder = self._recorder_of(self._make(self._had, self._has))
        self._failed = False
        self._recorder.run()

    def _recorder_of(self, made: Made) -> Recorder:
        from gateway.history.recall import Recall
        from gateway.history.recorder import Recorder

        parts = made.store, self._mailbox, self._clock, self._window_s, self._stopping, self._go_on_after
        recorder = Recorder(*parts, pause_s=self._window_s * PAUSE_SHARE)
        recorder.goes_on = True  # what the gateways say while this one is away comes when it is back
        self._made = made
        self._recall = Recall(made.archive, recorder)
        return recorder

    def _had(self, cursors: Mapping[str, Cursor]) -> None:
        self._found = cursors

    def _go_on_after(self, last: EventId) -> None:
        """The store is open."""
        self._last = max(self._last, last)
        with self._lock:
            self._opened, self._wrote = self._found, {}
        self._wake()

    def _has(self, cursors: Mapping[str, Cursor]) -> None:
        with self._lock:
            self._wrote.update(cursors)
        self._wake()
