"""Regular expressions from example lines."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.stream.text.skeletons import patterns_for


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("@21.50A40.10B", {"value": "21.50", "value2": "40.10"}),
        ("Temperature is 21.5 C and 40 %", {"Temperature": "21.5", "value": "40"}),
        ("temp 21.5 temp -3", {"temp": "21.5", "temp2": "-3"}),
        ("DHT11 PM2.5 21.5", {"DHT": "21.5"}),
        ("T21.5H40", {"value": "21.5", "value2": "40"}),
        ("(a) [b] {c} ^ 5 $ . * + ? | \\", {"value": "5"}),
    ],
)
def test_numbers_are_groups(text: str, groups: dict[str, str]) -> None:
    """Named after the longest word before them; the rest stays as it is, but for how much white space."""
    (pattern,) = patterns_for([text])
    match = re.fullmatch(pattern, text.replace(" ", "  "))
    assert match is not None
    assert match.groupdict() == groups
    assert re.search(pattern, text + "x") is None
    assert re.search(pattern, "x" + text) is None


def test_no_number_no_pattern() -> None:
    """Nor for lines of very many."""
    assert patterns_for(["hello", "DHT11", "", " ".join("5" * 17)]) == []
    assert patterns_for([" ".join("5" * 16)])


def test_one_for_each_kind_of_line() -> None:
    """The most frequent first, and not too many."""
    texts = ["hum 40", *(f"temp {number}" for number in range(3)), *("x" * n + " 5" for n in range(2, 20))]
    patterns = patterns_for(texts)
    assert len(patterns) == 8
    assert patterns[0].startswith("^temp")


@settings(deadline=None)
@given(st.lists(st.text("a1. (+)*[\\^$-{}|?_", max_size=30), max_size=5))
def test_every_one_compiles_and_is_found(texts: list[str]) -> None:
    """In the line that it was made of."""
    for pattern in patterns_for(texts):
        assert any(re.search(pattern, text.strip()) for text in texts)
