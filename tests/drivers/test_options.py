"""Options: from what YAML delivers to what a driver works with."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import OptionError
from drivers.options import (
    Amount,
    finite,
    parse_amount,
    parse_duration,
    parse_interval,
    parse_number,
    parse_numbers,
    parse_options,
    parse_range,
    parse_switch,
    parse_text,
    parse_whole,
)
from drivers.sensor_options import COMMON_OPTIONS, threshold_options

NO_NUMBERS = ["", "x", True, False, None, math.nan, math.inf, -math.inf, [], {}, 10**400, b"1"]


@pytest.mark.parametrize("raw", NO_NUMBERS)
def test_what_is_no_finite_number(raw: object) -> None:
    """None of these is a number, `True` and an integer of 401 digits included."""
    assert finite(raw) is None
    with pytest.raises(ValueError, match=r"expected a number such as 21\.5, got"):
        parse_number(raw)


@pytest.mark.parametrize(("raw", "number"), [(0, 0.0), (-4, -4.0), (21.5, 21.5), (10**100, 1e100)])
def test_numbers(raw: float, number: float) -> None:
    """Integers and floats become floats."""
    parsed = parse_number(raw)
    assert parsed == number
    assert type(parsed) is float


@pytest.mark.parametrize(
    ("raw", "amount", "text"),
    [
        (0, Amount(0.0), "0"),
        (0.1, Amount(0.1), "0.1"),
        ("5%", Amount(0.05, relative=True), "5%"),
        (" 12.5 % ", Amount(0.125, relative=True), "12.5%"),
    ],
)
def test_amounts(raw: object, amount: Amount, text: str) -> None:
    """An amount is a number from 0, or a percentage; it prints as it is written."""
    assert parse_amount(raw) == amount
    assert str(parse_amount(raw)) == text


@pytest.mark.parametrize("raw", [*NO_NUMBERS, -0.1, "-5%", "5", "5%%", "%", "9" * 400 + "%"])
def test_what_is_no_amount(raw: object) -> None:
    """Negative, infinite or mistyped amounts are refused."""
    with pytest.raises(ValueError, match="expected a number from 0 or a percentage such as 5%, got"):
        parse_amount(raw)


def test_relative_amounts_are_of_the_level_s_size() -> None:
    """5 % of -20 is 1, not -1."""
    assert Amount(0.05, relative=True).at(-20.0) == 1.0
    assert Amount(0.05).at(-20.0) == 0.05


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        (0, 0.0),
        (1.5, 1.5),
        ("500ms", 0.5),
        ("30s", 30.0),
        ("5 min", 300.0),
        ("12h", 43200.0),
        (" 400d ", 34560000.0),
        ("0.5h", 1800.0),
    ],
)
def test_durations(raw: object, seconds: float) -> None:
    """A duration is seconds, or text with a unit."""
    assert parse_duration(raw) == seconds


@pytest.mark.parametrize("raw", [*NO_NUMBERS, -1, "30", "5m", "-5s", "5s5s", "9" * 400 + "s", "٣s"])
def test_what_is_no_duration(raw: object) -> None:
    """A unit that is missing, unknown or ambiguous is refused, as are infinite spans."""
    with pytest.raises(ValueError, match="expected a time span such as 30s, 5min or 12h, or seconds, got"):
        parse_duration(raw)


@pytest.mark.parametrize(
    ("raw", "numbers"), [(85, (85.0,)), ([-127, 85.0], (-127.0, 85.0)), ((0,), (0.0,)), ([], ())]
)
def test_numbers_one_or_several(raw: object, numbers: tuple[float, ...]) -> None:
    """One needs no brackets."""
    assert parse_numbers(raw) == numbers


@pytest.mark.parametrize("raw", [None, "85", [85, "x"], [[85]], {85: 1}, [math.nan], True, [True]])
def test_what_is_no_list_of_numbers(raw: object) -> None:
    """The whole value is in the text, whichever of its parts is wrong."""
    with pytest.raises(ValueError, match="expected a number or a list of numbers such as") as caught:
        parse_numbers(raw)
    assert repr(raw) in str(caught.value)


def test_a_switch_is_true_or_false() -> None:
    """And nothing that is only as good as one of them."""
    assert [parse_switch(raw) for raw in (True, False)] == [True, False]
    others: list[object] = [1, 0, "true", "on", None, []]
    for raw in others:
        with pytest.raises(ValueError, match="expected true or false, got"):
            parse_switch(raw)


def test_ranges() -> None:
    """Two numbers, the lower first."""
    assert parse_range([-20, 60]) == (-20.0, 60.0)
    assert parse_range((0, 0.5)) == (0.0, 0.5)


@pytest.mark.parametrize("raw", [None, 5, "0-5", [], [1], [1, 2, 3], [2, 1], [1, 1], [1, "x"], [1, math.nan]])
def test_what_is_no_range(raw: object) -> None:
    """Everything else is refused with the whole value in the text."""
    with pytest.raises(ValueError, match="expected two numbers, the lower first") as caught:
        parse_range(raw)
    assert repr(raw) in str(caught.value)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(NO_NUMBERS),
    lambda inner: st.lists(inner, max_size=3),
)


@given(anything)
def test_parsers_return_something_finite_or_raise_valueerror(raw: object) -> None:
    """Whatever YAML delivers, nothing but a usable value or a ValueError comes out."""
    for parse in (parse_number, parse_duration):
        with contextlib.suppress(ValueError):
            assert math.isfinite(parse(raw))
    with contextlib.suppress(ValueError):
        assert math.isfinite(parse_amount(raw).size)
    with contextlib.suppress(ValueError):
        low, high = parse_range(raw)
        assert low < high


def test_options_not_given_have_their_defaults() -> None:
    """Nothing given: the documented defaults; `null` is as good as nothing."""
    parsed = parse_options(COMMON_OPTIONS, {"delta": None})
    assert parsed == {name: option.default for name, option in COMMON_OPTIONS.items()}


def test_given_options_are_parsed() -> None:
    """What is given is parsed by its option's parser."""
    parsed = parse_options(COMMON_OPTIONS, {"delta": "5%", "interval": "2s", "range": [0, 5]})
    assert (parsed["delta"], parsed["interval"], parsed["range"]) == (Amount(0.05, True), 2.0, (0.0, 5.0))


@pytest.mark.parametrize(
    ("given", "option", "text"),
    [
        ({"dleta": 1}, "dleta", "dleta: unknown option; did you mean 'delta'?"),
        ({"qqq": 1}, "qqq", "qqq: unknown option; expected one of offset, scale"),
        (
            {"delta": "much"},
            "delta",
            "delta: expected a number from 0 or a percentage such as 5%, got 'much'",
        ),
    ],
)
def test_wrong_options_are_named(given: dict[str, object], option: str, text: str) -> None:
    """An error names the option, what was expected and what was given."""
    with pytest.raises(OptionError) as caught:
        parse_options(COMMON_OPTIONS, given)
    assert caught.value.option == option
    assert str(caught.value).startswith(text)
    assert caught.value.problem in str(caught.value)


def test_thresholds_are_options_called_like_their_events() -> None:
    """Two options, for the event on each side, with the unit in what they expect."""
    table = threshold_options("cold", "hot", "°C")
    assert list(table) == ["cold", "hot"]
    assert all(option.default is None and option.expected.endswith("in °C") for option in table.values())


@pytest.mark.parametrize(("raw", "seconds"), [(0, 0.0), ("1ms", 0.001), (5, 5.0)])
def test_an_interval_is_nothing_or_at_least_a_millisecond(raw: object, seconds: float) -> None:
    """A board counts milliseconds; 0 has it report on request only."""
    assert parse_interval(raw) == seconds


def test_an_interval_too_short_for_a_board_is_refused() -> None:
    """It would be rounded to 0, which means never."""
    with pytest.raises(ValueError, match=r"expected 0 or a time span from 1ms, got 0.0001"):
        parse_interval(0.0001)


def test_a_number_of_no_quantity() -> None:
    """1e100 and more is no number of a config: its product with a value might be infinite."""
    with pytest.raises(ValueError, match=r"expected a number such as 21\.5, got 1e\+101"):
        parse_number(1e101)


@pytest.mark.parametrize(("raw", "number"), [(3, 3), (99, 99), (5.0, 5)])
def test_whole_numbers(raw: object, number: int) -> None:
    """Within their bounds, which count; 5.0 is one."""
    assert parse_whole(raw, 3, 99) == number


@pytest.mark.parametrize("raw", [2, 100, 5.5, "5", True, None, float("nan"), float("inf"), 10**400])
def test_what_is_no_whole_number(raw: object) -> None:
    """The text has the bounds."""
    with pytest.raises(ValueError, match="expected a whole number from 3 to 99, got"):
        parse_whole(raw, 3, 99)


def test_texts() -> None:
    """Without white space around them; empty is one, a number is none."""
    assert (parse_text(" hPa "), parse_text("")) == ("hPa", "")
    with pytest.raises(ValueError, match="expected a text, got 5"):
        parse_text(5)
