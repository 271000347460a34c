"""The dispatcher: order, bounds, timers, and what it does about listeners that misbehave."""

import threading

import pytest

from drivers import Dispatcher
from drivers.clock import SYSTEM_CLOCK
from drivers.dispatcher import CAPACITY
from tests.support.fake_clock import FakeClock
from tests.support.jobs import block, call, settle
from tests.support.waiting import happens, until


def test_jobs_run_in_order_on_one_thread(dispatcher: Dispatcher) -> None:
    """Whoever posts them."""
    ran: list[tuple[object, str]] = []
    for number in range(100):
        assert dispatcher.post(lambda n: ran.append((n, threading.current_thread().name)), number)
    settle(dispatcher)
    assert ran == [(number, "dispatcher") for number in range(100)]


def test_each_poster_s_jobs_keep_their_order(dispatcher: Dispatcher) -> None:
    """Eight threads at once."""
    ran: list[tuple[int, int]] = []

    def post(who: int) -> None:
        for number in range(200):
            dispatcher.post_always(ran.append, (who, number))

    threads = [threading.Thread(target=post, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    settle(dispatcher)
    for who in range(8):
        assert [number for poster, number in ran if poster == who] == list(range(200))


def test_a_full_queue_drops_and_counts_and_never_blocks() -> None:
    """What must not be dropped goes in all the same."""
    ran: list[object] = []
    with Dispatcher(capacity=3) as dispatcher:
        go_on = block(dispatcher)
        taken = [dispatcher.post(ran.append, number) for number in range(10)]
        dispatcher.post_always(ran.append, "always")
        assert taken == [True] * 3 + [False] * 7
        assert (dispatcher.dropped, dispatcher.depth) == (7, 4)
        go_on.set()
    assert ran == [0, 1, 2, "always"]


def test_drops_of_several_posters_are_all_counted() -> None:
    """No two of them count as one."""
    dispatcher = Dispatcher(capacity=0)
    threads = [
        threading.Thread(target=lambda: [dispatcher.post(print, None) for _ in range(2000)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert dispatcher.dropped == 8000


def test_a_job_that_raises_is_logged_and_the_next_one_runs(
    dispatcher: Dispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """With its traceback."""
    dispatcher.post(call(lambda: 1 / 0), None)
    settle(dispatcher)
    (record,) = caplog.records
    assert record.exc_info is not None
    assert "ZeroDivisionError" in caplog.text


def test_a_slow_job_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """With how many events wait behind it."""
    clock = FakeClock()
    with Dispatcher(clock=clock) as dispatcher:
        go_on = block(dispatcher)
        dispatcher.post(call(lambda: clock.advance(1.5)), None)
        for _ in range(3):
            dispatcher.post(call(lambda: None), None)
        go_on.set()
        settle(dispatcher)
    (said,) = caplog.messages
    assert said in {f"dispatcher: the listeners of one event took 1.5 s; {n} events wait" for n in (3, 4)}


def test_what_is_slow_or_raises_again_and_again_is_not_logged_each_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A sensor with a defect fails at each reading; the log is on an SD card. Another one's is news."""
    clock = FakeClock()

    class Defect:
        def __init__(self, name: str) -> None:
            self.name = name

        def accept(self, seconds: float) -> None:
            clock.advance(seconds)
            raise ZeroDivisionError

    one, other = Defect("one"), Defect("other")
    with Dispatcher(clock=clock) as dispatcher:
        for _ in range(20):
            dispatcher.post(one.accept, 1.5)
        dispatcher.post(other.accept, 0.0)
        settle(dispatcher)
    assert len(caplog.records) < 10
    assert [record.exc_info is not None for record in caplog.records].count(True) <= 4
    assert caplog.records[-1].exc_info is not None
    assert "one event took" in caplog.text


def test_start_and_stop_may_be_called_again() -> None:
    """And the dispatcher used again in between."""
    dispatcher = Dispatcher(name="anew")
    assert dispatcher.stop()
    ran: list[object] = []
    for number in range(2):
        dispatcher.start()
        dispatcher.start()
        dispatcher.post(ran.append, number)
        settle(dispatcher)
        assert [thread.name for thread in threading.enumerate()].count("anew") == 1
        assert dispatcher.stop()
        assert dispatcher.stop()
        assert "anew" not in [thread.name for thread in threading.enumerate()]
    assert ran == [0, 1]


def test_stop_finishes_what_is_queued() -> None:
    """And what is posted afterwards waits for the next start."""
    ran: list[object] = []
    dispatcher = Dispatcher()
    dispatcher.start()
    go_on = block(dispatcher)
    for number in range(50):
        dispatcher.post(ran.append, number)
    go_on.set()
    dispatcher.stop()
    assert ran == list(range(50))
    dispatcher.post(ran.append, "later")
    assert "later" not in ran
    with dispatcher:
        pass
    assert ran[-1] == "later"


def test_stop_leaves_a_job_that_blocks_behind(caplog: pytest.LogCaptureFixture) -> None:
    """After its time-out, with a line in the log."""
    dispatcher = Dispatcher()
    dispatcher.start()
    go_on = block(dispatcher)
    assert not dispatcher.stop(timeout_s=0.01)
    assert "a listener did not return within 0.01 s; 1 events are left" in caplog.text
    go_on.set()


def test_status_says_how_long_a_job_has_held_the_thread() -> None:
    """An event's and a timer's; nothing holds it in between, however long it waits."""
    clock = FakeClock()
    dispatcher = Dispatcher(capacity=5, clock=clock)
    assert dispatcher.status() == (False, 0.0, 0, 5, 0)
    with dispatcher:
        clock.advance(7.0)
        until(lambda: dispatcher.status() == (True, 0.0, 0, 5, 0))
        go_on = block(dispatcher)
        dispatcher.post(print, "waits")
        clock.advance(3.0)
        assert dispatcher.status() == (True, 3.0, 1, 5, 0)
        go_on.set()
        until(lambda: dispatcher.status() == (True, 0.0, 0, 5, 0))
        begun, go_on = threading.Event(), threading.Event()

        def hold() -> None:
            begun.set()
            happens(go_on)

        dispatcher.post(call(lambda: dispatcher.call_at(clock.monotonic(), hold)), None)
        happens(begun)
        clock.advance(2.0)
        assert dispatcher.status().busy_s == 2.0
        go_on.set()
        until(lambda: dispatcher.status().busy_s == 0.0)
    assert not dispatcher.status().running


def test_a_job_may_stop_the_dispatcher() -> None:
    """It does not wait for itself."""
    dispatcher = Dispatcher()
    dispatcher.start()
    returned = threading.Event()
    outcome: list[str] = []

    def stop() -> None:
        try:
            dispatcher.stop()
            outcome.append("stopped")
        finally:
            returned.set()

    dispatcher.post(call(stop), None)
    happens(returned)
    assert outcome == ["stopped"]


def test_timers_run_when_they_are_due(clock: FakeClock) -> None:
    """In the order of their times, and none before its time."""
    dispatcher = Dispatcher(clock=clock)
    ran: list[str] = []
    dispatcher.run_due()
    now = clock.monotonic()
    for name, delay in (("c", 30.0), ("a", 10.0), ("b", 10.0)):
        dispatcher.call_at(now + delay, lambda name=name: ran.append(name))  # type: ignore[misc]
    dispatcher.run_due()
    assert ran == []
    clock.advance(10.0)
    dispatcher.run_due()
    assert ran == ["a", "b"]
    clock.advance(25.0)
    dispatcher.run_due()
    assert ran == ["a", "b", "c"]


def test_a_timer_that_raises_is_logged(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    """And the next one runs."""
    dispatcher = Dispatcher(clock=clock)
    ran: list[int] = []
    dispatcher.call_at(0.0, lambda: ran.append(1 // 0))
    dispatcher.call_at(1.0, lambda: ran.append(1))
    dispatcher.run_due()
    assert ran == [1]
    assert "ZeroDivisionError" in caplog.text


def test_timers_run_on_the_thread(dispatcher: Dispatcher) -> None:
    """Without any event to wake it."""
    done = threading.Event()
    where: list[str] = []

    def act() -> None:
        where.append(threading.current_thread().name)
        done.set()

    dispatcher.post(call(lambda: dispatcher.call_at(0.0, act)), None)
    happens(done)
    assert where == ["dispatcher"]


def test_a_timer_that_sets_itself_anew_does_not_starve_the_events(clock: FakeClock) -> None:
    """However short its time is: it runs once between two events."""
    ran: list[str] = []
    dispatcher = Dispatcher(clock=clock)

    def again() -> None:
        ran.append("timer")
        if len(ran) < 100:
            dispatcher.call_at(0.0, again)

    dispatcher.call_at(0.0, again)
    for _ in range(3):
        dispatcher.post(call(lambda: ran.append("event")), None)
    with dispatcher:
        pass
    assert ran[:6] == ["event", "timer"] * 3


def test_a_timer_of_centuries_does_no_harm(dispatcher: Dispatcher) -> None:
    """The system's wait takes less than 300 years."""
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "dispatcher"]
    ran: list[object] = []
    dispatcher.post(call(lambda: dispatcher.call_at(1e12, lambda: None)), None)
    for number in range(3):
        dispatcher.post(ran.append, number)
        until(lambda: dispatcher.depth == 0 or not thread.is_alive())
    until(lambda: len(ran) == 3 or not thread.is_alive())
    assert ran == [0, 1, 2]


def test_the_bound_is_what_its_comment_says() -> None:
    """20 s of 500 readings a second."""
    assert CAPACITY == 20 * 500


def test_a_start_after_a_stop_that_left_a_listener_behind() -> None:
    """The new thread runs what is posted; the old one ends with its listener, and runs nothing more."""
    dispatcher = Dispatcher()
    dispatcher.start()
    go_on = block(dispatcher)
    left = next(thread for thread in threading.enumerate() if thread.name == "dispatcher")
    dispatcher.stop(0.01)
    dispatcher.start()
    ran: list[threading.Thread] = []
    for _ in range(3):
        dispatcher.post_always(lambda _: ran.append(threading.current_thread()), None)
    settle(dispatcher)
    go_on.set()
    left.join()
    settle(dispatcher)
    assert len(set(ran)) == 1
    assert ran[0] is not left
    dispatcher.stop()


def test_when_it_was_done_with_a_job_last() -> None:
    """An event's and a timer's; while one holds the thread, that stands still."""
    clock = FakeClock()
    dispatcher = Dispatcher(clock=clock)
    assert dispatcher.turned == clock.monotonic()
    begun, end = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        begun.set()
        happens(end)
        clock.advance(3)

    clock.advance(5)
    with dispatcher:
        dispatcher.post(hold, None)
        happens(begun)
        assert dispatcher.turned == clock.monotonic() - 5
        end.set()
        until(lambda: dispatcher.turned == clock.monotonic())
        done = threading.Event()
        dispatcher.post(lambda _: dispatcher.call_at(clock.monotonic(), done.set), None)
        happens(done)


def test_a_timer_is_a_job() -> None:
    """Where nothing else happens, that is what shows that the thread goes round."""
    with Dispatcher() as dispatcher:
        set_at: list[float] = []

        def set_timer(_: object) -> None:
            set_at.append(SYSTEM_CLOCK.monotonic() + 0.02)
            dispatcher.call_at(set_at[0], lambda: None)

        dispatcher.post(set_timer, None)
        until(lambda: set_at and dispatcher.turned >= set_at[0])
