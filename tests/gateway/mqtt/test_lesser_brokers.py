"""Brokers that can do less than MQTT lets a client expect, or do not like what we send."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest

from gateway.mqtt import gate
from gateway.mqtt.broker import back_off
from gateway.mqtt.broker import broker as broker_module
from gateway.mqtt.broker import versions as versions_module
from gateway.mqtt.broker.client import MAX_PACKET
from gateway.mqtt.broker.versions import HANG_UPS, V5, V311
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.scripted_broker import Disconnect, Instead, Publish, Reply, Script, ScriptedBroker
from tests.support.waiting import until

Logged = Callable[[], list[str]]
Made = Callable[..., ScriptedBroker]
VERSIONS = pytest.mark.parametrize("version", [V5, V311], ids=["5", "3.1.1"])


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-offs and patience in milliseconds."""
    monkeypatch.setattr(back_off, "FIRST_S", 0.01)
    monkeypatch.setattr(gate, "LONGER_S", 0.01)
    monkeypatch.setattr(back_off, "REFUSED_S", 0.05)
    monkeypatch.setattr(broker_module, "TICK_S", 0.05)


@pytest.fixture
def scripted() -> Iterator[Made]:
    """Starts brokers, and stops them at the end."""
    with ExitStack() as stack:
        yield lambda **script: stack.enter_context(ScriptedBroker(Script(**script)))


def taken(broker: ScriptedBroker, topic: str, part: bytes = b"") -> list[Publish]:
    """What the broker has taken there."""
    return [one for one in list(broker.seen.taken) if one.topic == topic and part in one.payload]


def told(logged: Logged, part: str) -> int:
    """How many lines say it."""
    return sum(part in line for line in logged())


def test_no_retained_messages(house: Any, scripted: Made, logged: Logged) -> None:
    """Nothing is sent retained, not the will either; states come again when Home Assistant starts; said
    once, also after an outage."""
    broker = scripted(abilities={"RetainAvailable": 0})
    house.add()
    bridge = house.bridge(broker.port, birth_topic="homeassistant/status")
    until(lambda: taken(broker, "sig/test/status", b"online"))
    house.trigger()
    until(lambda: len(taken(broker, "sig/test/temp/state")) == 1)
    broker.hang_up()
    until(lambda: len(taken(broker, "sig/test/temp/state")) == 2)
    until(lambda: "homeassistant/status" in broker.seen.subscribed[3:])
    broker.say("homeassistant/status", b"online")
    until(lambda: len(taken(broker, "sig/test/temp/state")) == 3)
    assert bridge.stop()
    assert not any(message.retain for message in broker.seen.received)
    assert broker.seen.connects[0].will is not None
    assert broker.seen.connects[0].will.retain
    assert all(hello.will is not None and not hello.will.retain for hello in broker.seen.connects[1:])
    assert len(broker.seen.connects) == 3
    assert broker.seen.violations == []
    assert told(logged, "it keeps no retained messages") == 1
    assert told(logged, "it refuses us") == 0


def test_no_quality_of_service(house: Any, scripted: Made, logged: Logged) -> None:
    """QoS 0: an event counts as taken once the broker has answered to a ping, and not before."""
    broker = scripted(abilities={"MaximumQoS": 0})
    house.add()
    bridge = house.bridge(broker.port)
    until(lambda: taken(broker, "sig/test/status", b"online"))
    for _ in range(50):
        house.trigger()
    until(lambda: bridge.status().published == 50)
    assert len(taken(broker, "sig/test/temp/event/changed")) == 50
    assert bridge.stop()
    assert {message.qos for message in broker.seen.received} == {0}
    assert broker.seen.violations == []
    assert told(logged, "it takes QoS 0 only") == 1


def test_quality_of_service_and_a_bad_event(house: Any, scripted: Made) -> None:
    """With QoS 0 it ends the connection without a word, too; it is left out, and what was sent with it is
    sent again."""
    hang_up = partial(hang_up_at, part=b"poison")
    broker = scripted(abilities={"MaximumQoS": 0}, puback=hang_up)
    house.add()
    bridge = house.bridge(broker.port)
    until(lambda: bridge.status().connected)
    house.trigger(unit="poison")
    for _ in range(5):
        house.trigger()
    until(lambda: bridge.status().published >= 5)
    until(lambda: taken(broker, "sig/test/temp/event/gap"))
    assert len({one.payload for one in taken(broker, "sig/test/temp/event/changed")}) >= 5
    assert bridge.status().lost == 1
    assert bridge.stop()


@pytest.mark.parametrize("how", ["told", "suback", "disconnect"])
def test_no_wildcards(house: Any, scripted: Made, logged: Logged, how: str) -> None:
    """Each method is subscribed to by itself, also those of a sender that comes later; however the broker
    says it."""
    refused: dict[str, dict[str, Any]] = {
        "told": {"abilities": {"WildcardSubscriptionAvailable": 0}},
        "suback": {"suback": lambda topic, qos: Reply(0xA2 if "+" in topic else qos)},
        "disconnect": {"suback": lambda topic, qos: Disconnect(0xA2) if "+" in topic else Reply(qos)},
    }
    broker = scripted(**refused[how])
    house.add()
    bridge = house.bridge(broker.port)
    until(lambda: "sig/test/temp/request/read" in broker.seen.subscribed)
    house.add("hum", read=lambda _params: 1, calibrate=lambda _params: 2)
    until(lambda: "sig/test/hum/request/calibrate" in broker.seen.subscribed)
    broker.say("sig/test/hum/request/calibrate", b"")
    until(lambda: taken(broker, "sig/test/hum/response/calibrate", b'"response":2'))
    assert bridge.stop()
    assert not any("+" in topic for topic in broker.seen.subscribed)
    assert told(logged, "it has no wildcard subscriptions") == 1
    assert told(logged, "does not let us read") == 0


@pytest.mark.parametrize("maximum", [0, 1, 2])
def test_a_receive_maximum(house: Any, scripted: Made, logged: Logged, maximum: int) -> None:
    """One message at a time will do; 0, which MQTT forbids, is said to be odd, and taken as 1."""
    broker = scripted(abilities={"ReceiveMaximum": maximum, "TopicAliasMaximum": maximum})
    house.add()
    bridge = house.bridge(broker.port)
    until(lambda: taken(broker, "sig/test/status", b"online"))
    for _ in range(20):
        house.trigger()
    until(lambda: bridge.status().published == 20)
    broker.say("sig/test/temp/request/read", b"")
    until(lambda: taken(broker, "sig/test/temp/response/read"))
    assert bridge.stop()
    assert told(logged, "it takes 0 messages at a time, which MQTT forbids") == (maximum == 0)


def test_another_client_id(house: Any, scripted: Made, logged: Logged) -> None:
    """It is said once."""
    broker = scripted(abilities={"AssignedClientIdentifier": "srv-1"})
    bridge = house.bridge(broker.port)
    until(lambda: taken(broker, "sig/test/status", b"online"))
    broker.hang_up()
    until(lambda: len(taken(broker, "sig/test/status", b"online")) == 2)
    assert bridge.stop()
    assert told(logged, "it calls us 'srv-1' in place of the client id 'sig-test'") == 1


@pytest.mark.parametrize("answer", [Instead.SILENCE, Instead.HANG_UP], ids=["silent", "hangs up"])
def test_an_old_broker_without_a_word(
    house: Any, scripted: Made, logged: Logged, monkeypatch: pytest.MonkeyPatch, answer: Instead
) -> None:
    """At MQTT 5 it says nothing, or hangs up: after some tries 3.1.1 it is; the next time after one."""
    monkeypatch.setattr(versions_module, "GREETING_S", 1.5)
    monkeypatch.setattr(versions_module, "GREETING_AGAIN_S", 1.5)
    broker = scripted(versions=(V311,), other_versions=answer)
    bridge = house.bridge(broker.port)
    until(lambda: taken(broker, "sig/test/status", b"online"))
    levels = [hello.version for hello in broker.seen.connects]
    assert levels == [*[V5] * HANG_UPS, V311]
    broker.hang_up()
    until(lambda: len(taken(broker, "sig/test/status", b"online")) == 2)
    assert [hello.version for hello in broker.seen.connects][len(levels) :] == [V5, V311]
    assert bridge.stop()
    did = "said nothing" if answer is Instead.SILENCE else "hung up"
    assert told(logged, f"MQTT 3.1.1: it {did} 3 times on the other version") == 1
    if answer is Instead.SILENCE:
        assert told(logged, "If it is an old one, set mqtt.version to 3.1.1") >= 1


def hang_up_at(message: Publish, part: bytes) -> Reply | Instead:
    """The end, for what has that in its topic or payload."""
    return Instead.HANG_UP if part in message.topic.encode() + b"\n" + message.payload else Reply()


@VERSIONS
def test_a_name_with_a_space(house: Any, scripted: Made, logged: Logged, version: int) -> None:
    """As with NATS: each message there ends the connection. Other senders flow, events are counted as lost,
    and each topic is told once."""
    broker = scripted(puback=partial(hang_up_at, part=b"living room"))
    house.add("living room")
    house.add("temp")
    bridge = house.bridge(broker.port, versions=(version,), loss_s=0.05)
    done: set[str] = set()

    def work() -> bool:
        house.trigger("living room")
        house.trigger("temp")
        done.update(line.split(" is ")[0] for line in logged() if "living room" in line)
        kinds = ("availability", "state", "event/changed")
        return all(any(f"living room/{kind}" in one for one in done) for kind in kinds)

    until(work)
    last = house.trigger("temp", unit="at last")
    until(lambda: taken(broker, "sig/test/temp/event/changed", b'"at last"'))
    until(lambda: taken(broker, "sig/test/temp/state", b'"seq":%d' % last["seq"]))
    connections = len(broker.seen.connects)
    for _ in range(20):
        house.trigger("living room")
    house.trigger("temp", unit="in the end")
    until(lambda: taken(broker, "sig/test/temp/event/changed", b'"in the end"'))
    assert len(broker.seen.connects) == connections
    assert bridge.status().lost >= 20
    assert bridge.stop()
    lines = [line for line in logged() if "living room" in line]
    assert len(lines) == len(done)
    assert all("some take no spaces in a topic (NATS)" in line for line in lines)


def test_a_subscription_that_ends_the_connection(house: Any, scripted: Made, logged: Logged) -> None:
    """It is left out, the others are there, and events flow."""
    broker = scripted(suback=lambda topic, qos: Instead.HANG_UP if "+" in topic else Reply(qos))
    house.add()
    bridge = house.bridge(broker.port, birth_topic="homeassistant/status")
    until(lambda: taken(broker, "sig/test/status", b"online"))
    house.trigger()
    until(lambda: bridge.status().published == 1)
    assert {"sig/test/diagnostics", "homeassistant/status"} <= set(broker.seen.subscribed)
    assert bridge.status().aside == {"subscription to sig/test/+/request/+": "it ends the connection"}
    assert bridge.stop()
    assert told(logged, "ends the connection each time at our subscription to sig/test/+/request/+") == 1


def test_what_the_user_may_not(house: Any, scripted: Made) -> None:
    """A subscription, a state and an event that are refused are in the status, and go from there when the
    broker has changed its mind: at once for messages, with the next connection for a subscription."""
    forbidden = ["temp/state", "event/cold", "homeassistant"]

    def code(topic: str) -> int | None:
        return 0x87 if any(part in topic for part in forbidden) else None

    broker = scripted(
        suback=lambda topic, qos: Reply(code(topic) or qos),
        puback=lambda message: Reply(code(message.topic) or 0),
    )
    house.add()
    bridge = house.bridge(broker.port, birth_topic="homeassistant/status")
    until(lambda: taken(broker, "sig/test/status", b"online"))
    house.trigger()
    house.trigger(event="cold")
    which = {"sig/test/temp/state", "sig/test/temp/event/cold", "subscription to homeassistant/status"}
    until(lambda: bridge.status().aside.keys() == which)
    assert all("not authorized" in why.lower() for why in bridge.status().aside.values())
    forbidden.clear()
    house.trigger(event="cold")
    house.trigger()
    until(lambda: bridge.status().aside.keys() == {"subscription to homeassistant/status"})
    broker.hang_up()
    until(lambda: not bridge.status().aside and bridge.status().connected)
    assert bridge.stop()


@pytest.mark.parametrize("code", [0x95, 0x9C, 0xC8])
def test_a_code_that_the_library_does_not_know(house: Any, scripted: Made, logged: Logged, code: int) -> None:
    """In a PUBACK, also with the broker's words: a refusal like others, told once; others flow."""
    words = {"ReasonString": "not today", "ServerReference": "other:1883"}

    def answer(message: Publish) -> Reply:
        return Reply(code, words) if b"poison" in message.payload and b'"id"' in message.payload else Reply()

    broker = scripted(puback=answer)
    house.add()
    bridge = house.bridge(broker.port)
    until(lambda: taken(broker, "sig/test/status", b"online"))
    house.trigger(unit="poison")
    house.trigger()
    until(lambda: bridge.status().published == 1 and bridge.status().lost == 1)
    assert bridge.stop()
    assert told(logged, "not today") >= 1


@pytest.mark.parametrize("where", ["connack", "disconnect"])
def test_the_words_of_a_broker(house: Any, scripted: Made, logged: Logged, where: str) -> None:
    """Why it refuses us or ends the connection, and where else to go, are in the log."""
    words = {"ReasonString": "moved\nhouse", "ServerReference": "other:1883"}
    goodbye = Disconnect(0xC8, words)
    script: dict[str, dict[str, Any]] = {
        "connack": {"connack": lambda _hello: Reply(0xC8, words)},
        "disconnect": {"puback": lambda _message: goodbye},
    }
    broker = scripted(**script[where])
    bridge = house.bridge(broker.port)
    until(lambda: told(logged, "reason code 0xC8 (moved house); it names another server: other:1883"))
    assert bridge.stop()


@VERSIONS
def test_a_refusal_and_then_the_end(house: Any, scripted: Made, version: int) -> None:
    """A broker that refuses a message, and then hangs up: the message is to blame, and left out."""
    broker: ScriptedBroker
    ends: list[str] = []

    def answer(message: Publish) -> Reply | Disconnect | Instead:
        if message.topic != "sig/test/temp/availability":
            return Reply()
        ends.append(message.topic)
        return Instead.HANG_UP if len(ends) % 2 else Reply(0x87)

    broker = scripted(puback=answer)
    house.add()
    bridge = house.bridge(broker.port, versions=(version,))
    until(lambda: taken(broker, "sig/test/status", b"online"))
    house.trigger()
    until(lambda: bridge.status().published == 1)
    assert bridge.stop()


@VERSIONS
def test_a_retained_request_of_two_megabytes(
    house: Any, mosquitto: Mosquitto, logged: Logged, version: int
) -> None:
    """On our own topic: it is not read, and the connection holds. One that is not retained is answered."""
    house.add()
    with Subscriber(mosquitto.port, "sig/#", version=V311) as seen:
        seen.client.publish("sig/test/temp/request/read", b"x" * 2 * MAX_PACKET, 1, retain=True)
        seen.on("sig/test/temp/request/read")
        bridge = house.bridge(mosquitto.port, versions=(version,))
        seen.on("sig/test/status", b"online")
        house.trigger()
        until(lambda: bridge.status().published == 1)
        seen.client.publish("sig/test/temp/request/last", b"x" * 2 * MAX_PACKET, 1)
        seen.client.publish("sig/test/diagnostics", b"x" * 2 * MAX_PACKET, 1)
        if version == V311:
            answer = seen.on("sig/test/temp/response/last").payload
            assert b"bad_params" in answer
            assert b"takes 1048576 at most" in answer
            assert told(logged, "it came on sig/test/temp/request/read, and is not read") == 1
        seen.client.publish("sig/test/temp/request/read", b"", 1)
        seen.on("sig/test/temp/response/read")
        assert seen.count("sig/test/temp/response/read") == 1
        assert bridge.stop()
    assert mosquitto.log.count("as sig-test") == 1


def test_a_limit_that_was_raised(house: Any, scripted: Made, logged: Logged) -> None:
    """After the broker was away, what was too large is tried again."""
    broker = scripted(max_packet=1000)
    house.add()
    bridge = house.bridge(broker.port, versions=(V311,), loss_s=0.05)
    until(lambda: taken(broker, "sig/test/status", b"online"))
    house.trigger(unit="x" * 2000)
    until(lambda: bridge.status().lost == 1)
    until(lambda: told(logged, "ends the connection at"))
    failures = bridge.status().failures
    broker.stop()
    until(lambda: bridge.status().failures > failures + 2)
    broker.script = Script()
    broker.start()
    until(lambda: bridge.status().connected)
    house.trigger(unit="y" * 2000)
    until(lambda: taken(broker, "sig/test/temp/event/changed", b"yyy"))
    assert bridge.status().lost == 1
    assert bridge.stop()
