"""A mapping that is exchanged as a whole."""

from gateway.exchanged import Exchanged


def test_who_goes_through_it_sees_one_state() -> None:
    """What was begun goes on with what was there; who asks anew sees the other."""
    found = Exchanged({"a": 1, "b": 2})
    begun = [iter(found), iter(found.items()), iter(found.values()), iter(found.keys())]
    first = [next(each) for each in begun]
    found.exchange({"c": 3})
    assert first == ["a", ("a", 1), 1, "a"]
    assert [list(each) for each in begun] == [["b"], [("b", 2)], [2], ["b"]]
    assert (dict(found), len(found), found["c"], found.get("a")) == ({"c": 3}, 1, 3, None)
