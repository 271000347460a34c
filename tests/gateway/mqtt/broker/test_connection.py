"""One connection to a real Mosquitto, or to what answers in its place: limits, refusals, the end."""

import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from paho.mqtt.client import Client

from gateway.mqtt.broker.client import MAX_PACKET
from gateway.mqtt.broker.connection import MAX_UNACKNOWLEDGED, Connection
from gateway.mqtt.broker.notes import (
    Acknowledged,
    Connected,
    Lost,
    Pong,
    Received,
    Skipped,
    SubscriptionRefused,
)
from gateway.mqtt.broker.publishing import publish
from gateway.mqtt.broker.target import Target
from gateway.mqtt.broker.versions import V5, V311
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.waiting import DEADLINE_S, until

STATUS = "sig/test/status"
VERSIONS = pytest.mark.parametrize("version", [V5, V311], ids=["5", "3.1.1"])
AT_ONCE_S = 5.0


@pytest.fixture
def made() -> Iterator[Callable[..., Connection]]:
    """Opens connections, and closes them at the end."""
    connections: list[Connection] = []

    def make(port: int, version: int = V5) -> Connection:
        connection = Connection(Target("127.0.0.1", port, "sig-test"), version, (STATUS, "offline"))
        connections.append(connection)
        connection.open()
        return connection

    yield make
    for connection in connections:
        connection.abandon()


def notes_of(connection: Connection, kind: type[Any], count: int = 1) -> list[Any]:
    """Reads and writes until the connection has noted so many of a kind; others are thrown away."""
    found: list[Any] = []
    deadline = time.monotonic() + DEADLINE_S
    connection.flush()
    while len(found) < count:
        assert time.monotonic() < deadline, f"{len(found)} of {count} {kind.__name__}"
        select.select([connection.fileno()], [connection.fileno()] if connection.blocked() else [], [], 1.0)
        connection.read()
        connection.write()
        while connection.notes:
            note = connection.notes.popleft()
            if isinstance(note, kind):
                found.append(note)
    return found


def heard(connection: Connection) -> list[Any]:
    """What it has noted when it has read what is there."""
    connection.read()
    return list(connection.notes)


def online(connection: Connection) -> None:
    """The broker has accepted it, and shows it."""
    notes_of(connection, Connected)
    connection.publish(STATUS, b"online", retain=True)
    notes_of(connection, Acknowledged)


def test_limits(made: Callable[..., Connection], mosquitto: Mosquitto) -> None:
    """What is too large for us is kept by the broker, and what comes after it arrives."""
    connection = made(mosquitto.port)
    notes_of(connection, Connected)
    connection.subscribe("sig/test/+/request/#")
    with Subscriber(mosquitto.port) as other:
        for size in (MAX_PACKET + 1, 1, MAX_PACKET + 1, MAX_PACKET - 100):
            other.client.publish("sig/test/temp/request/read", b"x" * size, 1)
        received = notes_of(connection, Received, 2)
    assert [len(message.payload) for message in received] == [1, MAX_PACKET - 100]
    connection.close()


def test_a_flood_in_one_message(made: Callable[..., Connection], mosquitto: Mosquitto) -> None:
    """MQTT 3.1.1 has no word for a limit: little of it is kept, and what comes after it arrives."""
    connection = made(mosquitto.port, V311)
    notes_of(connection, Connected)
    connection.subscribe("sig/test/+/request/#")
    with Subscriber(mosquitto.port) as other:
        other.client.publish("sig/test/temp/request/read", b"x" * (MAX_PACKET - 100), 1)
        assert len(notes_of(connection, Received)[0].payload) == MAX_PACKET - 100
        for size in (4 * MAX_PACKET, MAX_PACKET + 1):
            other.client.publish("sig/test/temp/request/read", b"x" * size, 1)
            (skipped,) = notes_of(connection, Skipped)
            assert skipped == ("sig/test/temp/request/read", 2 + len(skipped.topic) + 2 + size, False)
            other.client.publish("sig/test/temp/request/last", b"y", 1)
            assert notes_of(connection, Received)[0].payload == b"y"
    until(lambda: mosquitto.log.count("Received PUBACK from sig-test") == 5)


@contextmanager
def answering(*answers: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A port whose only client gets one of `answers` for each packet; the packets, too."""
    packets: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(DEADLINE_S)

        def serve() -> None:
            client, _ = listening.accept()
            with client, suppress(OSError):
                client.settimeout(DEADLINE_S)
                for answer in answers:
                    packets.append(client.recv(4096))
                    client.sendall(answer)
                packets.append(client.recv(4096))

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1], packets
        thread.join()


CONNACK = {V5: bytes([0x20, 3, 0, 0, 0]), V311: bytes([0x20, 2, 0, 0])}


@pytest.mark.parametrize("size", [0, 1, 100, 124, 125, 130, 17_000])
@VERSIONS
def test_the_size_of_a_packet(made: Callable[..., Connection], version: int, size: int) -> None:
    """Is told to the byte, with the correlation data of MQTT 5."""
    correlation = b"c" * min(size, 200)
    with answering(CONNACK[version]) as (port, packets):
        connection = made(port, version)
        notes_of(connection, Connected)
        connection.publish("one/two", b"p" * size, correlation=correlation)
        connection.flush()
        while connection.blocked():
            connection.write()
        connection.close()
    after = packets[1]
    expected = connection.size(b"one/two", b"p" * size, correlation if version == V5 else None)
    length = head = 0
    while (byte := after[1 + head]) & 0x80:
        length, head = length | (byte & 0x7F) << 7 * head, head + 1
    assert 2 + head + (length | byte << 7 * head) == expected


def publish_packet(topic: bytes, size: int) -> bytes:
    """A message of MQTT 3.1.1's, QoS 0."""
    body = len(topic).to_bytes(2) + topic + b"x" * size
    length, digits = len(body), b""
    while length > 0x7F:
        digits, length = digits + bytes([length & 0x7F | 0x80]), length >> 7
    return b"\x30" + digits + bytes([length]) + body


@pytest.mark.parametrize("size", [MAX_PACKET + 1, 2 * MAX_PACKET, 2 * MAX_PACKET + 4097])
def test_what_comes_right_after_a_flood(made: Callable[..., Connection], size: int) -> None:
    """In the same piece of what is received: nothing of it is lost, and one after the other arrives."""
    flood = publish_packet(b"flood", size)
    after = b"".join(publish_packet(b"after", number) for number in range(1, 200))
    with answering(CONNACK[V311] + flood + after + flood + after) as (port, _):
        connection = made(port, V311)
        received = notes_of(connection, Received, 2 * 199)
        connection.close()
    assert [len(note.payload) for note in received] == [*range(1, 200)] * 2


def test_the_keepalive_of_the_broker(made: Callable[..., Connection]) -> None:
    """Where it wants another one, MQTT 5, it gets a ping so often."""
    with answering(bytes([0x20, 6, 0, 0, 3, 0x13, 0, 1]), b"\xd0\0") as (port, packets):
        connection = made(port)
        notes_of(connection, Connected)

        def pinged() -> bool:
            connection.tick()
            return len(packets) > 1

        until(pinged)
        connection.close()
    assert packets[1] == b"\xc0\0"


def test_limits_in_the_hello(made: Callable[..., Connection]) -> None:
    """MQTT 5: how large a packet may be for us, and how many we take unacknowledged."""
    with answering(CONNACK[V5]) as (port, packets):
        connection = made(port)
        notes_of(connection, Connected)
        connection.close()
    assert struct.pack("!BI", 0x27, MAX_PACKET) in packets[0]
    assert struct.pack("!BH", 0x21, MAX_UNACKNOWLEDGED) in packets[0]


@VERSIONS
def test_a_refused_subscription(made: Callable[..., Connection], version: int) -> None:
    """Is noted, with its topic; the others are not."""
    properties = b"\0" if version == V5 else b""
    codes = bytes([1, 0x87, 0]) if version == V5 else bytes([1, 0x80, 0])
    body = b"\0\1" + properties + codes
    with answering(CONNACK[version], bytes([0x90, len(body)]) + body) as (port, _):
        connection = made(port, version)
        notes_of(connection, Connected)
        connection.subscribe("one", "two", "three")
        (note,) = notes_of(connection, SubscriptionRefused)
        connection.close()
    assert note[:2] == ("two", "Not authorized" if version == V5 else "Unspecified error")


@pytest.mark.parametrize(
    ("code", "final"),
    [(0x80, False), (0x83, False), (0x97, False), (0x87, True), (0x90, True), (0x99, True)],
)
def test_a_refused_message(made: Callable[..., Connection], code: int, final: bool) -> None:
    """It is noted whether that is because of what it is."""
    with answering(CONNACK[V5], bytes([0x40, 3, 0, 1, code])) as (port, _):
        connection = made(port)
        notes_of(connection, Connected)
        assert connection.publish("one", b"") == 1
        (note,) = notes_of(connection, Acknowledged)
        connection.close()
    assert (note.mid, note.problem is None, note.final) == (1, False, final)


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 1000])
def test_acknowledgements_in_pieces(made: Callable[..., Connection], piece: int) -> None:
    """However they are cut, and with whatever else between them: each is noted once, in order."""
    answers = b"".join(
        [
            bytes([0x40, 2, 0, 1]),
            bytes([0x40, 2, 0, 2]),
            bytes([0x40, 3, 0, 3, 0x10]),
            bytes([0xD0, 0]),
            bytes([0x40, 4, 0, 4, 0x97, 0]),
            publish_packet(b"between", 7),
            bytes([0x40, 2, 0, 5]),
            bytes([0x40, 0x83, 1, 0, 6, 0x97, 0x7F, 0x1F, 0, 124]) + b"q" * 124,
            bytes([0x40, 2, 0, 7]),
        ]
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connection = made(listening.getsockname()[1], V311)
        broker, _ = listening.accept()
        with broker:
            broker.sendall(CONNACK[V311])
            notes_of(connection, Connected)
            for at in range(0, len(answers), piece):
                broker.sendall(answers[at : at + piece])
                select.select([connection.fileno()], [], [], DEADLINE_S)
                connection.read()
            until(lambda: heard(connection)[-1] == Acknowledged(7, None))
            noted = list(connection.notes)
            connection.close()
    kinds = [Received, Pong]
    assert [type(note) for note in noted if type(note) in kinds] == [Pong, Received]
    found = [(note.mid, note.problem) for note in noted if isinstance(note, Acknowledged)]
    full = "Quota exceeded"
    assert found == [
        (1, None),
        (2, None),
        (3, None),
        (4, full),
        (5, None),
        (6, f"{full} ({'q' * 124})"),
        (7, None),
    ]


def test_an_acknowledgement_and_the_end(made: Callable[..., Connection]) -> None:
    """What has come before the connection ended is noted before that."""
    with answering(CONNACK[V5], bytes([0x40, 2, 0, 1])) as (port, _):
        connection = made(port)
        notes_of(connection, Connected)
        connection.publish("one", b"")
        connection.flush()
        until(lambda: heard(connection))
        connection.publish("two", b"")
        connection.flush()  # then it ends
        until(lambda: len(heard(connection)) > 1)
        notes = heard(connection)
    assert [type(note) for note in notes] == [Acknowledged, Lost]


def test_what_is_sent_together(made: Callable[..., Connection]) -> None:
    """Messages go with the next flush, in one piece, and what comes after them goes after them."""
    with answering(CONNACK[V5], bytes([0xD0, 0])) as (port, packets):
        connection = made(port)
        notes_of(connection, Connected)
        for number in range(3):
            connection.publish("one", b"%d" % number)
        assert not connection.blocked()
        connection.ping()
        notes_of(connection, Pong)
        connection.close()
    one = b"\x32\x09\x00\x03one\x00%c\x00%d"
    assert packets[1].startswith(one % (1, 0) + one % (2, 1) + one % (3, 2))


def test_what_does_not_fit(made: Callable[..., Connection]) -> None:
    """With a peer that does not read, messages wait, in their order; then they are all there, whole."""
    sizes = [70_000, 10, 300_000, 20, 5_000_000, 30]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connection = made(listening.getsockname()[1], V311)
        broker, _ = listening.accept()
        with broker:
            broker.sendall(CONNACK[V311])
            notes_of(connection, Connected)
            broker.recv(4096)  # the hello
            for size in sizes:
                connection.publish("one", b"x" * size)
            connection.flush()
            assert connection.blocked()
            broker.settimeout(DEADLINE_S)
            came = b""
            while len(came) < 1_000_000:
                came += broker.recv(1 << 20)
            sizes.append(40)  # there is room by now, but it has to wait its turn
            connection.publish("one", b"x" * 40)
            connection.flush()
            expected = b"".join(publish(b"one", b"x" * size, mid, qos=1) for mid, size in enumerate(sizes, 1))
            while len(came) < len(expected):
                connection.write()
                came += broker.recv(1 << 20)
            assert not connection.blocked()
            connection.close()
    assert came == expected


class WebSocket:
    """As paho's: a frame that does not go out at once is asked for again, until it has; 0 bytes till then."""

    def __init__(self, real: socket.socket) -> None:
        self._real = real
        self.asked: list[bytes] = []

    def send(self, data: bytes) -> int:
        """Takes all of it the third time."""
        self.asked.append(bytes(data))
        return len(data) if len(self.asked) == 3 else 0

    def close(self) -> None:
        """Both ends of it."""
        self._real.close()


def test_a_frame_that_goes_out_in_part(made: Callable[..., Connection], mosquitto: Mosquitto) -> None:
    """Of a WebSocket: it waits, and nothing of it is left out."""
    connection = made(mosquitto.port)
    notes_of(connection, Connected)
    wire: Any = WebSocket(connection._client._sock)  # type: ignore[arg-type]
    connection._client._sock = wire
    connection.publish("one", b"two")
    connection.flush()
    assert connection.blocked()
    connection.write()
    assert not connection.blocked()
    assert len(set(wire.asked)) == 1
    assert len(wire.asked) == 3


@pytest.mark.parametrize("first", [60_000, 64_000, 65_000, 65_530])
def test_a_flood_in_two_pieces(made: Callable[..., Connection], first: int) -> None:
    """What of it was received together with the end of what is kept is not counted twice."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connection = made(listening.getsockname()[1], V311)
        broker, _ = listening.accept()
        with broker:
            broker.sendall(CONNACK[V311])
            notes_of(connection, Connected)
            flood = publish_packet(b"flood", MAX_PACKET + 1)
            broker.sendall(flood[:first])
            until(lambda: heard(connection) or len(connection._client._in_packet["packet"]) > first - 100)
            broker.sendall(flood[first:] + publish_packet(b"after", 7))
            (received,) = notes_of(connection, Received)
            connection.close()
    assert (received.topic, len(received.payload)) == ("after", 7)


def test_a_failure_of_the_library(
    made: Callable[..., Connection], mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it raises at what is sent to it: the connection has ended, no more."""
    connection = made(mosquitto.port)

    def fail(_client: Client) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr(Client, "loop_read", fail)
    connection.read()
    assert list(connection.notes) == [Lost(0, "IndexError: list index out of range")]
    assert connection.fileno() == -1


@VERSIONS
def test_close(made: Callable[..., Connection], mosquitto: Mosquitto, version: int) -> None:
    """The broker shows us offline, for good, and has not had to say the will."""
    connection = made(mosquitto.port, version)
    online(connection)
    connection.close()
    connection.close()
    with Subscriber(mosquitto.port, STATUS) as seen:
        assert seen.on(STATUS, b"offline").retain
        assert seen.payloads(STATUS) == [b"offline"]
    assert "Received DISCONNECT from sig-test" in mosquitto.log


def test_close_with_a_full_window(made: Callable[..., Connection], mosquitto: Mosquitto) -> None:
    """No acknowledgement is waited for."""
    connection = made(mosquitto.port)
    online(connection)
    for number in range(20):
        connection.publish("sig/test/temp/event/changed", b"%d" % number)
    started = time.monotonic()
    connection.close()
    assert time.monotonic() - started < AT_ONCE_S
    with Subscriber(mosquitto.port, STATUS, "sig/test/#") as seen:
        seen.on(STATUS, b"offline")


@pytest.mark.parametrize("blocked", [False, True], ids=["written", "blocked"])
def test_close_with_a_broker_that_hangs(
    made: Callable[..., Connection], mosquitto: Mosquitto, blocked: bool
) -> None:
    """It returns at once, and when the broker goes on, it shows us offline: by our word, or by the will."""
    connection = made(mosquitto.port)
    online(connection)
    mosquitto.suspend()
    while blocked and not connection.blocked():
        connection.publish("sig/test/temp/event/changed", b"x" * 100_000)
    started = time.monotonic()
    connection.close()
    assert time.monotonic() - started < AT_ONCE_S
    mosquitto.resume()
    with Subscriber(mosquitto.port, STATUS) as seen:
        seen.on(STATUS, b"offline")


def test_close_before_it_is_accepted(made: Callable[..., Connection]) -> None:
    """Nothing is said, nothing raised."""
    with answering() as (port, _):
        connection = made(port)
        connection.close()
        assert connection.fileno() == -1
    never = Connection(Target("127.0.0.1", 1, "sig-test"), V5, (STATUS, "offline"))
    never.close()
