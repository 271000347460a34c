"""What Home Assistant is told, in which order, and what is taken away again."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mqtt.home_assistant import announcer
from gateway.mqtt.home_assistant.announcer import Announcer
from gateway.mqtt.home_assistant.components import SensorFacts, Threshold
from gateway.mqtt.home_assistant.discovery import Announcement, BoardFacts, Discovery
from gateway.mqtt.topics import Topics
from gateway.storage.schema import StoreError
from tests.support.fake_clock import FakeClock
from tests.support.home_assistant import HomeAssistant
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.waiting import until

COLD = (Threshold("cold", 18.0, 18.5, rising=False),)
SENSORS = [
    SensorFacts("temp", "temperature", "°C", "board", COLD, 1),
    SensorFacts("Büro a/b+c", "humidity", "%", "board"),
    SensorFacts("Büro a/b c", "light", "lx", "roof"),
]
LINKS = ["board", "roof"]
DEVICE = "homeassistant/device/sig_test_board/config"
STATE = "sig/test/temp/state"


class Facts:
    """What a config says, to be changed by a test."""

    def __init__(self, form: str = "devices") -> None:
        self.sensors = SENSORS
        self.boards: dict[str, BoardFacts] = {}
        self.form = form

    def announcements(self) -> list[Announcement]:
        discovery = Discovery("test", Topics("test"), "homeassistant", "0.1.0")
        if self.form == "none":
            return []
        made: list[Announcement] = getattr(discovery, self.form)(self.sensors, LINKS, self.boards)
        return made

    def ids(self) -> dict[str, str]:
        """The topic on which each unique id is announced."""
        found = {}
        for announced in self.announcements():
            for part in announced.payload.get("cmps", {"": announced.payload}).values():
                found[part["uniq_id"]] = announced.topic
        return found

    def settings(self) -> dict[str, Any]:
        return {
            "announcements": self.announcements,
            "birth_topic": "homeassistant/status",
            "sensors": tuple(sensor.name for sensor in self.sensors),
        }


class Memory:
    """A store that remembers what is retained."""

    def __init__(self) -> None:
        self.kinds: dict[str, dict[str, str]] = {}

    def retained(self, kind: str) -> dict[str, str]:
        return dict(self.kinds.get(kind, {}))

    def note_retained(self, kind: str, topics: dict[str, str | None]) -> None:
        for topic, parts in topics.items():
            if parts is None:
                self.kinds.get(kind, {}).pop(topic, None)
            else:
                self.kinds.setdefault(kind, {})[topic] = parts


class World:
    """Announcers, one after the other, a broker that acknowledges when told to, and who listens to it."""

    def __init__(self, *assistants: HomeAssistant) -> None:
        self.clock = FakeClock()
        self.store: Any = Memory()
        self.assistants = assistants
        self.facts = Facts()
        self.sent: list[tuple[str, bytes]] = []
        self.refuses: set[str] = set()  # topics
        self.unsent: dict[str, tuple[bytes, Callable[[bool], None] | None]] = {}
        self.start()

    def start(self) -> None:
        """A gateway with the facts of now; the one before is gone with what it had not sent."""
        self.unsent.clear()
        topics = [Topics("test").state(sensor.name) for sensor in self.facts.sensors]
        self.announcer = Announcer(
            self.store,
            topics,
            lambda: self.facts.announcements(),
            publish=self.publish,
            refresh=lambda: None,
            clock=self.clock.monotonic,
        )
        self.announcer.up()

    def publish(self, topic: str, payload: bytes, acked: Callable[[bool], None] | None = None) -> None:
        self.unsent[topic] = payload, acked  # a newer one replaces an older one, and that is never acked

    def step(self, *, deliver: bool = True) -> bool:
        """Deliver a message or, if there is none, let time go by to what is due; False: there is neither."""
        if deliver and self.unsent:
            topic = next(iter(self.unsent))
            payload, acked = self.unsent.pop(topic)
            self.sent.append((topic, payload))
            taken = topic not in self.refuses
            for assistant in self.assistants if taken else ():
                assistant.receive(topic, payload)
            if acked is not None:
                acked(taken)
            return True
        if self.announcer.due == float("inf"):
            return False
        self.clock.advance(max(0.0, self.announcer.due - self.clock.monotonic()))
        self.announcer.run(self.clock.monotonic())
        return True

    def settle(self) -> list[tuple[str, bytes]]:
        """Until nothing is to be done any more, or not soon; returns what was sent."""
        before = len(self.sent)
        while self.unsent or self.announcer.due <= self.clock.monotonic() + announcer.PATIENCE_S:
            self.step()
        return self.sent[before:]

    def payloads(self, topic: str) -> list[Any]:
        return [json.loads(payload or "null") for sent, payload in self.sent if sent == topic]


@pytest.fixture
def world() -> World:
    """With what the config says announced, and nothing said yet of what comes."""
    made = World(HomeAssistant())
    made.settle()
    made.sent.clear()
    return made


def moved(name: str, link: str) -> list[SensorFacts]:
    return [replace(one, link=link) if one.name == name else one for one in SENSORS]


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize(("name", "link"), [("temp", "roof"), ("Büro a/b c", "board")])
@pytest.mark.parametrize("form", ["devices", "entities"])
def test_a_sensor_moves(form: str, name: str, link: str, swap: bool) -> None:
    """It is removed from its old device before it is announced on the new one: its id must be unique."""
    assistant = HomeAssistant()
    world = World(assistant)
    world.facts.form = form
    world.start()
    world.settle()
    world.facts.sensors = moved(name, link)
    if swap:
        other = {"roof": "board", "board": "roof"}
        world.facts.sensors = [replace(one, link=other[one.link]) for one in SENSORS]
    world.start()
    world.settle()
    assert assistant.complaints == []
    assert assistant.entities == world.facts.ids()


FORMS = st.sampled_from(["devices", "entities", "none"])
CONFIGS = st.lists(st.tuples(FORMS, st.lists(st.sampled_from([*LINKS, ""]), min_size=3, max_size=3)))


def configure(world: World, form: str, links: list[str]) -> None:
    world.facts.form = form
    world.facts.sensors = [replace(one, link=link) for one, link in zip(SENSORS, links, strict=True) if link]
    world.start()


@given(configs=CONFIGS)
def test_any_change(configs: list[tuple[str, list[str]]]) -> None:
    """Home Assistant has what the config says, no more, and has nothing to complain about."""
    new, old = HomeAssistant(), HomeAssistant(old=True)
    world = World(new, old)
    world.settle()
    for form, links in configs:
        configure(world, form, links)
        world.settle()
        assert new.entities == world.facts.ids()
        assert new.registry == new.entities.keys(), "none is left behind"
        assert old.entities == (world.facts.ids() if form == "entities" else {})
    assert new.complaints == old.complaints == []


@given(configs=CONFIGS, kills=st.lists(st.integers(0, 30)))
def test_any_change_and_kills(configs: list[tuple[str, list[str]]], kills: list[int]) -> None:
    """What was cut off is made good at the next start."""
    assistant = HomeAssistant()
    world = World(assistant)
    for (form, links), steps in zip(configs, [*kills, *[0] * len(configs)], strict=False):
        configure(world, form, links)
        for _ in range(steps):
            world.step()
    world.start()
    world.settle()
    assert assistant.entities == world.facts.ids()


def test_the_other_form(world: World) -> None:
    """The old topics are asked to let go before the new message comes, and are emptied after it."""
    world.facts.form = "entities"
    world.start()
    sent = world.settle()
    new = "homeassistant/sensor/sig_test_board/sig_test_sensor_temp/config"
    order = [payload for topic, payload in sent if topic in (DEVICE, new)]
    assert order[0] == b'{"migr_discvry":true}'
    assert json.loads(order[1])["name"] == "temp"
    assert order[2] == b""
    assert world.assistants[0].registry == world.facts.ids().keys(), "no entity was removed"
    assert not [topic for topic in world.store.retained("discovery") if "/device/" in topic]


def test_entities_go_before_their_topics(world: World) -> None:
    """A state is emptied once Home Assistant has been told that there is none: its templates would fail."""
    world.facts.sensors = SENSORS[1:]
    world.start()
    topics = [topic for topic, _ in world.settle()]
    assert topics[:2] == [DEVICE, STATE]
    assert DEVICE in topics[2:]
    assert STATE not in world.store.retained("topic")


def test_a_change_while_steps_are_under_way(world: World) -> None:
    """It waits for them, and is said then."""
    world.facts.sensors = SENSORS[1:]
    world.start()
    world.facts.boards = {"board": BoardFacts("esp32", "24A16057F685", "1.0")}
    world.announcer.announce()
    world.settle()
    removal, final = world.payloads(DEVICE)
    assert removal["cmps"]["sig_test_sensor_temp"] == {"p": "sensor"}
    assert final["dev"]["sn"] == "24A16057F685"


def test_a_birth_while_steps_are_under_way(world: World) -> None:
    """All is said again, and no step waits for an acknowledgement that it has had."""
    world.facts.sensors = SENSORS[1:]
    world.start()
    world.announcer.birth()
    world.step(deliver=False)
    world.settle()
    assert world.clock.monotonic() < 1000.0 + announcer.PATIENCE_S
    assert len(world.payloads("homeassistant/device/sig_test_roof/config")) == 1
    assert world.assistants[0].entities == world.facts.ids()


def test_an_acknowledgement_that_comes_too_late(world: World) -> None:
    """With the connection gone it changes nothing; the next one begins anew."""
    world.facts.sensors = SENSORS[1:]
    world.start()
    ((_, acked),) = world.unsent.values()
    assert acked is not None
    world.announcer.down()
    acked(True)
    assert world.announcer.due == float("inf")
    assert "sig_test_sensor_temp" in world.store.retained("discovery")[DEVICE]
    world.unsent.clear()
    world.announcer.up()
    world.settle()
    assert "sig_test_sensor_temp" not in world.store.retained("discovery")[DEVICE]


def test_a_message_that_the_broker_never_takes(world: World) -> None:
    """The rest follows all the same, after a while."""
    world.facts.sensors = SENSORS[1:]
    world.start()
    world.unsent.clear()
    world.settle()
    assert {STATE, DEVICE} < {topic for topic, _ in world.sent}
    assert "sig_test_sensor_temp" in world.store.retained("discovery")[DEVICE], "to be removed next time"


@pytest.mark.parametrize("reconnects", [True, False])
@pytest.mark.parametrize("form", ["devices", "entities", "none"])
def test_a_removal_that_the_broker_refuses(world: World, form: str, reconnects: bool) -> None:
    """The rest follows without a wait, and nothing is forgotten: the next connection tries again, and so does
    this one, after a while."""
    world.facts.form, world.facts.sensors = form, SENSORS[1:]
    world.refuses = {DEVICE, STATE}
    world.start()
    topics = [topic for topic, _ in world.settle()]
    assert {DEVICE, STATE} < set(topics)
    assert world.clock.monotonic() < 1000.0 + announcer.PATIENCE_S
    assert "sig_test_sensor_temp" in world.store.retained("discovery")[DEVICE]
    assert STATE in world.store.retained("topic")
    world.refuses = set()
    if reconnects:
        world.announcer.down()
        assert world.announcer.due == float("inf")
        world.announcer.up()
    else:
        assert world.announcer.due <= world.clock.monotonic() + announcer.RETRY_S
        world.step()
    world.settle()
    assert world.announcer.due == float("inf")
    assert world.assistants[0].entities == world.facts.ids()
    assert "sig_test_sensor_temp" not in world.store.retained("discovery").get(DEVICE, "")
    assert STATE not in world.store.retained("topic")


def test_an_announcement_that_the_broker_refuses(world: World) -> None:
    """Is not the announcer's to try again: what stands at the broker is said again anyway."""
    world.refuses = {DEVICE}
    world.announcer.down()
    world.announcer.up()
    world.settle()
    assert len(world.payloads(DEVICE)) == 1
    assert world.announcer.due == float("inf")


def test_a_sender_that_could_not_be_noted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is noted when it comes the next time."""

    def refuse(*_: object) -> None:
        raise StoreError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(world.store, "note_retained", refuse)
        world.announcer.remember_sender("mine", "sig/test/mine/availability")
    assert world.store.retained("sender") == {}
    world.announcer.remember_sender("mine", "sig/test/mine/availability")
    assert world.store.retained("sender") == {"sig/test/mine/availability": "mine"}


def test_what_fails(world: World, logged: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """It is logged once, and the bridge goes on; nothing is removed for it."""
    monkeypatch.setattr(world.facts, "announcements", lambda: 1 / 0)
    world.start()
    for _ in range(3):
        world.announcer.announce()
    assert world.settle() == []
    (line,) = logged()
    assert "nothing is announced to Home Assistant" in line


def test_a_damaged_note(world: World) -> None:
    """What the store has may be anything."""
    world.store.note_retained("discovery", {DEVICE: "{", "homeassistant/x": "[]"})
    world.start()
    world.settle()
    assert world.assistants[0].entities == world.facts.ids()
    assert "homeassistant/x" not in world.store.retained("discovery")


# With a real broker


@pytest.fixture
def assistant(listen: Callable[..., Subscriber]) -> Subscriber:
    """Who listens to what Home Assistant listens to."""
    return listen("homeassistant/#", "sig/#")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses."""
    monkeypatch.setattr(announcer, "SETTLE_S", 0.0)
    monkeypatch.setattr(announcer, "BIRTH_DELAY_S", (0.05, 0.1))


def retained(mosquitto: Mosquitto) -> dict[str, Any]:
    """What a new subscriber is told."""
    with Subscriber(mosquitto.port, "#") as new:
        new.client.publish("end", "x", 1)
        new.on("end")
        return {m.topic: m.payload for m in new.messages if m.retain}


@pytest.mark.usefixtures("quick")
def test_removed_while_the_gateway_was_off(house: Any, mosquitto: Mosquitto, assistant: Subscriber) -> None:
    """A component is removed from its device, the states of its sensor are cleared, other things stay."""
    facts = Facts()
    first = house.bridge(mosquitto.port, **facts.settings())
    assistant.on("sig/test/status", b"online")
    assert first.stop()
    facts.sensors = [replace(SENSORS[0], thresholds=()), SENSORS[2]]
    second = house.bridge(mosquitto.port, **facts.settings())
    assistant.on(DEVICE, count=3)
    removal, last = map(json.loads, assistant.payloads(DEVICE)[1:])
    gone = {key for key, part in removal["cmps"].items() if part.keys() == {"p"}}
    assert len(gone) == 3
    assert not gone & last["cmps"].keys()
    assistant.on("sig/test/Büro a%2Fb%2Bc/availability", b"")
    until(lambda: not second.status().busy)
    assert second.stop()
    there = retained(mosquitto)
    assert "sig/test/Büro a%2Fb%2Bc/availability" not in there
    assert "sig/test/temp/availability" in there
    third = house.bridge(mosquitto.port, **facts.settings())
    assistant.on("sig/test/status", b"online", count=3)
    assert json.loads(assistant.payloads(DEVICE)[-1]) == json.loads(there[DEVICE])
    assert third.stop()


@pytest.mark.usefixtures("quick")
def test_another_form_and_none(house: Any, mosquitto: Mosquitto, assistant: Subscriber) -> None:
    """A change of the form, or no Home Assistant any more, leaves nothing of the old one."""
    facts = Facts()
    bridge = house.bridge(mosquitto.port, **facts.settings())
    assistant.on("sig/test/status", b"online")
    assert bridge.stop()
    facts.form = "entities"
    bridge = house.bridge(mosquitto.port, **facts.settings())
    assistant.on(DEVICE, b"")
    until(lambda: not bridge.status().busy)
    assert bridge.stop()
    topics = [topic for topic in retained(mosquitto) if topic.startswith("homeassistant/")]
    assert sorted(topics) == sorted(facts.ids().values())
    bridge = house.bridge(mosquitto.port)
    for topic in topics:
        assistant.on(topic, b"")
    until(lambda: not bridge.status().busy)
    assert bridge.stop()
    assert not [topic for topic in retained(mosquitto) if topic.startswith("homeassistant/")]


@pytest.mark.usefixtures("quick")
def test_home_assistant_starts(house: Any, mosquitto: Mosquitto, assistant: Subscriber) -> None:
    """On its birth everything is said again, after a moment."""
    facts = Facts()
    house.add()
    house.bridge(mosquitto.port, **facts.settings())
    assistant.on("sig/test/status", b"online")
    house.trigger()
    assistant.on("sig/test/temp/state")
    assistant.client.publish("homeassistant/status", "online", 1)
    for topic in ("homeassistant/device/sig_test/config", "sig/test/temp/state", "sig/test/status"):
        assistant.on(topic, count=2)


def test_own_senders_of_earlier(house: Any, mosquitto: Mosquitto, assistant: Subscriber) -> None:
    """A user's sender that is gone since the last run is offline, not forever online."""
    sender = house.add("mine")
    first = house.bridge(mosquitto.port)
    assistant.on("sig/test/mine/availability", b"online")
    until(lambda: not first.status().busy)
    first.stop()
    sender.remove()
    house.bridge(mosquitto.port)
    assistant.on("sig/test/mine/availability", b"offline")


def test_the_bridge_goes_on_without_discovery(
    house: Any, mosquitto: Mosquitto, assistant: Subscriber, logged: Callable[[], list[str]]
) -> None:
    """A mistake in what Home Assistant is told must not cost the events."""
    house.add()
    house.bridge(mosquitto.port, announcements=lambda: 1 / 0, sensors=("temp",))
    assistant.on("sig/test/status", b"online")
    house.trigger()
    assistant.on("sig/test/temp/event/changed")
    assert len([line for line in logged() if "please report this" in line]) == 1
