"""Regular expressions of the config."""

import re

import pytest

from drivers.stream.text.fields import Field, UnfitError
from drivers.stream.text.numbers import Numbers
from drivers.stream.text.patterns import MAX_TEXT, PatternParser


def parser(*patterns: str) -> PatternParser:
    """A new one."""
    return PatternParser([re.compile(pattern) for pattern in patterns], Numbers("."))


def test_each_that_is_found_counts() -> None:
    """Anywhere in the line, white space around it left off, comments or not."""
    several = parser(r"^T(?P<temp>\S+)", r"H(?P<hum>\S+)$", r"X(?P<x>\S+)")
    assert not several.comments
    assert several.parse(" T21.5C ... H40% ") == [Field("temp", 21.5), Field("hum", 40.0)]
    assert several.parse("# H40") == [Field("hum", 40.0)]


def test_a_group_that_took_no_part_is_no_field() -> None:
    """An empty one is, and so is a text."""
    (hum, note) = parser(r"^(?:T(?P<temp>\S+)|H(?P<hum>.*?));(?P<note>\w*)").parse("H;on")
    assert (hum.name, hum.fault) == ("hum", "the field is empty")
    assert (note.name, note.sure) == ("note", False)


def test_none_is_found() -> None:
    """The line does not fit."""
    with pytest.raises(UnfitError, match="no pattern is found in it"):
        parser(r"T(?P<temp>\d+)").parse("H40")


def test_a_line_may_be_long_and_not_longer() -> None:
    """What `re` does may take long in a long line."""
    anything = parser(r"(?P<t>\d+)$")
    assert anything.parse("x" * (MAX_TEXT - 1) + "5") == [Field("t", 5.0)]
    with pytest.raises(UnfitError, match=f"expected at most {MAX_TEXT} characters for a pattern, got"):
        anything.parse("x" * MAX_TEXT + "5")
