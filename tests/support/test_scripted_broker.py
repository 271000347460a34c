"""The scripted broker on a socket, beside paho: two implementations that know nothing of each other."""

import socket
import threading
from collections.abc import Iterator

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.support.leaks import nothing_left
from tests.support.mosquitto import Subscriber
from tests.support.mqtt_packets import V5, V311, Connect
from tests.support.scripted_broker import Disconnect, Instead, Publish, Reply, Script, ScriptedBroker
from tests.support.waiting import happens, until

both = pytest.mark.parametrize("version", [V311, V5])


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """No thread and no socket is left."""
    with nothing_left():
        yield


@both
def test_a_client_of_another_house(version: int) -> None:
    """Subscribes, publishes, receives its own, retained ones and somebody else's."""
    with ScriptedBroker() as broker:
        broker.say("a/kept", b"old", retain=True)
        with Subscriber(broker.port, "a/#", version=version, client_id="me") as seen:
            assert seen.on("a/kept").retain
            sent = seen.client.publish("a/b", b"x" * 1_000_000, 1, retain=True)
            sent.wait_for_publish(20)
            assert len(seen.on("a/b").payload) == 1_000_000
            broker.say("a/c", b"!", ResponseTopic="r")
            message = seen.on("a/c")
            assert getattr(message.properties, "ResponseTopic", None) == ("r" if version == V5 else None)
            assert broker.connected == ["me"]
        until(lambda: not broker.connected)
        assert sorted(broker.seen.retained) == ["a/b", "a/kept"]
        assert not broker.seen.violations


@both
def test_it_hangs_up_and_comes_back(version: int) -> None:
    """On the same port; the client's will is said."""
    with ScriptedBroker() as broker, Subscriber(broker.port, "#", version=version) as seen:
        port = broker.port
        broker.hang_up()
        until(lambda: len(broker.seen.subscribed) == 2)
        broker.stop()
        broker.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        broker.start()
        until(lambda: broker.connected)
        until(lambda: len(broker.seen.subscribed) == 3)
        broker.say("a", b"1")
        seen.on("a", b"1")
        assert broker.port == port


def test_a_will_for_those_who_stay() -> None:
    """It comes at once when a client goes without a goodbye."""
    with ScriptedBroker() as broker, Subscriber(broker.port, "will", "hello") as seen:
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        client.will_set("will", b"gone", 1)
        client.connect("127.0.0.1", broker.port)
        until(lambda: len(broker.connected) == 2)
        opened = client.socket()
        assert opened is not None
        opened.close()
        seen.on("will", b"gone")
        del client, opened


def test_last_words_arrive() -> None:
    """Though the client has sent more than was read before."""
    codes = []
    ended = threading.Event()

    def note(_client: Client, _data: object, _flags: object, reason: object, _properties: object) -> None:
        codes.append(getattr(reason, "value", None))
        ended.set()

    with ScriptedBroker(Script(max_packet=1000, too_large=Disconnect(0x95))) as broker:
        with Subscriber(broker.port, "a") as seen:
            seen.client.on_disconnect = note
            seen.client.publish("a", b"x" * 3_000_000, 1)
            happens(ended)
        assert codes[0] == 0x95
        assert broker.seen.too_large[0] > 3_000_000


def test_another_script_at_any_time() -> None:
    """It holds from the next packet."""
    with ScriptedBroker(Script(puback=lambda _: Instead.SILENCE)) as broker, Subscriber(broker.port) as seen:
        until(lambda: broker.connected)
        first = seen.client.publish("a", b"1", 1)
        until(lambda: broker.seen.received)
        broker.script = Script(puback=lambda message: Reply(0x97))
        second = seen.client.publish("a", b"2", 1)
        second.wait_for_publish(20)
        assert not first.is_published()
        assert [message.payload for message in broker.seen.received] == [b"1", b"2"]
        assert broker.seen.taken == []


def test_silence_at_mqtt_5() -> None:
    """The connection is there, and nothing comes; 3.1.1 is served."""
    script = Script(versions=(V311,), other_versions=Instead.SILENCE)
    with ScriptedBroker(script) as broker:
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, client_id="5")
        client.connect("127.0.0.1", broker.port)
        with Subscriber(broker.port, "a", version=V311, client_id="4"):
            assert broker.connected == ["4"]
            assert [(hello.client_id, hello.version) for hello in broker.seen.connects] == [
                ("5", 5),
                ("4", 4),
            ]
        assert not client.is_connected()
        opened = client.socket()
        assert opened is not None
        opened.close()
        del client, opened


def test_a_refusal_arrives() -> None:
    """A CONNACK with a code, a reason and another broker's name; then the end."""
    told = {"ReasonString": "over there", "ServerReference": "b:1883"}
    heard = []
    ended = threading.Event()

    def note(_c: Client, _d: object, _f: object, reason: object, properties: object) -> None:
        heard.append(
            (reason, getattr(properties, "ReasonString", ""), getattr(properties, "ServerReference", ""))
        )
        ended.set()

    def answer(hello: Connect) -> Reply:
        return Reply(0x9C, told)

    with ScriptedBroker(Script(connack=answer)) as broker, Subscriber(broker.port) as seen:
        seen.client.on_connect = note
        happens(ended)
        assert str(heard[0][0]) == "Use another server"
        assert heard[0][1:] == ("over there", "b:1883")


def test_many_messages_to_one_who_reads_slowly() -> None:
    """What cannot be written waits."""
    with ScriptedBroker() as broker, socket.create_connection(("127.0.0.1", broker.port)) as client:
        client.sendall(bytes.fromhex("10 0c 0004 4d515454 04 02 0000 0000 82 06 0001 0001 61 00"))
        until(lambda: broker.seen.subscribed)
        for _ in range(100):
            broker.say("a", b"x" * 100_000, qos=0)
        client.settimeout(20)
        expected = 9 + 100 * (100_000 + 3 + 4)
        received = 0
        while received < expected:
            received += len(client.recv(1 << 20))
        assert received == expected
        assert broker.seen.taken[0] == Publish("a", b"x" * 100_000, properties={})
