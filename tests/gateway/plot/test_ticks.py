"""Round numbers and round times."""

import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.plot.ticks import Axis, Tick, axis, times

BERLIN = ZoneInfo("Europe/Berlin")
floats = st.floats(-1e12, 1e12, allow_nan=False)


def ms(text: str) -> int:
    """Of an RFC 3339 time."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def labels(since: str, until: str, across: int, zone: ZoneInfo | None = BERLIN) -> list[str]:
    """Of a time axis."""
    return [tick.label for tick in times(ms(since), ms(until), across, zone)]


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (15.9, 28.04, 6, ["15", "20", "25"]),
        (17.2, 19.4, 6, ["17.5", "18.0", "18.5", "19.0"]),
        (0, 100, 6, ["0", "20", "40", "60", "80", "100"]),
        (-3, 3, 5, ["-2", "0", "2"]),
        (23.5, 23.5, 5, ["23.0", "23.5", "24.0"]),
        (0, 0, 5, ["-0.02", "-0.01", "0.00", "0.01", "0.02"]),
        (980, 1040, 4, ["980", "1,000", "1,020", "1,040"]),
        (4, 16, 3, ["0", "10", "20"]),
        (0, 1e-9, 4, ["0", "5e-10", "1e-09"]),
        (0, 4e8, 5, ["0", "1e+08", "2e+08", "3e+08", "4e+08"]),
    ],
)
def test_numbers(low: float, high: float, most: int, expected: list[str]) -> None:
    """1, 2 and 5 times a power of ten, with the decimals that they need."""
    assert [tick.label for tick in axis(low, high, most).ticks] == expected


def test_an_axis_is_little_longer_than_its_values() -> None:
    """A fifth of a step at most."""
    assert axis(15.9, 28.04, 6) == Axis(15, 29, [Tick(15, "15"), Tick(20, "20"), Tick(25, "25")])
    low, high, _ = axis(17.22, 19.44, 6)
    assert (round(low, 6), round(high, 6)) == (17.2, 19.5)


@given(floats, floats, st.integers(2, 20))
def test_any_numbers(one: float, other: float, most: int) -> None:
    """The values are on the axis, and so are two ticks at least, and no more than there may be."""
    low, high = sorted((one, other))
    found = axis(low, high, most)
    near = (found.high - found.low) * 1e-6
    assert found.low - near <= low <= high <= found.high + near
    places = [tick.at for tick in found.ticks]
    assert 2 <= len(places) <= max(most, 3)
    assert found.low - near <= places[0] < places[-1] <= found.high + near
    assert places == sorted(set(places))
    assert math.isfinite(found.high - found.low)


@pytest.mark.parametrize(
    ("since", "until", "across", "expected"),
    [
        (
            "2026-11-27T06:30:00Z",
            "2026-11-28T06:30:00Z",
            73,
            ["09:00", "12:00", "15:00", "18:00", "21:00", "28 Nov", "03:00", "06:00"],
        ),
        ("2026-11-27T06:30:00Z", "2026-11-28T06:30:00Z", 31, ["12:00", "28 Nov"]),
        ("2026-11-27T06:30:05Z", "2026-11-27T06:30:35Z", 73, ["07:30:05", "07:30:10"]),
        ("2026-11-27T06:30:00Z", "2026-11-27T07:30:00Z", 35, ["07:30", "08:00", "08:30"]),
        ("2026-11-21T06:30:00Z", "2026-11-28T06:30:00Z", 73, [f"{day} Nov" for day in range(22, 29)]),
        ("2026-11-01T06:30:00Z", "2026-11-28T06:30:00Z", 40, ["2 Nov", "9 Nov", "16 Nov", "23 Nov"]),
        ("2025-11-28T06:30:00Z", "2026-11-28T06:30:00Z", 50, ["2026", "Mar", "May", "Jul", "Sep", "Nov"]),
        (
            "2020-11-28T06:30:00Z",
            "2026-11-28T06:30:00Z",
            50,
            ["2021", "2022", "2023", "2024", "2025", "2026"],
        ),
        ("1980-11-28T06:30:00Z", "2026-11-28T06:30:00Z", 50, ["1990", "2000", "2010", "2020"]),
    ],
)
def test_times(since: str, until: str, across: int, expected: list[str]) -> None:
    """Of the local clock; midnights are dates, Januaries years."""
    found = labels(since, until, across)
    assert found[: len(expected)] == expected
    assert len(found) <= across / 7


def test_a_clock_that_is_put_on_or_back() -> None:
    """An hour that there is not has no tick, and one that there is twice has one; the rest are where they
    belong."""
    spring = times(ms("2026-03-29T00:00:00+01:00"), ms("2026-03-29T06:00:00+02:00"), 70, BERLIN)
    assert [tick.label for tick in spring] == ["29 Mar", "01:00", "03:00", "04:00", "05:00", "06:00"]
    assert spring[2].at - spring[1].at == 3_600_000
    autumn = times(ms("2026-10-25T00:00:00+02:00"), ms("2026-10-25T05:00:00+01:00"), 70, BERLIN)
    assert [tick.label for tick in autumn] == ["25 Oct", "01:00", "02:00", "03:00", "04:00", "05:00"]
    assert autumn[3].at - autumn[2].at == 7_200_000


@pytest.fixture
def kolkata(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine's zone, for a while."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("kolkata")
def test_the_zone_of_this_machine() -> None:
    """Is taken where none is given: half an hour beside the others'."""
    found = times(ms("2026-11-27T06:30:00Z"), ms("2026-11-27T12:30:00Z"), 60, None)
    assert found[0] == Tick(ms("2026-11-27T06:30:00Z"), "12:00")


@given(st.integers(0, 4_000_000_000_000), st.integers(1, 400_000_000_000), st.integers(1, 300))
def test_any_times(since: int, length: int, across: int) -> None:
    """Ticks ascend, lie in the span, and there are no more than fit."""
    found = times(since, since + length, across, BERLIN)
    places = [tick.at for tick in found]
    assert places == sorted(set(places))
    assert all(since <= place <= since + length for place in places)
    assert len(found) <= across / 7 + 1
    for tick in found:
        assert datetime.fromtimestamp(tick.at / 1000, UTC).microsecond == 0


@pytest.mark.parametrize(("low", "high"), [(0.0, 5e-324), (-5e-324, 5e-324), (1e-300, 2e-300)])
def test_values_with_no_step_between_them_are_one(low: float, high: float) -> None:
    """There is no power of ten that small: the axis is around them."""
    assert axis(low, high, 4) == axis(0.0, 0.0, 4)
