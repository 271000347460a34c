"""A live server and anything that comes over a socket: it answers or closes, and does nothing forbidden."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sig
from tests.sig.netkit import Net, eventually
from tests.support.examples import examples

METHODS = (
    "auth", "hello", "ping", "credit", "get_version", "list_senders", "add_sender", "remove_sender",
    "add_listener", "remove_listener", "signal", "request", "__init__", "",
)  # fmt: skip
KEYS = (
    "id", "method", "params", "status", "response", "exception", "sender", "event", "events", "requests",
    "info", "data", "listener_id", "list_events", "token", "instance", "signals", "timeout", "keep", "error",
)  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**63, 10**400, -1, 0])
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["s", "e", "#c", "#connect", "m", *METHODS])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner, max_size=5)
    ),
    max_leaves=12,
)
calls = st.fixed_dictionaries(
    {
        "method": st.sampled_from(METHODS),
        "params": st.dictionaries(st.sampled_from(KEYS), values, max_size=6),
    },
    optional={"id": scalars, "status": scalars},
)
garbage = st.binary(max_size=200)
inputs = st.lists(
    calls.map(lambda call: json.dumps(call).encode())
    | values.map(lambda value: json.dumps(value).encode())
    | garbage,
    max_size=8,
).map(b"\n".join)


class Rig:
    """A server with a handler and a listener that not everybody may reach, and a client beside it."""

    def __init__(self, folder: Path, token: str | None) -> None:
        self.net = Net("tcp", folder)
        self.server = self.net.server(token=token)
        self.touched: list[Any] = []
        self.server.addSender("private", ["e", "#c"], {"m": self.touched.append})
        self.server.addListener(lambda info, data: self.touched.append(info))
        self.client = self.net.client(token=token)
        self.server.addSender("alive", [], {"m": lambda params: params})

    def throw(self, data: bytes, pieces: int = 1) -> None:
        """Send `data` on a new connection, and read until the server has dealt with it."""
        with socket.create_connection(("127.0.0.1", self.net.port)) as sock:
            sock.settimeout(10)
            try:
                step = max(1, len(data) // pieces)
                for at in range(0, len(data), step):
                    sock.sendall(data[at : at + step])
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(65536):
                    pass
            except TimeoutError:
                raise
            except OSError:
                pass  # it has been closed on us

    def check(self) -> None:
        """The server serves the others as before, and keeps nothing of the connection."""
        assert self.client.remoteRequest("alive", "m", 7) == 7
        carrier: Any = self.server.carrier
        eventually(lambda: carrier.connections == 1)
        assert {s.getName() for s in self.server.listSenders()} == {"private", "alive"}
        assert self.server.getSender("private").isConnected()  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somewhere to be."""
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture
def locked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """A server that wants a token, and does not take its time with wrong ones."""
    monkeypatch.setattr("sig.server.PENALTY_S", 0.0)
    rig = Rig(folder, "secret")
    rig.touched.clear()
    yield rig
    rig.net.close()


@pytest.fixture
def unlocked(folder: Path) -> Iterator[Rig]:
    """A server that does not."""
    rig = Rig(folder, None)
    yield rig
    rig.net.close()


fuzzing = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=examples(150),
)


@fuzzing
@given(data=inputs, pieces=st.sampled_from([1, 3]))
def test_anything_before_auth(locked: Rig, data: bytes, pieces: int) -> None:
    """No handler and no listener is reached without the token."""
    locked.throw(data, pieces)
    locked.check()
    assert all(isinstance(each, dict) and each["sender"] == "alive" for each in locked.touched)


@fuzzing
@given(data=inputs, pieces=st.sampled_from([1, 3]))
def test_anything_at_an_open_server(unlocked: Rig, data: bytes, pieces: int) -> None:
    """It answers or closes, stays up, and lets nobody trigger what is not theirs."""
    unlocked.touched.clear()
    unlocked.throw(data, pieces)
    unlocked.check()
    assert {"sender": "private", "event": "e"} not in unlocked.touched


@pytest.mark.parametrize(
    "data",
    [
        b"{" * 2_000_000,
        b'{"a":' * 100_000,
        b"[" * 2_000_000,
        b'{"id":1,"method":"ping","params":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b'{"id":1,"method":"' + b"x" * 3_000_000 + b'"}',
        b'{"id":' + b"9" * 100_000 + b"}",
        b'{"id":{"a":[]},"method":"get_version"}' * 10,
        b'{"id":1,"status":0}' * 1000,
        b'\xff\xfe{"id":1}',
        b'{"id":1,"method":"\xed\xa0\x80"}',
        b'{"id":1,"method":"\\ud800"}',
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
        b'{"method":"signal","params":{"info":{"sender":"private","event":"e"}}}' * 1000,
        b'{"method":"hello","params":{}}' + b'{"method":"credit","params":{"signals":1e400}}' * 3,
        b'{"method":"hello","params":{}}' + b'{"id":1,"method":"list_senders"}' * 20_000,
    ],
)
def test_what_is_known_to_hurt(unlocked: Rig, data: bytes) -> None:
    """Deep nesting, oversize, huge numbers, other protocols, floods: all of it survived."""
    unlocked.throw(data, 5)
    unlocked.check()


@pytest.mark.slow
def test_mutated_conversations(unlocked: Rig, locked: Rig) -> None:
    """20,000 conversations, each with a few bytes damaged."""
    rng = random.Random(1)
    conversation = b"\n".join(
        json.dumps({"id": number, **call}).encode()
        for number, call in enumerate(
            [
                {"method": "auth", "params": {"token": "wrong"}},
                {"method": "hello", "params": {"instance": "x"}},
                {
                    "method": "add_sender",
                    "params": {"sender": "s", "events": ["#c"], "requests": ["m", None]},
                },
                {"method": "add_listener", "params": {"sender": None, "event": "#c"}},
                {"method": "signal", "params": {"info": {"sender": "s", "event": "#c"}, "data": 1}},
                {"method": "request", "params": {"sender": "private", "method": "m", "params": 1}},
                {"method": "remove_listener", "params": {"listener_id": 1}},
                {"method": "remove_sender", "params": {"sender": "s"}},
            ]
        )
    )
    after_auth = conversation.partition(b"\n")[2]
    for number in range(20_000):
        damaged = bytearray(conversation if number % 4 == 0 else after_auth)
        for _ in range(rng.randint(1, 8)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        (locked if number % 2 else unlocked).throw(bytes(damaged), rng.choice([1, 2, 10]))
    unlocked.check()
    locked.check()
    assert not any(isinstance(each, int) for each in locked.touched)


def test_limits_are_a_users_to_set() -> None:
    """They are frozen, so that two connections that share them cannot change each other's."""
    with pytest.raises(AttributeError):
        sig.Limits().max_message = 5  # type: ignore[misc]
