"""The text format, as https://prometheus.io/docs/instrumenting/exposition_formats/ has it."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.latency import Taken
from gateway.metrics.text import exposition, label_value, number
from gateway.samples import Family, Sample, counter, disk_written, gauge, histogram

ANY_TEXT = st.text(st.characters(exclude_categories=()))


def test_a_gauge() -> None:
    """A family has a line of help, its type, and its samples."""
    found = exposition([gauge("links", "How many.", 3)])
    assert found == "# HELP links How many.\n# TYPE links gauge\nlinks 3\n"


def test_labels() -> None:
    """In their order."""
    sample = Sample((("sender", "temp"), ("cause", "mqtt")), 0)
    found = exposition([counter("dropped_total", "Lost.", [sample])])
    assert found.splitlines()[1:] == [
        "# TYPE dropped_total counter",
        'dropped_total{sender="temp",cause="mqtt"} 0',
    ]


def test_what_is_not_known_has_no_sample() -> None:
    """And a family without samples is not there at all."""
    some = [Sample((("sender", "a"),), None), Sample((("sender", "b"),), 1.5)]
    found = exposition(
        [gauge("value", "It.", some), gauge("none", "It.", None), counter("no_total", "It.", [])]
    )
    assert found == '# HELP value It.\n# TYPE value gauge\nvalue{sender="b"} 1.5\n'
    assert exposition([]) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "1"), (False, "0"), (7, "7"), (0.1, "0.1"), (math.nan, "NaN"), (math.inf, "+Inf")],
)
def test_numbers_of_every_kind(value: float, text: str) -> None:
    """As Prometheus reads them, a yes and no among them."""
    assert exposition([gauge("x", "It.", value)]).splitlines()[2:] == [f"x {text}"]


def test_a_histogram_is_cumulative() -> None:
    """Each bound counts all that are within it."""
    taken = Taken((1, 2, 3), 4.5, {})
    family = histogram("took_seconds", "It.", (0.1, 1.0), [((("link", "a"),), taken)])
    assert exposition([family]).splitlines()[2:] == [
        'took_seconds_bucket{link="a",le="0.1"} 1',
        'took_seconds_bucket{link="a",le="1.0"} 3',
        'took_seconds_bucket{link="a",le="+Inf"} 6',
        'took_seconds_sum{link="a"} 4.5',
        'took_seconds_count{link="a"} 6',
    ]


def test_help_is_escaped() -> None:
    """Quotes stay as they are there."""
    assert exposition([Family("a", "gauge", 'x\\y\n"z"', [Sample((), 1)])]).startswith(
        '# HELP a x\\\\y\\n"z"\n'
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "1"),
        (False, "0"),
        (0, "0"),
        (-3, "-3"),
        (1.5, "1.5"),
        (1795329000.123, "1795329000.123"),
        (1e300, "1e+300"),
        (math.nan, "NaN"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    """As Go reads them."""
    assert number(value) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("temp", "temp"),
        ('a"b', 'a\\"b'),
        ("a\\b", "a\\\\b"),
        ("a\nb", "a\\nb"),
        ('\\"\n', '\\\\\\"\\n'),
        ("Gewächshaus °C 温", "Gewächshaus °C 温"),
        ("\ud800", "\\\\ud800"),
        ("", ""),
    ],
)
def test_a_name_is_escaped(name: str, text: str) -> None:
    """Whatever somebody calls a sender."""
    assert label_value(name) == text
    assert exposition([gauge("a", "It.", [Sample((("sender", name),), 1)])]).endswith(
        f'\na{{sender="{text}"}} 1\n'
    )


@given(ANY_TEXT)
def test_any_name_is_one_line_and_comes_back(name: str) -> None:
    """No name ends its line or its quotes; what is Unicode can be read back as it was."""
    found = label_value(name)
    found.encode()
    assert "\n" not in found
    assert re.fullmatch(r'(?:[^"\\\n]|\\["\\n])*', found)
    read = re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], found)
    assert read == name.encode(errors="backslashreplace").decode()


def test_bytes_on_the_disk() -> None:
    """By part; no sample where the system does not tell."""
    assert exposition([disk_written("outbox", 4096)]).endswith('_total{part="outbox"} 4096\n')
    assert exposition([disk_written("outbox", None)]) == ""
