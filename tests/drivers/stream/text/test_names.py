"""The names that came."""

from drivers.stream.text.names import MAX_NAMES, Names


def test_names_are_counted() -> None:
    """And seen in the order in which they came first."""
    names = Names()
    assert [names.count(name) for name in ("b", "a", "b", "b")] == [1, 1, 2, 3]
    assert names.seen == ("b", "a")
    assert "a" in names
    assert "c" not in names


def test_the_rarest_makes_room() -> None:
    """Names made by damage come once; those of the sketch stay."""
    names = Names()
    for _ in range(2):
        names.count("temp")
    for number in range(10 * MAX_NAMES):
        names.count(f"temp{number}")
        assert len(names.seen) <= MAX_NAMES
    assert names.count("temp") == 3
    assert names.seen[0] == "temp"
    assert f"temp{10 * MAX_NAMES - 1}" in names
