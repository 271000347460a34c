"""Brokers that are not there, refuse, hang, flap, or are old; TLS and passwords; two clients of one id."""

import math
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trustme

from gateway.mqtt.broker import back_off, rival
from gateway.mqtt.broker import broker as broker_module
from gateway.mqtt.broker.versions import HANG_UPS, V5, V311
from tests.support.far_away import FarAway
from tests.support.mosquitto import PASSWORDS, Mosquitto, Subscriber
from tests.support.ports import free_port
from tests.support.waiting import until

Logged = Callable[[], list[str]]


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-offs and patience in milliseconds, so that many tries pass in a test."""
    monkeypatch.setattr(back_off, "FIRST_S", 0.01)
    monkeypatch.setattr(back_off, "ABSENT_S", 0.05)
    monkeypatch.setattr(back_off, "REFUSED_S", 0.05)
    monkeypatch.setattr(broker_module, "GREETING_S", 2.0)
    monkeypatch.setattr(broker_module, "TICK_S", 0.05)


def short_breaks(bridge: Any, count: int) -> bool:
    """Whether so many connections have broken soon after they were made."""
    found: int = bridge.status().breaks
    return found >= count


def cut_short(far: FarAway, bridge: Any, count: int) -> bool:
    """The same, after cutting what is connected: one that held for long on a busy machine does not count."""
    if bridge.status().connected:
        far.cut()
    return short_breaks(bridge, count)


def attempts(bridge: Any) -> int:
    """How many tries failed in a row."""
    failures: int = bridge.status().failures
    return failures


def test_no_broker_at_the_start(house: Any, tmp_path: Path, logged: Logged) -> None:
    """It says so once, tries on, and is there when the broker is."""
    port = free_port()
    house.add()
    bridge = house.bridge(port)
    until(lambda: attempts(bridge) > 8)
    assert logged() == [
        f"mqtt: no connection to 127.0.0.1:{port}: Connection refused; trying again until there is"
    ]
    with Mosquitto(tmp_path, port=port), Subscriber(port, "sig/#") as seen:
        seen.on("sig/test/status", b"online")
        assert logged()[1:] == [f"mqtt: connected to 127.0.0.1:{port}, MQTT 5"]
        assert bridge.stop()


def test_unknown_host(house: Any, logged: Logged) -> None:
    """A name that nobody knows."""
    house.bridge(1883, target={"host": "no-such-host.invalid"})
    until(lambda: any("no-such-host.invalid" in line for line in logged()))
    assert [line for line in logged() if "no-such-host" not in line] == []


def test_passwords(house: Any, tmp_path: Path, logged: Logged) -> None:
    """The wrong one is refused, which is said once; with the right one it works; neither is ever logged."""
    Mosquitto.required()
    assert PASSWORDS is not None
    file = tmp_path / "passwords"
    subprocess.run([PASSWORDS, "-b", "-c", str(file), "house", "right-one"], check=True, capture_output=True)
    file.chmod(0o644)
    settings = ["allow_anonymous false", f"password_file {file}"]
    with Mosquitto(tmp_path, settings) as broker:
        wrong = house.bridge(broker.port, target={"user": "house", "password": "wrong-one"})
        until(lambda: attempts(wrong) > 5)
        assert wrong.stop()
        (line,) = logged()
        assert "it refuses us: Not authorized; see mqtt.user and mqtt.password" in line
        with Subscriber(broker.port, "sig/#", user="house", password="right-one") as seen:
            right = house.bridge(broker.port, target={"user": "house", "password": "right-one"})
            seen.on("sig/test/status", b"online")
            assert right.stop()
    assert "right-one" not in str(logged())
    assert "wrong-one" not in str(logged())


def test_tls(house: Any, tmp_path: Path, logged: Logged) -> None:
    """With our authority and our certificate it works; with another authority it is not trusted."""
    authority, stranger = trustme.CA(), trustme.CA()
    theirs, ours = authority.issue_cert("127.0.0.1"), authority.issue_cert("gateway@example.org")
    paths = {name: tmp_path / f"{name}.pem" for name in ("ca", "cert", "key", "stranger", "own", "own-key")}
    authority.cert_pem.write_to_path(str(paths["ca"]))
    stranger.cert_pem.write_to_path(str(paths["stranger"]))
    theirs.cert_chain_pems[0].write_to_path(str(paths["cert"]))
    theirs.private_key_pem.write_to_path(str(paths["key"]))
    ours.cert_chain_pems[0].write_to_path(str(paths["own"]))
    ours.private_key_pem.write_to_path(str(paths["own-key"]))
    settings = [
        f"cafile {paths['ca']}",
        f"certfile {paths['cert']}",
        f"keyfile {paths['key']}",
        "require_certificate true",
        "allow_anonymous true",
    ]
    with Mosquitto(tmp_path, settings) as broker:
        wary = house.bridge(broker.port, target={"tls": True, "ca": paths["stranger"]})
        until(lambda: attempts(wary) > 3)
        assert "its certificate is not trusted" in logged()[0]
        assert len(logged()) == 1
        assert wary.stop()
        right = {"tls": True, "ca": paths["ca"], "cert": paths["own"], "key": paths["own-key"]}
        house.add()
        bridge = house.bridge(broker.port, target=right)
        until(lambda: bridge.status().connected)
        for _ in range(300):
            house.trigger()
        until(lambda: bridge.status().published >= 300)
        assert bridge.stop()


def test_websockets(house: Any, tmp_path: Path) -> None:
    """MQTT over them, on a listener of its own."""
    port = free_port()
    settings = ["allow_anonymous true", f"listener {port} 127.0.0.1", "protocol websockets"]
    with Mosquitto(tmp_path, settings) as broker, Subscriber(broker.port, "sig/#") as seen:
        house.add()
        bridge = house.bridge(port, target={"transport": "websockets", "path": "/mqtt"})
        seen.on("sig/test/status", b"online")
        house.trigger()
        seen.on("sig/test/temp/event/changed")
        assert bridge.stop()


@contextmanager
def server(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port where each connection is given to `talk`, on a thread, and closed afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                with suppress(TimeoutError, OSError):
                    connection, _ = listening.accept()
                    with connection:
                        talk(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        ended.set()
        thread.join()


def test_takes_the_connection_and_says_nothing(
    house: Any, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is given up, and that is said once."""
    monkeypatch.setattr(broker_module, "GREETING_S", 0.3)
    done = threading.Event()
    with server(lambda connection: (connection.recv(999), done.wait(5), None)[2]) as port:
        bridge = house.bridge(port, versions=(V5,))
        until(lambda: attempts(bridge) > 1)
        done.set()
        assert bridge.stop()
    (line,) = logged()
    assert "it took the connection, and then said nothing for 0.3 s; is it an MQTT broker?" in line


def test_speaks_something_else(house: Any, logged: Logged) -> None:
    """A web server, say."""
    with server(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        bridge = house.bridge(port)
        until(lambda: attempts(bridge) > 3)
        assert bridge.stop()
    assert 1 <= len(logged()) <= 3


@pytest.mark.filterwarnings(  # paho leaves that socket to the garbage collector
    "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_a_handshake_that_the_library_chokes_on(house: Any, logged: Logged) -> None:
    """WebSockets: the tries go on, and it is said once."""

    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 101 x\r\nConnection: upgrade\r\nSec-WebSocket-Accept:no-space\r\n\r\n")

    with server(talk) as port:
        bridge = house.bridge(port, target={"transport": "websockets"})
        until(lambda: attempts(bridge) > 3)
        assert bridge.stop()
    (line,) = logged()
    assert f"no connection to 127.0.0.1:{port}: IndexError" in line


def test_a_proxy_whose_broker_is_down(house: Any, mosquitto: Mosquitto, logged: Logged) -> None:
    """It takes the connection and hangs up; when the broker is there, MQTT 5 it is."""
    tries = 0

    def talk(connection: socket.socket) -> None:
        nonlocal tries
        tries += 1
        if tries > HANG_UPS + 1:
            relay(connection, mosquitto.port)

    with server(talk) as port:
        bridge = house.bridge(port)
        until(lambda: bridge.status().connected)
        assert bridge.stop()
    assert logged()[-1] == f"mqtt: connected to 127.0.0.1:{port}, MQTT 5"


@pytest.mark.parametrize("version", [V5, V311], ids=["5", "3.1.1"])
def test_ends_the_connection_every_time(
    house: Any, mosquitto: Mosquitto, logged: Logged, version: int
) -> None:
    """Accepted, and then broken, again and again: two lines, not one each time. Of another client with our id
    MQTT 5 would tell us; else it is mentioned, once, if nothing was in flight."""
    with FarAway(mosquitto.port, 0.0) as far:
        bridge = house.bridge(far.port, versions=(version,))
        for breaks in range(1, 9):
            until(partial(cut_short, far, bridge, breaks))
        assert bridge.stop()
    lines = logged()
    told = ["connected to", "lost the con", "the connecti", "the connecti"]
    assert [line.split(": ")[1][:12] for line in lines] == told[: len(lines)]
    assert "it was closed at the other end" in lines[1]
    assert "breaks again and again" in lines[2]
    assert sum("client has our id" in line for line in lines) <= (version == V311)


def test_steady_again(
    house: Any, mosquitto: Mosquitto, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once a connection has held, that is said, and the next problem is news."""
    with FarAway(mosquitto.port, 0.0) as far:
        bridge = house.bridge(far.port)
        until(lambda: bridge.status().connected)
        far.cut()
        until(lambda: len(logged()) == 2)
        monkeypatch.setattr(broker_module, "STEADY_S", 0.2)
        until(lambda: len(logged()) == 3)
        assert bridge.stop()
    assert "holds again" in logged()[2]


def test_two_gateways_of_one_name(house: Any, tmp_path: Path, mosquitto: Mosquitto, logged: Logged) -> None:
    """Logged as what it is, once; and the two do not throw each other out all the time."""
    first = house.bridge(mosquitto.port)
    until(lambda: first.status().connected)
    second = house.bridge(mosquitto.port, database=tmp_path / "other.db")
    told = "another gateway of our name publishes on our topics (client id 'sig-test')"
    until(lambda: any(told in line for line in logged()))
    until(lambda: any(5 < bridge.status().next_s < math.inf for bridge in (first, second)))
    assert sum(told in line for line in logged()) <= 2


def test_a_clash_goes_on(
    house: Any, tmp_path: Path, mosquitto: Mosquitto, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many times they throw each other out, and there are a few lines of it."""
    monkeypatch.setattr(rival, "CLASH_BACK_OFF_S", 0.1)
    monkeypatch.setattr(rival, "LAST_CLASH_BACK_OFF_S", 0.2)
    monkeypatch.setattr(broker_module, "STEADY_S", 0.1)
    bridges = [house.bridge(mosquitto.port)]
    until(lambda: bridges[0].status().connected)
    bridges.append(house.bridge(mosquitto.port, database=tmp_path / "other.db"))
    until(lambda: all(bridge.status().clashes > 12 for bridge in bridges))
    before = len(logged())
    # Not one for each of the 26 and more.
    assert before <= 20
    until(lambda: all(bridge.status().clashes > 16 for bridge in bridges))
    # Eight clashes more; a connection that held for long, on a busy machine, is news.
    assert len(logged()) <= before + 3


def test_a_broker_that_says_who_was_taken_over(house: Any, logged: Logged) -> None:
    """MQTT 5 has a reason code for it."""

    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(bytes([0x20, 3, 0, 0, 0]) + bytes([0xE0, 2, 0x8E, 0]))
        connection.recv(4096)

    with server(talk) as port:
        bridge = house.bridge(port)
        until(lambda: any("another client has taken our id 'sig-test'" in line for line in logged()))
        until(lambda: 5 < bridge.status().next_s < math.inf)
        assert bridge.stop()


def relay(connection: socket.socket, port: int, first: bytes = b"") -> None:
    """Hand on `first`, and all that follows, to the broker at `port`, and back."""
    with socket.create_connection(("127.0.0.1", port)) as behind:
        connection.settimeout(0.05)
        behind.settimeout(0.05)
        behind.sendall(first)
        while True:
            for here, there in ((connection, behind), (behind, connection)):
                with suppress(TimeoutError):
                    data = here.recv(65536)
                    if not data:
                        return
                    there.sendall(data)


def old_broker(port: int) -> Callable[[socket.socket], None]:
    """Refuses MQTT 5 as brokers of its time do, and hands on anything older to the broker at `port`."""

    def talk(connection: socket.socket) -> None:
        hello = connection.recv(4096)
        if hello[8] == V5:
            connection.sendall(bytes([0x20, 2, 0, 1]))
        else:
            relay(connection, port, hello)

    return talk


def test_a_broker_that_knows_only_3_1_1(
    house: Any, mosquitto: Mosquitto, listen: Callable[..., Subscriber], logged: Logged
) -> None:
    """It says so, and 3.1.1 it is."""
    seen = listen(version=V311)
    with server(old_broker(mosquitto.port)) as port:
        house.add()
        bridge = house.bridge(port)
        seen.on("sig/test/status", b"online")
        house.trigger()
        seen.on("sig/test/temp/event/changed")
        seen.client.publish("sig/test/temp/request/read", "", 1)
        seen.on("sig/test/temp/response/read")
        assert bridge.stop()
    assert logged() == [
        f"mqtt: 127.0.0.1:{port} does not speak MQTT 5: going on with 3.1.1",
        f"mqtt: connected to 127.0.0.1:{port}, MQTT 3.1.1",
    ]


def test_topics_that_the_broker_refuses(house: Any, tmp_path: Path, logged: Logged) -> None:
    """Said once, with the topic. Mosquitto 2.0.11 ends the connection each time, and then the refusal itself
    does not always arrive: such topics are left out, and the others are there."""
    refused = "such as sig/test/temp/availability"
    rules = tmp_path / "rules"
    rules.write_text("topic readwrite sig/test/status\ntopic read #\n")
    rules.chmod(0o600)
    with Mosquitto(tmp_path, ["allow_anonymous true", f"acl_file {rules}"]) as broker:
        house.add()
        bridge = house.bridge(broker.port)
        until(lambda: any(refused in line for line in logged()))
        with Subscriber(broker.port, "sig/#") as seen:
            seen.on("sig/test/status", b"online")
        house.trigger()
        until(lambda: bridge.status().lost == 1)
        assert bridge.stop()
    assert sum(refused in line for line in logged()) == 1
    assert sum("on sig/test/temp/availability is left out" in line for line in logged()) <= 1


def test_a_broker_that_hangs(
    house: Any, mosquitto: Mosquitto, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing acknowledged for long: the connection is given up, and nothing is lost."""
    monkeypatch.setattr("gateway.mqtt.delivery.ACK_S", 0.5)
    house.add()
    bridge = house.bridge(mosquitto.port)
    until(lambda: bridge.status().connected)
    house.trigger()
    until(lambda: bridge.status().published == 1)
    mosquitto.suspend()
    house.trigger()
    until(lambda: any("nothing acknowledged for 0.5 s" in line for line in logged()))
    mosquitto.resume()
    monkeypatch.undo()
    until(lambda: bridge.status().published == 2)
    assert bridge.status().lost == 0


def test_a_disk_that_is_full(
    house: Any, mosquitto: Mosquitto, listen: Callable[..., Subscriber], logged: Logged, tmp_path: Path
) -> None:
    """Here: a folder in the file's place. It is said once, and live events go on."""
    (tmp_path / "mqtt.db").mkdir()
    seen = listen(client_id="s", session=True)
    house.add()
    bridge = house.bridge(mosquitto.port)
    seen.on("sig/test/status", b"online")
    house.trigger()
    seen.on("sig/test/temp/event/changed")
    mosquitto.stop()
    until(lambda: not bridge.status().connected)
    house.trigger()
    until(lambda: bridge.status().waiting == 1)
    mosquitto.start()
    seen.on("sig/test/temp/event/changed", count=2)
    assert sum("the outbox cannot be" in line for line in logged()) == 1


class PickyBroker:
    """Speaks just enough of MQTT 5, on bare bytes, to answer messages with a reason code of `verdict`'s."""

    def __init__(self, verdict: Callable[[bytes], int]) -> None:
        self._verdict = verdict
        self.taken: list[bytes] = []

    def talk(self, connection: socket.socket) -> None:
        """One connection, to its end."""
        connection.settimeout(5)
        with suppress(OSError), connection.makefile("rb") as incoming:
            while head := incoming.read(1):
                length = shift = 0
                while (byte := incoming.read(1)[0]) & 0x80:
                    length, shift = length | (byte & 0x7F) << shift, shift + 7
                body = incoming.read(length | byte << shift)
                connection.sendall(self._answer(head[0] >> 4, body))

    def _answer(self, kind: int, body: bytes) -> bytes:
        if kind == 1:  # CONNECT
            return bytes([0x20, 3, 0, 0, 0])
        if kind == 3:  # PUBLISH
            after = 2 + int.from_bytes(body[:2])
            code = self._verdict(body)
            if not code:
                self.taken.append(body)
            return bytes([0x40, 3, *body[after : after + 2], code])
        if kind == 8:  # SUBSCRIBE
            return bytes([0x90, 6, *body[:2], 0, 1, 1, 1])
        return b"\xd0\x00" if kind == 12 else b""  # PINGREQ


def test_one_event_that_the_broker_cannot_take(house: Any, logged: Logged) -> None:
    """Each time it costs a connection; after some it is left out, counted, and the others go on."""
    picky = PickyBroker(lambda body: 0x80 if b"poison" in body and b"/event/changed" in body else 0)
    with server(picky.talk) as port:
        house.add()
        bridge = house.bridge(port, versions=(V5,))
        until(lambda: bridge.status().connected)
        house.trigger(unit="poison")
        for _ in range(5):
            house.trigger()
        until(lambda: bridge.status().published >= 5)
        until(lambda: any(b"/event/gap" in body for body in picky.taken))
        assert bridge.stop()
    assert sum("it cannot take a message now: Unspecified error" in line for line in logged()) <= 2
    assert not any("client has our id" in line for line in logged())


def test_a_machine_without_threads(house: Any, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that cannot be started is tried again, and is a reason in the log like any other."""
    start, refused = threading.Thread.start, threading.Event()

    def none_left(thread: threading.Thread) -> None:
        if thread.name.startswith(("mqtt-connect", "mqtt-request")) and not refused.is_set():
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", none_left)
    house.add()
    bridge = house.bridge(mosquitto.port)
    until(lambda: attempts(bridge) > 2)
    refused.set()
    until(lambda: bridge.status().connected)
    refused.clear()
    with Subscriber(mosquitto.port, "sig/test/temp/response/#") as seen:
        seen.client.publish("sig/test/temp/request/read", b"", 1)
        assert b'"busy"' in seen.on("sig/test/temp/response/read").payload
        refused.set()
        seen.client.publish("sig/test/temp/request/read", b"", 1)
        assert b'"ok"' in seen.on("sig/test/temp/response/read", count=2).payload
