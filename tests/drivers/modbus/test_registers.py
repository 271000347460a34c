"""From words to values."""

import math
import struct
from typing import Any

import pytest

from drivers.modbus.profiles import PROFILES
from drivers.modbus.registers import WORDS, Register
from tests.support.modbus_vectors import VECTORS


@pytest.mark.parametrize(
    "vector", VECTORS["registers"], ids=lambda vector: f"{vector['profile']}-{'-'.join(vector['words'])}"
)
def test_the_manuals_examples(vector: dict[str, Any]) -> None:
    """Words and the value that they stand for."""
    register = PROFILES[vector["profile"]].registers[vector["channel"]]
    words = tuple(int(word, 16) for word in vector["words"])
    assert register.count == len(words)
    assert register.value(words) == (vector["value"], None), vector["source"]


@pytest.mark.parametrize(
    ("kind", "words", "value"),
    [
        ("u16", (0xFFFF,), 65535.0),
        ("s16", (0xFFFF,), -1.0),
        ("s16", (0x8000,), -32768.0),
        ("sign-offset", (9999,), 9999.0),
        ("sign-offset", (10_000,), 0.0),
        ("sign-offset", (10_001,), -1.0),
        ("u32", (0x0001, 0x0002), 65538.0),
        ("s32", (0xFFFF, 0xFFFE), -2.0),
        ("f32", (0x41CC, 0x0000), 25.5),
        ("f32", (0x3DCC, 0xCCCD), 0.1),
    ],
)
def test_types(kind: str, words: tuple[int, ...], value: float) -> None:
    """Either word order, where there are two."""
    assert Register(0, kind).count == WORDS[kind] == len(words)
    assert Register(0, kind).value(words) == (value, None)
    assert Register(0, kind, word_order="little").value(words[::-1]) == (value, None)


def test_scale_and_offset() -> None:
    """In this order, and without the rest that binary fractions leave."""
    assert Register(0, scale=0.1).value((305,)) == (30.5, None)
    assert Register(0, scale=0.1, offset=-40.0).value((305,)) == (-9.5, None)
    assert Register(0, scale=-2.0).value((3,)) == (-6.0, None)


def test_values_that_stand_for_none() -> None:
    """Compared raw, before the scale."""
    register = Register(0, scale=0.1, invalid=(-1.0, 32767.0))
    assert register.value((0x7FFF,)) == (None, "the device says 32767, which stands for no value (`invalid`)")
    assert register.value((0xFFFF,)) == (None, "the device says -1, which stands for no value (`invalid`)")
    assert register.value((10,)) == (1.0, None)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_floats_that_are_no_numbers(number: float) -> None:
    """Are no values."""
    high, low = struct.unpack(">HH", struct.pack(">f", number))
    value, fault = Register(0, "f32").value((high, low))
    assert (value, fault) == (None, f"the device says {number}, which is no number")
