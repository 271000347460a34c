"""Which regular expressions can take for ever."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.stream.text.patience import nested_repetition


@pytest.mark.parametrize(
    ("pattern", "position"),
    [
        ("(a+)+", 4),
        ("(a*)*", 4),
        ("(?:a+)*b", 6),
        ("(?P<x>a+)+?", 9),
        ("((a+))+", 6),
        ("((a+)b)*", 7),
        ("(a{2,})+", 7),
        ("(a{1,3}){2,}", 8),
        ("(a{1,3}){30}", 8),
        ("(a{1,3}){2,10}", 8),
        ("(a?)+", 4),
        ("(a|aa)+", 6),
        (r"(\)+)+", 5),
        ("([)]+)+", 6),
        ("([]+)]+)+", 8),
        (r"(\[+)+", 5),
        ("(?i:a+)+", 7),
        ("(?=a+)(b+)+", 10),
        ("(?<!a)(b+)+", 10),
        ("(?>(a+)+)", 7),
    ],
)
def test_refused(pattern: str, position: int) -> None:
    """A repetition whose inside can be of several lengths."""
    re.compile(pattern)
    assert nested_repetition(pattern) == position
    assert pattern[position] in "+*{"


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "a+b+",
        r"T=(?P<t>[-\d.]+) H=(?P<h>[-\d.]+)",
        r"^\$(?P<a>[\d.]+),(?P<b>[\d.]+)#$",
        "(a)+",
        "(ab)*",
        "(a{3})+",
        "(a+)?",
        "(a+){3}",
        "(a+){2,9}",
        r"(?:[^,]*,){8}(?P<alt>[\d.]+)",
        "(a++)+",
        "(?>a+)+",
        "(a+b)",
        r"(a\+)+",
        "([+*])+",
        r"([\]+])+",
        "(a{}|b)",
        "(a{,})",
        "(a{b})*",
        "(a|b)",
        "a|b+",
        "(?P<a>x)(?P=a)+",
        "x{2}{",
    ],
)
def test_allowed(pattern: str) -> None:
    """One repetition at a time, however many there are."""
    re.compile(pattern)
    assert nested_repetition(pattern) is None


@settings(deadline=None)
@given(st.text("a+*?{}2,|()[]\\^:P<x>=!", max_size=20))
def test_every_pattern_that_compiles_is_looked_through(pattern: str) -> None:
    """Without an error; and what is told is in it."""
    try:
        re.compile(pattern)
    except (re.error, FutureWarning, OverflowError):
        return
    position = nested_repetition(pattern)
    assert position is None or pattern[position] in "+*{"
