"""One connection's protocol, without a thread, lock, clock or socket: bytes in, events out, and back.

    core = Core(JsonCodec(), Limits(), now)
    events = core.feed(data, now)                 # what the peer has sent: Called, Answered, Signals
    core.add(Kind.CALL, *core.pack_call("ping", {}), waiter)
    data = core.take(now)                         # what may go out now

Rules:
 - Times are seconds of the monotonic clock, given by the caller. Nothing happens by itself: `expire` is to be
   called at `next_deadline`, `take` after anything that may let something go, or at `pause`.
 - What waits to be sent goes by `sig.net.sendorder`; its `size` is for the caller to bound.
 - It says `fault` when the peer has broken the protocol or is dead: then the connection is to be ended.
 - With threads, a lock has to be held for all but what packs (`pack`, `pack_call`) and unpacks (`decode`),
   which may run the code of somebody's codec; and `sort`, where the peer is pipelined, which touches what is
   the reader's alone: many who call at once would get into its way.
"""

from __future__ import annotations

from enum import Enum
from itertools import count
from typing import Any, Protocol

from sig.errors import BadParams, NotConnected, RequestTimeout, to_wire
from sig.limits import Limits
from sig.net.sendorder import Kind, OneAtATime, Pipelined
from sig.wire import Codec, Message, WireError

# How often, within a window of signals, the peer is told what was worked off.
REPORTS_PER_WINDOW = 8
NEVER = float("inf")
OWN_METHODS = ("ping", "credit")


class Life(Enum):
    """What a connection may do."""

    KNOWN = "both sides send"
    STRANGER = "nobody knows yet whether the peer may come in"
    LEAVING = "nothing is sent any more, and what the peer has sent is read"
    ENDED = "nothing is sent nor read"


TRANSITIONS: dict[Life, frozenset[Life]] = {
    Life.KNOWN: frozenset({Life.STRANGER, Life.LEAVING, Life.ENDED}),
    Life.STRANGER: frozenset({Life.KNOWN, Life.LEAVING, Life.ENDED}),
    Life.LEAVING: frozenset({Life.ENDED}),
    Life.ENDED: frozenset(),
}


class Waiter(Protocol):
    """A call of ours that waits for its answer, until its `deadline`. Towards a peer that takes one at a time
    that is first for how long it may wait to be sent; and, from when it `is_sent`, `timeout_s`."""

    what: str
    timeout_s: float
    deadline: float
    is_sent: bool


Signals = list[Any]
"""The params of signals of one of our own peers, in order."""
Called = dict[str, Any]
"""A call of the peer, as it came: with "id" (else it wants no answer), "method", "params"."""
Answered = tuple[Any, Message]
"""The waiter of a call of ours, and its answer: the peer's, or one that says why there is none."""
Event = Signals | Called | Answered


class Core:
    """See the top of this file."""

    def __init__(self, codec: Codec, limits: Limits, now: float, peer: str = "the peer") -> None:
        self.life = Life.KNOWN
        # Whether something may be added, and is sent: in either of the first two lives.
        self.sends = True
        self.fault = ""
        # Whether any number of messages may be on their way, as to one of our own peers; see `pipeline`.
        self.pipelined = False
        self.decoder = codec.decoder(limits.max_message)
        # How large a message the peer takes.
        self.most_bytes = limits.plain_max_message
        # Those of our calls that are not answered yet.
        self.pending: dict[int, Waiter] = {}
        # Bytes that wait, and have not been taken.
        self.size = 0
        self.heard = now
        self._codec = codec
        self._limits = limits
        self._peer = peer
        self._since = self._pinged = now
        self._ids = count(1)
        # Its rule, in one of two ways: until it is pipelined, and then; the other is None.
        self._plain: OneAtATime | None = OneAtATime(limits)
        self._free: Pipelined | None = None
        self._order: OneAtATime | Pipelined = self._plain
        # Signals that were larger than a message may be, and are dropped.
        self.too_large = 0
        self.report_every = NEVER
        self.unreported = 0

    def become(self, life: Life) -> bool:
        """Go on to that; False if there is no way to it from here."""
        if life not in TRANSITIONS[self.life]:
            return False
        self.life = life
        self.sends = life is Life.KNOWN or life is Life.STRANGER
        return True

    def pipeline(self, window: int) -> None:
        """The peer is one of ours: any number of messages, but no more signals at once than that."""
        free = Pipelined(window)
        for waiting in self._order.rest():
            free.add(*waiting)
        self._order = self._free = free
        self._plain = None
        self.pipelined = True
        self.most_bytes = self._limits.max_message
        for waiter in self.pending.values():
            waiter.is_sent = True
        self.report_every = max(1, window // REPORTS_PER_WINDOW)

    # --- what comes ---

    def feed(self, data: bytes, now: float) -> list[Event]:
        """What the bytes complete, in order."""
        return self.sort(self.decode(data), now)

    def decode(self, data: bytes) -> list[Message]:
        """The messages that the bytes complete; those before a `fault`, if there is one."""
        try:
            return self.decoder.feed(data)
        except WireError as err:
            self.fault = f"it sent what is no message: {err}"
            return err.before

    def sort(self, messages: list[Message], now: float) -> list[Event]:
        """What these ask for or answer. Of what they let go `take` knows."""
        self.heard = now
        events: list[Event] = []
        signals: Signals | None = None
        try:
            for message in messages:
                if message.get("method") == "signal" and "id" not in message:
                    self.unreported += 1
                    if signals is None:
                        signals = []
                        events.append(signals)
                    signals.append(message.get("params"))
                    continue
                signals = None
                if "status" in message:
                    call_id = message.get("id")
                    if not isinstance(call_id, int):
                        continue
                    if self._plain is not None:
                        self._plain.answered(call_id, now, given_up=False)
                    waiter = self.pending.get(call_id)
                    if waiter is not None:
                        events.append((waiter, message))
                        self.pending.pop(call_id, None)
                else:
                    if self._plain is not None and message.get("id") is not None:
                        self._plain.heard_call()
                    events.append(message)
            return events
        except BaseException:
            # who waits for one of these answers is told of the end, with all others
            self.pending.update((each[1]["id"], each[0]) for each in events if isinstance(each, tuple))
            raise

    def due(self) -> int:
        """How many signals are to be `done` when all that have come are worked off."""
        due, self.unreported = self.unreported, 0
        return due

    def serve(self, called: Called) -> Message | None:
        """Do what is asked for, if it is about the connection itself: a `ping`, or `credit`; returns what to
        answer, but for the id. None if it is not, or the peer may not ask for it, as a stranger."""
        method, params = called.get("method"), called.get("params")
        if self.life is not Life.KNOWN or method not in OWN_METHODS:
            return None
        signals = params.get("signals") if isinstance(params, dict) else None
        if method == "credit":
            if not isinstance(signals, int) or signals < 0:
                return to_wire(BadParams(f"signals: expected a count, got {signals!r:.100}"))
            if self._free is not None:
                self._free.grant(signals)
        return {"status": 0, "response": None}

    # --- what goes ---

    def new_id(self) -> int:
        """One for a call. Any thread."""
        return next(self._ids)

    def pack_call(self, method: str, params: Message) -> tuple[int, bytes]:
        """The id of a call, and the call; raises as `pack`."""
        call_id = next(self._ids)
        return call_id, self.pack({"id": call_id, "method": method, "params": params})

    def pack(self, message: Message) -> bytes:
        """A message as it goes out. Raises TypeError or ValueError, for one that is too large too."""
        data = self._codec.pack(message)
        if len(data) > self.most_bytes:
            raise self.refusal(data)
        return data

    def refusal(self, data: bytes) -> BadParams:
        """Of a message that is larger than `most_bytes`."""
        most = self.most_bytes
        return BadParams(f"a message of {len(data)} bytes is larger than {self._peer} takes ({most})")

    def add(
        self,
        kind: Kind,
        call_id: int | None,
        data: bytes,
        waiter: Waiter | None = None,
        at_once: bool = False,
    ) -> bool:
        """Have it sent in its turn. `waiter`: of a call, comes back as `Answered`, whatever becomes of it.

        `at_once`: the caller can send it now. True if he is to, as it may go and nothing waits: to queue it,
        and to take it, is half of what it costs to send.
        """
        if waiter is not None:
            assert call_id is not None
            self.pending[call_id] = waiter
            waiter.is_sent = self.pipelined
        if at_once and self.pipelined and not self.size and kind is not Kind.SIGNAL:
            return True
        self._order.add(kind, data, call_id)
        self.size += len(data)
        return False

    def add_signals(self, signals: list[bytes]) -> None:
        """Have these sent, to a pipelined peer."""
        assert self._free is not None
        size = sum(map(len, signals))
        if size > self.most_bytes:
            small = [each for each in signals if len(each) <= self.most_bytes]
            self.too_large += len(signals) - len(small)
            signals, size = small, sum(map(len, small))
        self._free.add_signals(signals)
        self.size += size

    def pack_done(self, signals: int) -> bytes:
        """That so many of the peer's signals, the `due` ones, are worked off: to be sent as a reply."""
        return self._codec.pack({"method": "credit", "params": {"signals": signals}})

    def take(self, now: float) -> bytes:
        """What may go out now, taken off; b"" if nothing may."""
        piece, call_id = self._order.take(now)
        self.size -= len(piece)
        if call_id is not None and (waiter := self.pending.get(call_id)) is not None:
            waiter.deadline = now + waiter.timeout_s
            waiter.is_sent = True
        return piece

    def pause(self, now: float) -> float | None:
        """How long until something may go out that may not yet; None if nothing is to be waited for."""
        return None if self._plain is None else self._plain.pause(now)

    def unsent(self) -> int:
        """How many signals wait, of those that are thrown away now with all the rest."""
        signals = self._order.signals()
        self._order.rest()
        self.size = 0
        return signals

    # --- time, and the end ---

    def next_deadline(self) -> float:
        """When `expire` is to be called, at the latest; NEVER if nothing is waited for."""
        times = [waiter.deadline for waiter in list(self.pending.values())]
        if self.life is Life.STRANGER:
            times.append(self._since + self._limits.handshake_s)
        if self.pipelined:
            times.append(max(self.heard, self._pinged) + self._limits.ping_s)
            times.append(self.heard + self._limits.dead_s)
        return min(times, default=NEVER)

    def expire(self, now: float) -> list[Answered]:
        """Give up calls whose time is up; find a peer dead, or a stranger too slow."""
        limits = self._limits
        overdue = [call_id for call_id, waiter in self.pending.items() if waiter.deadline <= now]
        if self.life is Life.STRANGER and now - self._since > limits.handshake_s:
            self.fault = f"it did not authorize within {limits.handshake_s:g} s"
        # A peer that knows no ping (pysig) is left to TCP's own keep-alive.
        if self.pipelined and now - self.heard > limits.dead_s:
            self.fault = f"nothing was heard of it for {limits.dead_s:g} s"
        if self._plain is not None and self._plain.unanswered not in self.pending:
            # whoever gave it up was stopped in the middle, by Ctrl-C say
            self._plain.answered(self._plain.unanswered, now, given_up=True)
        return [each for call_id in overdue for each in self.give_up(call_id, now)]

    def shall_ping(self, now: float) -> bool:
        """Whether the peer has been silent for so long that it is to be asked; it is taken to be, then."""
        if not self.pipelined or now - max(self.heard, self._pinged) <= self._limits.ping_s:
            return False
        self._pinged = now
        return True

    def give_up(self, call_id: int, now: float) -> list[Answered]:
        """Wait for that answer no longer; one that comes later is dropped, and what was not sent is not any
        more. [] if it was answered."""
        waiter = self.pending.pop(call_id, None)
        if waiter is None:
            return []
        if self._plain is not None:
            self.size -= self._plain.drop(call_id)
            self._plain.answered(call_id, now, given_up=True)
        timeout = RequestTimeout(f"no answer to '{waiter.what}' to {self._peer} in time")
        return [(waiter, to_wire(timeout))]

    def end(self, reason: str) -> list[Answered]:
        """Nothing comes and goes any more: all that wait are answered. The same when it is called again."""
        self.become(Life.ENDED)
        answer = to_wire(NotConnected(f"the connection to {self._peer} ended: {reason}"))
        return [(waiter, answer) for waiter in self.pending.values()]
