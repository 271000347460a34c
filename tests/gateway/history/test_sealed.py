"""A day of a sensor as one blob: small, exact, and never read as something else."""

import math
import random
import zlib
from array import array
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.history import sealed
from gateway.history.sealed import SUSPECT, Columns, SealedError, columns, opened, seal

START = 1_700_000_000_000
MINUTE = 60_000
FINITE = st.floats(allow_nan=False, allow_infinity=False)
DECIMAL = st.integers(-(10**9), 10**9).flatmap(
    lambda whole: st.sampled_from([whole / scale for scale in (1, 10, 100, 1000)])
)
GAPS = st.one_of(st.integers(1, 10**9), st.integers(MINUTE - 40, MINUTE + 40))


def unseal(blob: bytes) -> Columns:
    """As arrays, which compare to the last bit."""
    rows = opened(blob)
    return Columns(array("q", rows.times), array("d", rows.values), rows.quality)


def a_day(step: int = 1, digits: int = 1, rows: int = 1440, jitter: int = 40) -> sealed.Columns:
    """A row a minute, with the clock's jitter; the value goes a few steps up or down, or stays."""
    chance, value = random.Random(step * 10 + digits), 500
    times, values = [], []
    for row in range(rows):
        value += chance.choice((0, 0, 0, 1, -1, 2, -2)) * step
        times.append(START + row * MINUTE + chance.randint(-jitter, jitter))
        values.append(value / 10**digits)
    return columns(times, values)


@given(
    st.lists(st.tuples(GAPS, st.one_of(DECIMAL, FINITE), st.integers(0, 1)), min_size=1, max_size=50),
    st.integers(-(2**40), 2**45),
)
def test_what_is_sealed_is_read_back(rows: list[tuple[int, float, int]], start: int) -> None:
    """To the last bit, whatever the times and values are."""
    times, now = [], start
    for gap, _, _ in rows:
        now += gap
        times.append(now)
    day = columns(times, [value for _, value, _ in rows], bytes(quality for *_, quality in rows))
    found = unseal(seal(day))
    assert found == day
    assert [math.copysign(1, value) for value in found.values] == [math.copysign(1, v) for v in day.values]


@pytest.mark.parametrize(("step", "digits"), [(1, 0), (1, 1), (1, 2), (25, 2)])
def test_a_day_is_small(step: int, digits: int) -> None:
    """At most 1.6 bytes a row, 1 s jitter-free ones less than one."""
    day = a_day(step, digits)
    assert len(seal(day)) / len(day) < 1.6
    regular = a_day(step, digits, jitter=0)
    assert len(seal(regular)) / len(regular) < 0.6


def test_a_day_that_hardly_changes_is_smaller_still() -> None:
    """One that stays the same all day has a hundred bytes."""
    times = [START + row * MINUTE for row in range(1440)]
    assert len(seal(columns(times, [21.5] * 1440))) < 100


def test_values_that_are_no_steps() -> None:
    """Are kept as they are, beside others that would be."""
    day = columns([1, 2, 3, 4], [0.1, math.pi, -0.0, 1e300], bytes((0, SUSPECT, 0, 0)))
    assert unseal(seal(day)) == day


def test_the_format() -> None:
    """Version 1, byte by byte: what is on disk must be readable for years."""
    blob = seal(columns([1000, 2000, 3001], [20.0, 20.5, 20.0], bytes((0, 1, 0))))
    head = "010300" + "0000" + "e803000000000000" + "e803000000000000" + "01" + "0500000000000000"
    assert blob[:38].hex() == head + "c800000000000000"
    assert zlib.decompress(blob[38:]).hex() == (
        "000100000000000000"  # each a period after the one before
        "01000001"  # the third 1 ms later than that
        "0101ff"  # a step up, a step down
        "01000100"  # the second is suspect
    )


@pytest.mark.parametrize(
    ("times", "values", "what"),
    [
        ([], [], "1 to 1000000 rows, got 0"),
        ([5, 5], [1.0, 1.0], "ascend"),
        ([5, 4], [1.0, 1.0], "ascend"),
        ([5], [math.nan], "finite"),
        ([5, 6], [1.0, -math.inf], "finite"),
    ],
)
def test_what_cannot_be_sealed(times: list[int], values: list[float], what: str) -> None:
    """Is refused, with what was expected."""
    with pytest.raises(ValueError, match=what):
        seal(columns(times, values))


def test_more_rows_than_a_day_can_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """Are refused when they are written, and not believed when they are read."""
    blob = seal(columns([1, 2, 3], [1.0, 2.0, 3.0]))
    monkeypatch.setattr(sealed, "MOST_ROWS", 2)
    with pytest.raises(ValueError, match="got 3"):
        seal(columns([1, 2, 3], [1.0, 2.0, 3.0]))
    with pytest.raises(SealedError, match="3 rows"):
        unseal(blob)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Are an error, or rows; nothing else is raised."""
    with suppress(SealedError):
        rows = unseal(data)
        assert len(rows.times) == len(rows.values) == len(rows.quality)


@given(st.integers(0, 10**6), st.integers(0, 7))
def test_a_damaged_blob(place: int, bit: int) -> None:
    """Of any bit: zlib's own checksum finds it, but for the head, which is the file's to check; a bit that
    only fills up a byte changes nothing."""
    day = a_day(rows=60)
    blob = bytearray(seal(day))
    at = 38 + place % (len(blob) - 38)
    blob[at] ^= 1 << bit
    with suppress(SealedError):
        assert unseal(bytes(blob)) == day


def test_a_blob_with_more_behind_it() -> None:
    """Is none of ours."""
    with pytest.raises(SealedError):
        unseal(seal(a_day(rows=5)) + b"x")


@pytest.mark.parametrize("body", [b"\x03", b"\x00", b"\x00" + bytes(8) + b"\x05"])
def test_columns_that_are_none(body: bytes) -> None:
    """A width that there is not, a column that ends early."""
    head = seal(columns([1, 2], [1.0, 2.0]))[:38]
    with pytest.raises(SealedError):
        unseal(head + zlib.compress(body))
