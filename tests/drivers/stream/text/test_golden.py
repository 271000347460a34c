"""The golden lines: what sketches print, and the fields of it."""

from random import Random
from typing import Any

import pytest

from drivers.stream.conversation import Hello
from tests.drivers.stream.text.made import VECTORS, made, newest, said

GOLDEN = pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])


def check(vector: dict[str, Any], pieces: list[bytes], times: int = 1) -> None:
    """These pieces are the golden fields, `times` times."""
    conversation = made(**vector["keys"])
    events = said(conversation, pieces)
    got = newest(events)
    assert {name: m.value for name, m in got.items() if m.fault is None} == vector["fields"]
    assert {name: m.fault for name, m in got.items() if m.value is None} == vector["faults"]
    counters = conversation.counters
    assert counters["lines"] == vector["lines"] * times
    assert counters["damaged"] == vector["damaged"] * times
    assert [type(event) for event in events].count(Hello) == 1
    assert isinstance(events[0], Hello)
    assert set(conversation.seen) == set(got)
    assert {m.seq for m in got.values()} <= set(range(1, counters["lines"] + 1))


def data(vector: dict[str, Any]) -> bytes:
    """What comes."""
    encoded: bytes = vector["text"].encode(vector["encoding"])
    return encoded


@GOLDEN
def test_whole(vector: dict[str, Any]) -> None:
    """At once; what does not fit is counted."""
    check(vector, [data(vector)])
    conversation = made(**vector["keys"])
    said(conversation, [data(vector)])
    assert conversation.counters["malformed"] == vector["unfit"]


@GOLDEN
def test_byte_by_byte(vector: dict[str, Any]) -> None:
    """As a slow line delivers it."""
    check(vector, [bytes([byte]) for byte in data(vector)])


@GOLDEN
def test_cut_anywhere(vector: dict[str, Any]) -> None:
    """Merged and split at random."""
    for seed in range(10):
        random, rest, pieces = Random(seed), data(vector) * 3, []
        while rest:
            length = random.choice((1, 2, 3, 10, 100))
            pieces.append(rest[:length])
            rest = rest[length:]
        check(vector, pieces, times=3)


@GOLDEN
def test_any_end_of_a_line(vector: dict[str, Any]) -> None:
    """CR, LF, both, and empty lines between them."""
    if "terminator" in vector["keys"]:
        return
    bare = data(vector).replace(b"\r\n", b"\n")
    for end in (b"\n", b"\r", b"\r\n", b"\n\r", b"\r\n\r\n"):
        check(vector, [bare.replace(b"\n", end)])
