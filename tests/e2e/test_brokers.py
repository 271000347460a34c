"""The contract of the MQTT bridge beside brokers of four houses, in each version that each speaks.

What a broker cannot do is said by its class, in tests.support.brokers.
"""

import contextlib
import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from paho.mqtt.client import MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.support.brokers.aedes import Aedes
from tests.support.brokers.amqtt import Amqtt
from tests.support.brokers.nats import Nats
from tests.support.brokers.server import Server
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.mqtt_packets import V5, V311
from tests.support.outages import SENDERS, Life, Talking, check, numbers, received
from tests.support.scripted_board import HUM, TEMP, ScriptedBoard
from tests.support.waiting import until

pytestmark = pytest.mark.once

WORDS = {V5: "5", V311: "3.1.1"}
BROKERS: tuple[type[Server], ...] = (Mosquitto, Aedes, Amqtt, Nats)
EACH = [(kind, version) for kind in BROKERS for version in kind.versions]
CONFIG = """\
gateway: {{{{name: test, data: ./data}}}}
router: {{{{listen: 127.0.0.1:{{port}}}}}}
links:
  board: {{{{port: "{device}"}}}}
sensors:
  temp: {{{{driver: temperature, link: board}}}}
  hum: {{{{driver: humidity, link: board}}}}
{sensors}
mqtt: {{{{url: "mqtt://127.0.0.1:{broker}", version: "{version}", backlog_rate: 2000}}}}
"""


class House(NamedTuple):
    """A broker that runs, a board, and how to start a gateway between the two."""

    broker: Server
    version: int
    board: ScriptedBoard
    start: Callable[..., Any]

    def gateway(self, sensors: str = "", version: str = "") -> Any:
        """Not connected yet."""
        text = CONFIG.format(
            device=self.board.device,
            sensors=sensors,
            broker=self.broker.port,
            version=version or WORDS[self.version],
        )
        return self.start(text)

    def subscriber(self, *topics: str, **more: Any) -> Subscriber:
        """A client of the same version."""
        return Subscriber(self.broker.port, *topics, version=self.version, **more)


@pytest.fixture
def build(tmp_path: Path, start: Callable[..., Any]) -> Iterator[Callable[[type[Server], int], House]]:
    """Builds one; all of it ends with the test."""
    with contextlib.ExitStack() as stack:

        def built(kind: type[Server], version: int) -> House:
            broker = stack.enter_context(kind(tmp_path))
            board = stack.enter_context(ScriptedBoard(tmp_path / "board", (TEMP, HUM)))
            return House(broker, version, board, start)

        yield built


@pytest.fixture(params=EACH, ids=[f"{kind.name}-{WORDS[version]}" for kind, version in EACH])
def house(request: pytest.FixtureRequest, build: Callable[[type[Server], int], House]) -> House:
    """One with each broker, in each version that it speaks."""
    return build(*request.param)


def test_births(house: House) -> None:
    """Live, with `status` at the end; retained for those who come later; and the goodbye."""
    with house.subscriber("sig/#") as seen:
        gateway = house.gateway()
        seen.on("sig/test/status", b"online")
        assert "sig/test/temp/availability" in [message.topic for message in seen.messages]
        seen.on("sig/test/temp/state")  # the first, which it has asked for
        house.board.report("temp", "21.25")
        state = json.loads(seen.wait_for(is_state, what=gateway.errors).payload)
        with house.subscriber("sig/test/#") as later:
            assert later.on("sig/test/status", b"online").retain
            assert later.on("sig/test/temp/availability", b"online").retain
            kept = later.on("sig/test/temp/state")
            assert kept.retain
            assert json.loads(kept.payload) == state
            assert not later.count("sig/test/temp/event/changed"), "an event is not retained"
        assert (state["value"], state["unit"], state["quality"]) == (21.25, "°C", "good")
        gateway.signal(signal.SIGTERM)
        seen.on("sig/test/status", b"offline")


def is_state(message: MQTTMessage) -> bool:
    """Whether it is the state of `temp`, with a value."""
    return message.topic == "sig/test/temp/state" and b"21.25" in message.payload


def test_events(house: House) -> None:
    """Each once, with an id of its own, in order, none of them late."""
    with house.subscriber("sig/#") as seen:
        gateway = house.gateway()
        assert json.loads(seen.on("sig/test/temp/event/connect").payload)["requests"]
        until(lambda: len(numbers(seen)) == len(SENDERS), what=gateway.errors)  # which it has asked for
        for number in range(200):
            house.board.report(SENDERS[number % 2], f"{30 + number // 2 % 50}")
        until(lambda: len(numbers(seen)) == len(SENDERS) + 200, what=gateway.errors)
        for place, sender in enumerate(SENDERS, start=len(SENDERS) + 1):
            _, *events = received(seen, sender)
            assert [event["seq"] for event in events] == list(range(place, place + 200, 2))
            assert [event["value"] for event in events] == [30 + number % 50 for number in range(100)]
            check(events, late=0)
            assert not any("late" in event for event in events)


def test_requests(house: House) -> None:
    """Answered on the Response Topic with MQTT 5, on `response/` with 3.1.1; an error is an answer, too."""
    answers = "answers/me" if house.version == V5 else "sig/test/temp/response/read"
    with house.subscriber("sig/test/temp/availability", answers) as seen:
        house.gateway()
        seen.on("sig/test/temp/availability", b"online")
        for number, params in enumerate([{}, {"max_age": -1}]):
            ask(seen, house.version, number, params)
            message = seen.on(answers, count=number + 1)
            answer = json.loads(message.payload)
            assert answer.pop("transaction") == number
            if params:
                assert answer["error"] == "bad_params"
            else:
                assert answer["response"]["value"] == float(house.board.values["temp"])
            correlation = getattr(message.properties, "CorrelationData", None)
            assert correlation == (b"\0%d" % number if house.version == V5 else None)


def ask(client: Subscriber, version: int, number: int, params: dict[str, int]) -> None:
    """Publish a request to `temp`."""
    properties = None
    if version == V5:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ResponseTopic = "answers/me"
        properties.CorrelationData = b"\0%d" % number
    payload = json.dumps({"transaction": number} | params)
    client.client.publish("sig/test/temp/request/read", payload, 1, properties=properties)


def test_outages(house: House) -> None:
    """Killed and back at once, away for 3 s, and hanging for a while, with 100 readings a second: nothing is
    lost, what had to wait is late, and each kind is in order."""
    with house.subscriber("sig/#", qos=0) as seen, Talking(house.board) as talking:
        life = Life(house.gateway)
        seen.on("sig/test/hum/event/changed", count=20)
        for count in (0, 300):
            kill_broker(house, life, seen, talking, count)
        house.broker.suspend()
        life.accept(len(life.accepted) + 100)
        house.broker.resume()
        life.accept(len(life.accepted) + 100)
        must = set(life.accepted)
        until(
            lambda: must <= numbers(seen), what=f"{sorted(must - numbers(seen))[:20]} {life.gateway.errors}"
        )
        with house.subscriber("sig/test/status") as later:
            later.on("sig/test/status", b"online")
        life.kill()
    for sender in SENDERS:
        check(received(seen, sender), late=100)


def kill_broker(house: House, life: Life, seen: Subscriber, talking: Talking, count: int) -> None:
    """Start it again after so many readings; the gateway is back only after the subscriber, who has no
    session at a broker that was killed."""
    with contextlib.nullcontext() if house.broker.delivers_first else talking.quiet():
        if not house.broker.delivers_first:
            newest = {house.board.seq - 1, house.board.seq}  # one of each sender
            until(lambda: newest | set(life.accepted) <= numbers(seen))
        house.broker.stop(signal.SIGKILL)
    life.accept(len(life.accepted) + count)
    life.gateway.popen.send_signal(signal.SIGSTOP)
    subscribed = seen.subscribed
    house.broker.start()
    seen.wait_subscribed(subscribed + 1)
    life.gateway.popen.send_signal(signal.SIGCONT)
    last = max(life.accepted)
    until(lambda: last in numbers(seen), what=f"{last}: {life.gateway.errors}")


def test_kills(house: House) -> None:
    """The gateway, in the middle of 100 readings a second: the broker says `offline` for it, it comes back,
    and nothing is lost but the window."""
    must: set[int] = set()
    with house.subscriber("sig/#") as seen, Talking(house.board):
        for count in (1, 2):
            life = Life(house.gateway)
            seen.on("sig/test/status", b"online", count=count)
            must |= life.accept(250).kill()
            seen.on("sig/test/status", b"offline", count=count)
        life = Life(house.gateway)
        life.accept(50)
        must |= set(life.accepted)
        until(
            lambda: must <= numbers(seen), what=f"{sorted(must - numbers(seen))[:20]} {life.gateway.errors}"
        )
        life.kill()
    assert len(must) > 100
    for sender in SENDERS:
        check(received(seen, sender), late=0)


def test_a_name_with_a_space(house: House) -> None:
    """Its messages arrive where the broker takes such topics; elsewhere the log names them, and all else
    flows: with the others' events, `status` is online, and the connection stays."""
    with house.subscriber("sig/#") as seen, Talking(house.board):
        gateway = house.gateway('  "Büro 2": {{driver: humidity, link: board, channel: hum}}')
        seen.on("sig/test/temp/event/changed", count=100)
        if house.broker.spaces_in_topics:
            seen.on("sig/test/Büro 2/state")
            seen.on("sig/test/Büro 2/availability", b"online")
        else:
            gateway.wait_for_error("sig/test/Büro 2/")
        with house.subscriber("sig/test/status") as later:
            later.on("sig/test/status", b"online")
        last = seen.count("sig/test/temp/event/changed")
        seen.on("sig/test/temp/event/changed", count=last + 100)


@pytest.mark.parametrize("kind", BROKERS, ids=[kind.name for kind in BROKERS])
def test_the_version_is_found(build: Callable[[type[Server], int], House], kind: type[Server]) -> None:
    """With `version: auto`: 5 where that is spoken, else 3.1.1, whatever the broker says to the other."""
    house = build(kind, max(kind.versions))
    gateway = house.gateway(version="auto")
    until(lambda: "mqtt: connected" in gateway.errors, timeout_s=60, what="connected")
    assert f"MQTT {WORDS[house.version]}" in gateway.errors
    with house.subscriber("sig/test/status") as seen:
        seen.on("sig/test/status", b"online")
