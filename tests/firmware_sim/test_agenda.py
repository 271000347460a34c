"""Things to do at their times."""

from functools import partial

from firmware_sim.agenda import MAX_BATCH, MAX_LATE_NS, Agenda


def test_in_the_order_of_time_then_of_writing() -> None:
    """Whatever the order in which they were put down."""
    agenda, done = Agenda(), list[tuple[str, int]]()
    for due, name in [(3, "c"), (1, "a"), (3, "d"), (2, "b")]:
        agenda.at(due, lambda then, name=name: done.append((name, then)))  # type: ignore[misc]
    assert agenda.next_ns() == 1
    agenda.run(2)
    assert done == [("a", 1), ("b", 2)]
    assert agenda.next_ns() == 3
    agenda.run(100)
    assert done[2:] == [("c", 3), ("d", 3)]
    assert agenda.next_ns() is None


def test_what_is_put_down_meanwhile_is_done_if_it_is_due() -> None:
    """And is not if it is not."""
    agenda, done = Agenda(), list[int]()
    agenda.at(1, lambda then: agenda.at(then + 1, done.append))
    agenda.run(1)
    assert done == []
    agenda.run(2)
    assert done == [2]


def test_what_is_far_too_late_is_done_as_of_now() -> None:
    """So what repeats skips the times before; a little late is as good as in time."""
    agenda, done = Agenda(), list[int]()
    agenda.at(10, done.append)
    agenda.run(10 + MAX_LATE_NS)
    agenda.at(10, done.append)
    agenda.run(11 + MAX_LATE_NS)
    assert done == [10, 11]


def test_a_run_is_bounded() -> None:
    """What repeats without a pause does not keep the caller."""
    agenda, done = Agenda(), list[int]()

    def again(then: int) -> None:
        done.append(then)
        agenda.at(then, again)

    agenda.at(0, again)
    agenda.run(0)
    assert len(done) == MAX_BATCH


def test_clear_forgets() -> None:
    """All of it."""
    agenda = Agenda()
    agenda.at(0, partial(print))
    agenda.clear()
    assert agenda.next_ns() is None
