"""Numbers as spans, compared with a set."""

from hypothesis import given
from hypothesis import strategies as st

from drivers.stream.sensorline.spans import Spans

NUMBER = st.integers(1, 30)
STEPS = st.lists(st.tuples(st.sampled_from(["add", "remove", "forget_to"]), NUMBER, st.integers(0, 5)))


@given(STEPS)
def test_it_is_a_set(steps: list[tuple[str, int, int]]) -> None:
    """Whatever is added and removed, in any order; no two spans touch."""
    spans, numbers = Spans(), set[int]()
    for step, number, more in steps:
        if step == "add":
            spans.add(number, number + more)
            numbers |= set(range(number, number + more + 1))
        elif step == "remove":
            spans.remove(number)
            numbers.discard(number)
        else:
            spans.forget_to(number)
            numbers = {each for each in numbers if each > number}
    assert {number for number in range(40) if number in spans} == numbers
    assert len(spans) == sum(number - 1 not in numbers for number in numbers)
    missing = [number for first, last in spans.gaps(1, 36) for number in range(first, last + 1)]
    assert missing == [number for number in range(1, 37) if number not in numbers]
    for number in range(37):
        end = number
        while end + 1 in numbers:
            end += 1
        assert spans.reach(number) == end
        assert spans.count(number, 20) == len([each for each in numbers if number <= each <= 20])
    assert spans.last == max(numbers, default=0)


def test_a_span_that_fills_a_gap_joins_three() -> None:
    """And the gaps between are as asked for."""
    spans = Spans()
    spans.add(1, 3)
    spans.add(7, 9)
    assert list(spans.gaps(2, 12)) == [(4, 6), (10, 12)]
    assert list(spans.gaps(5, 5)) == [(5, 5)]
    assert list(spans.gaps(8, 7)) == []
    spans.add(4, 6)
    assert (len(spans), spans.reach(0)) == (1, 9)
