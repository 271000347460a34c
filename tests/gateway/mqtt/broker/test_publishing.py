"""PUBLISH packets, beside the tests' own codec."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mqtt.broker.publishing import (
    LONGEST,
    LONGEST_TOPIC,
    NO_PROPERTIES,
    correlated,
    publish,
    size,
)
from tests.support.mqtt_codec import decode, header
from tests.support.mqtt_packets import V5, V311, Publish

TOPICS = st.text(st.characters(exclude_characters="+#\0", exclude_categories=["Cs"]), min_size=1, max_size=80)
SIZES = [0, 1, 110, 120, 127, 128, 129, 16_360, 16_383, 16_384, 16_385, 2_097_100, 2_097_152]


@given(TOPICS, st.binary(max_size=300), st.integers(1, 65535), st.sampled_from([0, 1]), st.booleans())
def test_a_message(topic: str, payload: bytes, mid: int, qos: int, retain: bool) -> None:
    """Is read as what it was made of, in both versions, and has as many bytes as was said."""
    name = topic.encode()
    expected = Publish(topic, payload, qos, retain, mid=mid if qos else 0)
    old = publish(name, payload, mid, qos=qos, retain=retain)
    new = publish(name, payload, mid, qos=qos, retain=retain, properties=NO_PROPERTIES)
    assert (decode(old, V311), len(old)) == (expected, size(name, payload, qos=qos))
    assert (decode(new, V5), len(new)) == (expected, size(name, payload, qos=qos, properties=1))


@given(st.binary(max_size=200), st.integers(1, 65535))
def test_an_answer(correlation: bytes, mid: int) -> None:
    """Has its correlation data."""
    properties = correlated(correlation)
    packet = publish(b"one/two", b"three", mid, qos=1, properties=properties)
    found = decode(packet, V5)
    assert isinstance(found, Publish)
    assert found.properties == {"CorrelationData": correlation}
    assert len(packet) == size(b"one/two", b"three", qos=1, properties=len(properties))


@pytest.mark.parametrize("length", SIZES)
def test_the_length(length: int) -> None:
    """Of one byte to four."""
    packet = publish(b"t", b"x" * length, 1, qos=1)
    head = header(packet)
    assert head is not None
    assert head.size == len(packet) == size(b"t", b"x" * length, qos=1)


@pytest.mark.parametrize("topic", [b"", b"a/+", b"a/#", b"x" * (LONGEST_TOPIC + 1)])
def test_what_is_no_topic(topic: bytes) -> None:
    """It is refused, before a broker would end the connection because of it."""
    with pytest.raises(ValueError, match="a topic may not be empty"):
        publish(topic, b"", 1, qos=1)
    assert publish(b"x" * LONGEST_TOPIC, b"", 1, qos=1)


def test_what_is_too_large() -> None:
    """For MQTT itself."""
    with pytest.raises(ValueError, match="MQTT has 268435455 at most"):
        publish(b"t", bytes(LONGEST), 1, qos=1)
