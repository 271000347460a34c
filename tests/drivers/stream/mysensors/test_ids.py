"""Numbers for nodes that have none."""

from drivers.stream.mysensors.ids import next_id


def test_one_above_the_highest() -> None:
    """A number that was free once may be a node's that is not here at the moment."""
    assert next_id(()) == 1
    assert next_id({1}) == 2
    assert next_id({3, 12}) == 13
    assert next_id({253}) == 254


def test_the_lowest_that_is_free_when_254_is_taken() -> None:
    """And none when all are."""
    assert next_id({254}) == 1
    assert next_id({1, 2, 254}) == 3
    assert next_id(range(1, 254)) == 254
    assert next_id(range(1, 255)) is None
