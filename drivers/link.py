"""A link: one source, supervised. It opens the source, greets who is there, takes what comes, and starts
again when it is lost.

    closed -> opening -> greeting -> up -> (lost) -> opening -> …
                 |           |  ^     |
               absent      failed|  silent: the source stays open, and is asked on

One thread does all of that; it runs no listener and no handler, and posts what the devices send to the
dispatcher. So a link never waits for a listener, and a listener may ask the link for a live read. It knows no
port and no protocol: those are its source's, see `drivers.source`.

supervision   the thread
life          where the link is in it
attendance    which devices are there
sinks         who takes what they measure
delivery      how it gets there
link_status   all of that at one moment
"""

import threading
from collections.abc import Callable
from typing import Any, Self

import sig
from drivers.attendance import Attendance
from drivers.clock import SYSTEM_CLOCK, Clock
from drivers.delivery import Delivery
from drivers.dispatcher import Dispatcher
from drivers.identities import Forgetful, IdentityCheck, Memory, Roster
from drivers.kinds import new_source
from drivers.latency import Latency
from drivers.life import Life
from drivers.link_status import LinkState, LinkStatus
from drivers.news import News
from drivers.notes import ForgetfulNotes
from drivers.sink import Sink
from drivers.sinks import Sinks
from drivers.source import Device, Down, Measurement, Missing, Notes, Source, Up
from drivers.supervision import Pace, Supervision, counted

__all__ = ["Link", "LinkState", "LinkStatus"]

FIRST_BACK_OFF_S = 0.1
LAST_BACK_OFF_S = 5.0
# A port that is not there costs little to try, and is to be picked up within a second of its return.
ABSENT_BACK_OFF_S = 0.5
# Whether a missing port has come back is looked up so often: cheap enough for a Pi Zero, and well within a
# second.
PRESENCE_S = 0.25
# A source that held so long was a success: the next failure starts at the shortest back-off again.
STEADY_S = 10.0
REQUEST_TIMEOUT_S = 3.0


class Link:
    """One source and the devices behind it.

    `port` and `options`: what `protocol` takes (`drivers.kinds.protocol(name).options`); or `source`, made
    already. `identity`: who the device must say it is. `memory` remembers that where there is none; `roster`
    is shared by links that are to notice that they reach one device. `notes`: what the source keeps beyond
    the program's end; without them, it forgets. `dispatcher`: shared with other links; without one the link
    has its own. The constructor opens nothing.

    Raises `OptionError` for an unknown protocol or option, or a wrong value.
    """

    def __init__(
        self,
        name: str,
        port: str | None = None,
        *,
        protocol: str = "sensorline",
        source: Source | None = None,
        identity: str | None = None,
        memory: Memory | None = None,
        roster: Roster | None = None,
        notes: Notes | None = None,
        dispatcher: Dispatcher | None = None,
        clock: Clock = SYSTEM_CLOCK,
        **options: object,
    ) -> None:
        if source is None:
            source = new_source(protocol, options if port is None else {"port": port, **options})
        self.name = name
        self.clock = clock
        self.dispatcher = dispatcher or Dispatcher(clock=clock, name=f"dispatcher-{name}")
        self._owns_dispatcher = dispatcher is None
        self._source = source
        self._thread: threading.Thread | None = None
        self.latency = Latency()
        """Of requests that its devices were asked."""
        self.notes = notes or ForgetfulNotes()
        # Guards what is below, and what those have to whom it is given; held for a few assignments and posts;
        # no other lock is taken while it is held, but those of the dispatcher's wake-up.
        self._lock = threading.Lock()
        self._sinks = Sinks(source.device_of)
        self._life = Life(name, self._lock, clock.monotonic)
        self._there = Attendance(
            name,
            self._lock,
            self._life,
            IdentityCheck(name, identity, memory or Forgetful(), self._soon),
            roster or Roster(),
            News(name, self.dispatcher, self._sinks.of),
        )
        self._delivery = Delivery(
            self.dispatcher, self._sinks, source.device_of, lambda: self._there.devices, self._there.refuses
        )
        self._held = Supervision(name, source, self, self._lock, self._life, self._there, clock)
        self.on_pressure: Callable[[], None] = _nothing
        """Called when a device's memory is half full of readings that have come and are not safe yet, at most
        once a second, by the thread that reads: it must not wait. Set it before `open`."""

    def open(self) -> None:
        """Start to look for the source, and return at once; nothing happens if the link is open already.
        Raises RuntimeError where this machine has no thread left; then it is as closed."""
        if self._thread is not None:
            return
        if self._owns_dispatcher:
            self.dispatcher.start()
        self._held.stopping.clear()
        pace = Pace(FIRST_BACK_OFF_S, LAST_BACK_OFF_S, ABSENT_BACK_OFF_S, PRESENCE_S, STEADY_S)
        thread = threading.Thread(target=self._held.run, args=(pace,), name=f"link-{self.name}", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            if self._owns_dispatcher:
                self.dispatcher.stop()
            raise
        self._thread = thread

    def close(self) -> None:
        """Let go of the source and end the thread; the sensors disconnect. Not for the link's own thread.

        Waits for an opening that is under way: of `rfc2217://` at a server that does not answer, up to 11 s.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._held.stopping.set()
        with self._lock:
            session = self._held.session
        if session is not None:
            session.wake()
        thread.join()
        if self._owns_dispatcher:
            self.dispatcher.stop()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, sink: Sink) -> None:
        """Have `sink` take its channel's measurements, and learn of the device's coming and going."""
        name = self._source.device_of(sink.channel)
        with self._lock:
            self._sinks.add(sink)
            session, device = self._held.session, self._there.devices.get(name)
            # Under the lock: when the device goes now, its link_down comes after this.
            if device is not None:
                warning = self._there.warnings.get(name)
                self.dispatcher.post_always(lambda device: sink.link_up(device, warning), device)
        if session is not None and device is not None:
            session.refresh(sink.channel)

    def remove(self, sink: Sink) -> None:
        """The opposite of `add`; nothing happens if it was not added."""
        with self._lock:
            self._sinks.remove(sink)

    def exchanging(self, under_way: bool) -> None:
        """Say that sinks are being exchanged, or are no more: meanwhile a reading of a channel without one is
        not taken for nobody's, and its device, where it keeps it, is asked for it again. From any thread, one
        at a time."""
        self._delivery.exchanging(under_way)

    def watch(self, callback: Callable[[Device], None]) -> None:
        """Have `callback` called on the dispatcher's thread with each device that comes, or says anew who it
        is and what it has, before the sensors on its channels hear of it. Call it before `open`."""
        with self._lock:
            self._sinks.watch(callback)

    def status(self) -> LinkStatus:
        """The link as it is now. From any thread."""
        with self._lock:
            session, life, there = self._held.session, self._life, self._there
            return LinkStatus(
                self.name,
                life.state,
                self._source.where,
                there.where,
                life.reason,
                dict(there.devices),
                next(filter(None, there.warnings.values()), None),
                counted(self._held.totals, session.counters if session else {}),
                session.dropped if session else None,
                session.waiting if session else 0,
                life.since,
                max(0, life.ups - 1),
            )

    @property
    def turned(self) -> float | None:
        """When (monotonic) its thread's loop went round last; None while the link is not open. From any
        thread."""
        return self._held.stopping.asked if self._thread is not None else None

    def dropped_since_reading(self, channel: str) -> int:
        """How many damaged or malformed lines there were since `channel`'s last reading. From any thread."""
        session = self._held.session
        return session.dropped_since_reading(channel) if session is not None else 0

    def warning(self, channel: str) -> str | None:
        """Why the device of `channel` may be another one than is meant; known before any value of it is. From
        any thread."""
        return self._there.warnings.get(self._source.device_of(channel))

    def device_of(self, channel: str) -> str:
        """The name of the device whose channel that is, or would be; empty where there can be only one."""
        return self._source.device_of(channel)

    def absence(self, channel: str) -> str | None:
        """Why the device of `channel` is not there though the link may be up; None while it is. From any
        thread."""
        return self._there.absence(self._source.device_of(channel))

    def refresh(self, channel: str) -> None:
        """Have `channel` read soon, by the link's own thread, if it can be asked. From any thread; returns at
        once. Nothing happens while the device is not there."""
        with self._lock:
            session = self._held.session if self._life.state is LinkState.UP else None
        if session is not None:
            session.refresh(channel)

    def request(
        self,
        verb: str,
        *args: str,
        timeout_s: float = REQUEST_TIMEOUT_S,
        unless: Callable[[], object | None] | None = None,
    ) -> Any:
        """Ask a device: `read CHANNEL`, or another verb of the protocol's.

        One request at a time is on a line, others wait for their turn. `unless` is asked when the turn has
        come: if what it returns is not None, that is the answer. Any thread, listeners included; not the
        link's own. Raises `sig.NotConnected` (at once when the link is down or goes down),
        `sig.RequestTimeout` after `timeout_s`, `sig.Busy`, `sig.BadParams`, `sig.BadReply`,
        `sig.RequestError` for what the device refuses.
        """
        with self._lock:
            session = self._held.session if self._life.state is LinkState.UP else None
            reason = self._life.reason
            if session is not None and args and (absence := self.absence(args[0])) is not None:
                session, reason = None, absence
        if session is None:
            self.latency.failed(sig.NotConnected.error)
            raise sig.NotConnected(f"{self.name}: {reason or 'the device is not there'}")
        started = self.clock.monotonic()
        try:
            return session.exchange(verb, args, started + timeout_s, unless)
        except sig.RequestError as error:
            self.latency.failed(error.error)
            raise
        finally:
            self.latency.took(self.clock.monotonic() - started)

    # The source's session, on the thread that reads; see `drivers.source.Keeper`

    def measured(self, measurement: Measurement) -> None:
        """See `Keeper`: to the channel's sinks, at once and in turn."""
        self._delivery.measured(measurement)

    def missing(self, missing: Missing) -> None:
        """See `Keeper`."""
        self._delivery.missing(missing)

    def pressed(self) -> None:
        """See `Keeper`. Of a device that is refused nothing becomes safe, however soon it is written."""
        if self._there.devices:
            self.on_pressure()

    def tell(self, event: Up | Down) -> None:
        """See `Keeper`."""
        if isinstance(event, Up):
            self._there.came(event.device)
        else:
            self._there.went(event.device, event.reason)

    def trouble(self, reason: str) -> None:
        """See `Keeper`."""
        self._life.enter(LinkState.FAILED, reason)

    def wanted(self) -> dict[str, int | None]:
        """See `Keeper`."""
        return self._sinks.wanted()

    def _soon(self, job: Callable[[], None]) -> None:
        """On the dispatcher's thread: who reads waits for no disk."""
        self.dispatcher.post_always(lambda _: job(), None)


def _nothing() -> None:
    """Of one that nobody has told how readings become safe sooner."""
