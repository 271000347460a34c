"""How units are written."""

import pytest

from drivers.units import spelled


@pytest.mark.parametrize(
    ("written", "one"),
    [
        ("C", "C"),
        ("°C", "C"),
        ("\u2103", "C"),
        ("°F", "F"),
        ("\u2109", "F"),
        ("°K", "K"),
        ("lux", "lx"),
        ("klux", "klx"),
        (" hPa ", "hPa"),
        ("\u03bcg/m³", "\u00b5g/m³"),
        ("\u00b5g/m³", "\u00b5g/m³"),
        ("", ""),
        ("furlong", "furlong"),
    ],
)
def test_one_spelling_for_each(written: str, one: str) -> None:
    """And once spelled, it stays."""
    assert spelled(written) == one
    assert spelled(one) == one
