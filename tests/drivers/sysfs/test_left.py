"""Reads that were left behind."""

from drivers.sysfs.left import Left, LeftReads, bus_hangs, read_hangs


def test_by_bus() -> None:
    """In the order of their leaving, until they return."""
    left = LeftReads()
    first, second = Left("/a", 100.0), Left("/b", 105.0)
    left.add("bus", 1, first)
    left.add("bus", 2, second)
    left.add("other", 3, first)
    assert left.of("bus") == [first, second]
    left.returned("bus", 1)
    left.returned("bus", 1)
    left.returned("none", 1)
    assert left.of("bus") == [second]
    left.returned("bus", 2)
    assert left.of("bus") == []
    assert left.of("other") == [first]


def test_what_is_said() -> None:
    """One read that hangs is a chip's, two are the bus's; each is named once."""
    first, second = Left("/a", 100.0), Left("/b", 105.0)
    assert read_hangs(first, 107.4).startswith("a read of /a has not returned for 7 s, and is left to itself")
    assert bus_hangs("i2c-1", [], 110.0) is None
    assert bus_hangs("i2c-1", [first], 110.0) is None
    both = bus_hangs("i2c-1", [first, second], 110.0)
    assert both is not None
    assert both.startswith("the bus i2c-1 hangs: reads of /a and /b have not returned, the first for 10 s; ")
    twice = bus_hangs("i2c-1", [first, first], 110.0)
    assert twice is not None
    assert "reads of /a have not returned" in twice
