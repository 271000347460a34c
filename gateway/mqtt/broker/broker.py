"""Connections to the broker, one after the other, for ever.

    idle --(due)--> dialling --(open)--> greeting --(accepted)--> up --(lost)--> idle
                       |                    |
                       +------ failed ------+------> idle: see back_off.py

Dialling has a thread of its own, see dialling.py; its result comes back as a letter. All else belongs to the
bridge's thread. What the log says is in journal.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from gateway.mqtt.broker.abilities import ALL
from gateway.mqtt.broker.back_off import BackOff
from gateway.mqtt.broker.connection import Connection
from gateway.mqtt.broker.dialling import Dialled, Dialler
from gateway.mqtt.broker.hints import of_hanging_up, of_refusal
from gateway.mqtt.broker.journal import Journal
from gateway.mqtt.broker.notes import (
    TAKEN_OVER,
    UNSUPPORTED_VERSION,
    Connected,
    Ending,
    Lost,
    Refused,
    SubscriptionRefused,
)
from gateway.mqtt.broker.rival import Rival
from gateway.mqtt.broker.target import Target
from gateway.mqtt.broker.versions import V5, Versions

GREETING_S = 10.0
"""How long the broker may take to accept or refuse."""
STEADY_S = 20.0
"""A connection that held so long was a success; with no suspect to be sent meanwhile, it has cleared who was
suspected of ending it. Longer than the longest back-off: a client of our id of which
we know nothing would have been back by then."""
TICK_S = 1.0
SHORT_BREAKS = 3
"""So many breaks of connections that had only just been made look like two clients of one id, too."""
UNAVAILABLE, RECEIVE_MAXIMUM_EXCEEDED, QOS_NOT_SUPPORTED = 0x88, 0x93, 0x9B
INNOCENT = frozenset({0x89, 0x8B, 0x8D, 0x8E, 0x93, 0x96, 0x97, 0x98, 0x9C, 0x9D, 0x9F, 0xA0})
"""Reasons of a broker's farewell that are no message's fault: busy, shutting down, no keepalive, taken over,
too much at once, quota, an administrator, another server, too many connections, too long a connection."""


class Broker:
    """`versions`: in order of preference. `post` brings a letter to the bridge, unless it has ended.

    `up(connection, accepted)` and `down(suspicious)` are called on the bridge's thread; suspicious: the
    connection has ended by itself, maybe because of what was sent.
    """

    def __init__(
        self,
        target: Target,
        versions: tuple[int, ...],
        will: tuple[str, str],
        *,
        post: Callable[[object], bool],
        up: Callable[[Connection, Connected], None],
        down: Callable[[bool], Ending],
        clock: Callable[[], float],
    ) -> None:
        self._target = target
        self._versions = Versions(versions)
        self._journal = Journal(target, self._versions)
        self._will = will
        self._up = up
        self._down = down
        self._clock = clock
        self._dialler = Dialler(target, post)
        self.connection: Connection | None = None
        """Open: being greeted, or up."""
        self.accepted = False
        self.due = -math.inf
        """When `run` has something to do."""
        self._deadline = math.inf
        self._patience_s = GREETING_S
        self._since = 0.0
        self.failures = 0
        """Tries and short connections in a row that have failed."""
        self.breaks = 0
        """Connections in a row that broke soon after they were made."""
        self.problem: str | None = None
        """Why there is no connection; None while there is one, and before the first try is over."""
        self.was_away = False
        """Before this connection the broker could not be reached, so it may have been started anew."""
        self._back_off = BackOff()
        self._learned = ALL
        self._one_at_a_time = False  # the broker takes no more messages
        self._rival = Rival()

    @property
    def clashes(self) -> int:
        """How often another client of our id has thrown us out, since there was peace."""
        return self._rival.clashes

    def run(self, now: float) -> None:
        """Dial, keep alive, or give up waiting."""
        if now < self.due:
            return
        if self.connection is None:
            self.due = math.inf
            if not self._dialler.busy:
                self._dial()
            return
        if not self.accepted and now >= self._deadline:
            self._silent()
            return
        self.connection.tick()
        if self.accepted and now - self._since >= STEADY_S:
            self._steady(now)
        self.due = now + TICK_S

    def dialled(self, letter: Dialled) -> None:
        """The dialling thread is done."""
        self._dialler.done()
        if letter.problem is not None:
            letter.connection.abandon()  # it may have got as far as a socket
            if letter.absent:
                self._learned = ALL
            self.fail(letter.problem, absent=letter.absent)
            return
        self.connection = letter.connection
        now = self._clock()
        self._patience_s = min(GREETING_S, self._versions.patience_s)
        self._deadline = now + self._patience_s
        self.due = now + TICK_S

    def take(self, note: Connected | Refused | SubscriptionRefused | Lost) -> None:
        """What the connection has noted."""
        match note:
            case Connected():
                self._accept(note)
            case Refused(code, text):
                if code == UNSUPPORTED_VERSION and self._versions.refused():
                    self._journal.other_version()
                    self._end(0.0)
                elif self._learn(code):
                    self._end(0.0)
                else:
                    self.fail(f"it refuses us: {text}{of_refusal(code)}", absent=code == UNAVAILABLE)
            case SubscriptionRefused(topic, text, code):
                if self._learn(code):
                    self._broke(text, innocent=True, ended_by_us=True)
                else:
                    self._journal.unreadable(topic, text)
            case Lost(code, text):
                self._lost(code, text)

    def fail(self, problem: str, *, absent: bool = False) -> None:
        """The connection is no good, or there is none: say why, once, and try again later. `absent`: there is
        no broker."""
        self._versions.answered()
        self._failed(problem, absent=absent)

    def broken(self, problem: str) -> None:
        """An accepted connection turned out to be no good, whoever is to blame: end it."""
        if self.accepted:
            self._broke(problem, ended_by_us=True)

    def restart(self, problem: str) -> None:
        """An error of the gateway's own, at any point: end what connection there is, and dial anew.

        Of a thread that dials, the letter is still to come.
        """
        if self.accepted:
            self._broke(problem, innocent=True, ended_by_us=True)
        elif self.connection is not None:
            self.fail(problem)
        elif not self._dialler.busy:
            self._end(self._back_off.failed(absent=False))

    def double(self) -> None:
        """Another gateway publishes under our name; if it has our client id too, we throw each other out."""
        if self._rival.heard(self._clock()):
            self._journal.double()

    def farewell(self) -> None:
        """End the connection properly: we say the will ourselves."""
        if self.connection is not None and self.accepted:
            self.connection.close()

    def close(self, timeout_s: float) -> None:
        """End it, with the will if there was no farewell. A thread that still dials closes what it gets."""
        if self.connection is not None:
            self.connection.abandon()
        self.connection = None
        self.accepted = False
        self._dialler.join(timeout_s)

    def _dial(self) -> None:
        try:
            self._dialler.dial(Connection(self._target, self._versions.current, self._will, self._learned))
        except Exception as error:  # noqa: BLE001 - such as: this machine has no thread left
            self.fail(f"{type(error).__name__}: {error}")

    def _accept(self, accepted: Connected) -> None:
        assert self.connection is not None
        self.accepted, self.problem = True, None
        self._one_at_a_time = accepted.window == 1
        self._versions.accepted()
        self.was_away = self._back_off.away
        self._back_off.accepted()
        self._since = self._clock()
        self._journal.connected(quiet=self.breaks > 0 or self._rival.clashing)
        for remark in (*accepted.oddities, *accepted.abilities.remarks()):
            self._journal.remark(remark)
        self._up(self.connection, accepted)

    def _steady(self, now: float) -> None:
        """It holds: forget about earlier problems, but not about a rival who will be back."""
        self.failures = self.breaks = 0
        self._rival.held(now - self._since, now)
        if not self._rival.clashing:
            self._journal.steady()

    def _failed(self, problem: str, *, absent: bool) -> None:
        self.problem = problem
        self._journal.failed(problem)
        self.failures += 1
        self._end(self._back_off.failed(absent=absent))

    def _silent(self) -> None:
        """The connection is open, and nothing comes."""
        assert self.connection is not None
        old = ". If it is an old one, set mqtt.version to 3.1.1" if self.connection.version == V5 else ""
        hint = f"is it an MQTT broker?{of_hanging_up(self._target)}{old}"
        self._versions.hung_up("said nothing")
        silence = f"then said nothing for {self._patience_s:g} s"
        self._failed(f"it took the connection, and {silence}; {hint}", absent=True)

    def _learn(self, code: int) -> bool:
        """Whether a reason code says that the broker cannot do what it was asked for, and that is news."""
        before, self._learned = self._learned, self._learned.without(code)
        return self._learned != before

    def _lost(self, code: int, text: str) -> None:
        if self.accepted:
            if code == RECEIVE_MAXIMUM_EXCEEDED and self._one_at_a_time:
                code = QOS_NOT_SUPPORTED  # it takes none at all, unless they need no acknowledgement
            innocent = self._learn(code) or code in INNOCENT
            self._broke(text, taken_over=code == TAKEN_OVER, innocent=innocent)
        elif code == 0:
            self._versions.hung_up()
            hint = of_hanging_up(self._target)
            self._failed(f"it ended the connection at once: {text}{hint}", absent=True)
        else:
            self.fail(f"it ended the connection at once: {text}")

    def _broke(
        self, text: str, *, taken_over: bool = False, innocent: bool = False, ended_by_us: bool = False
    ) -> None:
        """An accepted connection has ended. `innocent`: whatever was sent on it."""
        assert self.connection is not None
        self.problem = text
        self._versions.answered()
        version = self.connection.version
        held_s = self._clock() - self._since
        short = held_s < STEADY_S
        self.breaks = self.breaks + 1 if short else 0
        self.failures = self.failures + 1 if short else 0
        if not ended_by_us and self._rival.is_to_blame(held_s, taken_over=taken_over):
            self._journal.taken_over(None if taken_over else text)
            self._end(self._rival.clash())
            return
        ending = self._end(0.0, suspicious=not innocent)
        self.due = self._clock() + self._back_off.broke(held_s, tested=ending.tested)
        if self.breaks >= SHORT_BREAKS:
            # MQTT 5 has a word for it; and a message that was in flight is more likely to be the reason.
            maybe_a_rival = version != V5 and not (ended_by_us or ending.flight)
            self._journal.breaks_again(text, maybe_a_rival=maybe_a_rival)
        else:
            self._journal.lost(text)

    def _end(self, after_s: float, *, suspicious: bool = False) -> Ending:
        connection, was_up = self.connection, self.accepted
        self.connection, self.accepted = None, False
        self._deadline = math.inf
        self.due = self._clock() + after_s
        try:
            if connection is not None:
                connection.abandon()
        finally:
            ending = self._down(suspicious) if was_up else Ending()
        return ending
