"""Fields, and names that are each there once."""

import pytest

from drivers.stream.text.fields import MAX_FIELDS, Field, UnfitError, numbered


def test_a_name_that_comes_again_gets_a_number() -> None:
    """In the order of the line; the first keeps its name."""
    fields = [Field("t", 1.0), Field("h", 2.0), Field("t", 3.0), Field("t", None, "why", sure=False)]
    assert numbered(fields) == [
        Field("t", 1.0),
        Field("h", 2.0),
        Field("t.2", 3.0),
        Field("t.3", None, "why", sure=False),
    ]


def test_there_is_a_bound() -> None:
    """On what a line can say."""
    assert len(numbered(Field("t", 1.0) for _ in range(MAX_FIELDS))) == MAX_FIELDS
    with pytest.raises(UnfitError, match=f"expected at most {MAX_FIELDS} values in a line, got 257"):
        numbered(Field("t", 1.0) for _ in range(MAX_FIELDS + 1))
