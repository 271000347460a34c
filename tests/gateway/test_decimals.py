"""How many decimals a person sees."""

import pytest

from gateway.decimals import Shown, decimals_of, decimals_of_source, value_text


def test_texts() -> None:
    """Values keep their decimals."""
    assert value_text(23.1, 2) == "23.10"
    assert value_text(None, 2) == "-"
    assert value_text(1e12, 0) == "1e+12"
    values = [None, 426.0, 0, 23.5, 1013.125, 24.210526, -23.1 * 3, 1013.123456, 0.01234567, 0.1 + 0.2]
    assert [decimals_of(value) for value in values] == [0, 0, 0, 1, 3, 2, 1, 0, 4, 1]


@pytest.mark.parametrize(
    ("info", "decimals"),
    [
        ({"unit": "°C", "channel": {"unit": "C", "resolution": 0.01}}, 2),
        ({"unit": "°F", "channel": {"unit": "C", "resolution": 0.5}, "options": {"scale": 1.0}}, 1),
        ({"unit": "lx", "channel": {"unit": "lx", "resolution": 1}}, 0),
        ({"unit": "°C", "channel": {"unit": "°C", "resolution": 0.0625}}, 3),
        ({"unit": "lx", "channel": {"unit": "klx", "resolution": 1}}, None),
        ({"unit": "lx", "channel": {"unit": "lx", "resolution": 1}, "options": {"scale": 0.1}}, None),
        ({"unit": "lx", "channel": {"unit": "lx", "resolution": 1}, "options": {"calibrate": "x"}}, None),
        ({"unit": "lx", "channel": {"unit": "lx", "resolution": None}}, None),
        ({"unit": "lx", "channel": {"unit": "lx", "resolution": True}}, None),
        ({"unit": "lx", "channel": [1]}, None),
        (None, None),
    ],
)
def test_those_of_the_source(info: object, decimals: int | None) -> None:
    """Where they are those of the sensor's values too; whoever answers may say anything."""
    assert decimals_of_source(info) == decimals


def test_a_value_is_shown_alike_from_time_to_time() -> None:
    """With the source's decimals; else with as many as were needed once."""
    shown = Shown()
    assert [shown.decimals("t", value, 1) for value in (426, 426.25)] == [1, 1]
    assert [shown.decimals("u", value, None) for value in (426, 426.25, 426.0)] == [0, 2, 2]
    assert shown.decimals("v", None, None) == 0
