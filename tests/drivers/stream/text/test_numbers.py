"""Numbers as sketches print them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.stream.text.numbers import Numbers, Value

POINT = Numbers(".")
COMMA = Numbers(",")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("21.50", 21.5),
        ("-4", -4.0),
        ("+4.", 4.0),
        (".5", 0.5),
        (" 007 ", 7.0),
        ("1e3", 1000.0),
        ("1.5E-3", 0.0015),
        ("40.10%", 40.1),
        ("40.10 %", 40.1),
        ("40 %RH", 40.0),
        ("40 % RH", 40.0),
        ("40.1 RH%", 40.1),
        ("21.5°C", 21.5),
        ("21.5 ° C", 21.5),
        ("21.5*C", 21.5),
        ("21.5ºC", 21.5),
        ("21.5ßC", 21.5),
        ("21.5Â°C", 21.5),
        ("21.5C", 21.5),
        ("21.5 deg C", 21.5),
        ("21.5 degrees Celsius", 21.5),
        ("70.7 deg. Fahrenheit", 70.7),
        ("523.33 lx", 523.33),
        ("12 ug/m3", 12.0),
        ("12 µg/m³", 12.0),
        ("1.2 m3/h", 1.2),
        ("47kΩ", 47.0),
        ("9.81 m/s2", 9.81),
    ],
)
def test_numbers_and_their_units(text: str, value: float) -> None:
    """The unit is left off."""
    assert POINT.read(text) == Value(value)
    assert COMMA.read(text.replace(".", ",")) == Value(value) or "deg" in text


@pytest.mark.parametrize(
    "text",
    [
        "0x1F",
        "0xA",
        "12:30:15",
        "192.168.1.5",
        "2026-01-05",
        "21,5",
        "1 of 3",
        "12abc34",
        "21.5 70.7",
        "--5",
        "5-",
        "−5",
        "1e",
        "²",
        "٣",
        "21.5 error",
        "21.5 NaN",
        "OK",
        "?",
        "nano",
        "Nancy",
        "in",
        "21.5°C 70.7°F",
    ],
)
def test_what_is_no_number(text: str) -> None:
    """Shown, and not taken for one that was there."""
    value = POINT.read(text)
    if text == "1e":
        assert value == Value(1.0), "a unit called e"
        return
    assert value == Value(None, f"the board reports {text!r} instead of a value", sure=False)


@pytest.mark.parametrize(
    "text", ["nan", "NaN", "-nan", "NAN", "inf", "-inf", "ovf", "nan %", "nan°C", "nan *C"]
)
def test_words_that_stand_for_a_number(text: str) -> None:
    """As C and Arduino print them."""
    assert POINT.read(text) == Value(None, f"the board reports {text!r} instead of a value", sure=True)


def test_a_number_that_is_too_large() -> None:
    """Is none, though it is meant as one."""
    assert POINT.read("1e999") == Value(None, "the board reports '1e999' instead of a value", sure=True)


def test_nothing() -> None:
    """An empty column."""
    assert POINT.read(" \t") == POINT.read("") == Value(None, "the field is empty", sure=False)


def test_a_long_text_is_cut() -> None:
    """A fault is for a person."""
    assert POINT.read("x" * 41).fault == f"the board reports '{'x' * 40}…' instead of a value"
    assert POINT.read("x" * 40).fault == f"the board reports '{'x' * 40}' instead of a value"


def test_the_point_is_one_of_two() -> None:
    """A comma, and nothing else."""
    assert COMMA.read("21,5 °C").value == 21.5
    assert COMMA.read("21.5").value is None


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["", "%", " °C", " hPa", "lx"]))
def test_every_number_that_is_printed_is_read(number: float, unit: str) -> None:
    """With any of these units."""
    assert POINT.read(f"{number!r}{unit}") == Value(number)


@settings(deadline=None)
@given(st.text())
def test_nothing_raises(text: str) -> None:
    """And either there is a number, or a reason."""
    value = POINT.read(text)
    assert (value.value is None) != (value.fault is None)
