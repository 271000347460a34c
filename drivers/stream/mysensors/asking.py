"""Who answers a live read: `N;C;2;0;V;` brings a value only where the sketch answers it, and most do not.

So each quantity that is measured is asked for in the background, once it is known, and is read live from then
on if the answer came twice at once. Not asked is a node that sleeps, a quantity that reports every few
seconds by itself (its next value is as good), and whatever is not measured: common relay sketches switch on
any message.
"""

import math

from drivers.stream.conversation import Event, Send
from drivers.stream.mysensors import types
from drivers.stream.mysensors.message import REQ, Message, encode
from drivers.stream.mysensors.network import Network
from drivers.stream.mysensors.nodes import Reported

# An answer goes through a few repeaters at most. A value that comes by itself within that time, of one that
# reports every minute, is taken for an answer once in sixty times, and twice in 3600.
ANSWER_S = 1.0
TRIES = 2
# Between two tries, so that both do not meet one coincidence.
PAUSE_S = 60.0
# One that comes more often need not be asked.
OFTEN_S = 5.0
# How often it is looked who is to be asked; one is asked in each.
LOOK_S = 2.0
# So many reads in a row without an answer, and it is waited for values again.
MISSES = 3


class Asking:
    """Finds out who answers, in `network`. For the thread that reads."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._look_due = -math.inf
        self._tried: Reported | None = None

    def look(self, now: float, events: list[Event]) -> None:
        """Ask for one quantity of which it is not known yet whether it is answered."""
        if now < self._look_due:
            return
        self._look_due = now + LOOK_S
        for node in self._network.nodes.values():
            if node.up and not node.sleeps:
                for one in node.quantities():
                    if self._is_due(one, now):
                        one.tries += 1
                        one.asked_at, self._tried = now, one
                        events.append(Send(request(one)))
                        return

    def came(self, one: Reported, now: float) -> None:
        """A value of `one`: whether it answers what was asked last."""
        if one is not self._tried:
            return
        self._tried = None
        if now - one.asked_at <= ANSWER_S:
            one.hits += 1
            if one.hits >= TRIES:
                self._network.answers(one, yes=True)
        if one.tries >= TRIES:
            self._network.changed(now)

    def missed(self, one: Reported, now: float) -> None:
        """A live read of `one` was not answered in time."""
        one.hits -= 1
        if one.answers and one.hits <= TRIES - MISSES:
            self._network.answers(one, yes=False)
            self._network.changed(now)

    def answered(self, one: Reported) -> None:
        """A live read of `one` was answered."""
        one.hits = TRIES

    @staticmethod
    def _is_due(one: Reported, now: float) -> bool:
        return (
            one.sure
            and not one.answers
            and one.tries < TRIES
            and one.hits == one.tries  # one that did not answer at first is not asked again
            and types.VALUES[one.type].measured
            and now - one.at > OFTEN_S
            and (one.tries == 0 or now - one.asked_at > PAUSE_S)
        )


def request(one: Reported) -> bytes:
    """The line that asks for a value."""
    return encode(Message(one.node.number, one.child, REQ, 0, one.type))
