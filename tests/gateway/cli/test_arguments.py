"""What is typed for options."""

import click
import pytest

from gateway.cli.arguments import Name, Seconds


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [("5", 5.0), ("0.5", 0.5), ("5s", 5.0), ("500ms", 0.5), ("2 min", 120.0), (3.5, 3.5)],
)
def test_seconds(typed: object, seconds: float) -> None:
    """A number, or a span as in the config."""
    assert Seconds(0.1, 3600)(typed) == seconds


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("nan", "expected seconds, or a time span such as 5s or 2min, got 'nan'"),
        ("inf", "expected seconds, or a time span such as 5s or 2min, got 'inf'"),
        ("soon", "expected seconds, or a time span such as 5s or 2min, got 'soon'"),
        ("5m", "got '5m'; write 5min"),
        ("1,5", "got '1,5'; write 1.5"),
        ("0", "expected seconds from 0.1 to 60, got '0'"),
        ("2h", "expected seconds from 0.1 to 60, got '2h'"),
    ],
)
def test_wrong_seconds(typed: str, problem: str) -> None:
    """What was expected, and what to write."""
    with pytest.raises(click.BadParameter) as caught:
        Seconds(0.1, 60)(typed)
    assert caught.value.message.endswith(problem)


def test_seconds_without_an_end() -> None:
    """Only a least."""
    with pytest.raises(click.BadParameter, match="expected seconds from 1, got '0'"):
        Seconds(1)("0")
    assert Seconds(1)("1e6") == 1e6


def test_a_name_is_one_text() -> None:
    """However the terminal sends an umlaut."""
    assert Name()("Ku\u0308hler") == "K\u00fchler"
