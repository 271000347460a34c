"""What a board is asked for, until it does what the sensors want or it is plain that it will not."""

import logging
import threading
from collections import Counter

import pytest

import sig
from drivers.request import Request
from drivers.source import Channel, Device
from drivers.stream.answers import NotYet
from drivers.stream.settling import BUSY_S, TRIES, Settling


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The warnings so far; they are forgotten."""
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    caplog.clear()
    return warnings


class Bench:
    """A settling, and a board with these intervals, in seconds. `wanted` is what sensors want, in ms."""

    def __init__(self, wanted: dict[str, int | None], **board: float) -> None:
        self.wanted = wanted
        self.board = board or {"temp": 1.0, "hum": 1.0, "lux": 0.0}
        self.settling = Settling("board", lambda: self.wanted)
        self.now = 100.0

    def hello(self, *, fresh: bool = False) -> None:
        """The board says what it does."""
        channels = {
            name: Channel(name, "light", "lx", 1.0, 0.0, 65535.0, interval_s)
            for name, interval_s in self.board.items()
        }
        self.settling.hello(Device("m", "24A1", "f", 7, channels), fresh=fresh)

    def next(self) -> str | None:
        """What is asked now."""
        request = self.settling.next(self.now)
        assert request is None or request.own
        return None if request is None else str(request)

    def all_next(self) -> list[str]:
        """What is asked, one after the other, by somebody who gets no answers."""
        asked = []
        while not self.settling.idle:
            asked.append(self.next())
            assert len(asked) < 1000
        return [request for request in asked if request is not None]

    def answer(self, result: object = None, error: Exception | None = None) -> tuple[str, int] | None:
        """The board answers the next request; the channel and the interval that are news."""
        request = self.settling.next(self.now)
        assert request is not None
        request.settle(result, error)
        return self.settling.answered(request, self.now)


def test_at_first_what_sensors_take_is_read_once() -> None:
    """Not the channels that nobody takes, nor those that the board does not have."""
    bench = Bench({"temp": None, "lux": None, "uv": None})
    assert bench.next() is None
    bench.hello(fresh=True)
    assert not bench.answer("a measurement")
    assert not bench.answer("a measurement")
    assert bench.settling.idle
    assert bench.next() is None


def test_a_hello_that_is_said_again_has_nothing_read() -> None:
    """The values are there already."""
    bench = Bench({"temp": None})
    bench.hello()
    assert bench.settling.idle


def test_values_come_before_intervals() -> None:
    """Somebody waits for the value."""
    bench = Bench({"temp": 200, "hum": 500})
    bench.hello(fresh=True)
    assert bench.all_next()[: 2 * TRIES] == ["read temp", "read hum"] * TRIES
    bench.hello(fresh=True)
    assert [bench.next() for _ in range(3)] == ["read temp", "read hum", "read temp"]
    for channel in ("temp", "hum"):
        bench.settling.measured(channel)
    assert [bench.next() for _ in range(3)] == ["interval temp 200", "interval hum 500", "interval temp 200"]


def test_what_was_tried_least_comes_first() -> None:
    """One that is never answered does not keep the others waiting."""
    bench = Bench({"temp": None, "hum": None})
    bench.hello(fresh=True)
    assert [bench.next() for _ in range(4)] == ["read temp", "read hum", "read temp", "read hum"]
    bench.settling.refresh("lux")
    bench.settling.refresh("hum")
    assert [bench.next() for _ in range(6)] == [
        *("read hum", "read lux", "read hum", "read lux", "read temp", "read hum")
    ]


def test_a_value_that_comes_by_itself_is_as_good_as_a_read() -> None:
    """Of a channel that is to be read, and of one that is not."""
    bench = Bench({"temp": None, "hum": None})
    bench.hello(fresh=True)
    bench.settling.measured("lux")
    bench.settling.measured("temp")
    assert bench.next() == "read hum"
    bench.settling.measured("hum")
    assert bench.settling.idle


def test_a_read_is_tried_so_often_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    """The sensor says that it has no value; here is nothing to warn of."""
    bench = Bench({"temp": None})
    bench.hello(fresh=True)
    assert bench.all_next() == ["read temp"] * TRIES
    bench.hello()
    assert bench.settling.idle
    assert said(caplog) == []


def test_a_read_that_is_refused_is_answered() -> None:
    """Asking again would be answered the same."""
    bench = Bench({"temp": None})
    bench.hello(fresh=True)
    assert not bench.answer(error=sig.RequestError("the sensor failed"))
    assert bench.settling.idle


def test_other_requests_of_the_link_s_own_settle_nothing() -> None:
    """A hello, a ping."""
    bench = Bench({"temp": 200})
    bench.hello(fresh=True)
    ping = Request("ping", own=True)
    ping.settle(None, None)
    assert not bench.settling.answered(ping, bench.now)
    assert bench.all_next() == ["read temp"] * TRIES + ["interval temp 200"] * TRIES


def test_an_interval_is_asked_for_until_the_board_tells_it(caplog: pytest.LogCaptureFixture) -> None:
    """Each time a hello may tell that it has not come about: a lost request, a lost answer."""
    bench = Bench({"temp": 200, "hum": 1000})
    bench.hello()
    assert [bench.next(), bench.next()] == ["interval temp 200"] * 2
    bench.hello()
    assert bench.answer(200), "a hello is to tell what is in force"
    assert bench.settling.idle
    bench.board["temp"] = 0.2
    bench.hello()
    assert bench.settling.idle
    assert said(caplog) == []


def test_an_answer_that_is_lost_is_made_up_for_by_a_hello() -> None:
    """It tells the interval, so that nothing is left to be asked."""
    bench = Bench({"temp": 200})
    bench.hello()
    bench.next()
    bench.board["temp"] = 0.2
    bench.hello()
    assert bench.settling.idle


def test_no_hello_is_wanted_for_what_is_told_already() -> None:
    """A repetition, answered after the hello."""
    bench = Bench({"temp": 200})
    bench.hello()
    request = bench.settling.next(bench.now)
    assert request is not None
    bench.board["temp"] = 0.2
    bench.hello()
    request.settle(200, None)
    assert not bench.settling.answered(request, bench.now)


def test_intervals_are_compared_in_whole_milliseconds() -> None:
    """1.001 s are a little less than 1001 ms in floating point."""
    bench = Bench({"temp": 1001}, temp=1.001)
    bench.hello()
    assert bench.settling.idle


def test_a_sensor_that_wants_nothing_leaves_the_board_s_own() -> None:
    """Also 0, which only answers; but 0 may be wanted."""
    bench = Bench({"temp": None, "lux": None, "hum": 0})
    bench.hello()
    assert bench.next() == "interval hum 0"


def test_a_board_that_never_answers_gets_so_many_requests(caplog: pytest.LogCaptureFixture) -> None:
    """However many hellos it says meanwhile; then one warning, and peace until it starts anew."""
    bench = Bench({"temp": 200})
    bench.hello(fresh=True)
    bench.settling.measured("temp")
    for _ in range(TRIES):
        assert bench.next() == "interval temp 200"
        bench.hello()
        assert said(caplog) == []
    for _ in range(3):
        assert bench.next() is None
        assert bench.settling.idle
        bench.hello()
    assert said(caplog) == [
        f"board: temp reports every 1000 ms: asked for 200 ms {TRIES} times, and it does not tell so"
    ]
    bench.hello(fresh=True)
    bench.settling.measured("temp")
    assert bench.all_next() == ["interval temp 200"] * TRIES
    assert len(said(caplog)) == 1


def test_a_board_that_rounds_is_taken_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    """With one warning, not one at each hello."""
    bench = Bench({"temp": 200})
    bench.hello()
    assert bench.answer(250)
    assert said(caplog) == ["board: temp reports every 250 ms: asked for 200 ms, it chose 250 ms"]
    bench.board["temp"] = 0.25
    for _ in range(3):
        bench.hello()
        assert bench.settling.idle
    assert said(caplog) == []


def test_a_board_that_refuses_is_not_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    """With its words, and the interval that holds; of the other channel nothing is said."""
    bench = Bench({"temp": 200, "hum": 500})
    bench.hello()
    assert not bench.answer(error=sig.BadParams("at least 500"))
    assert said(caplog) == ["board: temp reports every 1000 ms: asked for 200 ms, it answered: at least 500"]
    bench.hello()
    assert bench.answer(500)
    assert bench.settling.idle
    assert said(caplog) == []


def test_a_board_that_is_busy_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    """`busy` is "ask again later"; but not for ever."""
    bench = Bench({"temp": 200})
    bench.hello()
    for _ in range(TRIES):
        assert said(caplog) == []
        assert not bench.answer(error=sig.Busy("measuring"))
    assert bench.next() is None
    assert len(said(caplog)) == 1
    bench.hello(fresh=True)
    bench.settling.measured("temp")
    bench.answer(error=sig.Busy("measuring"))
    assert bench.answer(200)
    assert bench.settling.idle


def test_a_board_that_says_yes_and_does_not_is_not_asked_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    """Its hello goes on telling another interval: there would be no end of it, and no room for others."""
    bench = Bench({"temp": 200})
    bench.hello()
    for _ in range(TRIES):
        assert said(caplog) == []
        assert bench.answer(200)
        bench.hello()
    assert bench.next() is None
    bench.hello()
    assert bench.settling.idle
    assert said(caplog) == [
        f"board: temp reports every 1000 ms: asked for 200 ms {TRIES} times, and it does not tell so"
    ]


@pytest.mark.parametrize("answers", [True, False])
def test_a_board_that_starts_anew_has_all_its_tries(answers: bool, caplog: pytest.LogCaptureFixture) -> None:
    """Those of the boot before do not count, answered or not."""
    bench = Bench({"temp": 200})
    bench.hello()
    for _ in range(TRIES - 1):
        if answers:
            bench.answer(200)
            bench.hello()
        else:
            bench.next()
    bench.hello(fresh=True)
    bench.settling.measured("temp")
    assert bench.all_next() == ["interval temp 200"] * TRIES
    assert len(said(caplog)) == 1


def test_a_board_that_forgets_now_and_then_is_asked_anew(caplog: pytest.LogCaptureFixture) -> None:
    """One that starts anew under the same boot number; what it kept in between counts."""
    bench = Bench({"temp": 200})
    for _ in range(3 * TRIES):
        bench.board["temp"] = 1.0
        bench.hello()
        assert bench.answer(200)
        bench.board["temp"] = 0.2
        bench.hello()
        assert bench.settling.idle
    assert said(caplog) == []


def test_a_sensor_that_goes_is_not_asked_for() -> None:
    """What it wanted is nobody's any more."""
    bench = Bench({"temp": 200})
    bench.hello()
    bench.wanted = {}
    assert bench.all_next() == []


def test_a_sensor_that_wants_what_the_board_tells_has_nothing_asked() -> None:
    """Also when another wanted something else before it."""
    for later in (1000, None):
        bench = Bench({"temp": 200})
        bench.hello()
        bench.wanted = {"temp": later}
        bench.hello()
        assert bench.settling.idle


def test_the_newest_wish_is_what_is_asked() -> None:
    """Not the one at the time of the hello."""
    bench = Bench({"temp": 200})
    bench.hello()
    bench.wanted = {"temp": 300}
    assert bench.next() == "interval temp 300"


def test_another_wish_than_the_one_given_up_is_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    """A sensor was added: at once, with all its tries; the old wish is not, whatever comes and goes."""
    bench = Bench({"temp": 200})
    bench.hello()
    bench.answer(error=sig.BadParams("no"))
    assert len(said(caplog)) == 1
    bench.hello()
    assert bench.settling.idle
    bench.wanted = {"temp": 500}
    bench.settling.refresh("hum")
    assert bench.all_next() == ["read hum"] * TRIES + ["interval temp 500"] * TRIES
    assert len(said(caplog)) == 1
    bench.wanted = {"temp": 300}
    bench.hello()
    assert bench.answer(300) == ("temp", 300)
    assert said(caplog) == []


def test_another_wish_ends_too(caplog: pytest.LogCaptureFixture) -> None:
    """A board that refused the first and says yes to the second without doing it is not asked for ever."""
    bench = Bench({"temp": 200})
    bench.hello()
    bench.answer(error=sig.BadParams("no"))
    bench.wanted = {"temp": 500}
    bench.hello()
    for _ in range(TRIES):
        assert bench.answer(500)
        bench.hello()
    assert bench.next() is None
    bench.hello()
    assert bench.settling.idle
    assert len(said(caplog)) == 2


@pytest.mark.parametrize("answer", [250, None])
def test_a_wish_that_changes_while_another_is_asked_for(answer: int | None) -> None:
    """It is asked for as soon as that one is settled, whether it was done or refused."""
    bench = Bench({"temp": 250})
    bench.hello()
    request = bench.settling.next(bench.now)
    assert str(request) == "interval temp 250"
    bench.wanted = {"temp": 500}
    bench.settling.refresh("temp")
    bench.settling.measured("temp")
    assert request is not None
    request.settle(answer, None if answer else sig.BadParams("no"))
    bench.settling.answered(request, bench.now)
    assert bench.next() == "interval temp 500"


def test_a_refresh_reads_and_compares() -> None:
    """A sensor has come while the board was there; one channel that it does not have is left out."""
    bench = Bench({})
    bench.settling.refresh("temp")
    assert bench.settling.idle, "nobody has said hello yet"
    bench.hello(fresh=True)
    bench.wanted = {"temp": 200}
    bench.settling.refresh("uv")
    assert bench.settling.idle
    bench.settling.refresh("temp")
    assert bench.all_next() == ["read temp"] * TRIES + ["interval temp 200"] * TRIES
    bench.settling.refresh("temp")
    assert bench.all_next() == ["read temp"] * TRIES


@pytest.mark.parametrize("error", [None, sig.RequestTimeout("no")])
def test_a_refresh_during_a_read(error: Exception | None) -> None:
    """It may have come too late for that answer, so it is done once more; one without it is not."""
    bench = Bench({"temp": None}, temp=1.0)
    bench.hello(fresh=True)
    request = bench.settling.next(bench.now)
    assert request is not None
    bench.settling.refresh("temp")
    request.settle(None, error)
    bench.settling.answered(request, bench.now)
    assert bench.next() == "read temp"
    bench.settling.measured("temp")
    assert bench.settling.idle
    bench.settling.refresh("temp")
    bench.answer()
    assert bench.settling.idle


def test_sixty_starts_leave_no_more_to_ask_than_one() -> None:
    """What waits is a set of things to be done, not a log of requests."""
    bench = Bench({"temp": 200, "hum": 500, "lux": None})
    for _ in range(60):
        bench.hello(fresh=True)
        bench.settling.refresh("temp")
    asked: list[str] = []
    while not bench.settling.idle:
        request = bench.settling.next(bench.now)
        assert request is not None
        asked.append(str(request))
        request.settle(int(request.args[1]) if request.verb == "interval" else "a value", None)
        bench.settling.answered(request, bench.now)
    assert Counter(asked) == Counter(
        ["read temp", "read hum", "read lux", "interval temp 200", "interval hum 500"]
    )


def test_any_thread_may_refresh() -> None:
    """While whoever reads goes on asking; nothing that was asked for afterwards is lost."""
    bench = Bench({"temp": None, "hum": None, "lux": None})
    bench.hello(fresh=True)
    ready = threading.Barrier(4)

    def refresh(channel: str) -> None:
        ready.wait()
        for _ in range(500):
            bench.settling.refresh(channel)

    threads = [threading.Thread(target=refresh, args=(name,)) for name in bench.board]
    for thread in threads:
        thread.start()
    ready.wait()
    while any(thread.is_alive() for thread in threads):
        bench.settling.measured("hum")
        bench.next()
    for thread in threads:
        thread.join()
    for name in bench.board:
        bench.settling.refresh(name)
    assert Counter(bench.all_next()) == Counter({f"read {name}": TRIES for name in bench.board})


def keeping(boot: int = 7) -> Device:
    """A board that keeps readings."""
    return Device("m", "24A1", "f", boot, {}, kept=115)


def test_what_a_board_keeps_is_asked_for_once() -> None:
    """After each start, until it is answered; one that keeps nothing is not asked."""
    settling = Settling("board", dict)
    settling.hello(keeping(), fresh=True)
    requests = [settling.next(0.0) for _ in range(3)]
    assert [(r.verb, r.args, r.own) for r in requests if r] == [("again", (), True)] * 3
    idle = [settling.idle]
    request = Request("again", own=True)
    request.settle(None, None)
    settling.answered(request, 0.0)
    assert settling.next(0.0) is None
    idle.append(settling.idle)
    settling.hello(keeping(), fresh=False)
    idle.append(settling.idle)
    settling.hello(keeping(8), fresh=True)
    idle.append(settling.idle)
    settling.hello(Device("m", "24A1", "f", 9, {}), fresh=True)
    idle.append(settling.idle)
    assert idle == [False, True, True, False, True]


def test_a_board_that_refuses_again_is_not_asked_on(caplog: pytest.LogCaptureFixture) -> None:
    """But for one that is busy; and one that never answers is left alone, some time."""
    settling = Settling("board", dict)
    settling.hello(keeping(), fresh=True)
    for error, idle in ((sig.Busy("later"), False), (sig.RequestError("unknown_verb"), True)):
        request = settling.next(0.0)
        assert request is not None
        request.settle(None, error)
        settling.answered(request, 0.0)
        assert settling.idle is idle
    assert "unknown_verb" in caplog.text
    settling.hello(keeping(8), fresh=True)
    assert sum(settling.next(0.0) is not None for _ in range(40)) == 30
    assert settling.idle


def test_a_sensor_that_needs_its_time_is_read_later() -> None:
    """`busy` is no value and no refusal: the first one would come only with the next interval."""
    bench = Bench({"temp": None})
    bench.hello(fresh=True)
    assert not bench.answer(error=sig.Busy("the sensor needs its time"))
    assert bench.next() is None
    assert not bench.settling.idle
    bench.now += BUSY_S
    assert bench.next() == "read temp"
    assert not bench.answer("a measurement")
    assert bench.settling.idle


def test_a_sensor_that_says_how_much_time_it_needs_is_read_then() -> None:
    """No sooner and no later."""
    bench = Bench({"temp": None})
    bench.hello(fresh=True)
    assert not bench.answer(error=NotYet("the sensor needs its time", 0.75))
    bench.now += 0.74
    assert bench.next() is None
    bench.now += 0.02
    assert bench.next() == "read temp"
