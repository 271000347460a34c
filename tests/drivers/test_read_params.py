"""The parameters of a live read."""

import math

import pytest

import sig
from drivers.read_params import DEFAULT_TIMEOUT_S, MAX_TIMEOUT_S, ReadParams


@pytest.mark.parametrize("params", [None, {}, {"max_age": None, "timeout": None}])
def test_all_are_optional(params: object) -> None:
    """Without any: ask the board, wait as long as usual."""
    assert ReadParams.parse(params) == (0.0, DEFAULT_TIMEOUT_S)


def test_given_ones_are_seconds() -> None:
    """Integers will do."""
    assert ReadParams.parse({"max_age": 5, "timeout": 0.5}) == (5.0, 0.5)


def test_a_long_timeout_is_cut() -> None:
    """A request holds a thread; nobody may hold it for an hour."""
    assert ReadParams.parse({"timeout": 3600}).timeout == MAX_TIMEOUT_S


@pytest.mark.parametrize("params", [5, "now", [], [1, 2], True])
def test_other_than_an_object_is_refused(params: object) -> None:
    """The error shows what is expected."""
    with pytest.raises(sig.BadParams, match="expected params such as"):
        ReadParams.parse(params)


def test_an_unknown_name_is_refused() -> None:
    """The error names it and the known ones."""
    with pytest.raises(sig.BadParams, match="expected the params max_age and timeout, got 'maxage'"):
        ReadParams.parse({"maxage": 5})


@pytest.mark.parametrize("value", [-1, "5", True, math.nan, math.inf, [], 10**400])
@pytest.mark.parametrize("name", ["max_age", "timeout"])
def test_other_than_seconds_is_refused(name: str, value: object) -> None:
    """Also a number that no float can hold, which JSON can."""
    with pytest.raises(sig.BadParams, match=f"expected seconds from 0 for '{name}', got"):
        ReadParams.parse({name: value})
