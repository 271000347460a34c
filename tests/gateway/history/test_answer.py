"""`gateway.history.answer`: what is answered can be taken apart again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.history.answer import as_json, series_of
from gateway.history.buckets import Bucket, Gap
from gateway.history.rows import Series

FOUND = Series(
    "°C",
    1_767_225_600_123,
    [
        Bucket(1_767_225_600_123, 1.5, 1.0, 2.0, 1.25, 3, 0),
        Bucket(1_767_225_660_000, 2.5, 2.5, 2.5, 2.5, 1, 0),
    ],
    [Gap(1_767_225_610_000, 1_767_225_620_000, "off"), Gap(1_767_225_700_000, None, "gone")],
)


@pytest.mark.parametrize("found", [FOUND, Series(None, None, [], [])])
def test_taken_apart_again(found: Series) -> None:
    """It is what it was made of."""
    assert series_of(json.loads(as_json("temp", 0, 1000, found))) == found


@pytest.mark.parametrize(
    "change",
    [{"points": [5]}, {"points": [{"time": 5}]}, {"gaps": None}, {"first": "yesterday"}, {"gaps": [{}]}],
)
def test_what_is_no_answer(change: dict[str, Any]) -> None:
    """Says so."""
    answer = json.loads(as_json("temp", 0, 1000, FOUND)) | change
    with pytest.raises(ValueError, match=r"expected a sensor's history|isoformat"):
        series_of(answer)
