"""The keys that describe slaves: what they take, and what an error says."""

from typing import Any

import pytest

from drivers.modbus.options import SlaveOptions, parse_devices, parse_id, parse_registers, span
from drivers.modbus.profiles import PROFILES
from drivers.modbus.registers import Register

TEMPERATURE = {"function": 4, "address": 1, "type": "s16", "scale": 0.1, "unit": "C"}


def test_a_device_with_a_profile() -> None:
    """Has its registers."""
    parsed = parse_devices({"roof": {"id": 2, "profile": "xy-md02"}})
    assert parsed == {"roof": SlaveOptions(2, PROFILES["xy-md02"].registers, "xy-md02")}


def test_a_device_with_registers() -> None:
    """Each key of a register is its own."""
    given = {**TEMPERATURE, "word_order": "little", "offset": -1, "invalid": [-999, 32767]}
    parsed = parse_devices({"roof": {"id": 247, "registers": {"t": given}, "every": "5s"}})
    register = Register(1, "s16", 4, "little", 0.1, -1.0, (-999.0, 32767.0), "C")
    assert parsed == {"roof": SlaveOptions(247, {"t": register}, None, 5.0)}


def test_registers_beside_a_profile() -> None:
    """Are added to it, and go before it."""
    given = {"light": {"address": 7}, "humidity": {"address": 9}}
    (slave,) = parse_devices({"roof": {"id": 1, "profile": "cwt", "registers": given}}).values()
    assert slave.registers == {
        "temperature": PROFILES["cwt"].registers["temperature"],
        "humidity": Register(9),
        "light": Register(7),
    }


def test_registers_of_an_only_device() -> None:
    """By channel; the address is enough."""
    assert parse_registers({"temperature": TEMPERATURE, "raw": {"address": 0}}) == {
        "temperature": Register(1, "s16", 4, scale=0.1, unit="C"),
        "raw": Register(0),
    }


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (None, "expected a mapping such as roof: {id: 2, profile: xy-md02}, got nothing"),
        ([], "expected a mapping such as roof: {id: 2, profile: xy-md02}, got a list"),
        ({}, "expected a mapping such as roof: {id: 2, profile: xy-md02}, got a mapping"),
        ({"a/b": {}}, "expected a name without blanks and '/', at most 48 characters, got 'a/b'"),
        ({7: {}}, "expected a name without blanks and '/', at most 48 characters, got 7"),
        ({"roof": 2}, "roof: expected a mapping such as roof: {id: 2, profile: xy-md02}, got 2"),
        ({"roof": {}}, "roof.id: is missing: expected a whole number from 1 to 247; write: roof: {id: 2,"),
        ({"roof": {"id": 1}}, "roof: expected a profile, or registers; write: roof: {id: 2,"),
        ({"roof": {"id": 0}}, "roof.id: expected a whole number from 1 to 247, got 0"),
        ({"roof": {"id": 248}}, "roof.id: expected a whole number from 1 to 247, got 248"),
        ({"roof": {"id": True}}, "roof.id: expected a whole number from 1 to 247, got True"),
        ({"roof": {"id": "1"}}, "roof.id: expected a whole number from 1 to 247, got '1'"),
        ({"roof": {"idd": 1}}, "roof.idd: unknown key; did you mean 'id'?"),
        ({"roof": {"x": 1}}, "roof.x: unknown key; expected one of id, profile, registers, every"),
        (
            {"roof": {"id": 1, "profile": "xymd02"}},
            "roof.profile: expected one of xy-md02, rs-ws-n01, cwt, r444a01, pta8d08, kincony-sht30, rs-gz, "
            "sen0644, orch-s4, got 'xymd02'; did you mean 'xy-md02'?",
        ),
        ({"roof": {"id": 1, "every": "1ms"}}, "roof.every: expected a time span from 0.05 to 86400 s"),
        ({"roof": {"id": 1, "registers": 5}}, "roof.registers: expected a mapping such as temperature: {fun"),
        (
            {"a": {"id": 2, "profile": "cwt"}, "b": {"id": 2, "profile": "cwt"}},
            "b.id: 2 is the id of a already; each device on a bus has its own",
        ),
        (
            {"roof": {"id": 1, "registers": {"t": {"address": 1, "type": "s8"}}}},
            "roof.registers.t.type: expected one of u16, s16, sign-offset, u32, s32, f32, got 's8'",
        ),
    ],
)  # fmt: skip
def test_what_devices_do_not_take(raw: Any, text: str) -> None:
    """The place inside the option comes first."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is looked at
        parse_devices(raw)
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize(
    ("key", "raw", "text"),
    [
        ("function", 6, "t.function: expected one of 3, 4, got 6"),
        ("function", None, "t.function: expected one of 3, 4, got nothing"),
        ("function", [3], "t.function: expected one of 3, 4, got a list"),
        ("address", -1, "t.address: expected a whole number from 0 to 65535, got -1"),
        ("address", 65_536, "t.address: expected a whole number from 0 to 65535, got 65536"),
        ("address", 1.5, "t.address: expected a whole number from 0 to 65535, got 1.5"),
        ("word_order", "middle", "t.word_order: expected one of big, little, got 'middle'"),
        ("scale", 0, "t.scale: expected a number other than 0, got 0"),
        ("scale", "x", "t.scale: expected a number such as 21.5, got 'x'"),
        ("offset", None, "t.offset: expected a number such as 21.5, got None"),
        ("invalid", "x", "t.invalid: expected a number or a list of numbers"),
        ("unit", "", "t.unit: expected a unit such as C, at most 16 characters, got ''"),
        ("unit", 3, "t.unit: expected a unit such as C, at most 16 characters, got 3"),
        ("typ", "u16", "t.typ: unknown key; did you mean 'type'?"),
        (5, "u16", "t.5: unknown key; expected one of function, address, type"),
    ],
)
def test_what_a_register_does_not_take(key: Any, raw: Any, text: str) -> None:
    """The same."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is looked at
        parse_registers({"t": {"address": 0, key: raw}})
    assert str(caught.value).startswith(text)


def test_registers_that_make_no_sense() -> None:
    """Without an address, beyond the last one, too many, none."""
    with pytest.raises(ValueError, match=r"^t.address: is missing: expected a whole number"):
        parse_registers({"t": {}})
    with pytest.raises(ValueError, match=r"^t.address: f32 takes two registers, and 65535 is the last$"):
        parse_registers({"t": {"address": 65_535, "type": "f32"}})
    assert parse_registers({"t": {"address": 65_534, "type": "f32"}, "u": {"address": 65_535}})
    with pytest.raises(ValueError, match=r"^expected at most 256 registers, got 257$"):
        parse_registers({f"t{number}": {"address": number} for number in range(257)})
    with pytest.raises(ValueError, match=r"^t: expected a mapping such as t: \{function: 4, .*got nothing$"):
        parse_registers({"t": None})


def test_ids_and_spans() -> None:
    """Their ends are allowed."""
    assert (parse_id(1), parse_id(247)) == (1, 247)
    assert (span(0.05, 60.0)("50ms"), span(0.05, 60.0)("1min")) == (0.05, 60.0)
    with pytest.raises(ValueError, match=r"expected a time span from 0\.05 to 60 s, got '2min'"):
        span(0.05, 60.0)("2min")
