"""The guess, which keys would read these lines."""

import random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.source import Measurement
from drivers.stream.text.shapes import Shape, guess
from firmware_sim.line import encode
from tests.drivers.stream.text.made import VECTORS, made, said, values

# What each golden text is guessed to be, where that is not what its keys say.
OTHERWISE: dict[str, dict[str, Any] | None] = {
    # The names are in the header, which the guess prefers.
    "5 columns whose names are in the config": {"format": "csv", "header": True},
    "1 by a pattern": {"format": "pairs"},
    # Nothing but failures has no field to show.
    "1 DHTtester without the sensor": None,
    "9 a mark in place of a line's end": {"format": "csv"},
    "9 letters between numbers": {"pattern": r"^@(?P<value>[-+]?[0-9.]+|nan)A(?P<value2>[-+]?[0-9.]+|nan)B$"},
    "9 a checksum of the standard": {"format": "csv", "checksum": "nmea"},
    "10 an error in Spanish": {"format": "pairs"},
    "7 a comma that may be a point": {"format": "pairs"},
}
# What is a default, and told all the same.
SAID_AS_WELL = {"5 columns with a decimal comma": {"separator": ";"}}


def lines_of(vector: dict[str, Any]) -> list[bytes]:
    """As a port delivers them."""
    data: bytes = vector["text"].encode(vector["encoding"])
    return data.splitlines(keepends=True)


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_the_golden_lines(vector: dict[str, Any]) -> None:
    """All ten shapes: the very keys, and the same fields."""
    shape = guess(lines_of(vector))
    expected = OTHERWISE.get(vector["name"], {k: v for k, v in vector["keys"].items() if k != "ignore"})
    if expected is None or shape is None:
        assert shape is None
        assert expected is None
        return
    assert shape.format_options == {**expected, **SAID_AS_WELL.get(vector["name"], {})}
    if vector["name"] not in OTHERWISE:
        named = {name for name in vector["fields"] if not (name.isdecimal() and "header" in expected)}
        assert shape.fields.keys() - vector["faults"].keys() == named
        assert {name: shape.fields[name] for name in named}.items() <= vector["fields"].items()


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_what_is_guessed_is_what_is_read(vector: dict[str, Any]) -> None:
    """A conversation with these keys makes these fields, pasted into a config as they are shown."""
    shape = guess(lines_of(vector))
    if shape is None:
        return
    keys = yaml.safe_load("{" + str(shape) + "}")
    assert keys == shape.format_options
    events = said(made(**keys), [line.rstrip(b"\r\n") + b"\n" for line in lines_of(vector)])
    numbers = [event for event in events if isinstance(event, Measurement) and event.value is not None]
    assert shape.fields.items() <= values(numbers).items()
    assert shape.example


NUMBERS = st.integers(-99999, 99999).map(lambda hundredths: hundredths / 100)


@settings(deadline=None)
@given(NUMBERS, NUMBERS, st.sampled_from(["\r\n", "\n", ""]))
def test_right_values_of_all_ten_shapes(first: float, second: float, end: str) -> None:
    """Whatever the numbers are."""
    t, h = f"{first:.2f}", f"{second:.2f}"
    checked = f"OSMSG,LR,{t}"
    checksum = 0
    for byte in checked.encode():
        checksum ^= byte
    for text, expected in (
        (
            f"Humidity: {h}%  Temperature: {t}°C {t}°F",
            {"Humidity": second, "Temperature": first, "Temperature.2": first},
        ),
        (f'{{"humidity": {h}, "temperature": {t}}}', {"humidity": second, "temperature": first}),
        (f'{{\n  "h": "{h} %",\n  "t": "{t} °C"\n}}', {"h": second, "t": first}),
        (f'{{"type":"t_h","data":{{"t":{t},"h":{h}}}}}', {"data.t": first, "data.h": second}),
        (f"{h},{t}", {"1": second, "2": first}),
        (f"t_s,temp\n12,{t}\n13,{h}", {"t_s": 13.0, "temp": second}),
        (f"{t}\t{h}", {"1": first, "2": second}),
        (f"OK\t{h}\t\t{t}\t\t70.7", {"2": second, "4": first, "6": 70.7}),
        (f"T:{t},H:{h}", {"T": first, "H": second}),
        (f"L: {h} T: {t}", {"L": second, "T": first}),
        (f"BRIGHTNESS={h}\nTEMPERATURE={t}", {"BRIGHTNESS": second, "TEMPERATURE": first}),
        (f"${t},{h},1013.2#", {"1": first, "2": second, "3": 1013.2}),
        (f"@{t}A{h}B", {"value": first, "value2": second}),
        (f"H,{h},{t},", {"2": second, "3": first}),
        (f"${checked}*{checksum:02X}", {"3": first}),
        (f"Light: {h} lx", {"Light": second}),
        (f"Temperature: {t} deg C", {"Temperature": first}),
    ):
        shape = guess([(line + end).encode() for line in text.split("\n")])
        assert shape is not None, text
        assert shape.fields == expected, text
        events = said(made(**shape.format_options), [text.encode() + b"\n"])
        assert shape.fields.items() <= values(events).items(), text


def test_what_stands_around_does_not_mislead() -> None:
    """Banners with a name and a number, errors, half a line."""
    lines = [b"1.5,40.1", b"Version: 1.0", b"Ready, steady, go", b"Failed to read!", *[b"21.5,40.1"] * 5]
    shape = guess(lines)
    assert shape is not None
    assert shape.format_options == {"format": "csv"}
    assert shape.example == "21.5,40.1"
    shape = guess([b"Version: 1.0", *[b"Temperature is 21.5 now"] * 5])
    assert shape is not None
    assert list(shape.fields) == ["Temperature"]
    shape = guess([*[b"T 21.5", b"H 40"] * 3])
    assert shape is not None
    assert shape.fields == {"T": 21.5, "H": 40.0} or len(shape.format_options["pattern"]) == 2


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [b"", b"\r\n"],
        [b"hello", b"DHT11 test!"],
        [b"\xff\x80\x81\x90" * 5],
        [random.Random(1).randbytes(40) for _ in range(10)],
        [encode("R temp 1 5 20.5")],
        [b"12;6;1;0;0;36.5\n"],
    ],
)
def test_no_guess(lines: list[bytes]) -> None:
    """Nothing to read, no text, or another of our protocols."""
    assert guess(lines) is None


def test_what_few_lines_have_is_not_made_a_rule() -> None:
    """A checksum, a header that names fewer columns than most lines have."""
    shape = guess([b"$OSMSG,LR,512*6D", b"T: 5", b"T: 6"])
    assert shape is not None
    assert shape.format_options == {"format": "pairs"}
    shape = guess([b"a,b", b"1,2", *[b"1,2,3"] * 5])
    assert shape is not None
    assert shape.format_options == {"format": "csv"}


def test_columns_between_spaces_are_numbers() -> None:
    """Words between spaces are a sentence."""
    shape = guess([b"  21.5   40.1 "])
    assert shape == Shape({"format": "csv", "separator": " "}, {"1": 21.5, "2": 40.1}, "21.5   40.1")
    assert str(shape) == 'format: csv, separator: " "'


def test_of_two_that_read_as_many_lines_the_one_with_more_values() -> None:
    """Tabs are there, and commas are what separates."""
    shape = guess([b"DHT11,\tOK,\t40.1,\t21.5"])
    assert shape is not None
    assert shape.fields == {"3": 40.1, "4": 21.5}


def test_only_the_newest_lines_count() -> None:
    """A guess takes bounded time."""
    long = b"1,2" + b" " * 2040
    for old, new in ((b"T: 1", [b"1,2"] * 1400), (b"T: 1", [long] * 2), (b"x" * 5000, [b"1,2"])):
        shape = guess([*[old] * 5000, *new])
        assert shape is not None
        assert shape.format_options == {"format": "csv"}
    assert guess([b"T: 1" + b" " * 5000]) is None


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=60) | st.text('aT:=,;{}"[] .15\t', max_size=40).map(str.encode), max_size=8)
)
def test_a_guess_is_right_or_none(lines: list[bytes]) -> None:
    """Nothing raises, and what is guessed is read."""
    shape = guess(lines)
    if shape is not None:
        made(**shape.format_options)
        assert shape.fields
