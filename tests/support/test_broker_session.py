"""The scripted broker's side of a connection, packet by packet."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.broker_script import Answer, Broker, Instead, Reply, Script, matches
from tests.support.broker_session import Session
from tests.support.mqtt_codec import decode, encode, header
from tests.support.mqtt_packets import (
    PINGREQ,
    PINGRESP,
    PUBACK,
    PUBREC,
    SUBACK,
    UNSUBACK,
    V5,
    V311,
    Acknowledge,
    Answers,
    Connack,
    Connect,
    Disconnect,
    Packet,
    Ping,
    Publish,
    Subscribe,
    Unsubscribe,
    Will,
)

both = pytest.mark.parametrize("version", [V311, V5])


class Client:
    """Says packets and hears packets."""

    def __init__(self, broker: Broker, version: int = V5) -> None:
        self.session = Session(broker)
        self.version = version

    def say(self, *packets: Packet) -> list[Packet]:
        """At once; returns what has come since the last time."""
        self.session.feed(b"".join(encode(packet, self.version) for packet in packets))
        return self.hear()

    def hear(self) -> list[Packet]:
        """What has come since the last time."""
        data, found = self.session.take(), []
        while data:
            front = header(data)
            assert front is not None
            found.append(decode(data[: front.size], self.version))
            data = data[front.size :]
        return found

    def greet(self, name: str = "", **more: Any) -> "Client":
        """Say hello, and be accepted."""
        (answer,) = self.say(Connect(self.version, name, **more))
        assert isinstance(answer, Connack)
        assert answer.code == 0
        return self

    def ends_with(self, code: int, *packets: Packet) -> bool:
        """Whether it is thrown out, with that code in MQTT 5, and with nothing in 3.1.1."""
        said = self.say(*packets)
        return self.session.ended and said[-1:] == ([Disconnect(code)] if self.version == V5 else [])


def broker(**script: Any) -> Broker:
    return Broker(Script(**script))


def message(number: int = 1, topic: str = "a", **more: Any) -> Publish:
    return Publish(topic, b"!", qos=1, mid=number, **more)


@both
def test_usual_answers(version: int) -> None:
    """Each packet has its own."""
    shared = broker()
    client = Client(shared, version)
    assert client.say(Connect(version, "me")) == [Connack()]
    assert client.say(Ping(PINGREQ)) == [Ping(PINGRESP)]
    assert client.say(message(7)) == [Acknowledge(PUBACK, 7)]
    assert client.say(Publish("a", b"0")) == []
    assert client.say(Subscribe(8, (("b", 2), ("c", 0)))) == [Answers(SUBACK, 8, (1, 0))]
    gone = (0, 0x11) if version == V5 else ()
    assert client.say(Unsubscribe(9, ("b", "x"))) == [Answers(UNSUBACK, 9, gone)]
    assert client.say(Disconnect()) == []
    assert client.session.ended
    assert [one.client_id for one in shared.connects] == ["me"]
    assert shared.received == [message(7), Publish("a", b"0")]
    assert shared.taken == [message(0), Publish("a", b"0")]
    assert shared.subscribed == ["b", "c"]
    assert not shared.violations


@both
def test_byte_by_byte(version: int) -> None:
    """A packet is answered when it is whole."""
    client = Client(broker(), version)
    for byte in encode(Connect(version, "me"), version):
        assert client.session.take() == b""
        client.session.feed(bytes([byte]))
    assert client.hear() == [Connack()]


@both
def test_messages_go_to_subscribers(version: int) -> None:
    """With the lower QoS, each with a number of its own, the sender's own too, not after UNSUBSCRIBE."""
    shared = broker()
    one, other = Client(shared, version).greet("1"), Client(shared, version).greet("2")
    one.say(Subscribe(1, (("a/+", 1),)))
    other.say(Subscribe(1, (("#", 0),)))
    assert one.say(message(5, "a/b")) == [Acknowledge(PUBACK, 5), message(1, "a/b")]
    assert other.hear() == [Publish("a/b", b"!")]
    one.say(message(6, "a"))
    assert one.say(message(7, "a/c"), Acknowledge(PUBACK, 1))[1] == message(2, "a/c")
    one.say(Unsubscribe(2, ("a/+",)))
    assert one.say(message(8, "a/c")) == [Acknowledge(PUBACK, 8)]
    one.session.gone()
    shared.route(Publish("a/b", b"?"))
    assert one.hear() == []


@both
def test_retained_messages(version: int) -> None:
    """They come on subscribing, with their flag, and no more when they are empty."""
    shared = broker()
    client = Client(shared, version).greet()
    client.say(message(1, "a", retain=True), message(2, "b", retain=True), message(3, "c"))
    assert client.say(Subscribe(4, (("#", 1),))) == [
        Answers(SUBACK, 4, (1,)),
        message(1, "a", retain=True),
        message(2, "b", retain=True),
    ]
    assert client.say(message(5, "a", retain=True))[1:] == [message(3, "a")]
    client.say(Publish("a", b"", retain=True))
    assert list(shared.retained) == ["b"]


def test_subscription_options() -> None:
    """No local, retain as published, and the two ways of wanting no retained messages."""
    shared = broker()
    client = Client(shared).greet()
    client.say(message(1, retain=True))
    assert client.say(Subscribe(2, (("a", 0b10_0001),))) == [Answers(SUBACK, 2, (1,))]
    assert client.say(Subscribe(2, (("a", 0b01_0001),))) == [Answers(SUBACK, 2, (1,))]
    assert client.say(Subscribe(2, (("+", 0b01_1101),)))[1:] == [message(1, retain=True)]
    client.say(Unsubscribe(3, ("a",)))
    assert client.say(message(4)) == [Acknowledge(PUBACK, 4)]
    shared.route(message(retain=True))
    assert client.hear() == [message(2, retain=True)]


@both
def test_wills(version: int) -> None:
    """Said when a connection ends, by whom ever, but not after a goodbye."""
    shared = broker()
    will = Will("will", b"gone", 1, retain=True)
    lasts: list[tuple[Packet, ...]] = [(), (Disconnect(),), (Acknowledge(PUBREC, 1),)]
    for name, last in enumerate(lasts):
        client = Client(shared, version).greet(str(name), will=will)
        client.say(*last)
        client.session.gone()
        client.session.gone()
    if version == V5:
        client = Client(shared).greet("x", will=will)
        client.say(Disconnect(4))
        client.session.gone()
    assert shared.taken == [Publish("will", b"gone", 1, retain=True)] * (3 if version == V5 else 2)
    Client(shared, version).say(Ping(PINGREQ))


@both
def test_one_client_of_an_id(version: int) -> None:
    """The older goes; those without an id are not the same."""
    shared = broker()
    older, nameless = Client(shared, version).greet("me"), Client(shared, version).greet()
    Client(shared, version).greet("me")
    Client(shared, version).greet()
    assert older.session.ended
    assert older.hear() == ([Disconnect(0x8E)] if version == V5 else [])
    assert not nameless.session.ended


def test_what_the_client_can_take() -> None:
    """So many unacknowledged, none larger than it says."""
    shared = broker()
    client = Client(shared).greet(properties={"ReceiveMaximum": 2, "MaximumPacketSize": 20})
    client.say(Subscribe(1, (("a", 1),)))
    for payload in (b"1", b"2" * 20, b"3", b"4"):
        shared.route(Publish("a", payload, 1))
    assert [one.payload for one in client.hear() if isinstance(one, Publish)] == [b"1", b"3"]
    assert client.say(Acknowledge(PUBACK, 1)) == [Publish("a", b"4", 1, mid=4)]


@both
@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (Acknowledge(PUBREC, 1), "a client says Acknowledge"),
        (Connect(V311, "again"), "a client says Connect"),
        (message(topic="a/#"), "topic 'a/#'"),
        (message(topic="+"), "topic '+'"),
        (message(topic=""), "topic ''"),
        (Publish("a", b"", 2, mid=1), "QoS 2"),
    ],
)
def test_what_no_client_may_do(version: int, packet: Packet, why: str) -> None:
    """It ends the connection, and is noted but for what 3.1.1 cannot know; what comes after is not read."""
    shared = broker()
    client = Client(shared, version).greet()
    assert client.say(packet, message()) == client.hear() or client.version == V5
    assert client.session.ended
    assert [why in one for one in shared.violations] == ([] if "QoS" in why and version == V311 else [True])
    assert message() not in shared.received


def test_what_is_no_mqtt() -> None:
    """Noted, and the end."""
    shared = broker()
    client = Client(shared)
    client.session.feed(b"GET / HTTP/1.1\r\n\r\n")
    assert client.session.ended
    assert len(shared.violations) == 1
    client = Client(shared)
    client.say(message())
    assert "expected a CONNECT" in shared.violations[1]


REFUSED = Reply(0x87, {"ReasonString": "not you", "ServerReference": "there"})


def test_refusals_have_any_code_and_properties() -> None:
    """Also those that are no code of MQTT's."""
    client = Client(broker(connack=lambda hello: REFUSED))
    assert client.say(Connect(V5, "me")) == [Connack(0x87, False, REFUSED.properties)]
    assert client.session.ended
    shared = broker(puback=lambda _: Reply(0xEE), suback=lambda topic, _: Reply(0xFE, REFUSED.properties))
    client = Client(shared).greet()
    assert client.say(message(3)) == [Acknowledge(PUBACK, 3, 0xEE)]
    assert client.say(Subscribe(4, (("a", 1),))) == [Answers(SUBACK, 4, (0xFE,), REFUSED.properties)]
    assert (shared.received, shared.taken, shared.subscribed) == ([message(3)], [], [])
    shared.script = replace(shared.script, puback=lambda _: Reply(0x10), suback=lambda *_: Reply(1))
    assert client.say(message(5)) == [Acknowledge(PUBACK, 5, 0x10)]
    assert client.say(Subscribe(4, (("a", 0),))) == [Answers(SUBACK, 4, (1,))]
    assert shared.taken == [message(0)]


def test_refusals_in_3_1_1() -> None:
    """CONNACK and SUBACK have codes; a PUBACK has none, and the message goes nowhere all the same."""
    client = Client(broker(connack=lambda hello: Reply(5)), V311)
    assert client.say(Connect(V311, "me")) == [Connack(5)]
    assert client.session.ended
    shared = broker(puback=lambda _: Reply(0x87), suback=lambda *_: Reply(0x80))
    client = Client(shared, V311).greet()
    assert client.say(message(3)) == [Acknowledge(PUBACK, 3)]
    assert client.say(Subscribe(4, (("a", 1),))) == [Answers(SUBACK, 4, (0x80,))]
    assert not shared.taken


@both
@pytest.mark.parametrize("answer", [Instead.SILENCE, Instead.HANG_UP, Disconnect(0x97)])
@pytest.mark.parametrize("asked", ["connack", "puback", "suback"])
def test_no_answer(version: int, answer: Answer, asked: str) -> None:
    """Silence, an end without a word, an end with a word."""
    script: dict[str, Any] = {asked: lambda *_: answer}
    shared = broker(**script)
    client = Client(shared, version)
    packet: Packet = Connect(version, "me")
    if asked != "connack":
        client.greet("me")
        packet = message(3) if asked == "puback" else Subscribe(4, (("a", 1),))
    said = client.say(packet)
    assert client.session.ended is (answer is not Instead.SILENCE)
    assert said == ([answer] if isinstance(answer, Disconnect) and version == V5 else [])
    assert not shared.taken
    if asked == "connack":
        assert client.say(Ping(PINGREQ)) == []
    assert not shared.violations


@pytest.mark.parametrize("answer", [Reply(1), Instead.SILENCE, Instead.HANG_UP])
def test_other_versions(answer: Answer) -> None:
    """A broker of 3.1.1 refuses MQTT 5 in its own words, or is silent, or hangs up."""
    shared = broker(versions=(V311,), other_versions=answer)
    client = Client(shared)
    client.session.feed(encode(Connect(V5, "me"), V5))
    assert client.session.take() == (bytes.fromhex("20020001") if answer == Reply(1) else b"")
    assert client.session.ended is (answer is not Instead.SILENCE)
    Client(shared, V311).greet()
    assert [hello.version for hello in shared.connects] == [V5, V311]


@both
def test_packets_up_to_a_limit(version: int) -> None:
    """The last byte counts; the end comes at the header."""
    largest = message(1)
    shared = broker(max_packet=len(encode(largest, version)))
    client = Client(shared, version)
    client.session.feed(b"\x10\x7f")
    assert client.session.ended
    assert shared.too_large == [0x81]
    shared.script = replace(shared.script, max_packet=30)
    client = Client(shared, version).greet()
    room = 30 - len(encode(message(1), version))
    fits = largest._replace(payload=b"x" * (room + 1))
    assert client.say(fits) == [Acknowledge(PUBACK, 1)]
    assert client.say(fits._replace(payload=b"x" * (room + 2))) == []
    assert client.session.ended
    assert shared.too_large[1:] == [31]
    assert len(shared.received) == 1


@both
def test_a_limit_with_a_word(version: int) -> None:
    """DISCONNECT 0x95; and one that CONNACK has told."""
    for script in ({"max_packet": 40}, {"abilities": {"MaximumPacketSize": 40}}):
        client = Client(broker(**script, too_large=Disconnect(0x95)), version).greet()
        assert client.ends_with(0x95, Publish("a", b"x" * 40))


@both
def test_a_limit_as_mosquitto_has_it(version: int) -> None:
    """PUBACK 0x95 in MQTT 5, an ordinary one in 3.1.1; the connection goes on, and nobody gets it."""
    shared = broker(max_packet=30, too_large=Reply(0x95))
    client = Client(shared, version).greet()
    large = message(9)._replace(payload=b"x" * 40)
    code = 0x95 if version == V5 else 0
    assert client.say(large, message(10)) == [Acknowledge(PUBACK, 9, code), Acknowledge(PUBACK, 10)]
    assert client.say(Publish("a", b"x" * 40)) == []
    assert shared.received == [message(10)]
    shared.script = replace(shared.script, too_large=Instead.SILENCE)
    assert client.say(large, message(10)) == [Acknowledge(PUBACK, 10)]
    assert len(shared.too_large) == 3


@both
@pytest.mark.parametrize("last", [1, 2, 3])
def test_an_end_after_so_many_packets(version: int, last: int) -> None:
    """The last is not answered."""
    shared = broker(close_after=last)
    client = Client(shared, version)
    said = client.say(Connect(version, "me"), Ping(), Ping(), Ping())
    assert said == [Connack(), Ping(PINGRESP), Ping(PINGRESP)][: last - 1]
    assert client.session.ended


def test_abilities_are_told_to_mqtt_5() -> None:
    """Any of them; a refusal does not list them."""
    told = {"RetainAvailable": 0, "AssignedClientIdentifier": "you", "TopicAliasMaximum": 3}
    assert Client(broker(abilities=told)).say(Connect(V5, "")) == [Connack(0, False, told)]
    assert Client(broker(abilities=told), V311).say(Connect(V311, "")) == [Connack()]
    refused = Client(broker(abilities=told, connack=lambda hello: Reply(0x89)))
    assert refused.say(Connect(V5, "")) == [Connack(0x89)]


@both
def test_without_retain(version: int) -> None:
    """Neither a will nor a message may be retained."""
    shared = broker(abilities={"RetainAvailable": 0})
    client = Client(shared, version)
    said = client.say(Connect(version, "me", will=Will("w", b"", retain=True)))
    assert said == ([Connack(0x9A)] if version == V5 else [])
    assert client.session.ended
    client = Client(shared, version).greet(will=Will("w", b""))
    assert client.ends_with(0x9A, message(retain=True))
    assert len(shared.violations) == (1 if version == V5 else 0), "3.1.1 cannot know"


@both
def test_a_lower_qos(version: int) -> None:
    """Wills and messages keep to it; subscriptions are lowered."""
    shared = broker(abilities={"MaximumQoS": 0})
    client = Client(shared, version)
    said = client.say(Connect(version, "me", will=Will("w", b"", 1)))
    assert said == ([Connack(0x9B)] if version == V5 else [])
    client = Client(shared, version).greet(will=Will("w", b"", 0))
    assert client.say(Subscribe(1, (("a", 1),))) == [Answers(SUBACK, 1, (0,))]
    shared.route(message())
    assert client.hear() == [Publish("a", b"!")]
    assert client.ends_with(0x9B, message())


@both
def test_without_wildcards(version: int) -> None:
    """Other filters of one SUBSCRIBE are granted."""
    shared = broker(abilities={"WildcardSubscriptionAvailable": 0})
    client = Client(shared, version).greet()
    refused = 0xA2 if version == V5 else 0x80
    said = client.say(Subscribe(1, (("a/#", 1), ("+/a", 1), ("a", 1))))
    assert said == [Answers(SUBACK, 1, (refused, refused, 1))]
    assert shared.subscribed == ["a"]


def test_a_receive_maximum() -> None:
    """Two that come at once are two in flight; so is one that has had no answer."""
    shared = broker(abilities={"ReceiveMaximum": 1})
    client = Client(shared).greet()
    for number in (1, 2, 3):
        assert client.say(message(number)) == [Acknowledge(PUBACK, number)]
    assert client.say(Publish("a", b""), message(1)) == [Acknowledge(PUBACK, 1)]
    assert client.ends_with(0x93, message(4), message(5))
    shared.script = replace(shared.script, puback=lambda _: Instead.SILENCE)
    client = Client(shared).greet()
    client.say(message(1))
    assert client.ends_with(0x93, message(2))
    assert len(shared.violations) == 2
    Client(shared, V311).greet().say(message(1), message(2), message(3))
    assert len(shared.violations) == 2


def test_topic_aliases() -> None:
    """Up to the maximum, and only after their topic."""
    shared = broker(abilities={"TopicAliasMaximum": 2})
    client = Client(shared).greet()
    client.say(message(1, "long", properties={"TopicAlias": 2}), message(2, "", properties={"TopicAlias": 2}))
    assert [one.topic for one in shared.taken] == ["long", "long"]
    assert [dict(one.properties) for one in shared.taken] == [{}, {}]
    assert client.ends_with(0x90, message(3, "", properties={"TopicAlias": 1}))
    for alias in (0, 3):
        assert Client(shared).greet().ends_with(0x94, message(3, "a", properties={"TopicAlias": alias}))
    assert Client(broker()).greet().ends_with(0x94, message(3, "a", properties={"TopicAlias": 1}))


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("a/b", "a", False),
        ("a", "a/b", False),
        ("+", "a", True),
        ("+", "", True),
        ("+", "a/b", False),
        ("a/+", "a/", True),
        ("a/+/c", "a/b/c", True),
        ("a/+/c", "a/b/d", False),
        ("#", "a/b", True),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/b/#", "a", False),
        ("a/#", "b", False),
        ("#", "$SYS/a", False),
        ("+/a", "$SYS/a", False),
        ("$SYS/#", "$SYS/a", True),
    ],
)
def test_topic_filters(topic_filter: str, topic: str, expected: bool) -> None:
    """MQTT 5.0, 4.7."""
    assert matches(topic_filter, topic) is expected
