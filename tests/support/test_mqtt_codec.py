"""Packets as the specification's examples have them, whole, byte by byte, and with something behind them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.mqtt_codec import decode, encode, header
from tests.support.mqtt_fields import LARGEST, PROPERTIES, MalformedError, Reader, properties, text, variable
from tests.support.mqtt_packets import (
    CONNACK,
    PINGREQ,
    PINGRESP,
    PUBACK,
    PUBCOMP,
    PUBREC,
    PUBREL,
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


@pytest.mark.parametrize(
    ("number", "encoded"),
    [
        (0, "00"),
        (127, "7f"),
        (128, "80 01"),
        (16_383, "ff 7f"),
        (16_384, "80 80 01"),
        (2_097_151, "ff ff 7f"),
        (2_097_152, "80 80 80 01"),
        (268_435_455, "ff ff ff 7f"),
    ],
)
def test_variable_byte_integers(number: int, encoded: str) -> None:
    """MQTT 5.0, table 1-1."""
    assert variable(number) == bytes.fromhex(encoded)
    assert Reader(bytes.fromhex(encoded)).variable() == number


@pytest.mark.parametrize("number", [-1, LARGEST + 1])
def test_numbers_that_do_not_fit(number: int) -> None:
    """A length that no packet can have."""
    with pytest.raises(ValueError, match=f"got {number}"):
        variable(number)


def test_a_text() -> None:
    """MQTT 5.0, figure 1-2: A and a letter of four bytes."""
    encoded = bytes.fromhex("00 05 41 f0 aa 9b 94")
    assert text("A\U0002a6d4") == encoded
    assert Reader(encoded).text() == "A\U0002a6d4"


EXAMPLES: list[tuple[int, Packet, str]] = [
    # 3.1.1, figure 3.6, with a payload.
    (
        V311,
        Connect(V311, "c", True, 10, Will("w", b"x", 1), "u", b"p"),
        "10 19 0004 4d515454 04 ce 000a 0001 63 0001 77 0001 78 0001 75 0001 70",
    ),
    # 5.0, figure 3-6: a session expiry interval of 10 s.
    (
        V5,
        Connect(V5, "c", True, 10, Will("w", b"x", 1), "u", b"p", {"SessionExpiryInterval": 10}),
        "10 20 0004 4d515454 05 ce 000a 05 11 0000000a 0001 63 00 0001 77 0001 78 0001 75 0001 70",
    ),
    (V311, Connect(V311, "", True, 0), "10 0c 0004 4d515454 04 02 0000 0000"),
    (V311, Connack(), "20 02 00 00"),
    (V311, Connack(5), "20 02 00 05"),
    (V311, Connack(0, present=True), "20 02 01 00"),
    (V5, Connack(0, False, {"RetainAvailable": 0, "MaximumQoS": 1}), "20 07 00 00 04 25 00 24 01"),
    # Figure 3.11 and 3-9: topic a/b, packet identifier 10.
    (V311, Publish("a/b", b"", qos=1, mid=10), "32 07 0003 61 2f 62 000a"),
    (V5, Publish("a/b", b"", qos=1, mid=10), "32 08 0003 61 2f 62 000a 00"),
    (V311, Publish("a/b", b"!", retain=True), "31 06 0003 61 2f 62 21"),
    (V311, Publish("a/b", b"!", qos=2, dup=True, mid=258), "3c 08 0003 61 2f 62 0102 21"),
    (
        V5,
        Publish("a", b"!", properties={"ResponseTopic": "r", "CorrelationData": b"\0\1"}),
        "30 0e 0001 61 09 08 0001 72 09 0002 0001 21",
    ),
    (V311, Acknowledge(PUBACK, 10), "40 02 000a"),
    (V5, Acknowledge(PUBACK, 10), "40 02 000a"),
    (V5, Acknowledge(PUBACK, 10, 0x95), "40 04 000a 95 00"),
    (V5, Acknowledge(PUBACK, 10, 0xFE, {"ReasonString": "no"}), "40 09 000a fe 05 1f 0002 6e6f"),
    (V311, Acknowledge(PUBREC, 10), "50 02 000a"),
    (V311, Acknowledge(PUBREL, 10), "62 02 000a"),
    (V311, Acknowledge(PUBCOMP, 10), "70 02 000a"),
    # Figure 3.21 and 3.22, 3-19 and 3-20.
    (V311, Subscribe(10, (("a/b", 1), ("c/d", 2))), "82 0e 000a 0003 61 2f 62 01 0003 63 2f 64 02"),
    (V5, Subscribe(10, (("a/b", 1), ("c/d", 2))), "82 0f 000a 00 0003 61 2f 62 01 0003 63 2f 64 02"),
    # Figure 3.26: QoS 0, QoS 2, failure.
    (V311, Answers(SUBACK, 10, (0, 2, 0x80)), "90 05 000a 00 02 80"),
    (V5, Answers(SUBACK, 10, (0, 2, 0x80)), "90 06 000a 00 00 02 80"),
    # Figure 3.30.
    (V311, Unsubscribe(10, ("a/b", "c/d")), "a2 0c 000a 0003 61 2f 62 0003 63 2f 64"),
    (V5, Unsubscribe(10, ("a/b", "c/d")), "a2 0d 000a 00 0003 61 2f 62 0003 63 2f 64"),
    (V311, Answers(UNSUBACK, 10, ()), "b0 02 000a"),
    (V5, Answers(UNSUBACK, 10, (0, 0x11)), "b0 05 000a 00 00 11"),
    (V311, Ping(PINGREQ), "c0 00"),
    (V5, Ping(PINGRESP), "d0 00"),
    (V311, Disconnect(), "e0 00"),
    (V5, Disconnect(), "e0 00"),
    (V5, Disconnect(0x9C, {"ServerReference": "b"}), "e0 06 9c 04 1c 0001 62"),
]
each_example = pytest.mark.parametrize(("version", "packet", "encoded"), EXAMPLES)


@each_example
def test_whole(version: int, packet: Packet, encoded: str) -> None:
    """There and back."""
    data = bytes.fromhex(encoded)
    assert encode(packet, version) == data
    assert decode(data, version) == packet


@each_example
def test_byte_by_byte_and_with_more_behind(version: int, packet: Packet, encoded: str) -> None:
    """The header says the size as soon as it is there; no part of a packet is one."""
    data = bytes.fromhex(encoded)
    for length in range(len(data)):
        found = header(data[:length])
        assert found is None if length < 2 else found is not None and found.size == len(data)
        with pytest.raises(MalformedError):
            decode(data[:length], version)
    found = header(data + b"\x10\xff")
    assert found is not None
    assert found.size == len(data)
    with pytest.raises(MalformedError):
        decode(data + b"\x10", version)


@each_example
def test_no_byte_too_few_inside(version: int, packet: Packet, encoded: str) -> None:
    """A packet whose length is right, and whose last field is cut: another packet, or none."""
    data = bytes.fromhex(encoded)
    if len(data) > 2:
        short = bytes([data[0], data[1] - 1]) + data[2:-1]
        try:
            found = decode(short, version)
        except MalformedError:
            return
        assert encode(found, version) in {short, data}  # properties may be left out where there are none


@pytest.mark.parametrize(
    ("version", "encoded", "why"),
    [
        (V311, "10 0c 0004 4d515455 04 02 0000 0000", "protocol 'MQTU'"),
        (V311, "10 0c 0004 4d515454 04 03 0000 0000", "connect flags 0x03"),
        (V311, "10 0c 0004 4d515454 04 0a 0000 0000", "connect flags 0x0a"),
        (V311, "10 0c 0004 4d515454 04 1e 0000 0000", "connect flags 0x1e"),
        (V311, "80 06 000a 0001 61 01", "flags 0 of packet type 8"),
        (V311, "41 02 000a", "flags 1 of packet type 4"),
        (V311, "40 02 0000", "packet identifier 0"),
        (V311, "36 05 0001 61 0001", "QoS 3"),
        (V311, "32 05 0001 61 0000", "packet identifier 0"),
        (V311, "82 02 000a", "no topic filter"),
        (V311, "f0 00", "packet type 15"),
        (V311, "00 00", "packet type 0"),
        (V311, "40 03 000a 00", "1 bytes after the end of packet type 4"),
        (V311, "c0 01 00", "1 bytes after the end of packet type 12"),
        (V311, "30 04 0002 c3 28", "can't decode"),
        (V311, "30 03 0001 00", "U+0000"),
        (V311, "30 02 0001", "expected 1 bytes more, got 0"),
        (V5, "30 06 0001 61 02 7f 00", "property 0x7f"),
        (V5, "30 08 0001 61 04 01 00 01 00", "PayloadFormatIndicator twice"),
        (V5, "30 05 0001 61 80 00", "more bytes than it needs"),
        (V5, "30 08 0001 61 80 80 80 80 01", "more than four bytes"),
    ],
)
def test_what_is_no_packet(version: int, encoded: str, why: str) -> None:
    """The message says what is wrong."""
    with pytest.raises(MalformedError, match=re.escape(why)):
        decode(bytes.fromhex(encoded), version)


def test_a_length_without_end() -> None:
    """It is seen at the fifth byte."""
    assert header(b"\x30\xff\xff\xff") is None
    with pytest.raises(MalformedError, match="remaining length"):
        header(b"\x30\xff\xff\xff\xff")


texts = st.text(st.characters(exclude_characters="\0", codec="utf-8"))
values = {
    "pairs": st.lists(st.tuples(texts, texts), min_size=1).map(tuple),
    "text": texts,
    "binary": st.binary(max_size=300),
    "variable": st.integers(0, LARGEST),
    1: st.integers(0, 255),
    2: st.integers(0, 65535),
    4: st.integers(0, (1 << 32) - 1),
}


@given(st.fixed_dictionaries({}, optional={name: values[kind] for name, kind in PROPERTIES.values()}))
def test_any_properties(described: dict[str, object]) -> None:
    """There and back, in a packet with any code."""
    data = properties(described)
    assert Reader(data).properties() == described
    packet = encode(Connack(0xF7, True, described), V5)
    assert packet[0] >> 4 == CONNACK
    assert decode(packet, V5) == Connack(0xF7, True, described)


@given(st.binary(max_size=40), st.sampled_from([V311, V5]))
def test_any_bytes(data: bytes, version: int) -> None:
    """A packet, or MalformedError."""
    try:
        front = header(data)
        packet = None if front is None else decode(data[: front.size], version)
    except MalformedError:
        return
    assert packet is None or decode(encode(packet, version), version) == packet
