"""A bus with slaves that are well and slaves that are not, through a link."""

import itertools
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import sig
from drivers.link import Link, LinkState
from drivers.source import Measurement
from tests.support.background import in_background
from tests.support.modbus_link import Taker, devices, linked, xy
from tests.support.modbus_slaves import FakeBus, FakeSlave, framed
from tests.support.waiting import until

ONE, TWO = "d1/temperature", "d2/temperature"
# Two blocks of one shape at one slave: their answers cannot be told apart.
ALIKE = {"a": {"address": 1}, "b": {"address": 101}}


def counters(link: Link) -> Counter[str]:
    """By cause."""
    return Counter(link.status().counters)


def is_up(link: Link) -> bool:
    """Whether a device of it is there."""
    return link.status().state is LinkState.UP


def read(link: Link, channel: str, timeout_s: float = 10.0) -> Any:
    """A live read: the measurement, or the error."""
    try:
        return link.request("read", channel, timeout_s=timeout_s)
    except sig.RequestError as error:
        return error


# Slaves that are well


def test_values_of_each_slave(bus: FakeBus) -> None:
    """In their units, again and again, all channels of a slave with one question."""
    channels = ONE, "d1/humidity", TWO, "d2/humidity"
    with linked(bus.link, *channels, devices=devices(1, 2)) as (link, takers):
        until(lambda: all(len(taker.measurements) > 3 for taker in takers))
        assert [set(taker.values) for taker in takers] == [{30.5}, {54.6}, {-5.3}, {61.2}]
        assert set(link.status().devices) == {"d1", "d2"}
        assert {(each.function, each.address, each.quantity) for each in bus.asked} == {(4, 1, 2)}
        for taker in takers:
            measured = [each.measured for each in taker.measurements]
            assert measured == sorted(measured)
            assert [each.asked for each in taker.measurements] == [None] * len(measured)
    assert [taker.downs for taker in takers] == [["the link is closed"]] * 4


def test_the_first_values_are_not_lost(bus: FakeBus) -> None:
    """Those of the greeting come when the device is known, and with an hour between nothing else would."""
    with linked(bus.link, ONE, TWO, devices=devices(1, 2), every="1h") as (_, takers):
        until(lambda: all(taker.values for taker in takers))
    assert [taker.values for taker in takers] == [[30.5], [-5.3]]


def test_an_only_device(bus: FakeBus) -> None:
    """Its channels have the registers' names."""
    registers = {"temperature": {"function": 4, "address": 1, "scale": 0.1, "unit": "C"}}
    with linked(bus.link, "temperature", registers=registers, id=2) as (link, (taker,)):
        until(lambda: taker.values)
        assert taker.values[0] == -5.3
        board = link.status().board
        assert board is not None
        assert board.channels["temperature"].unit == "C"


def test_a_live_read(bus: FakeBus) -> None:
    """Asks now, though the next turn is an hour away."""
    with linked(bus.link, ONE, "d1/humidity", devices=devices(1), every="1h") as (link, takers):
        until(lambda: is_up(link) and all(taker.values for taker in takers))
        asked = len(bus.asked)
        bus.slaves[1].registers[1] = 311
        answer = read(link, ONE)
        assert isinstance(answer, Measurement)
        assert (answer.channel, answer.value) == (ONE, 31.1)
        assert answer.asked is not None
        assert answer.asked <= answer.measured
        assert len(bus.asked) == asked + 1
        until(lambda: all(len(taker.values) == 2 for taker in takers))
        assert takers[0].measurements[-1] is answer


def test_what_cannot_be_asked(bus: FakeBus) -> None:
    """Says what can."""
    with linked(bus.link, ONE, devices=devices(1)) as (link, _):
        until(lambda: is_up(link))
        assert str(read(link, "d1/light")) == (
            "bus: no channel 'd1/light'; there are: d1/temperature, d1/humidity"
        )
        with pytest.raises(sig.BadParams, match="bus: expected read, got 'interval'"):
            link.request("interval", ONE, "5")


def test_live_reads_go_ahead_of_polling(bus: FakeBus) -> None:
    """However much there is to poll, at more than the bus can do."""
    bus.slaves |= {number: xy(delay_s=0.02) for number in range(1, 21)}
    with linked(bus.link, ONE, devices=devices(*range(1, 21))) as (link, (taker,)):
        until(lambda: len(link.status().devices) == 20)
        for _ in range(5):
            before = len(bus.asked)
            assert isinstance(read(link, ONE), Measurement)
            assert 1 in [each.slave for each in bus.asked[before : before + 2]]
        assert taker.downs == []


def test_refresh_has_a_channel_read_soon(bus: FakeBus) -> None:
    """Of several blocks the right one."""
    registers = {"a": {"address": 0}, "b": {"address": 100, "type": "u32"}}
    with linked(bus.link, "a", "b", registers=registers, every="1h") as (link, (first, second)):
        until(lambda: first.values and second.values)
        before = len(bus.asked)
        link.refresh("b")
        link.refresh("no such")
        until(lambda: len(second.values) == 2)
        assert [each.address for each in bus.asked[before:]] == [100]


def test_the_norm_s_silence_between_questions(tmp_path: Path) -> None:
    """3.5 characters of 11 bits at the least, on a line that paces its bytes; its load is counted."""
    with (
        FakeBus(tmp_path / "bus", {1: xy(), 2: xy()}, baud=9600) as bus,
        linked(bus.link, ONE, TWO, devices=devices(1, 2)) as (link, takers),
    ):
        until(lambda: all(len(taker.values) > 5 for taker in takers))
        asked = bus.asked[1:]
        assert min(each.silence_s for each in asked) >= 3.5 * 11 / 9600
        busy = counters(link)["bus_busy_ms"] / 1000
        assert busy >= 0.8 * (len(bus.asked) - 1) * 17 * 11 / 9600
        assert counters(link)["bus_open_ms"] / 1000 >= busy


def test_an_own_gap(bus: FakeBus) -> None:
    """In place of the norm's."""
    with linked(bus.link, ONE, TWO, devices=devices(1, 2), gap="30ms") as (_, takers):
        until(lambda: all(len(taker.values) > 5 for taker in takers))
        times = [each.at for each in bus.asked]
        assert min(later - before for before, later in itertools.pairwise(times)) >= 0.03


# Slaves that are not


def test_nobody_answers(bus: FakeBus) -> None:
    """The link says what was tried, and comes up when somebody does."""
    bus.slaves.clear()
    with linked(bus.link, ONE, TWO, devices=devices(1, 2)) as (link, takers):
        until(lambda: link.status().state is LinkState.FAILED)
        reason = link.status().reason
        assert reason == (
            f"no device answers on {bus.link} at 9600 8N1; d1 (id 1) does not answer within 1 s; "
            "d2 (id 2) does not answer within 1 s; "
            "try another id, baud or parity, and A and B swapped; see docs/modbus.md"
        )
        bus.slaves[2] = xy()
        until(lambda: is_up(link))
        assert list(link.status().devices) == ["d2"]
    assert (takers[0].ups, takers[1].ups) == (0, 1)


def test_one_that_is_silent_is_gone_and_comes_back(bus: FakeBus) -> None:
    """The other goes on; a live read of the one that is gone fails at once."""
    with linked(bus.link, ONE, TWO, devices=devices(1, 2)) as (link, (first, second)):
        until(lambda: first.ups and second.ups)
        bus.slaves[2].silent = True
        until(lambda: second.downs)
        assert second.downs == ["d2 (id 2) does not answer within 1 s"]
        assert isinstance(read(link, TWO), sig.NotConnected)
        count = len(first.values)
        until(lambda: len(first.values) > count + 5)
        assert is_up(link)
        bus.slaves[2].silent = False
        until(lambda: second.ups == 2)
        assert first.downs == []
        assert counters(link)["d2/no_answer"] == counters(link)["no_answer"] >= 3


def test_the_only_one_is_gone(bus: FakeBus) -> None:
    """Then the link is down, and asks on."""
    with linked(bus.link, ONE, devices=devices(1)) as (link, (taker,)):
        until(lambda: taker.ups)
        bus.slaves[1].silent = True
        until(lambda: taker.downs)
        assert "d1 (id 1) does not answer within 1 s" in taker.downs[0]
        assert not is_up(link)
        bus.slaves[1].silent = False
        until(lambda: taker.ups == 2)


def test_a_live_read_of_one_that_has_just_gone(bus: FakeBus) -> None:
    """A time-out that says which device, and for how long it was waited."""
    with linked(bus.link, ONE, devices=devices(1), every="1h") as (link, (taker,)):
        until(lambda: taker.ups)
        bus.slaves[1].silent = True
        error = read(link, ONE)
        assert isinstance(error, sig.RequestTimeout)
        assert str(error) == "bus: d1 (id 1) does not answer within 1 s"


def test_a_dead_slave_is_asked_ever_more_rarely(bus: FakeBus) -> None:
    """Its share of the time is small, and the other has all its turns."""
    del bus.slaves[2]
    with linked(bus.link, ONE, devices=devices(1, 2)) as (link, (taker,)):
        until(lambda: len(taker.values) > 100)
        asked = [each.at for each in bus.asked if each.slave == 2]
        lasted = bus.asked[-1].at - bus.asked[0].at
        assert len(asked) * 0.3 <= 0.05 * lasted + 0.6
        assert taker.downs == []
        assert counters(link)["d2/no_answer"] <= len(asked)


def test_a_question_that_is_lost_to_another_s_silence(bus: FakeBus) -> None:
    """As slaves on libmodbus do, which wait for the absent one's answer: it is asked again at once."""
    del bus.slaves[2]
    bus.as_libmodbus = True
    with linked(bus.link, ONE, devices=devices(1, 2), every="1h") as (link, _):
        until(lambda: is_up(link) and counters(link)["d2/no_answer"])
        until(lambda: bus.asked[-1].slave == 2)
        assert isinstance(read(link, ONE), Measurement)
        assert [each.slave for each in bus.asked[-3:]] == [2, 1, 1]
        assert counters(link)["d1/no_answer"] == 0


def test_answers_with_a_wrong_crc(bus: FakeBus) -> None:
    """Are no values; the device goes, and its reason says what to look at."""
    with linked(bus.link, ONE, TWO, devices=devices(1, 2)) as (link, (first, second)):
        until(lambda: first.ups and second.ups)
        bus.slaves[2].spoil = lambda answer: answer[:-1] + bytes((answer[-1] ^ 1,))
        until(lambda: second.downs)
        assert second.downs[0].startswith("d2 (id 2) answers, but damaged; check the wiring")
        assert counters(link)["d2/damaged"] >= 3
        assert set(second.values) == {-5.3}


def test_one_damaged_answer_is_asked_for_again(bus: FakeBus) -> None:
    """A live read has its value all the same; damage is counted until the next good one."""
    spoiled: list[bytes] = []

    def spoil(answer: bytes) -> bytes:
        if spoiled:
            return answer
        spoiled.append(answer)
        return answer[:-1] + bytes((answer[-1] ^ 1,))

    with linked(bus.link, ONE, devices=devices(1), every="1h") as (link, (taker,)):
        until(lambda: taker.ups)
        bus.slaves[1].spoil = spoil
        assert isinstance(read(link, ONE), Measurement)
        assert (len(spoiled), counters(link)["damaged"]) == (1, 1)
        assert link.dropped_since_reading(ONE) == 0
        spoiled.clear()
        bus.slaves[1].spoil = lambda answer: answer[:-1] + bytes((answer[-1] ^ 1,))
        error = read(link, ONE)
        assert isinstance(error, sig.BadReply)
        assert "d1 (id 1) answers, but damaged" in str(error)
        assert link.dropped_since_reading(ONE) == 2
        assert link.dropped_since_reading("no such") == 0


def test_a_slave_that_refuses(bus: FakeBus) -> None:
    """It is there; its channels have failed measurements, a live read gets the reason."""
    with linked(bus.link, ONE, devices=devices(1)) as (link, (taker,)):
        until(lambda: taker.values)
        bus.slaves[1].refuses = 4
        until(lambda: None in taker.values)
        fault = taker.measurements[-1].fault
        assert fault == "the device refuses registers 1 to 2 of function 4: exception 4 (device failure)"
        error = read(link, ONE)
        assert type(error) is sig.RequestError
        assert (
            "d1 (id 1) answers, and refuses registers 1 to 2 of function 4: exception 4 (device failure)"
            in str(error)
        )
        assert taker.downs == []
        assert counters(link)["d1/refused"] >= 2


def test_a_refusal_between_two_silences(bus: FakeBus) -> None:
    """Shows that the slave is there: it is not gone after three that are not in a row."""
    with linked(bus.link, ONE, devices=devices(1), every="1h", timeout="0.1s") as (link, (taker,)):
        until(lambda: taker.ups)
        for _ in range(2):
            bus.slaves[1].silent = True
            assert [type(read(link, ONE)) for _ in range(2)] == [sig.RequestTimeout] * 2
            bus.slaves[1].silent, bus.slaves[1].refuses = False, 6
            assert type(read(link, ONE)) is sig.RequestError
        assert taker.downs == []


def test_a_slave_that_has_only_refused(bus: FakeBus) -> None:
    """Has not come: its registers are wrong, and the link says so."""
    bus.slaves[1].refuses = 1
    with linked(bus.link, ONE, devices=devices(1)) as (link, (taker,)):
        until(lambda: link.status().state is LinkState.FAILED)
        assert link.status().reason == (
            f"no device gives values on {bus.link} at 9600 8N1; d1 (id 1) answers, and refuses registers "
            "1 to 2 of function 4: exception 1 (illegal function); check its profile, or its registers"
        )
        assert taker.ups == 0


def test_registers_that_are_missing_between(bus: FakeBus) -> None:
    """The question is split until what is there is read."""
    bus.slaves[1] = FakeSlave({0: 7, 1: 8, 5: 9}, missing=frozenset((2, 3, 4, 5)))
    registers = {"a": {"address": 0}, "b": {"address": 1}, "c": {"address": 5}}
    with linked(bus.link, "a", "b", "c", registers=registers) as (link, takers):
        until(lambda: all(taker.measurements for taker in takers))
        assert [taker.values[0] for taker in takers] == [7.0, 8.0, None]
        assert takers[2].measurements[0].fault == (
            "the device refuses register 5 of function 3: exception 2 (illegal data address)"
        )
        answer = read(link, "b")
        assert isinstance(answer, Measurement)
        assert answer.value == 8.0


def test_a_late_slave(bus: FakeBus) -> None:
    """Its answers are counted as late, and never are values."""
    bus.slaves[2].delay_s = 1.0
    with linked(bus.link, ONE, TWO, devices=devices(1, 2), timeout=0.3) as (link, (first, second)):
        until(lambda: counters(link)["d2/late"])
        until(lambda: len(first.values) > 5, timeout_s=60.0)
        assert second.values == []
        assert set(first.values) == {30.5}


def test_a_late_answer_is_not_another_s(bus: FakeBus) -> None:
    """Two blocks of one shape, and a slave whose answers come later than they are waited for: not one value
    of the other block, whatever the order."""
    bus.slaves[1] = slave = FakeSlave({1: 1111, 101: 2222})
    with linked(bus.link, "a", "b", registers=ALIKE, timeout="0.1s") as (link, (first, second)):
        until(lambda: first.values and second.values)
        for delay_s in (0.12, 0.0, 0.18, 0.05, 0.11, 0.0):
            slave.delay_s = delay_s
            before = len(bus.asked)
            until(lambda: len(bus.asked) > before + 3)  # noqa: B023 - at once
        slave.delay_s = 0.0
        counts = len(first.values), len(second.values)
        until(lambda: len(first.values) > counts[0] and len(second.values) > counts[1])
        assert (set(first.values), set(second.values)) == ({1111.0}, {2222.0})
        assert counters(link)["late"] > 0


def test_a_second_answer_is_not_another_s(bus: FakeBus) -> None:
    """The same with one that answers twice."""
    bus.slaves[1] = FakeSlave({1: 1111, 101: 2222}, copies=2, copy_after_s=0.02)
    with linked(bus.link, "a", "b", registers=ALIKE) as (link, (first, second)):
        until(lambda: len(first.values) > 5 and len(second.values) > 5)
        assert (set(first.values), set(second.values)) == ({1111.0}, {2222.0})
        assert counters(link)["double"] >= 5


def test_live_reads_of_blocks_alike(bus: FakeBus) -> None:
    """In turns and from many threads, of a slave that answers twice and late: the right values or errors."""
    bus.slaves[1] = FakeSlave({1: 1111, 101: 2222}, copies=2, copy_after_s=0.03, delay_s=0.06)
    expected = {"a": 1111.0, "b": 2222.0}
    outcomes: list[tuple[str, Any]] = []
    with linked(bus.link, registers=ALIKE, every="1h") as (link, _):
        until(lambda: is_up(link))

        def ask(channel: str) -> None:
            outcomes.extend((channel, read(link, channel)) for _ in range(5))

        threads = [in_background(lambda channel=channel: ask(channel))[0] for channel in "abab"]
        for thread in threads:
            thread.join()
    values = [(channel, each.value) for channel, each in outcomes if isinstance(each, Measurement)]
    assert len(values) >= 10
    assert all(value == expected[channel] for channel, value in values)
    errors = [each for _, each in outcomes if not isinstance(each, Measurement)]
    assert all(isinstance(each, sig.RequestError) for each in errors)


def test_a_read_that_could_be_answered_by_an_older_question(bus: FakeBus) -> None:
    """Is refused for a while rather than answered wrongly."""
    bus.slaves[1] = FakeSlave({1: 1111, 101: 2222})
    with linked(bus.link, "a", "b", registers=ALIKE, every="1h", timeout="0.5s") as (link, takers):
        until(lambda: all(taker.values for taker in takers))
        bus.slaves[1].silent = True
        assert isinstance(read(link, "a"), sig.RequestTimeout)
        error = read(link, "b")
        assert isinstance(error, sig.Busy)
        assert "id 1 has left a question unanswered, and a late answer to that could not be told" in str(
            error
        )


def test_frames_that_nobody_asked_for(bus: FakeBus) -> None:
    """Of a slave that is known, of another, and bytes that are no frame: none is a value."""
    with linked(bus.link, ONE, devices=devices(1), every="1h") as (link, (taker,)):
        until(lambda: taker.values)
        bus.say(framed(b"\x01\x04\x04\x00\x01\x00\x02"))
        until(lambda: counters(link)["d1/unasked"])
        bus.say(framed(b"\x09\x04\x04\x00\x01\x00\x02"))
        until(lambda: counters(link)["unasked"] == 2)
        bus.say(b"30.5C 54.6%\r\n")
        until(lambda: counters(link)["unasked_bytes"] >= 31)
        assert isinstance(read(link, ONE), Measurement)
        assert set(taker.values) == {30.5}


def test_one_that_never_stops_talking(bus: FakeBus) -> None:
    """The bus is jammed: devices go, reads fail in time; all is well when it stops."""
    with linked(bus.link, ONE, TWO, devices=devices(1, 2), gap="0.3s") as (link, (first, second)):
        until(lambda: first.ups and second.ups)
        bus.babble = b"\x55" * 40
        outcomes: list[Any] = []
        thread, _ = in_background(lambda: outcomes.append(read(link, ONE, 30.0)))
        thread.join()
        until(lambda: first.downs and second.downs)
        assert "the bus is jammed: bytes come without a pause" in first.downs[0]
        until(lambda: isinstance(read(link, ONE), sig.NotConnected))
        assert "jammed" in str(link.status().reason)
        assert counters(link)["jammed"] >= 1
        bus.babble = b""
        until(lambda: first.ups == 2 and second.ups == 2)
        assert (set(first.values), set(second.values)) == ({30.5}, {-5.3})


def test_closing_while_a_question_is_out(bus: FakeBus) -> None:
    """Does not wait for the time-out."""
    bus.slaves.clear()
    with linked(bus.link, devices=devices(1), timeout="60s") as (link, _):
        until(lambda: bus.asked)
        closing = threading.Thread(target=link.close, name="closing")
        closing.start()
        closing.join(5.0)
        assert not closing.is_alive()


def test_many_takers_know_their_own(bus: FakeBus) -> None:
    """A taker of a channel that there is not hears nothing of the others'."""
    with linked(bus.link, ONE, "d1/light", devices=devices(1)) as (_, (known, unknown)):
        until(lambda: len(known.values) > 3)
        assert isinstance(unknown, Taker)
        assert unknown.values == []
