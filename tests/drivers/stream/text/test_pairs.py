"""Names and values."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.stream.text.fields import UnfitError
from drivers.stream.text.numbers import Numbers
from drivers.stream.text.pairs import PairsParser

POINT = PairsParser(Numbers("."))
COMMA = PairsParser(Numbers(","))


def pairs(line: str, parser: PairsParser = POINT) -> list[tuple[str, float | None]]:
    """Names and values of a line's fields that are sure."""
    return [(field.name, field.value) for field in parser.parse(line) if field.sure]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("T=21.5", [("T", 21.5)]),
        ("T:21.5", [("T", 21.5)]),
        ("T : 21.5", [("T", 21.5)]),
        ("T\t=\t21.5", [("T", 21.5)]),
        ("T => 21.5", [("T", 21.5)]),
        ("Température: 21.5", [("Température", 21.5)]),
        ("_t1=21.5", [("_t1", 21.5)]),
        ("PM2.5: 12 PM10: 20", [("PM2.5", 12.0), ("PM10", 20.0)]),
        ("Temp (C): 21.5", [("Temp (C)", 21.5)]),
        ("temp/in: 21.5, temp-out: -3", [("temp/in", 21.5), ("temp-out", -3.0)]),
        ("[INFO] main: T=21.5", [("T", 21.5)]),
        ("12:30:15 T=21.5", [("T", 21.5)]),
        ("12:30:15 -> T=21.5", [("T", 21.5)]),
        ("at 12:30:15 T=21.5", [("T", 21.5)]),
        ("T=21.5;H=40;", [("T", 21.5), ("H", 40.0)]),
        ("T=21.5&H=40", [("T", 21.5), ("H", 40.0)]),
        ("T=21.5|H=40", [("T", 21.5), ("H", 40.0)]),
        ("{T=21.5} (H=40) [P=1013] <L=5>", [("T", 21.5), ("H", 40.0), ("P", 1013.0), ("L", 5.0)]),
        ("T=21.5, H=40.", [("T", 21.5), ("H", 40.0)]),
        ("It is warm, T: 21.5.", [("T", 21.5)]),
        ("Approx. Altitude = 12 m", [("Approx. Altitude", 12.0)]),
        ("T: 21.5C, H: 40%!", [("T", 21.5), ("H", 40.0)]),
        ("T: nan H: 40", [("T", None), ("H", 40.0)]),
        ("T: -nan °C H: inf %", [("T", None), ("H", None)]),
        ("T: 21.5°C 70.7°F", [("T", 21.5), ("T", 70.7)]),
        ("T: 21.5 C / 70.7 F", [("T", 21.5), ("T", 70.7)]),
        ("T: 21.5, 70.7; 3 | 4", [("T", 21.5), ("T", 70.7), ("T", 3.0), ("T", 4.0)]),
        ("rgb: 100,200,150", [("rgb", 100.0), ("rgb", 200.0), ("rgb", 150.0)]),
        ("xyz: 0.1,0.2", [("xyz", 0.1), ("xyz", 0.2)]),
        ("t: 1 2: 3", [("t", 1.0)]),
        ("T: 21.5 C: 3", [("T", 21.5), ("C", 3.0)]),
        ("T: 21.5 C : 3", [("T", 21.5), ("C", 3.0)]),
        ("t: 1 2 : 3", [("t", 1.0)]),
        ("V: 3 A: 2 lx=5", [("V", 3.0), ("A", 2.0), ("lx", 5.0)]),
        ("L: 5 lx lx: 6 Lx", [("L", 5.0), ("lx", 6.0)]),
        ("P: 1013 hPa T: 21.5 deg C H: 40 %RH", [("P", 1013.0), ("T", 21.5), ("H", 40.0)]),
        ("ready  Heat index: 21", [("Heat index", 21.0)]),
        ("T:\tH: 40", [("H", 40.0)]),
        ("T: , H: 40", [("H", 40.0)]),
        ("state: ok T: 21.5", [("T", 21.5)]),
        ("T:=21.5", [("T", 21.5)]),
        ("uptime: 5 s left: 3", [("uptime", 5.0), ("left", 3.0)]),
        ("PM: 12 µg/m³ V: 3.3V I: 20 mA", [("PM", 12.0), ("V", 3.3), ("I", 20.0)]),
        ("a b c d e f g h i j: 1", [("a b c d e f g h i j", 1.0)]),
    ],
)
def test_lines(line: str, expected: list[tuple[str, float | None]]) -> None:
    """Names as they are, numbers without their units."""
    assert pairs(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "T: 0x1F",
        "T: 12:30",
        "T: 192.168.1.5",
        "T: 2026-01-05",
        "T: 21/05/2026",
        "T: 12abc34",
        "T: 21.5.3",
        "T: --5",
        "T:21H:40",
        "Time: 12:30:15",
        '"T": 21.5',
        "'T': 21.5",
    ],
)
def test_no_number_is_made_of_what_is_none(line: str) -> None:
    """A time, a date, an address, a part of a word."""
    with suppress(UnfitError):
        assert pairs(line) == []


@pytest.mark.parametrize("line", ["hello", "21.5", "DHT test!", "3: 4", ": 5", "-----", "="])
def test_what_has_no_name(line: str) -> None:
    """It does not fit."""
    with pytest.raises(UnfitError, match="no `name: value`"):
        POINT.parse(line)


def test_texts_are_fields_that_are_not_sure() -> None:
    """They count where the name had a number before: see the reader."""
    (state, empty, temp) = POINT.parse("state: ok last: , T: 21.5")
    assert (state.name, state.fault, state.sure) == (
        "state",
        "the board reports 'ok' instead of a value",
        False,
    )
    assert (empty.name, empty.fault, empty.sure) == ("last", "the field is empty", False)
    assert temp.sure


def test_a_comma_between_two_whole_numbers_may_be_a_point() -> None:
    """So it is neither, until the config says which."""
    (field,) = POINT.parse("T: 21,5")
    assert (field.value, field.sure) == (None, False)
    assert field.fault == "the board reports '21,5' instead of a value"
    assert pairs("T: 21,5", COMMA) == [("T", 21.5)]


def test_a_comma_between_thousands() -> None:
    """A pressure in two parts would be two wrong values; a list of whole numbers is one."""
    (field,) = POINT.parse("P: 1,013.25 hPa")
    assert (field.value, field.fault) == (None, "the board reports '1,013.25 hPa' instead of a value")
    assert pairs("RGB: 120,200,255") == [("RGB", 120.0), ("RGB", 200.0), ("RGB", 255.0)]
    assert pairs("T: 21,5 °C, 70,7 °F; H=40%", COMMA) == [("T", 21.5), ("T", 70.7), ("H", 40.0)]
    assert pairs("T: 21.5", COMMA) == []


@settings(deadline=None)
@given(st.text("aT:= ,;|.15-%°C\tn", max_size=200).filter(str.strip))
def test_only_unfit_is_raised(line: str) -> None:
    """Whatever comes; and what is a number says so."""
    for parser in (POINT, COMMA):
        try:
            for field in parser.parse(line):
                assert field.name
                assert (field.value is None) != (field.fault is None)
        except UnfitError:
            continue


NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True)
NUMBERS = st.decimals(-1000, 1000, places=2)


@settings(deadline=None)
@given(
    st.dictionaries(NAMES, NUMBERS, min_size=1, max_size=6),
    st.sampled_from([":", "=", ": ", " = "]),
    st.sampled_from([", ", "\t", "  ", ",", ";", " "]),
    st.sampled_from(["", "%", "°C", " lx", " hPa"]),
)
def test_what_is_printed_is_read(printed: dict[str, float], equals: str, between: str, unit: str) -> None:
    """Every combination of what stands between."""
    line = between.join(f"{name}{equals}{value}{unit}" for name, value in printed.items())
    assert pairs(line) == [(name, float(value)) for name, value in printed.items()]
