"""A link: one port, supervised. It opens the port, greets the board, reads, and starts again when it is lost.

    closed -> opening -> greeting -> up -> (lost) -> opening -> …
                 |           |
               absent      failed      and again after a back-off

One thread does all of that; it runs no listener and no handler, and posts what the board sends to the
dispatcher. So a link never waits for a listener, and a listener may ask the link for a live read. In a stream
of readings it lends the dispatcher's thread the reading; see `drivers.lender`.
"""

import collections
import logging
import random
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, Self

import sig
from drivers.clock import SYSTEM_CLOCK, Clock
from drivers.dispatcher import Dispatcher
from drivers.errors import LinkLostError, OptionError, PortError, PortNotFoundError
from drivers.port_settings import PortSettings
from drivers.ports import PortSource, parse_port
from drivers.protocols import new_conversation, protocol_names
from drivers.protocols.base import Board, Measurement
from drivers.session import Session
from drivers.transport import open_transport

logger = logging.getLogger(__name__)

FIRST_BACK_OFF_S = 0.1
LAST_BACK_OFF_S = 5.0
# A port that is not there costs little to try, and is to be picked up within a second of its return.
ABSENT_BACK_OFF_S = 0.5
# Whether a missing port has come back is looked up so often: cheap enough for a Pi Zero, and well within a
# second.
PRESENCE_S = 0.25
# A session that held so long was a success: the next failure starts at the shortest back-off again.
STEADY_S = 10.0
REQUEST_TIMEOUT_S = 3.0
# The fastest port whose reading is lent: the 4 KiB that the kernel keeps are 178 ms there, see `loan.TICK_S`.
LENT_BAUD = 230_400
# Connects and disconnects that wait for a blocked dispatcher; beyond it, an up and its down cancel each
# other.
MAX_TRANSITIONS = 64


class LinkState(StrEnum):
    """Where a link is in its life."""

    CLOSED = "closed"
    OPENING = "opening"
    ABSENT = "absent"
    GREETING = "greeting"
    UP = "up"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """A link at one moment. `device` is the port as opened last; `reason` says why the link is not up;
    `since` is the monotonic time of the last change of state; `counters` count from the link's creation."""

    name: str
    state: LinkState
    port: str
    device: str | None
    reason: str | None
    board: Board | None
    counters: dict[str, int]
    since: float


class Sink(Protocol):
    """Who takes a channel's measurements: a sensor.

    `heard` and `missed` are called on the thread that reads and only take note; `accept`, `link_up` and
    `link_down` on the dispatcher's, in the order of events.
    """

    @property
    def channel(self) -> str:
        """The board's channel whose measurements it takes."""

    @property
    def interval_ms(self) -> int | None:
        """The reporting interval that it wants of the board, None for the board's own."""

    def heard(self, measurement: Measurement) -> None:
        """The newest measurement, to be known at once whatever the dispatcher is busy with."""

    def missed(self) -> None:
        """A measurement that the dispatcher's queue had no room for."""

    def accept(self, measurement: Measurement) -> None:
        """A measurement, in turn."""

    def link_up(self, board: Board) -> None:
        """The board is there; also after it has restarted, and when told twice."""

    def link_down(self, reason: str) -> None:
        """The board is gone."""


class Link:
    """One port and the board behind it.

    `port`: a device path, `usb:VID:PID[:SERIAL]`, a URL of pyserial's, or `sim:` (see `drivers.ports`).
    `protocol`: one of `drivers.protocols.protocol_names()`. `baud`: bits per second. `dispatcher`: shared
    with other links; without one the link has its own. Raises `OptionError` for a malformed port or an
    unknown protocol. The constructor opens nothing.
    """

    def __init__(
        self,
        name: str,
        port: str,
        *,
        protocol: str = "sensorline",
        baud: int = 115200,
        dispatcher: Dispatcher | None = None,
        clock: Clock = SYSTEM_CLOCK,
        source: PortSource | None = None,
    ) -> None:
        if protocol not in protocol_names():
            raise OptionError("protocol", f"expected one of {', '.join(protocol_names())}, got {protocol!r}")
        self.name = name
        self.clock = clock
        self.dispatcher = dispatcher or Dispatcher(clock=clock, name=f"dispatcher-{name}")
        self._owns_dispatcher = dispatcher is None
        self._port = port
        self._source = source or parse_port(port)
        self._protocol = protocol
        self._baud = baud
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        # Guards all below; held for a few assignments and posts; taken before a session's, never after it.
        self._lock = threading.Lock()
        self._sinks: dict[str, tuple[Sink, ...]] = {}
        self._session: Session | None = None
        self._state = LinkState.CLOSED
        self._reason: str | None = "the link is closed"
        self._device: str | None = None
        self._since = clock.monotonic()
        self._totals: dict[str, int] = {}
        self._transitions: collections.deque[Callable[[Sink], None]] = collections.deque()
        self._tokens = 0

    def open(self) -> None:
        """Start to look for the board, and return at once; nothing happens if the link is open already."""
        if self._thread is not None:
            return
        if self._owns_dispatcher:
            self.dispatcher.start()
        self._stopping.clear()
        self._thread = threading.Thread(target=self._supervise, name=f"link-{self.name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let go of the port and end the thread; the sensors disconnect. Not for the dispatcher's or link's
        own threads."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._stopping.set()
        with self._lock:
            session = self._session
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
        """Have `sink` take its channel's measurements, and learn of the board's coming and going."""
        with self._lock:
            self._sinks = {**self._sinks, sink.channel: (*self._sinks.get(sink.channel, ()), sink)}
            session = self._session
            board = session.board if session and self._state is LinkState.UP else None
            # Under the lock: when the link goes down now, its link_down comes after this.
            if board is not None:
                self.dispatcher.post_always(sink.link_up, board)
        if session is not None and board is not None:
            self._settle(session, board, [sink])

    def remove(self, sink: Sink) -> None:
        """The opposite of `add`; nothing happens if it was not added."""
        with self._lock:
            left = tuple(other for other in self._sinks.get(sink.channel, ()) if other is not sink)
            self._sinks = {**self._sinks, sink.channel: left}

    def status(self) -> LinkStatus:
        """The link as it is now. From any thread."""
        with self._lock:
            session = self._session
            return LinkStatus(
                self.name,
                self._state,
                self._port,
                self._device,
                self._reason,
                session.board if session else None,
                _sum(self._totals, session.counters if session else {}),
                self._since,
            )

    def dropped_since_reading(self, channel: str) -> int:
        """How many damaged or malformed lines there were since `channel`'s last reading. From any thread."""
        session = self._session
        return session.dropped.since(channel) if session is not None else 0

    def request(
        self,
        verb: str,
        *args: str,
        timeout_s: float = REQUEST_TIMEOUT_S,
        unless: Callable[[], object | None] | None = None,
    ) -> Any:
        """Ask the board; see `drivers.protocols.base.Conversation.request` for the verbs.

        One request at a time is on the line, others wait for their turn. `unless` is asked when the turn has
        come: if what it returns is not None, that is the answer. Any thread, listeners included; not the
        link's own. Raises `sig.NotConnected` (at once when the link is down or goes down),
        `sig.RequestTimeout` after `timeout_s`, `sig.Busy`, `sig.BadParams`, `sig.RequestError` for what the
        board refuses.
        """
        with self._lock:
            session = self._session if self._state is LinkState.UP else None
            reason = self._reason
        if session is None:
            raise sig.NotConnected(f"{self.name}: {reason or 'the board is not there'}")
        return session.exchange(verb, args, self.clock.monotonic() + timeout_s, unless)

    # The link's thread

    def _supervise(self) -> None:
        back_off = FIRST_BACK_OFF_S
        while not self._stopping.is_set():
            held_s = 0.0
            try:
                held_s = self._hold()
            except Exception:  # a defect must be seen, and must not end the link for ever
                logger.exception("%s: internal error", self.name)
                self._set(LinkState.FAILED, "internal error, see the log")
            if held_s >= STEADY_S:
                back_off = FIRST_BACK_OFF_S
            longest = ABSENT_BACK_OFF_S if self._state is LinkState.ABSENT else LAST_BACK_OFF_S
            back_off = min(back_off, longest)
            self._pause(back_off)
            back_off *= 2
        self._source.close()
        self._set(LinkState.CLOSED, "the link is closed")

    def _hold(self) -> float:
        """Open the port and stay with it until it is lost; returns the seconds it was up."""
        if self._state is LinkState.CLOSED:
            self._set(LinkState.OPENING, None)
        try:
            device = self._source.resolve()
            transport = open_transport(device, PortSettings(baud=self._baud))
        except PortNotFoundError as error:
            self._set(LinkState.ABSENT, str(error))
            return 0.0
        except (PortError, OSError) as error:
            self._set(LinkState.FAILED, str(error))
            return 0.0
        session = Session(
            self.name,
            transport,
            new_conversation(self._protocol),
            self.clock,
            on_measurement=self._measured,
            on_board=self._changed,
            breathe=self.dispatcher.breathe,
            lend=self.dispatcher.borrow if transport.wakes and self._baud <= LENT_BAUD else None,
        )
        with self._lock:
            self._session, self._device = session, device
        return self._converse(session)

    def _converse(self, session: Session) -> float:
        up_at: float | None = None
        reason = "internal error, see the log"
        try:
            self._set(LinkState.GREETING, self._reason)
            board = session.greet(self._stopping)
            up_at = self.clock.monotonic()
            self._set(LinkState.UP, None)
            logger.info(
                "%s: up on %s: %s %s, firmware %s, channels %s",
                *(
                    self.name,
                    self._device,
                    board.model,
                    board.identity,
                    board.firmware,
                    ", ".join(board.channels),
                ),
            )
            self._announce(lambda sink: sink.link_up(board))
            self._settle(session, board, self._all_sinks())
            session.run(self._stopping)
            reason = "the link is closed"
        except LinkLostError as error:
            reason = "the link is closed" if self._stopping.is_set() else str(error)
        finally:
            with self._lock:
                self._session = None
                self._totals = _sum(self._totals, session.counters)
            # First the state, then the news: a listener of #disconnect may ask for the status.
            lost = LinkState.FAILED if up_at is None else LinkState.ABSENT
            self._set(LinkState.CLOSED if self._stopping.is_set() else lost, reason)
            session.end(reason)
            if up_at is not None:
                self._announce(lambda sink: sink.link_down(reason))
        return 0.0 if up_at is None else self.clock.monotonic() - up_at

    # Whoever reads

    def _measured(self, measurement: Measurement) -> None:
        for sink in self._sinks.get(measurement.channel, ()):
            sink.heard(measurement)
            if not self.dispatcher.post(sink.accept, measurement):
                sink.missed()

    def _changed(self, board: Board, restarted: bool) -> None:
        """The board said hello again while the link was up."""
        self._announce(lambda sink: sink.link_up(board))
        session = self._session
        if restarted and session is not None:
            logger.info("%s: %s %s restarted, boot %d", self.name, board.model, board.identity, board.boot)
            self._settle(session, board, self._all_sinks())

    def _settle(self, session: Session, board: Board, sinks: Iterable[Sink]) -> None:
        """Have the board told the intervals that `sinks` want, and read each channel once, so that nobody
        waits an interval for the first value."""
        wanted: dict[str, int | None] = {}
        for sink in sinks:
            if sink.channel in board.channels and wanted.get(sink.channel) is None:
                wanted[sink.channel] = sink.interval_ms
        wrong = {
            name: interval
            for name, interval in wanted.items()
            if interval is not None and round(board.channels[name].interval_s * 1000) != interval
        }
        for name, interval in wrong.items():
            session.ask_later("interval", name, str(interval))
        if wrong:
            session.ask_later("hello")  # tells what the board made of it
        for name in wanted:
            session.ask_later("read", name)

    def _all_sinks(self) -> list[Sink]:
        with self._lock:
            return [sink for sinks in self._sinks.values() for sink in sinks]

    def _pause(self, back_off: float) -> None:
        """Wait for the back-off, or until the port has gone, come or been replaced: then at once."""
        before = self._source.presence()
        jittered = back_off * random.uniform(0.8, 1.2)
        until = self.clock.monotonic() + jittered
        while not self._stopping.is_set() and (wait := until - self.clock.monotonic()) > 0:
            self._stopping.wait(min(wait, PRESENCE_S))
            now = self._source.presence()
            if now is not None and now != before:
                return

    def _set(self, state: LinkState, reason: str | None) -> None:
        with self._lock:
            if state is not self._state:
                self._since = self.clock.monotonic()
            news = reason is not None and reason != self._reason
            self._state, self._reason = state, reason
        if news and state is not LinkState.CLOSED:
            logger.warning("%s: %s", self.name, reason)

    # The dispatcher's thread, in order with the measurements

    def _announce(self, news: Callable[[Sink], None]) -> None:
        """Have every sink hear of a connect or disconnect; never dropped, and bounded by
        `MAX_TRANSITIONS`."""
        with self._lock:
            if len(self._transitions) >= MAX_TRANSITIONS:
                self._transitions.pop()
                self._transitions.pop()
            self._transitions.append(news)
            if self._tokens >= len(self._transitions):
                return
            self._tokens += 1
        self.dispatcher.post_always(Link._deliver, self)

    def _deliver(self) -> None:
        with self._lock:
            self._tokens -= 1
            news = self._transitions.popleft() if self._transitions else None
            sinks = [sink for sinks in self._sinks.values() for sink in sinks]
        if news is None:
            return
        for sink in sinks:
            try:
                news(sink)
            except Exception:  # the other sensors must hear of it all the same
                logger.exception("%s: %r failed", self.name, sink)


def _sum(totals: Mapping[str, int], counters: Mapping[str, int]) -> dict[str, int]:
    return {name: totals.get(name, 0) + counters.get(name, 0) for name in {**totals, **counters}}
