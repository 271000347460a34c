"""A row's checksum: one form of each value, and any change of it is seen."""

import math
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.storage.checksum import row_crc, teach

VALUES = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(1 << 53), 1 << 53),
)


@given(st.lists(VALUES, max_size=6))
def test_what_sqlite_gives_back_has_the_same(values: list[str | float]) -> None:
    """In columns of the types that ours have; also by the function in SQL."""
    with closing(sqlite3.connect(":memory:")) as db:
        teach(db)
        kinds = ["TEXT" if isinstance(one, str) else "REAL" for one in values]
        names = [f"c{number}" for number in range(len(values))]
        columns = ", ".join(map(" ".join, zip(names, kinds, strict=True)))
        db.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {columns})" if values else "CREATE TABLE t (id)")
        marks = ", ".join("?" * (len(values) + 1))
        db.execute(f"INSERT INTO t VALUES ({marks})", (1, *values))  # noqa: S608 - our own text
        assert row_crc(*db.execute("SELECT * FROM t").fetchone()[1:]) == row_crc(*values)
        query = f"SELECT row_crc({', '.join(names)}) FROM t"  # noqa: S608 - our own names
        assert db.execute(query).fetchone()[0] == row_crc(*values)


@given(st.lists(VALUES, min_size=1, max_size=6), st.integers(0, 5), VALUES)
def test_another_value_has_another(values: list[str | float], where: int, value: str | float) -> None:
    """One that says something else; a number is one number however it is kept."""
    other = list(values)
    where %= len(values)
    other[where] = value
    same = type(value) is type(values[where]) and value == values[where]
    if not same and (isinstance(value, str) or isinstance(values[where], str) or value != values[where]):
        assert row_crc(*other) != row_crc(*values)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("",), ()),
        (("1.0",), (1,)),
        (("1:t",), ("1", "t")),
        ((None,), ("None",)),
        ((b"x",), ("x",)),
    ],
)
def test_values_do_not_run_into_each_other(one: tuple[object, ...], other: tuple[object, ...]) -> None:
    """Nor is a text a number, nor what no column of ours holds a text."""
    assert row_crc(*one) != row_crc(*other)


def test_a_zero_has_no_sign() -> None:
    """SQLite keeps none."""
    assert row_crc(-0.0) == row_crc(0) == row_crc(0.0)
    assert math.copysign(1, -0.0) < 0
