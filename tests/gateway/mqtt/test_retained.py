"""What is retained stays true: it is said again, and a foreign `offline` is contradicted."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import sig
from gateway.mqtt import repetition, states
from gateway.mqtt.broker.target import Target
from gateway.mqtt.home_assistant.components import SensorFacts
from gateway.mqtt.home_assistant.discovery import Announcement, Discovery
from gateway.mqtt.outbox.events_table import Bounds
from gateway.mqtt.outbox.store import Store
from gateway.mqtt.retained import Retained
from gateway.mqtt.settings import Settings
from gateway.mqtt.topics import Topics
from tests.support.fake_machine import StagedClock
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.waiting import until

Listen = Callable[..., Subscriber]
Logged = Callable[[], list[str]]
NAMES = Topics("test")
READING = '{"value":23.5,"unit":"°C","time":"2026-11-22T06:30:00.123Z","quality":"good","seq":1}'
MINUTE_S = 60.0


class Wire:
    """A delivery to a broker that takes everything at once, but for topics where something is on its way."""

    def __init__(self, clock: StagedClock) -> None:
        self._clock = clock
        self.sent: list[tuple[float, str, bytes]] = []
        self.on_their_way: set[str] = set()
        self.waiting = self.published = self.lost = 0

    def retain(self, topic: str, payload: bytes, acked: Callable[[bool], None] | None = None) -> None:
        self.sent.append((self._clock.monotonic(), topic, payload))
        if acked is not None:
            acked(True)

    def waits(self, topic: str) -> bool:
        return topic in self.on_their_way


class Desk:
    """What is retained of a gateway with `sensors`, on a clock of the test's own."""

    def __init__(self, folder: Path, sensors: tuple[str, ...]) -> None:
        self.clock = StagedClock()
        self.router = sig.Router()
        self.wire = Wire(self.clock)
        self.store = Store(folder / "mqtt.db", Bounds(1000, 1 << 20, 1e9), lambda: "gap", self.clock)
        self.sensors = sensors
        settings = Settings(
            "test",
            Target("broker.example", 1883, "sig-test"),
            folder / "mqtt.db",
            sensors=sensors,
            announcements=self.announcements,
        )
        wire: Any = self.wire
        clock = self.clock.monotonic
        self.retained = Retained(NAMES, settings, self.router, self.store, wire, "abc", clock)
        self.retained.open()

    def announcements(self) -> list[Announcement]:
        facts = [SensorFacts(name, "temperature", "°C", "board") for name in self.sensors]
        return Discovery("test", NAMES, "homeassistant", "1").devices(facts, ["board"], {})

    def live(self, seconds: float) -> list[tuple[float, str, bytes]]:
        """Let time go by; returns what was sent."""
        before, end = len(self.wire.sent), self.clock.monotonic() + seconds
        while self.retained.due <= end:
            self.clock.advance(max(0.0, self.retained.due - self.clock.monotonic()))
            self.retained.run(self.clock.monotonic())
        self.clock.advance(end - self.clock.monotonic())
        return self.wire.sent[before:]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Of a gateway with these sensors; their store is closed afterwards."""
    made: list[Desk] = []

    def make(*sensors: str) -> Desk:
        made.append(Desk(tmp_path, sensors))
        return made[-1]

    yield make
    for one in made:
        one.store.close()


def test_everything_is_said_again(desk: Callable[..., Desk]) -> None:
    """Status, availability, state and discovery: the newest of each, within a minute, not all at once."""
    one = desk("temp", "hum")
    one.retained.up()
    one.retained.reading("temp", READING, one.clock.monotonic())
    one.live(0.0)
    expected = {
        "sig/test/status": b"online",
        "sig/test/temp/availability": b"offline",
        "sig/test/hum/availability": b"offline",
        "sig/test/temp/state": READING.encode(),
    } | {
        each.topic: json.dumps(each.payload, separators=(",", ":"), ensure_ascii=False).encode()
        for each in one.announcements()
    }
    for _ in range(3):
        sent = one.live(MINUTE_S)
        said = {topic: payload for _, topic, payload in sent if topic != "sig/test/diagnostics"}
        assert said == expected
        times = [at for at, topic, _ in sent if topic != "sig/test/diagnostics"]
        assert len(set(times)) == len(times)


def test_a_thousand_senders(desk: Callable[..., Desk]) -> None:
    """Each of their topics once a round, some forty a second, never more than a handful at a time."""
    names = tuple(f"s{number}" for number in range(1000))
    one = desk(*names)
    one.retained.up()
    for name in names:
        one.retained.reading(name, READING, one.clock.monotonic())
    one.live(1.0)
    sent = one.live(repetition.ROUND_S)
    times = [at for at, _, _ in sent]
    assert max(times.count(at) for at in set(times)) <= 6
    assert {topic for _, topic, _ in sent} >= {NAMES.state(n) for n in names} | {NAMES.status}
    assert 2000 <= len(sent) <= 2020


def test_what_is_on_its_way_is_not_repeated(desk: Callable[..., Desk]) -> None:
    """It is as new, or newer, and somebody waits for its acknowledgement."""
    one = desk("temp")
    one.retained.up()
    one.wire.on_their_way = {NAMES.availability("temp")}
    topics = {topic for _, topic, _ in one.live(MINUTE_S)}
    assert NAMES.availability("temp") not in topics
    one.wire.on_their_way = set()
    assert NAMES.availability("temp") in {topic for _, topic, _ in one.live(MINUTE_S)}


def test_nothing_is_said_without_a_connection(desk: Callable[..., Desk]) -> None:
    """And after it all is said anew."""
    one = desk("temp")
    one.retained.up()
    one.live(5.0)
    one.retained.down()
    one.retained.status_heard(b"offline", retained=False)
    assert one.live(10 * MINUTE_S) == []
    one.retained.up()
    assert NAMES.status in {topic for _, topic, _ in one.live(0.0) or one.wire.sent[-9:]}


def test_what_is_gone_is_not_said_again(desk: Callable[..., Desk]) -> None:
    """A sensor that the config no longer has is removed, and stays so."""
    one = desk("temp", "hum")
    one.retained.up()
    one.live(1.0)
    one.retained.down()
    one.store.close()
    other = desk("hum")
    other.retained.up()
    sent = other.live(MINUTE_S)
    assert [payload for _, topic, payload in sent if topic == NAMES.availability("temp")] == [b""]
    assert b'"sig_test_sensor_temp":{"p":"sensor"}' in b"".join(payload for *_, payload in other.wire.sent)
    sent = other.live(10 * MINUTE_S)
    assert not [topic for _, topic, payload in sent if b"sensor_temp" in payload or "/temp/" in topic]


def test_a_step_under_way_is_not_repeated(desk: Callable[..., Desk], tmp_path: Path) -> None:
    """Home Assistant's removal of entities is a matter of order, and of acknowledgements."""
    one = desk("temp", "hum", "lux", "co2")
    one.retained.up()
    one.live(1.0)
    one.retained.down()
    one.store.close()
    other = desk("hum", "lux", "co2")
    retain = other.wire.retain
    other.wire.retain = lambda topic, payload, acked=None: retain(topic, payload)  # type: ignore[method-assign]
    other.retained.up()
    device = "homeassistant/device/sig_test_board/config"
    topics = {topic for _, topic, _ in other.live(29.0)}
    assert device not in topics, "the removal was sent at once, and waits for its acknowledgement"
    assert NAMES.availability("hum") in topics


@pytest.mark.parametrize("said", [b"offline", b"", b"gone"], ids=["offline", "deleted", "anything"])
def test_somebody_says_that_we_are_not_there(desk: Callable[..., Desk], said: bytes, logged: Logged) -> None:
    """It is contradicted at once, three times; then it is told of, and the next round says it again."""
    one = desk()
    one.retained.up()
    one.live(1.0)
    one.wire.sent.clear()
    for _ in range(4):
        one.retained.status_heard(said, retained=False)
    assert [(topic, payload) for _, topic, payload in one.wire.sent] == [(NAMES.status, b"online")] * 3
    assert [line for line in logged() if "another gateway of our name" in line]
    assert NAMES.status in {topic for _, topic, _ in one.live(MINUTE_S)}


def test_late_wills_of_many_connections(desk: Callable[..., Desk], logged: Logged) -> None:
    """Each connection may have that of the one before: they are contradicted, and nobody else's."""
    one = desk()
    for _ in range(20):
        one.retained.up()
        one.wire.sent.clear()
        one.retained.status_heard(b"offline", retained=False)
        assert [payload for _, topic, payload in one.wire.sent if topic == NAMES.status] == [b"online"]
        one.retained.down()
    assert logged() == []


def test_what_is_no_denial(desk: Callable[..., Desk]) -> None:
    """Our own `online`, and what our farewell or will has left at the broker."""
    one = desk()
    one.retained.up()
    one.wire.sent.clear()
    one.retained.status_heard(b"online", retained=False)
    one.retained.status_heard(b"online", retained=True)
    for _ in range(9):
        one.retained.status_heard(b"offline", retained=True)
    assert one.wire.sent == []


def test_more_senders_than_are_kept(
    desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    """The first that is left out is told of, with what to do; the others are counted; events go on anyway."""
    monkeypatch.setattr(states, "MAX_SENDERS", 3)
    monkeypatch.setattr(states, "MAX_LEFT_OUT", 2)
    one = desk("a", "b")
    one.retained.up()
    for name in ("c", "d", "e", "f", "d"):
        one.retained.lifecycle(name, online=True)
        one.retained.reading(name, READING, one.clock.monotonic())
    (line,) = [line for line in logged() if "senders" in line]
    assert "more than 3 senders: of 'd'" in line
    assert "spread the senders over several gateways" in line
    one.live(1.0)
    topics = {topic for _, topic, _ in one.wire.sent}
    assert NAMES.state("c") in topics
    assert not {NAMES.state("d"), NAMES.availability("d")} & topics
    diagnostics = [payload for _, topic, payload in one.wire.sent if topic == NAMES.diagnostics]
    assert json.loads(diagnostics[-1])["left_out"] == 2
    assert set(one.store.retained("sender").values()) == {"c"}, "what has no availability is not remembered"


# With a real broker


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round of a second."""
    monkeypatch.setattr(repetition, "ROUND_S", 1.0)


def settings_of(*sensors: str) -> dict[str, Any]:
    facts = [SensorFacts(name, "temperature", "°C", "board") for name in sensors]
    discovery = Discovery("test", NAMES, "homeassistant", "1")
    return {"sensors": sensors, "announcements": lambda: discovery.devices(facts, ["board"], {})}


def stored(mosquitto: Mosquitto) -> dict[str, bytes]:
    """What a new subscriber is told at once."""
    with Subscriber(mosquitto.port, "#") as new:
        new.client.publish("end", "x", 1)
        new.on("end")
        return {m.topic: bytes(m.payload) for m in new.messages if m.retain}


@pytest.mark.usefixtures("quick")
def test_deleted_at_the_broker(house: Any, mosquitto: Mosquitto, listen: Listen) -> None:
    """Everything that somebody deletes there is there again, as it was."""
    seen = listen("#")
    house.add()
    bridge = house.bridge(mosquitto.port, **settings_of("temp", "hum"))
    seen.on("sig/test/status", b"online")
    house.trigger()
    seen.on("sig/test/temp/state")
    until(lambda: not bridge.status().busy)
    before = stored(mosquitto)
    del before["sig/test/diagnostics"]
    assert len(before) == 6
    for topic in before:
        seen.client.publish(topic, b"", 1, retain=True)
        seen.on(topic, b"")
    until(lambda: before.items() <= stored(mosquitto).items())


def test_a_stranger_says_offline(house: Any, mosquitto: Mosquitto, listen: Listen, logged: Logged) -> None:
    """It is contradicted at once, and what stands at the broker is true; a script that goes on is told of."""
    seen = listen("sig/test/status")
    house.bridge(mosquitto.port)
    seen.on("sig/test/status", b"online")
    for count in (2, 3, 4):
        seen.client.publish("sig/test/status", b"offline", 1, retain=True)
        seen.on("sig/test/status", b"online", count=count)
    assert stored(mosquitto)["sig/test/status"] == b"online"
    assert not [line for line in logged() if "offline" in line]
    seen.client.publish("sig/test/status", b"offline", 1, retain=True)
    until(lambda: any("somebody goes on saying on sig/test/status" in line for line in logged()))


def test_a_second_gateway_of_our_name_ends(
    house: Any, tmp_path: Path, mosquitto: Mosquitto, listen: Listen
) -> None:
    """With a client id of its own: its farewell says that the gateway is offline, which this one is not."""
    seen = listen("sig/test/status")
    house.bridge(mosquitto.port)
    seen.on("sig/test/status", b"online")
    second = house.bridge(mosquitto.port, client_id="other", database=tmp_path / "other.db")
    seen.on("sig/test/status", b"online", count=2)
    assert second.stop()
    seen.on("sig/test/status", b"offline")
    seen.on("sig/test/status", b"online", count=3)


def test_our_own_farewell(house: Any, mosquitto: Mosquitto, listen: Listen, logged: Logged) -> None:
    """Is not contradicted, by the bridge that said it or by the next one."""
    seen = listen("sig/test/status")
    for count in (1, 2):
        bridge = house.bridge(mosquitto.port)
        seen.on("sig/test/status", b"online", count=count)
        assert bridge.stop()
        seen.on("sig/test/status", b"offline", count=count)
    assert seen.payloads("sig/test/status") == [b"online", b"offline"] * 2
    assert stored(mosquitto)["sig/test/status"] == b"offline"
