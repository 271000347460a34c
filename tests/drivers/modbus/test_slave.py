"""One slave: what it is asked, and what its answers mean."""

from typing import Any

import pytest

from drivers.modbus.bus import Silent
from drivers.modbus.options import SlaveOptions, parse_devices, parse_registers
from drivers.modbus.pdu import Query, Refused, Registers
from drivers.modbus.slave import Slave
from drivers.modbus.wire import Damaged
from drivers.source import Channel
from tests.support.modbus_vectors import VECTORS, hexed


def profiled(profile: str, **more: Any) -> Slave:
    """The slave `roof` with that profile."""
    options = parse_devices({"roof": {"id": 2, "profile": profile, **more}})["roof"]
    return Slave("roof", options, 10.0, 0.5, numbered=False)


def far_apart() -> Slave:
    """Three blocks: a, b, c, and d beside a."""
    addresses = {"a": 0, "d": 1, "b": 100, "c": 200}
    registers = parse_registers({name: {"address": address} for name, address in addresses.items()})
    return Slave("", SlaveOptions(1, registers), 9.0, 0.5, numbered=False)


@pytest.mark.parametrize("vector", VECTORS["profiles"], ids=lambda vector: vector["source"][:40])
def test_golden_values(vector: dict[str, Any]) -> None:
    """From a manual's frame to what a sensor gets."""
    slave, frame = profiled(vector["profile"]), hexed(vector["answer"])
    words = Registers(tuple(frame[at] << 8 | frame[at + 1] for at in range(3, len(frame) - 2, 2)))
    measured = {
        each.channel: (each.value, each.fault)
        for each in slave.measurements(slave.next_block(), words, 1000.0, None)
    }
    assert measured == {f"roof/{name}": (value, None) for name, value in vector["values"].items()}


def test_the_device() -> None:
    """Its channels say how often they are read; it does not say who it is."""
    device = profiled("rs-ws-n01").device
    assert (device.name, device.model, device.identity, device.any_channel) == (
        "roof",
        "RS-WS-N01",
        "",
        False,
    )
    assert device.channels == {
        "roof/humidity": Channel("roof/humidity", "humidity", "%", 0.1, interval_s=10.0),
        "roof/temperature": Channel("roof/temperature", "temperature", "C", 0.1, interval_s=10.0),
    }


def test_an_own_pace() -> None:
    """Goes before the link's; several blocks share it."""
    slave = profiled("cwt", every="4s")
    assert (slave.every_s, slave.device.channels["roof/humidity"].interval_s) == (4.0, 4.0)
    assert far_apart().every_s == 3.0


def test_the_only_device_of_a_link() -> None:
    """Has no name, nor have its channels a part in front."""
    slave = far_apart()
    assert (slave.label, slave.device.name, sorted(slave.device.channels)) == (
        "id 1",
        "",
        ["a", "b", "c", "d"],
    )


def test_blocks_have_their_turns() -> None:
    """Each in turn, and what is wanted before."""
    slave = far_apart()
    first = [slave.next_block().query.address for _ in range(3)]
    assert sorted(first) == [0, 100, 200]
    slave.want("c")
    slave.want("d")
    assert slave.wants
    assert [slave.next_block().query.address for _ in range(5)] == [0, 200, *first]
    assert not slave.wants


def test_the_others_are_wanted_when_one_has_come() -> None:
    """So that all channels have a value soon."""
    slave = far_apart()
    block = slave.block_of("b")
    slave.want_all_but(block)
    assert [slave.next_block().query.address for _ in range(2)] == [200, 0]
    assert not slave.wants


def test_a_block_that_is_refused_is_split() -> None:
    """Until it cannot be smaller."""
    slave = far_apart()
    assert slave.split(slave.block_of("a"))
    assert slave.every_s == 9.0 / 4
    assert slave.block_of("d").query == Query(1, 3, 1, 1)
    assert not slave.split(slave.block_of("a"))


def test_a_refusal_is_a_failed_measurement() -> None:
    """Of each channel of the block."""
    slave = far_apart()
    measured = list(slave.measurements(slave.block_of("a"), Refused(4), 1000.0, 999.0))
    fault = "the device refuses registers 0 to 1 of function 3: exception 4 (device failure)"
    assert [(each.channel, each.value, each.fault) for each in measured] == [
        ("a", None, fault),
        ("d", None, fault),
    ]
    assert [(each.measured, each.asked) for each in measured] == [(1000.0, 999.0)] * 2
    assert [each.seq for each in measured] == [0, 1]
    (more,) = slave.measurements(slave.block_of("b"), Registers((7,)), 1001.0, None)
    assert (more.seq, more.value, more.asked) == (2, 7.0, None)


def test_what_is_wrong() -> None:
    """In words that lead to the remedy."""
    slave = profiled("cwt")
    query = slave.next_block().query
    assert slave.describe(Silent(0), query) == "does not answer within 0.5 s"
    assert slave.describe(Silent(7), query) == (
        "does not answer within 0.5 s; 7 bytes of something else came: wrong baud rate or parity?"
    )
    assert slave.describe(Damaged(), query).startswith("answers, but damaged; check the wiring")
    assert slave.describe(Refused(2), Query(2, 4, 9, 1)) == (
        "answers, and refuses register 9 of function 4: no such register (exception 2); "
        "check its profile, or its registers"
    )
    assert slave.describe(Refused(2), Query(2, 4, 30_002, 1)) == (
        "answers, and refuses register 30002 of function 4: no such register (exception 2); "
        "addresses count from 0: 30002 in a manual is `address: 1` of function 4"
    )
    assert slave.describe(Refused(4), Query(2, 4, 40_001, 1)).endswith("`address: 0` of function 3")
    for address in (30_000, 40_000, 50_000):
        assert slave.describe(Refused(2), Query(2, 4, address, 1)).endswith(
            "check its profile, or its registers"
        )
    slave.pending.timed_out(query, 0.0)
    slave.pending.stray(query.head + bytes(4), 0.8)
    assert slave.describe(Silent(0), query) == "answers late, after 0.80 s; write: timeout: 2s"
