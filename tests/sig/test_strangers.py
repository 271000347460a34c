"""Who has to go where too many strangers are at the door, and whose turn it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sig.carrier.strangers import Strangers


def test_the_oldest_of_an_address_that_has_too_many_goes() -> None:
    """Others are left alone, however old."""
    strangers: Strangers[str] = Strangers(10, 2)
    assert [strangers.add(one, one[0]) for one in ("a1", "b1", "b2", "b3", "b4")] == [
        None, None, None, "b1", "b2",
    ]  # fmt: skip
    assert len(strangers) == 3
    assert "a1" in strangers
    assert "b1" not in strangers


def test_of_too_many_in_all_the_fullest_address_gives_one() -> None:
    """And of several that are as full, the one that has had any for longest."""
    strangers: Strangers[str] = Strangers(4, 3)
    for one in ("a1", "b1", "b2", "c1"):
        assert strangers.add(one, one[0]) is None
    assert strangers.add("d1", "d") == "b1"
    assert strangers.add("e1", "e") == "a1"
    assert strangers.add("f1", "f") == "b2"


def test_who_came_in_or_left_is_none_any_more() -> None:
    """Once; and it counts no longer."""
    strangers: Strangers[str] = Strangers(10, 1)
    strangers.add("a1", "a")
    assert strangers.remove("a1")
    assert not strangers.remove("a1")
    assert strangers.add("a2", "a") is None
    assert strangers.add("a3", "a") == "a2"
    assert not strangers.remove("a2")


def test_whose_turn_it_is() -> None:
    """Who is alone at its address goes in before those of a crowd, which go in in order."""
    strangers: Strangers[str] = Strangers(10, 10)
    for one in ("a1", "a2", "a3", "b1", "c1"):
        strangers.add(one, one[0])
    assert [strangers.take() for _ in range(6)] == ["b1", "c1", "a1", "a2", "a3", None]


def test_who_goes_first_if_one_has_to() -> None:
    """The oldest of the fullest address; None if nobody is there."""
    strangers: Strangers[str] = Strangers(10, 10)
    for one in ("a1", "b1", "b2"):
        strangers.add(one, one[0])
    assert [strangers.pop() for _ in range(4)] == ["b1", "a1", "b2", None]


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=60),
    st.integers(1, 8),
    st.integers(1, 5),
)
def test_it_keeps_to_both_bounds(steps: list[tuple[str, bool]], most: int, most_of_address: int) -> None:
    """Whoever comes and goes; and who comes is never the one that has to go for it."""
    strangers: Strangers[int] = Strangers(most, most_of_address)
    there: dict[int, str] = {}
    for number, (address, leaves) in enumerate(steps):
        if leaves and there:
            one = next(iter(there))
            assert strangers.remove(one)
            del there[one]
            continue
        there[number] = address
        gone = strangers.add(number, address)
        assert gone != number
        if gone is not None:
            sizes = [list(there.values()).count(each) for each in "abcd"]
            assert len(there) > most or list(there.values()).count(address) > most_of_address
            assert list(there.values()).count(there[gone]) in (max(sizes), most_of_address + 1)
            del there[gone]
        assert len(strangers) == len(there) <= most
        assert all(list(there.values()).count(each) <= most_of_address for each in "abcd")
