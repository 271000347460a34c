"""What ends the connections is found out, whatever it is, and nothing else is left out."""

import math
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.mqtt.broker.abilities import ALL
from gateway.mqtt.broker.notes import Acknowledged, Connected
from gateway.mqtt.delivery import Delivery
from gateway.mqtt.outbox.events_table import Bounds
from gateway.mqtt.outbox.outbox import Outbox
from gateway.mqtt.outbox.store import Store
from gateway.mqtt.suspects import ALONE, MOST, SUSPICIOUS, TOPIC, Item, Suspects, Verdict
from gateway.mqtt.topics import Topics
from tests.support.examples import examples

ANY = 1 << 28
GO, ASIDE, MEASURE = Verdict.GO, Verdict.ASIDE, Verdict.MEASURE
LONE = Verdict.ALONE


def calm(suspects: Suspects) -> bool:
    """Asked anew each time."""
    return suspects.calm


def limit_of(suspects: Suspects) -> int | None:
    """The same."""
    return suspects.limit


def end_together(suspects: Suspects, *items: Item, times: int = SUSPICIOUS) -> None:
    """So many connections end with these in flight."""
    for _ in range(times):
        suspects.ended(items, alone=False)


def end_alone(suspects: Suspects, item: Item, times: int = ALONE) -> None:
    """The same, with one alone."""
    for _ in range(times):
        suspects.ended([item], alone=True)


def refuse(suspects: Suspects, size: int, times: int = ALONE) -> None:
    """So many connections end with a probe of that size."""
    for _ in range(times):
        suspects.probe_ended(size)


STATE = Item("sig/g/temp/state", "1", 100)
LARGE = Item("homeassistant/device/x/config", "1", 3000)


def test_no_suspicion() -> None:
    """Nobody need be asked; an end of which something was in flight, and came through, leaves none."""
    suspects = Suspects()
    assert calm(suspects)
    assert suspects.judge(LARGE) is GO
    suspects.ended([STATE, LARGE], alone=False)
    assert not calm(suspects)
    assert suspects.judge(LARGE) is GO
    suspects.taken(STATE)
    suspects.taken(LARGE)
    assert calm(suspects)


def test_a_suspect() -> None:
    """Its size is measured, then it goes alone; acknowledged, it is one like others."""
    suspects = Suspects()
    end_together(suspects, STATE, LARGE)
    assert suspects.judge(STATE) is MEASURE
    assert suspects.next_size() == 0
    suspects.probed(0)
    assert suspects.judge(STATE) is MEASURE
    assert suspects.next_size() == STATE.size
    suspects.probed(STATE.size)
    assert suspects.judge(STATE) is LONE
    assert suspects.next_size() == LARGE.size
    suspects.measured(LARGE.size)
    assert suspects.next_size() is None
    for item in (STATE, LARGE):
        assert suspects.judge(item) is LONE
        suspects.taken(item)
        assert suspects.judge(item) is GO
    assert calm(suspects)


def test_a_limit() -> None:
    """What is as large as a probe that was refused is left out, the smaller goes."""
    suspects = Suspects()
    end_together(suspects, STATE, LARGE)
    suspects.probed(STATE.size)
    refuse(suspects, LARGE.size, ALONE - 1)
    assert limit_of(suspects) is None
    refuse(suspects, LARGE.size, 1)
    assert limit_of(suspects) == LARGE.size
    assert suspects.judge(LARGE) is ASIDE
    assert suspects.judge(Item("other", "", LARGE.size + 1)) is ASIDE
    assert suspects.judge(Item("other", "", STATE.size)) is GO
    between = Item("other", "", 200)
    assert suspects.judge(between) is MEASURE
    assert suspects.next_size() == 200
    suspects.judge(Item("other", "", 2000))
    suspects.probed(200)
    assert suspects.next_size() == math.isqrt(200 * 3000)


def test_no_probes() -> None:
    """A broker that takes none, not the smallest either: then each suspect goes alone, whatever its size."""
    suspects = Suspects()
    end_together(suspects, STATE, LARGE)
    refuse(suspects, 0, ALONE - 1)
    assert suspects.judge(LARGE) is MEASURE
    refuse(suspects, 0, 1)
    assert limit_of(suspects) is None
    assert suspects.judge(LARGE) is LONE
    end_alone(suspects, LARGE)
    assert suspects.judge(LARGE) is ASIDE
    assert suspects.judge(STATE) is LONE
    suspects.renewed()
    assert suspects.judge(LARGE) is MEASURE
    assert suspects.next_size() == 0


def test_a_guilty_topic() -> None:
    """One message is left out; the next of its topic is tried once, and after some the topic is not."""
    suspects = Suspects()
    messages = [STATE._replace(identity=str(number)) for number in range(TOPIC + 1)]
    end_together(suspects, messages[0])
    suspects.measured(STATE.size)
    end_alone(suspects, messages[0], ALONE - 1)
    assert suspects.judge(messages[0]) is LONE
    end_alone(suspects, messages[0], 1)
    assert suspects.judge(messages[0]) is ASIDE
    for message in messages[1:TOPIC]:
        assert suspects.judge(message) is LONE
        end_alone(suspects, message, 1)
    assert suspects.judge(messages[TOPIC]) is ASIDE


def test_another_payload_is_taken() -> None:
    """Then the topic is free, and the guilty one stays left out."""
    suspects = Suspects()
    end_together(suspects, STATE)
    suspects.measured(STATE.size)
    end_alone(suspects, STATE)
    other = STATE._replace(identity="2")
    assert suspects.judge(other) is LONE
    suspects.taken(other)
    assert suspects.judge(other) is GO
    assert suspects.judge(STATE) is ASIDE


def test_a_connection_that_holds() -> None:
    """Whoever was in flight when others ended is free; who is guilty stays so."""
    suspects = Suspects()
    end_together(suspects, STATE)
    suspects.measured(STATE.size)
    end_alone(suspects, STATE)
    end_together(suspects, LARGE)
    end_alone(suspects, LARGE, ALONE - 1)
    suspects.steady()
    assert suspects.judge(LARGE) is GO
    assert suspects.judge(STATE) is ASIDE


def test_a_broker_that_was_away() -> None:
    """Limit, message and topic get one more chance; one end is enough to confirm each."""
    suspects = Suspects()
    end_together(suspects, STATE, LARGE)
    suspects.measured(STATE.size)
    end_alone(suspects, STATE)
    refuse(suspects, LARGE.size)
    suspects.renewed()
    assert limit_of(suspects) is None
    assert suspects.judge(STATE) is MEASURE
    suspects.measured(STATE.size)
    assert suspects.judge(STATE) is LONE
    end_alone(suspects, STATE, 1)
    assert suspects.judge(STATE) is ASIDE
    assert suspects.judge(LARGE) is MEASURE
    assert suspects.next_size() == 0
    suspects.probed(0)
    assert suspects.next_size() == LARGE.size
    refuse(suspects, LARGE.size, 1)
    assert limit_of(suspects) == LARGE.size
    suspects.renewed()
    suspects.measured(LARGE.size + 1)
    suspects.taken(STATE)
    suspects.taken(LARGE)
    assert suspects.judge(LARGE._replace(identity="2")) is GO
    assert calm(suspects)


def test_another_limit_than_before() -> None:
    """With a new suspicion, what was taken earlier says nothing, and probes are tried anew from the first."""
    suspects = Suspects()
    end_together(suspects, LARGE)
    suspects.probed(0)
    suspects.probed(LARGE.size)
    suspects.taken(LARGE)
    end_together(suspects, LARGE, times=SUSPICIOUS - 1)
    assert suspects.judge(LARGE) is GO
    end_together(suspects, LARGE, times=1)
    assert suspects.judge(LARGE) is MEASURE
    assert suspects.next_size() == 0
    suspects.probed(0)
    assert suspects.next_size() == LARGE.size
    refuse(suspects, LARGE.size)
    suspects.taken(LARGE._replace(size=10))
    suspects.renewed()
    suspects.measured(LARGE.size)
    assert calm(suspects)


def test_bounds() -> None:
    """A year of such ends does not fill the memory: what falls out is found out anew."""
    suspects = Suspects()
    for number in range(2 * MOST):
        item = Item(f"topic/{number}", "", 10)
        end_together(suspects, item)
        suspects.measured(10)
        end_alone(suspects, item)
    assert suspects.judge(Item("topic/0", "", 10)) is GO
    assert suspects.judge(Item(f"topic/{2 * MOST - 1}", "", 10)) is ASIDE


class Wire:
    """A connection to a broker that takes what fits and is not on a bad topic, and hangs up on the rest."""

    def __init__(self, broker: "Model") -> None:
        self._broker = broker
        self._number = 0
        self.sent: deque[tuple[int, str, int]] = deque()
        self.pings = 0

    def blocked(self) -> bool:
        return False

    def size(self, topic: bytes, payload: bytes, correlation: bytes | None = None) -> int:
        return len(topic) + len(payload) + len(correlation or b"") + 7

    def publish(self, topic: str, payload: bytes, **_more: Any) -> int:
        return self._add(topic, self.size(topic.encode(), payload))

    def subscribe(self, *topics: str) -> int:
        return self._add(topics[0], 0)

    def ping(self) -> None:
        self.pings += 1

    def _add(self, topic: str, size: int) -> int:
        self._number += 1
        self.sent.append((self._number, topic, size))
        return self._number


class Model:
    """A broker, and a delivery that is connected to it again and again. Time passes a second a turn."""

    def __init__(self, folder: Path, limit: int, bad: set[str]) -> None:
        self.limit = limit
        self.bad = bad
        self.now = 1000.0
        self.taken: list[str] = []
        self.connections = 0
        store = Store(folder / "mqtt.db", Bounds(10_000, 1 << 24, 1e9), lambda: f"gap-{self.connections}")
        self.outbox = Outbox(store, loss_s=0.5, rate=1000.0, incarnation="x", clock=lambda: self.now)
        self.delivery = Delivery(Topics("g"), self.outbox, broken=pytest.fail, clock=lambda: self.now)
        self.retained: dict[str, bytes] = {}

    def connect(self, cut_after: int | None) -> bool:
        """A connection, until it ends or there is nothing left to do: then it is True. `cut_after` so many
        packets the network fails."""
        wire = Wire(self)
        self.connections += 1
        connection: Any = wire
        self.delivery.up(connection, Connected(20, ANY, ALL))
        self.delivery.subscribe("sig/g/+/request/+", "homeassistant/status")
        for topic, payload in self.retained.items():
            self.delivery.retain(topic, payload)
        idle = 0
        while idle < 3:
            self.now += 1.0
            self.outbox.run(self.now)
            self.delivery.run(self.now)
            idle = 0 if wire.sent or wire.pings else idle + 1
            while wire.sent:
                mid, topic, size = wire.sent.popleft()
                cut_after = cut_after and cut_after - 1
                if size > self.limit or topic in self.bad or cut_after == 0:
                    self.delivery.down(suspicious=True)
                    return False
                self.taken.append(topic)
                self.delivery.acknowledged(Acknowledged(mid, None))
            while wire.pings:
                wire.pings -= 1
                self.delivery.pong()
        return True


@contextmanager
def model(limit: int = ANY, bad: set[str] | None = None) -> Iterator[Model]:
    """One that is thrown away."""
    with TemporaryDirectory() as folder:
        made = Model(Path(folder), limit, bad or set())
        made.outbox.open()
        yield made
        made.outbox.close()


SIZES = st.lists(st.integers(0, 9000), min_size=1, max_size=12)
CUTS = st.lists(st.none() | st.integers(1, 40), max_size=8)


def spaced(cuts: list[int | None]) -> Iterator[int | None]:
    """Those of the network's failures; never ALONE in a row, as these could not be told from guilt."""
    row = 0
    for cut in cuts:
        row = row + 1 if cut else 0
        yield None if row >= ALONE else cut
    while True:
        yield None


@given(st.floats(math.log(150), math.log(9000)), SIZES, SIZES, CUTS)
# So many sizes to measure, a second each, that the connection is an old one before the guilty go.
@example(7.0, [0, 2, 498, 4479, 0, 6, 5, 4, 3, 0, 0], [0, 2, 6, 5, 0, 9, 4, 4479, 3, 8, 0, 6], [])
@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_limit(log_limit: float, events: list[int], retained: list[int], cuts: list[int | None]) -> None:
    """All that fits is taken, and only what does not fit is lost; in some connections more than the logarithm
    of the range needs."""
    limit = round(math.exp(log_limit))
    with model(limit) as house:
        wire = Wire(house)
        house.retained = {f"sig/g/{number}/state": b"x" * size for number, size in enumerate(retained)}
        fits = {topic for topic, body in house.retained.items() if wire.size(topic.encode(), body) <= limit}
        lost = 0
        for number, size in enumerate(events):
            house.outbox.add(f"s{number}", "fired", '{"n":"' + "x" * size + '"', 0.0, house.now)
            topic = f"sig/g/s{number}/event/fired"
            # An event has its id, and is marked as late once it is; what lies between is either's.
            body = '{"n":"' + "x" * size + '","id":"x-1"'
            if wire.size(topic.encode(), body.encode()) + len(',"late":true}') < limit:
                fits.add(topic)
            elif wire.size(topic.encode(), body.encode()) > limit:
                lost += 1
        due = spaced(cuts)
        while not house.connect(next(due)):
            assert house.connections < 60
        assert fits <= set(house.taken)
        assert lost <= house.outbox.lost <= len(events) - sum(topic.endswith("fired") for topic in fits)


TOPICS = [f"sig/g/{name}/{kind}" for name in ("a", "b", "c") for kind in ("state", "event/fired")]


@given(st.sets(st.sampled_from(TOPICS)), CUTS)
@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_topics(bad: set[str], cuts: list[int | None]) -> None:
    """Topics that the broker does not like are left out, with what is on them; all others come through."""
    with model(ANY, bad) as house:
        for name in ("a", "b", "c"):
            house.retained[f"sig/g/{name}/state"] = name.encode() * 200
            for number in range(5):
                house.outbox.add(name, "fired", f'{{"n":{number}', 0.0, house.now)
        due = spaced(cuts)
        while not house.connect(next(due)):
            assert house.connections < 80
        assert set(TOPICS) - bad <= set(house.taken)
        assert house.outbox.lost == 5 * sum(topic.endswith("fired") for topic in bad)


@given(CUTS)
@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_subscription(cuts: list[int | None]) -> None:
    """The same with one that the broker does not like."""
    with model(ANY, {"sig/g/+/request/+"}) as house:
        house.retained["sig/g/a/state"] = b"1"
        due = spaced(cuts)
        while not house.connect(next(due)):
            assert house.connections < 30
        assert {"homeassistant/status", "sig/g/a/state"} <= set(house.taken)
