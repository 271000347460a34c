"""Answers of brokers, as bytes: every reason code, every property, and any bytes at all."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mqtt.broker import packets
from gateway.mqtt.broker.abilities import ALL, Abilities, oddities

REASON = bytes([0x1F, 0, 7]) + b"say\nwhy"
SERVER = bytes([0x1C, 0, 9]) + b"other:188"
MANY = b"".join(
    [
        bytes([0x11, 0, 0, 0, 1, 0x21, 0, 5, 0x24, 0, 0x25, 0, 0x27, 0, 1, 0, 0]),
        bytes([0x12, 0, 3]) + b"one",
        bytes([0x22, 0, 0, 0x28, 0, 0x29, 0, 0x2A, 0, 0x13, 0, 60, 0x0B, 0x80, 1]),
        bytes([0x26, 0, 1]) + b"k" + bytes([0, 2]) + b"vv",
        bytes([0x16, 0, 2]) + b"\0\1",
        REASON,
    ]
)


def test_properties() -> None:
    """Those that are numbers, texts, pairs; what comes behind them is left alone."""
    found, end = packets.properties(b"xx" + bytes([len(MANY)]) + MANY + b"rest", 2)
    assert end == 3 + len(MANY)
    numbers = {0x11: 1, 0x21: 5, 0x24: 0, 0x25: 0, 0x27: 65536, 0x22: 0, 0x28: 0, 0x29: 0, 0x2A: 0, 0x13: 60}
    assert found == numbers | {0x0B: 128, 0x12: b"one", 0x16: b"\0\1", 0x1F: b"say\nwhy"}
    assert Abilities.of(found) == (False, 0, False)
    assert Abilities.of({}) == ALL


@pytest.mark.parametrize(
    "cut",
    [b"", b"\5", b"\1\x99", b"\2\x21\0", b"\4\x1f\0\7a", b"\x80\x80\x80\x80\1", b"\3\x21\0\1\x21"[:3]],
)
def test_properties_that_are_none(cut: bytes) -> None:
    """Cut short, or of a kind that there is not: an error that says so."""
    with pytest.raises(ValueError, match=r"properties|property|length"):
        packets.properties(cut, 0)


@given(st.binary(max_size=60), st.sampled_from([4, 5]))
def test_any_bytes(body: bytes, version: int) -> None:
    """They are read, or are a ValueError."""
    for read in (
        packets.puback,
        packets.disconnect,
        lambda data: packets.connack(data, version),
        lambda data: packets.suback(data, version),
    ):
        try:
            read(body)
        except ValueError:
            continue


@pytest.mark.parametrize("code", range(256))
def test_every_code(code: int) -> None:
    """Has a text, also those that MQTT does not know, or not for that packet."""
    assert packets.puback(bytes([1, 2, code])) == (0x102, code, packets.text(code, {}))
    known = code in {0, 0x95} or packets.text(code, {}).startswith("reason code 0x") or code >= 0x80
    assert known


@pytest.mark.parametrize(
    ("body", "version", "code"),
    [
        (b"\0\0", 4, 0),
        (b"\0\1", 4, 0x84),
        (b"\0\3", 4, 0x88),
        (b"\0\5", 4, 0x87),
        (b"\0\x77", 4, 0x80),
        (b"\0\0\0", 5, 0),
        (b"\0\1", 5, 0x84),
        (b"\0\x9a\0", 5, 0x9A),
        (b"\0\xc8\0", 5, 0xC8),
    ],
)
def test_connack(body: bytes, version: int, code: int) -> None:
    """The codes of both versions, and of an old broker that answers a new client."""
    assert packets.connack(body, version)[0] == code


def test_words() -> None:
    """The reason, on one line, and the other server; a long one is cut."""
    body = bytes([0x9C, len(REASON + SERVER)]) + REASON + SERVER
    code, text = packets.disconnect(body)
    assert (code, text) == (0x9C, "Use another server (say why); it names another server: other:188")
    assert packets.disconnect(b"") == (0, "it said goodbye")
    assert len(packets.text(0x80, {packets.REASON: b"x" * 60_000})) < 300
    assert packets.puback(b"\0\1\x95\x0a" + REASON).text == "Packet too large (say why)"
    answer = packets.suback(b"\0\7" + bytes([len(REASON)]) + REASON + b"\1\xa2", 5)
    assert (answer.mid, answer.codes) == (7, b"\1\xa2")
    assert packets.suback(b"\0\7\1\x80", 4) == (7, b"\1\x80", {})


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, []),
        ({0x21: 1}, []),
        ({0x21: 0}, ["0 messages at a time"]),
        ({0x12: b"sig-test"}, []),
        ({0x12: b"srv-17"}, ["'srv-17' in place of the client id 'sig-test'"]),
    ],
)
def test_oddities(properties: dict[int, Any], expected: list[str]) -> None:
    """A receive maximum of 0, and an id that is not ours."""
    found = oddities(properties, "sig-test")
    assert len(found) == len(expected)
    assert all(text in line for text, line in zip(expected, found, strict=True))


@pytest.mark.parametrize(
    ("code", "left"),
    [(0x9A, (False, 1, True)), (0x9B, (True, 0, True)), (0xA2, (True, 1, False)), (0x87, ALL)],
)
def test_abilities(code: int, left: tuple[Any, ...]) -> None:
    """What a reason code takes away, and what the log says of that: one thing each."""
    abilities = ALL.without(code)
    assert abilities == left
    assert len(abilities.remarks()) == (abilities != ALL)
    assert abilities.both(Abilities(retain=False)) == (False, *left[1:])
