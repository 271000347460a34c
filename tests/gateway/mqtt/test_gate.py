"""When a parcel may go: alone, and only on a connection that has just answered."""

import math
from typing import Any

import pytest

from gateway.mqtt.broker.broker import STEADY_S
from gateway.mqtt.gate import LONGER_S, Gate
from gateway.mqtt.parcels import Parcel, Probe, of_probe, of_subscription
from gateway.mqtt.suspects import ALONE, SUSPICIOUS
from gateway.mqtt.waiting import Message

SIZE = 100


class Wire:
    """A connection that counts pings."""

    def __init__(self) -> None:
        self.pings = 0

    def ping(self) -> None:
        self.pings += 1

    def size(self, topic: bytes, payload: bytes, _correlation: bytes | None = None) -> int:
        """As a packet's: its length takes a byte more from 128 on."""
        size = len(topic) + len(payload)
        return size + (2 if size < 128 else 3)


class Life:
    """A gate, and what it has left out."""

    def __init__(self) -> None:
        self.left_out: list[Parcel] = []
        self.gate = Gate("probe", leave_out=self.left_out.append, pending=list)
        self.wire: Any = Wire()
        self.parcel = parcel("state")

    def up(self, *, was_away: bool = False) -> None:
        self.wire = Wire()
        self.gate.up(0.0, was_away=was_away)

    def admit(self, one: Parcel | None = None, *, busy: bool = False, now: float = 10.0) -> Parcel | None:
        return self.gate.admit(self.wire, one or self.parcel, now=now, busy=busy)

    def taken(self, one: Parcel, now: float = 1.0) -> None:
        self.gate.answered(one, taken=True, connection=self.wire, now=now)

    def suspect(self) -> None:
        """The parcel is one, and the connection has answered."""
        for _ in range(SUSPICIOUS):
            self.up()
            self.gate.down([self.parcel, parcel("other")], suspicious=True)
        self.up()
        assert self.admit() is None
        self.gate.pong(1.0, busy=False)

    def measured(self) -> Parcel | None:
        """Takes all probes; what is admitted then."""
        found = self.admit()
        while found is not None and isinstance(found.what, Probe):
            self.taken(found)
            found = self.admit()
        return found


def parcel(topic: str, payload: bytes = b"1") -> Parcel:
    """Something retained."""
    return Parcel(Message(topic, payload), topic, payload, SIZE, retain=True)


def test_a_suspect_waits_for_an_answer() -> None:
    """It is held, one ping is sent, and with something in flight none; then a probe goes, then it, alone."""
    life = Life()
    for _ in range(SUSPICIOUS):
        life.up()
        assert life.admit() is life.parcel
        life.gate.down([life.parcel, parcel("other")], suspicious=True)
    life.up()
    assert life.admit(busy=True) is None
    assert life.wire.pings == 0
    assert life.admit() is None
    assert life.admit() is None
    assert life.wire.pings == 1
    assert life.gate.shut
    assert life.gate.held is life.parcel
    assert life.admit(parcel("innocent")) is not None
    assert life.admit() is None
    life.gate.pong(1.0, busy=True)  # to an earlier ping, perhaps
    assert life.admit() is None
    life.gate.pong(1.0, busy=False)
    assert life.measured() is life.parcel
    assert life.gate.alone
    life.gate.pong(1.0, busy=True)
    assert life.gate.alone
    life.taken(life.parcel)
    assert not life.gate.shut


def test_guilt() -> None:
    """Left out after some ends alone; ends that are no sign do not count."""
    life = Life()
    life.suspect()
    for number in range(ALONE + 1):
        assert life.measured() is life.parcel
        ending = life.gate.down([life.parcel], suspicious=number > 0)
        assert ending == (1, number > 0)
        life.up()
        life.admit()
        life.gate.pong(1.0, busy=False)
    assert life.measured() is None
    assert life.left_out[-1] is life.parcel


@pytest.mark.parametrize("brought_down", [True, False])
def test_a_broker_that_was_away(brought_down: bool) -> None:
    """The guilty gets another chance, unless it was just that which brought the broker down."""
    life = Life()
    life.suspect()
    for _ in range(ALONE):
        assert life.measured() is life.parcel
        life.gate.down([life.parcel], suspicious=True)
        life.up()
        life.admit()
        life.gate.pong(1.0, busy=False)
    assert life.measured() is None
    if brought_down:
        other = parcel("other")
        found = life.admit(other)
        assert found is not None
        assert life.gate.alone
        life.gate.down([other], suspicious=True)
    else:
        life.gate.down([], suspicious=True)
    life.left_out.clear()
    life.up(was_away=True)
    life.admit()
    assert bool(life.left_out) is brought_down


def test_refused_and_then_the_end() -> None:
    """A ping follows a refusal; if the connection ends before its answer, the refused one was alone."""
    life = Life()
    life.suspect()
    for _ in range(ALONE):
        assert life.measured() is life.parcel
        pings = life.wire.pings
        life.gate.answered(life.parcel, taken=False, connection=life.wire, now=1.0)
        assert life.wire.pings == pings + 1
        assert life.gate.alone
        assert life.gate.down([], suspicious=True).tested
        life.up()
        life.admit()
        life.gate.pong(1.0, busy=False)
    assert life.measured() is None
    assert life.left_out[-1] is life.parcel


def test_a_connection_that_holds() -> None:
    """Nobody is suspected any more, once no suspect was to be sent for so long."""
    life = Life()
    life.suspect()
    assert life.admit(now=15.0) is not None
    life.taken(parcel("innocent"), now=15.0 + STEADY_S - 1)
    assert not life.gate.calm
    life.taken(parcel("innocent"), now=15.0 + STEADY_S)
    assert life.gate.calm


def test_a_subscription_later() -> None:
    """It has no topic of its own, and its tests come later and later as well."""
    life = Life()
    life.parcel = of_subscription("+/request")
    life.suspect()
    assert life.admit(now=1.0) is life.parcel
    life.gate.down([life.parcel], suspicious=True)
    life.up()
    life.admit()
    life.gate.pong(1.0, busy=False)
    assert life.admit(now=1.0) is None
    assert life.gate.due == 1.0 + LONGER_S


def test_later_and_later() -> None:
    """Each test alone comes later in the connection's life; one that ends before, with nothing in flight,
    shows that they end by themselves: no end so far counts."""
    life = Life()
    life.suspect()
    for ends in range(ALONE - 1):
        life.measured()
        life.gate.down([life.parcel], suspicious=True)
        life.up()
        life.admit(now=1.0)
        life.gate.pong(1.0, busy=False)
        later_s = LONGER_S * (ends + 1)
        while (probe := life.admit(now=1.0)) is not None:
            life.taken(probe)
        assert life.gate.due == 1.0 + later_s
        assert life.admit(now=1.0 + later_s / 2) is None
    assert life.gate.shut
    assert not life.gate.alone
    life.gate.down([], suspicious=True)
    assert life.gate.due == math.inf
    life.up()
    life.admit(now=1.0)
    life.gate.pong(1.0, busy=False)
    assert life.admit(now=1.0) is life.parcel


def test_quiet() -> None:
    """With a connection's first answer nobody need be asked any more, unless something was refused, or is
    held and still to go."""
    life = Life()
    life.up()
    seen = [life.gate.quiet]
    life.taken(life.parcel)
    seen.append(life.gate.quiet)
    life.gate.answered(life.parcel, taken=False, connection=life.wire, now=1.0)
    seen.append(life.gate.quiet)
    life.taken(life.parcel)
    seen.append(life.gate.quiet)
    life.suspect()
    probe = life.admit()
    assert probe is not None
    life.taken(probe, now=10.0 + STEADY_S)
    seen.append(life.gate.quiet)
    assert life.admit() is life.parcel
    assert not life.gate.shut
    life.taken(life.parcel)
    assert [*seen, life.gate.quiet] == [False, True, False, True, False, True]


def test_what_could_not_be_sent() -> None:
    """It does not keep the others waiting."""
    life = Life()
    life.suspect()
    assert life.measured() is life.parcel
    life.gate.withdraw()
    assert not life.gate.shut


@pytest.mark.parametrize(
    ("wanted", "size"), [(0, 7), (50, 50), (129, 129), (130, 129), (131, 131), (9000, 9000)]
)
def test_probes(wanted: int, size: int) -> None:
    """As large as wanted, or one byte less where no packet is so large; never smaller than the topic."""
    wire = Wire()
    probe = of_probe("probe", wanted, wire.size)
    assert wire.size(b"probe", probe.payload) == size
    assert probe.size == wanted
