"""Lines to fields, by the keys of a link."""

from typing import Any

import pytest

from drivers.options import parse_options
from drivers.stream.text.fields import DamagedError, Field, HalfError, UnfitError
from drivers.stream.text.options import OPTIONS
from drivers.stream.text.reader import IgnoredError, Reader, decoded
from drivers.stream.text.splitter import MAX_LINE, Line


def reader(**keys: Any) -> Reader:
    """With these keys."""
    parsed = parse_options(OPTIONS, keys)
    return Reader(**{name: value for name, value in parsed.items() if name not in ("ask", "terminator")})


def read(lines: Reader, data: bytes, *, whole: bool = True) -> dict[str, float | None]:
    """The fields of one line."""
    return {field.name: field.value for field in lines.read(Line(data, whole))}


def test_texts_in_utf8_or_latin1() -> None:
    """Also in a sketch that mixes them, line by line; what is around a line is left off, its tabs are not."""
    assert decoded("21.5°C".encode()) == decoded("21.5°C".encode("latin-1")) == "21.5°C"
    assert decoded(b"\0\0\xef\xbb\xbf\t21.5 \r\n\0") == "\t21.5 "
    assert decoded("21.5\u00a0°C".encode()) == "21.5 °C"
    assert decoded(b"\x1b[0;32mI (1) T=5\x1b[0m") == "I (1) T=5"


@pytest.mark.parametrize("line", [b"T=21.5\x01", b"T=\x8021.5", b"T=21.5\x1b", b"\xff\xfe\x80T=5\x90"])
def test_what_is_no_text_does_not_fit(line: bytes) -> None:
    """A wrong baud rate must not make numbers by chance."""
    with pytest.raises(UnfitError, match="expected text, got bytes that are none"):
        reader(format="pairs").read(Line(line, whole=True))


def test_a_line_that_is_too_long() -> None:
    """Its end is not there."""
    with pytest.raises(UnfitError, match=f"expected at most {MAX_LINE} bytes and the end of a line"):
        reader(format="pairs").read(Line(b"T=5" + b" " * MAX_LINE, whole=True))


@pytest.mark.parametrize("line", [b"# T=5", b"  //T=5"])
def test_comments(line: bytes) -> None:
    """Do not fit, but for a pattern, which says itself what it takes."""
    for form in ("pairs", "csv", "json"):
        with pytest.raises(UnfitError, match="a comment"):
            reader(format=form).read(Line(line, whole=True))
    assert read(reader(pattern=r"T=(?P<t>\d)"), line) == {"t": 5.0}


def test_ignored_lines() -> None:
    """By what is found in them, before anything else is looked at; not beyond the bound for expressions."""
    lines = reader(format="pairs", checksum="nmea", ignore=["^DHT", "Failed$"])
    for line in (b"  DHT: 5", b"T=5 Failed "):
        with pytest.raises(IgnoredError):
            lines.read(Line(line, whole=True))
    with pytest.raises(DamagedError):
        lines.read(Line(b"x" * 500 + b"Failed", whole=True))


def test_a_checksum_makes_a_half_a_whole() -> None:
    """What has one right begins where it begins."""
    lines = reader(format="csv", checksum="nmea")
    assert read(lines, b"$OSMSG,LR,512*6D", whole=False) == {"3": 512.0}
    with pytest.raises(DamagedError):
        lines.read(Line(b"$OSMSG,LR,513*6D", whole=True))


def test_halves() -> None:
    """JSON tells them from wholes, others cannot."""
    assert read(reader(format="json"), b'{"t": 5}', whole=False) == {"t": 5.0}
    for keys in ({"format": "csv"}, {"format": "pairs"}, {"pattern": r"(?P<t>\d)"}, {"format": "json"}):
        with pytest.raises(HalfError):
            reader(**keys).read(Line(b"T:5,5", whole=False))


def test_a_name_counts_from_its_first_number_on() -> None:
    """A text before it is a banner's, after it a failure of the sensor."""
    lines = reader(format="pairs")
    with pytest.raises(UnfitError, match="no number in it"):
        lines.read(Line(b"T: broken", whole=True))
    assert read(lines, b"T: 21.5 state: ok") == {"T": 21.5}
    lines.names.count("T")
    assert lines.read(Line(b"T: broken state: ok", whole=True)) == [
        Field("T", None, "the board reports 'broken' instead of a value", sure=False)
    ]
    assert lines.read(Line(b"H: nan", whole=True))[0].sure


def test_a_document_with_noise_in_it_is_none() -> None:
    """What the noise was is not known; nor what is left of a line that was too long."""
    for noise in (b'"t": 2\x005,', b" " * (MAX_LINE + 1)):
        lines, unfinished = reader(format="json"), []
        assert not lines.read(Line(b"{", whole=True))
        unfinished.append(lines.unfinished)
        with pytest.raises(UnfitError):
            lines.read(Line(noise, whole=True))
        unfinished.append(lines.unfinished)
        assert unfinished == [True, False]
        with pytest.raises(UnfitError):
            lines.read(Line(b'"h": 5 }', whole=True))


def test_the_separator_follows_the_decimal_point() -> None:
    """`1,5;2` and `1.5,2`."""
    assert read(reader(format="csv", decimal=","), b"1,5;2") == {"1": 1.5, "2": 2.0}
    assert read(reader(format="csv"), b"1.5,2") == {"1": 1.5, "2": 2.0}
    assert read(reader(format="csv", separator="|", decimal=","), b"1,5|2") == {"1": 1.5, "2": 2.0}


def test_equal_names_are_told_apart_in_every_format() -> None:
    """In the order of the line."""
    assert read(reader(format="pairs"), b"T: 1 T: 2 T.2: 3") == {"T": 1.0, "T.2": 2.0, "T.2.2": 3.0}
    assert read(reader(pattern=[r"T=(?P<t>\d)", r"U=(?P<t>\d)"]), b"T=1 U=2") == {"t": 1.0, "t.2": 2.0}
    assert read(reader(format="json"), b'{"a": {"b": 1}, "a.b": 2}') == {"a.b": 1.0, "a.b.2": 2.0}


def test_a_line_of_nothing_but_white_space_says_nothing() -> None:
    """With a checksum, say."""
    assert not reader(format="csv", checksum="nmea").read(Line(b"$ *20", whole=True))
