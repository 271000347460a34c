"""The keys of a text link."""

from typing import Any

import pytest

from drivers.errors import OptionError
from drivers.options import parse_options
from drivers.stream.text import PROTOCOL
from drivers.stream.text.options import OPTIONS, check


def parsed(**keys: object) -> dict[str, Any]:
    """Parsed and checked."""
    options = parse_options(OPTIONS, keys)
    check(options)
    return options


def refused(**keys: object) -> str:
    """What is said of them."""
    with pytest.raises(OptionError) as caught:
        parsed(**keys)
    return str(caught.value)


def test_the_defaults() -> None:
    """All but the format."""
    assert parsed(format="json") == {
        "format": "json",
        "pattern": None,
        "separator": None,
        "header": False,
        "terminator": None,
        "ask": None,
        "checksum": None,
        "ignore": None,
        "decimal": ".",
    }


def test_the_protocol() -> None:
    """9600 baud; nobody says who it is, or can be told how often to report."""
    assert PROTOCOL.options["baud"].default == 9600
    assert not PROTOCOL.tells_identity
    assert not PROTOCOL.sets_intervals
    assert PROTOCOL.simulated == "text"
    parsed = parse_options(PROTOCOL.options, {"port": "sim:", "format": "pairs"})
    PROTOCOL.check(parsed)
    assert PROTOCOL.source(parsed).where == "sim:"


def test_a_format_or_a_pattern() -> None:
    """One of them, and not both."""
    assert refused() == "format: is missing: expected json, csv or pairs, or the key pattern instead"
    assert refused(format="pairs", pattern="(?P<a>x)") == (
        "pattern: expected either format or pattern, got both; format is pairs"
    )
    for wrong in ("JSON", "xml", True, ["json"], 5):
        assert refused(format=wrong) == f"format: expected json, csv or pairs, got {wrong!r}"


def test_patterns() -> None:
    """One or several."""
    assert [pattern.pattern for pattern in parsed(pattern="(?P<a>x)")["pattern"]] == ["(?P<a>x)"]
    assert len(parsed(pattern=["(?P<a>x)", "(?P<b>y)"])["pattern"]) == 2
    assert parsed(format="csv", ignore="^#")["ignore"][0].pattern == "^#"


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (
            "T=(.*)",
            r"expected a named group for each value, such as (?P<temp>[-\d.]+), got 'T=(.*)'",
        ),
        (
            ["(?P<a>x)", "T"],
            r"expected a named group for each value, such as (?P<temp>[-\d.]+), got 'T'",
        ),
        (
            "T=(?P<a>.*",
            "expected a regular expression, got 'T=(?P<a>.*': missing ), "
            "unterminated subpattern at character 3",
        ),
        (
            "(?P<a-b>.)",
            "expected a regular expression, got '(?P<a-b>.)': bad character in "
            "group name 'a-b' at character 5",
        ),
        (
            "[[a](?P<x>)",
            "expected a regular expression, got '[[a](?P<x>)': Possible nested set at position 1",
        ),
        ("(?P<a>x){99999999999}", "expected a regular expression, got '(?P<a>x){99999999999}': "),
        (5, "expected a regular expression of 1 to 1000 characters, got 5"),
        ("", "expected a regular expression of 1 to 1000 characters, got ''"),
        ([], "expected 1 to 50 regular expressions, got 0"),
        (["(?P<a>x)"] * 51, "expected 1 to 50 regular expressions, got 51"),
        (
            "(?P<a>(x+)+)",
            "expected no repetition of a repetition, got '(?P<a>(x+)+)': what ends at character 11 can take "
            "for ever on a line that almost fits; repeat one of the two only",
        ),
    ],
)
def test_patterns_that_are_refused(pattern: object, said: str) -> None:
    """With what is wrong, and where."""
    assert refused(pattern=pattern).startswith(f"pattern: {said}")


def test_a_long_pattern_is_refused() -> None:
    """There is a bound."""
    assert parsed(pattern="(?P<a>" + "x" * 993 + ")")
    assert "of 1 to 1000 characters" in refused(pattern="(?P<a>" + "x" * 994 + ")")


def test_ignore_needs_no_group() -> None:
    """And is checked as patterns are."""
    assert refused(format="csv", ignore="(").startswith("ignore: expected a regular expression, got '('")
    assert refused(format="csv", ignore="(a*)*").startswith("ignore: expected no repetition of a repetition")


def test_separators() -> None:
    """One character, also as YAML does not see it between single quotes."""
    for raw, separator in ((";", ";"), ("\t", "\t"), (r"\t", "\t"), (" ", " "), ("|", "|"), (",", ",")):
        assert parsed(format="csv", separator=raw)["separator"] == separator
    for wrong in ("", ";;", "a", "1", "-", "+", ".", "#", '"', "\n", 5, r"\q"):
        if wrong == r"\q":
            assert refused(format="csv", separator=wrong).startswith("separator: expected one of \\n")
            continue
        assert refused(format="csv", separator=wrong) == (
            f'separator: expected one character that is in no number, such as ";" or "\\t", got {wrong!r}'
        )


def test_a_decimal_comma_needs_another_separator() -> None:
    """Which is the default then."""
    assert parsed(format="csv", decimal=",")["separator"] is None
    assert refused(format="csv", decimal=",", separator=",") == (
        'separator: expected another character than decimal, got "," for both; write: separator: ";"'
    )
    assert refused(format="csv", decimal=";") == "decimal: expected '.' or ',', got ';'"


@pytest.mark.parametrize("keys", [{"format": "pairs"}, {"format": "json"}, {"pattern": "(?P<a>x)"}])
def test_what_is_for_csv_only(keys: dict[str, object]) -> None:
    """Separator and header."""
    form = keys.get("format", "not there")
    for name, value in (("separator", ";"), ("header", True), ("header", ["a"])):
        assert refused(**keys, **{name: value}) == (
            f"{name}: expected it with format: csv only; format is {form}"
        )
    assert parsed(**keys, header=False)


def test_headers() -> None:
    """Looked for, or listed."""
    assert parsed(format="csv", header=True)["header"] is True
    assert parsed(format="csv", header=["a", "b"])["header"] == ("a", "b")
    for wrong in ("a", [], [1], ["a", ""], ["a"] * 257, 1):
        assert refused(format="csv", header=wrong) == (
            f"header: expected true, or a list of the columns' names, got {wrong!r}"
        )


def test_terminators() -> None:
    """A few bytes."""
    for raw, data in (("#", b"#"), (r"\r", b"\r"), ("\r\n", b"\r\n"), ("°", b"\xc2\xb0")):
        assert parsed(format="csv", terminator=raw)["terminator"] == data
    for wrong in ("", "123456789", 5):
        assert refused(format="csv", terminator=wrong) == (
            f'terminator: expected what a line ends with, such as "#" or "\\r", got {wrong!r}'
        )


def test_asking() -> None:
    """One text, or one for each channel."""
    assert parsed(format="csv", ask="R")["ask"] == "R"
    assert parsed(format="csv", ask=r"R\r")["ask"] == "R\r"
    assert parsed(format="csv", ask={"temp": "T", 2: "H"})["ask"] == {"temp": "T", "2": "H"}
    for wrong in ("", 5, ["R"], "x" * 201):
        assert refused(format="csv", ask=wrong) == (
            f'ask: expected a text in quotes, such as "R", got {wrong!r}'
        )
    assert refused(format="csv", ask={"temp": 5}) == 'ask: expected a text in quotes, such as "R", got 5'
    for empty in ({}, {None: "x"}):
        assert refused(format="csv", ask=empty) == f"ask: expected a text for each channel, got {empty!r}"


def test_checksums() -> None:
    """There is one."""
    assert parsed(format="csv", checksum="nmea")["checksum"] == "nmea"
    assert refused(format="csv", checksum=True) == "checksum: expected 'nmea', got True"


def test_each_option_says_what_to_write() -> None:
    """And takes it."""
    for name, option in OPTIONS.items():
        import yaml

        assert option.parse(yaml.safe_load(option.write)) is not None, name
