"""Nothing lost on the wire: a board that keeps its readings, and the gateway, over a cable that fails."""

import itertools
from collections import Counter, deque
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.receipt import Receipt
from drivers.source import Measurement
from drivers.stream.sensorline import kept as kept_module
from drivers.stream.sensorline.board_clock import BoardClock
from drivers.stream.sensorline.boot_record import MOST_DUE, REASK_S, BootRecord
from drivers.stream.sensorline.kept import Kept
from drivers.stream.sensorline.kept_messages import BoardLost, Holding, Range, acknowledgement
from firmware_sim.sensorline.ring import Ring
from tests.drivers.stream.sensorline.kept_house import START_S, KeptHouse

FOR_EVER = 1e9


def acknowledgements(house: KeptHouse) -> list[list[str]]:
    """The fields of what the gateway said of kept readings."""
    return [body.split() for _, body in house.said]


def check(house: KeptHouse) -> None:
    """What holds whatever happened: each reading came once, as it was; what is lost is told, all of it."""
    house.settle()
    assert set(house.times_heard.values()) <= {1}
    for key, measurement in house.heard.items():
        taken = house.taken[key]
        assert (measurement.channel, measurement.value) == (taken.channel, taken.value)
    told: Counter[str] = Counter()
    for missing in house.missing:
        assert missing.count is not None, missing
        told[missing.channel] += missing.count
    assert told == Counter(house.taken[key].channel for key in house.lost)
    assert house.board.status()["kept"] <= house.at_rest


def test_a_good_line_needs_no_kept_reading() -> None:
    """Everything is live; the board is told each second that it may forget, and asked for nothing."""
    house = KeptHouse()
    house.run(20)
    assert (house.late, house.lost, house.missing) == (0, set(), [])
    said = acknowledgements(house)
    assert 15 <= len(said) <= 21
    assert all(len(fields) == 3 for fields in said)
    times = [when for when, _ in house.said]
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) > 0.99
    check(house)


def test_a_pulled_cable_costs_nothing() -> None:
    """What was measured meanwhile comes late, each once, at its own time."""
    house = KeptHouse()
    house.run(5)
    house.unplug()
    house.run(20)
    house.plug()
    check(house)
    assert (house.late >= 58, house.lost, house.missing) == (True, set(), [])
    assert house.worst_time() < 0.1


@pytest.mark.parametrize("drift", [-0.01, -0.004, 0.004, 0.01])
def test_the_drift_of_an_outage_is_measured(drift: float) -> None:
    """Lines were heard on both sides of ten minutes: each is right to 0.2 s, with 6 s of drift."""
    house = KeptHouse(3000, drift=drift)
    house.run(30)
    house.unplug()
    house.run(600)
    house.plug()
    check(house)
    assert house.lost == set()
    assert house.worst_time() < 0.2


@pytest.mark.parametrize("drift", [-0.01, 0.01])
def test_after_a_restart_of_the_gateway_a_time_is_right_to_one_percent(drift: float) -> None:
    """Nothing was heard before the outage."""
    house = KeptHouse(1000, drift=drift)
    house.unplug()
    house.run(100)
    house.restart_gateway()
    house.plugged = True
    check(house)
    assert 0.5 < house.worst_time() < 0.2 + 1.0


def test_a_memory_that_was_too_small_is_a_gap_of_the_right_size() -> None:
    """Of readings that had come and were not safe when the cable was pulled, none is counted."""
    house = KeptHouse(30)
    house.run(5)
    house.safe_after = FOR_EVER
    house.run(3.5)
    house.unplug()
    house.run(40)
    house.safe_after = 0.0
    house.plug()
    check(house)
    assert 80 < len(house.lost) < 100
    assert {missing.channel for missing in house.missing} == {"temp", "hum", "lux"}
    for missing in house.missing:
        mine = [house.taken[key].true_s for key in house.lost if house.taken[key].channel == missing.channel]
        assert missing.first <= min(mine) < max(mine) <= missing.last
        assert missing.last - missing.first < max(mine) - min(mine) + 2.5
        assert "no room" in missing.reason


def test_a_gap_begins_near_what_is_lost_though_the_gateway_restarted_too() -> None:
    """It heard nothing from before; the board has been up for long. Told is what is lost, and what the board
    was not told to be safe: of the last second before the cable was pulled."""
    house = KeptHouse(100)
    house.run(600)
    house.unplug()
    house.run(200)
    house.restart_gateway()
    house.plug()
    house.settle()
    assert len(house.lost) > 480
    assert 0 <= sum(missing.count or 0 for missing in house.missing) - len(house.lost) <= 1.2 * 3
    assert [missing.channel for missing in house.missing] == ["temp", "hum", "lux"]
    for missing in house.missing:
        mine = [house.taken[key].true_s for key in house.lost if house.taken[key].channel == missing.channel]
        assert min(mine) - 4.5 < missing.first <= min(mine)
        assert max(mine) <= missing.last < max(mine) + 2.5


@pytest.mark.parametrize("restarts", [False, True])
def test_a_gap_of_a_boot_that_nobody_heard_lies_where_it_was(restarts: bool) -> None:
    """It is as long as so many take; it begins no earlier than what was heard of the boot before."""
    house = KeptHouse(30)
    house.run(10)
    house.unplug()
    house.run(2)
    house.reset(off_s=1.6)
    house.run(30)
    house.reset(off_s=1.6)
    house.run(3)
    if restarts:
        house.restart_gateway()
    house.plug()
    house.settle()
    of_8 = [missing for missing in house.missing if (missing.count or 0) > 20]
    assert {missing.channel for missing in of_8} == {"temp", "hum", "lux"}
    assert all(missing.last < START_S + 39 for missing in house.missing)
    for missing in of_8:
        mine = [
            house.taken[key].true_s
            for key in house.lost
            if key[0] == 8 and house.taken[key].channel == missing.channel
        ]
        assert missing.count == len(mine) > 20
        assert min(mine) - 4.5 < missing.first <= min(mine)
        assert max(mine) <= missing.last < max(mine) + 3.5


@pytest.mark.parametrize("power", [False, True])
def test_what_had_no_room_and_is_gone_then_is_told_as_what_it_was(power: bool) -> None:
    """Overwritten, or with the board's power: of which channel it is, and when it was measured, was heard."""
    house = KeptHouse(30)
    house.run(20)
    house.lose = 1.0
    house.run(20)
    if power:
        house.reset(power=True)
    house.settle()
    assert len(house.lost) > 20
    assert all(missing.count is not None for missing in house.missing)
    assert sum(missing.count or 0 for missing in house.missing) == len(house.lost)
    for key in house.lost:
        taken = house.taken[key]
        assert any(
            missing.channel == taken.channel and missing.first - 0.1 <= taken.true_s <= missing.last + 0.1
            for missing in house.missing
        )


def test_what_pushes_out_one_reading_after_the_other_is_told_in_ten_seconds_once() -> None:
    """A disk that is full, and a history whose memory is, too. Each is told by itself, as one of many."""
    house = KeptHouse()
    newest: deque[tuple[tuple[int, int], Receipt]] = deque()

    def full(measurement: Measurement) -> None:
        receipt = measurement.receipt
        assert receipt is not None
        key = receipt.boot, receipt.seq
        house.heard[key] = measurement
        newest.append((key, receipt))
        if len(newest) > 200:
            pushed, oldest = newest.popleft()
            house.heard.pop(pushed, None)
            oldest.lose()

    house._measured = full  # type: ignore[method-assign]
    house.run(200)
    assert 300 < len(house.lost) < 420
    assert len(house.missing) <= 3 * 15
    told = sum(missing.count or 0 for missing in house.missing)
    assert len(house.lost) - 120 < told <= len(house.lost)


def test_a_board_is_told_nothing_before_it_has_said_what_it_has() -> None:
    """Neither when the line comes back nor when it has restarted: it would forget how many it lost of which
    channel."""
    house = KeptHouse(30)
    house.run(5)
    house.unplug()
    house.run(20)
    house.plug()
    house.said.clear()
    asked = house._request
    house._request = lambda verb: asked(verb) if verb != "again" else None  # type: ignore[method-assign]
    house.run(5)
    house.reset()
    house.run(5)
    assert house.said == []
    house._request = asked  # type: ignore[method-assign]
    check(house)
    assert house.said


class Forgetful(Ring):
    """As it may be: what is acknowledged of the lost ones it does not count any more, and so not the rest."""

    def acknowledge(self, boot: int, seq: int) -> None:
        """See `Ring`."""
        past = self.past(boot)
        super().acknowledge(boot, seq)
        if past is not None and past.lost_from <= seq < past.lost_to:
            past.lost_from = seq + 1
            past.by_channel.clear()


@pytest.mark.parametrize("damaged", [0, 1, 3])
def test_what_is_safe_since_the_board_was_told_last_costs_no_count(damaged: int) -> None:
    """The acknowledgements of the last seconds before the cut were lost on the way, say, and then the first
    lines of what the board has lost, too."""
    house = KeptHouse(30)
    house.board._keeping.ring = Forgetful(30)
    house.board._keeping.ring.begin(house.board.boot)
    house.run(5)
    to_board, from_board = house._to_board, house._from_board
    house._to_board = lambda data: None if data.startswith(b"$K") else to_board(data)  # type: ignore[method-assign]
    house.run(3)
    house._to_board = to_board  # type: ignore[method-assign]
    house.unplug()
    house.run(40)
    damages = iter(range(damaged))

    def first_ones_are_damaged(line: bytes) -> bytes:
        came = from_board(line)
        return b"" if line.startswith(b"$G") and next(damages, None) is not None else came

    house._from_board = first_ones_are_damaged  # type: ignore[method-assign]
    house.plug()
    check(house)
    assert len(house.lost) > 80


def test_a_reset_of_a_board_whose_readings_were_all_safe_is_no_gap() -> None:
    """As its memory is whole, nothing can be missing; it was away when it was reset."""
    house = KeptHouse()
    house.run(20.9)
    house.unplug()
    house.reset(off_s=1.6)
    house.run(5)
    house.plug()
    check(house)
    assert (house.lost, house.missing) == (set(), [])


def test_a_boot_that_was_heard_is_no_gap_when_the_board_has_nothing_of_it_any_more() -> None:
    """It was reset while the line held; the line is cut long after, when all of that boot is safe."""
    house = KeptHouse()
    house.run(20)
    house.reset(off_s=1.6)
    house.run(20)
    house.unplug()
    house.run(10)
    house.plug()
    check(house)
    assert (house.lost, house.missing) == (set(), [])


def test_what_is_lost_of_a_boot_that_has_no_reading_left_is_counted() -> None:
    """All that the board keeps is of the boot after it."""
    house = KeptHouse(30)
    house.run(5)
    house.unplug()
    house.run(5)
    house.reset(off_s=1.6)
    house.run(20)
    house.plug()
    check(house)
    assert {boot for boot, _ in house.lost} == {7, 8}


def test_what_is_lost_at_the_end_of_a_boot_waits_for_no_reading() -> None:
    """None follows in that boot; a gateway that is killed while it waits would know of it no more."""
    house = KeptHouse(30)
    house.run(5)
    house.unplug()
    house.run(5)
    house.reset(off_s=1.6)
    house.run(20)
    house.plug()
    house.run(3)
    told = Counter(missing.channel for missing in house.missing)
    assert told == {"temp": 2, "hum": 2, "lux": 2}
    assert sum(missing.count or 0 for missing in house.missing) == len(house.lost)
    check(house)


def test_a_gap_that_was_told_and_is_not_safe_is_told_again_after_a_kill() -> None:
    """The board says it until then; and what it has overwritten since, as that was not safe either."""
    house = KeptHouse(30)
    house.run(5)
    house.unplug()
    house.run(20)
    house.plug()
    house.safe_after = FOR_EVER
    house.run(2)
    told = {missing.channel: missing.count for missing in house.missing}
    assert told.keys() == {"temp", "hum", "lux"}
    house.missing.clear()
    house.restart_gateway()
    house.settle()
    again = {missing.channel: missing.count for missing in house.missing}
    assert all(0 <= (again[name] or 0) - (told[name] or 0) <= 3 for name in told)
    house.restart_gateway()
    house.missing.clear()
    house.settle()
    assert house.missing == []


def test_receipts_of_one_gap_are_of_events_of_their_own() -> None:
    """By their numbers: two gaps under one id would be taken for one."""
    house = KeptHouse(30)
    house.run(5)
    house.unplug()
    house.run(20)
    house.plug()
    house.settle()
    ids = [missing.receipt.id for missing in house.missing if missing.receipt is not None]
    assert len(set(ids)) == len(house.missing) == 3


def test_a_second_outage_before_the_first_is_told_counts_each_lost_one_once() -> None:
    """The board tells one gap, from the first to the last."""
    house = KeptHouse(30)
    for _ in range(3):
        house.run(0.3)
        house.unplug()
        house.run(25)
        house.plug()
    check(house)
    assert len(house.lost) > 100


def test_what_is_said_before_again_is_answered_tells_no_loss() -> None:
    """The board was reset when a question after what it had lost of a boot before was on its way; it has
    forgotten that boot by then, of which all was safe, and a board may call that lost."""
    kept = Kept()
    kept.begin("24A1", 30, 100, BoardClock(1000, 10.0), 10.0)
    kept.again([Holding(30, 1, 4), Holding(29, 79, 78)], 10.0)
    said = [kept.say(10.0 + at / 10) for at in range(10)]
    assert b"K 29 0 1-78" in said
    kept.begin("24A1", 31, 100, BoardClock(5, 12.0), 12.0)
    kept.lost(BoardLost(29, 1, 78, ()), 12.1)
    kept.again([Holding(31, 1, 0), Holding(30, 1, 4)], 12.2)
    assert [lost for at in range(30) for lost in kept.take_losses(13.0 + at)] == []
    kept.lost(BoardLost(30, 1, 4, (("temp", 4),)), 50.0)
    assert [lost.loss.number for lost in kept.take_losses(51.0)] == [4]


def test_a_reset_during_an_outage() -> None:
    """The boot before has its times by its own clock, which was heard; nothing is doubted."""
    house = KeptHouse(drift=0.005)
    house.run(40)
    house.unplug()
    house.run(10)
    house.reset(off_s=1.6)
    house.run(10)
    house.plug()
    check(house)
    assert house.lost == set()
    assert all(measurement.doubt is None for measurement in house.heard.values())
    assert house.worst_time() < 0.2 + 0.01 * 10


def test_two_resets_of_which_nobody_heard() -> None:
    """Of the boot in between only the age is known, and its times are doubted."""
    house = KeptHouse(drift=0.002)
    house.run(10)
    house.unplug()
    house.run(5)
    house.reset(off_s=1.6)
    house.run(5)
    house.reset(off_s=1.6)
    house.run(5)
    house.plug()
    check(house)
    assert house.lost == set()
    doubted = {boot for (boot, _), m in house.heard.items() if m.doubt is not None}
    assert doubted == {8}
    for (boot, seq), measurement in house.heard.items():
        if boot == 8:
            assert abs(measurement.measured - house.taken[boot, seq].true_s) < 2.2


def test_a_loss_of_power_is_a_gap() -> None:
    """How much was measured while nobody heard it cannot be known."""
    house = KeptHouse()
    house.run(10)
    house.unplug()
    house.run(20)
    house.reset(power=True, off_s=5)
    house.plug()
    house.settle()
    assert {missing.channel: missing.count for missing in house.missing} == {
        "temp": None,
        "hum": None,
        "lux": None,
    }
    for missing in house.missing:
        assert "lost its power" in missing.reason
        assert missing.last - missing.first == pytest.approx(25, abs=1.5)
    assert house.board.status()["kept"] <= house.at_rest


def test_a_loss_of_power_while_the_line_is_cut_is_a_gap_though_the_port_stays() -> None:
    """No line came, and nobody noticed; from what was heard last until the board was there again."""
    house = KeptHouse()
    house.run(10)
    house.loss = 1.0
    house.run(5)
    house.reset(power=True, off_s=2)
    house.loss = 0.0
    house.settle()
    assert [missing.count for missing in house.missing] == [None, None, None]
    for missing in house.missing:
        assert missing.last - missing.first == pytest.approx(7, abs=1.5)


@pytest.mark.parametrize("cut", [False, True])
def test_a_board_that_starts_again_with_the_same_boot_is_heard(cut: bool) -> None:
    """It cannot count its boots. What comes counts from its first reading on, and is acknowledged when it is
    safe, not when those are that had the same numbers."""
    house = KeptHouse()
    house.safe_after = 3.0
    house.run(20)
    if cut:
        house.unplug()
        house.run(3)
    house.reset(power=True, off_s=0.5, counts=False)
    house.said.clear()
    house.taken.clear()
    house.heard.clear()
    house.times_heard.clear()
    if cut:
        house.plug()
    house.run(2)
    assert {fields[2] for fields in acknowledgements(house)} <= {"0"}
    house.run(8)
    house.settle(15)
    assert house.board.boot == 7
    assert (house.lost, set(house.times_heard.values())) == (set(), {1})
    assert house.worst_time() < 0.1
    assert house.board.status()["kept"] <= house.at_rest
    assert all("lost its power" in missing.reason for missing in house.missing)
    assert bool(house.missing) == cut


def test_what_is_lost_after_the_board_lost_its_memory_is_told() -> None:
    """History's queue was full of it, say, when the power went: nobody can send it again."""
    house = KeptHouse()
    house.safe_after = FOR_EVER
    house.run(20.3)
    house.reset(power=True, off_s=0.3)
    house.run(5)
    before = [receipt for _, receipt in house._waiting if receipt.boot == 7]
    house._waiting = [entry for entry in house._waiting if entry[1] not in before]
    for receipt in before:
        house.heard.pop((7, receipt.seq))
        receipt.lose()
    check(house)
    assert len(house.lost) == len(before) > 50


def test_a_restart_on_a_line_that_held_loses_nothing_unheard() -> None:
    """All had come when the power went: there is nothing to tell."""
    house = KeptHouse()
    house.run(10)
    house.reset(power=True)
    house.settle()
    assert house.missing == []


def test_a_restarted_gateway_gets_what_is_not_acknowledged() -> None:
    """Once more; history knows what it has."""
    house = KeptHouse()
    house.safe_after = FOR_EVER
    house.run(10)
    house.restart_gateway()
    house.settle()
    assert house.lost == set()
    assert house.board.status()["kept"] <= house.at_rest


def test_what_finds_no_room_is_sent_again() -> None:
    """A full queue is no loss."""
    house = KeptHouse()
    house.lose = 0.3
    house.run(30)
    check(house)
    assert (house.lost, house.missing) == (set(), [])
    assert house.late > 10


def test_what_finds_no_room_again_and_again_does_not_fill_the_line() -> None:
    """A sensor whose name is taken for good loses all that comes; its board keeps each for some 100 s."""
    house = KeptHouse()
    heard = house._measured

    def one_is_full(measurement: Measurement) -> None:
        if measurement.channel != "hum":
            heard(measurement)
        elif measurement.receipt is not None:
            measurement.receipt.lose()

    house._measured = one_is_full  # type: ignore[method-assign]
    house.run(200)
    counts = house.board.counters()
    assert counts["readings"] / 3 < counts["sent_again"] < 12 * counts["readings"] / 3


def test_nothing_is_acknowledged_that_is_not_safe() -> None:
    """And a memory half full of it is said so, once a second."""
    house = KeptHouse(30)
    house.safe_after = FOR_EVER
    house.run(10.5)
    assert [fields for fields in acknowledgements(house) if fields[2] != "0"] == []
    assert house.board.status()["kept"] == 30
    assert 4 <= len(house.pressures) <= 7
    assert house.pressures[0][1] >= 15
    check(house)


def test_a_receipt_that_is_never_let_go_holds_up_one_memory_at_most() -> None:
    """The board has overwritten that reading by then; the others are acknowledged, and it is no pressure."""
    house = KeptHouse(60)
    house.forgotten = {(7, seq) for seq in range(20, 50)}
    house.run(25)
    assert acknowledgements(house)[-1][2] == "19"
    assert house.pressures
    house.run(20)
    house.pressures.clear()
    house.run(10)
    assert house.pressures == []
    check(house)
    assert house.missing == []
    assert len(house.held) == 30


@pytest.mark.parametrize("lost", [False, True])
def test_one_that_is_let_go_when_the_board_has_it_no_more_is_told_as_what_it_is(lost: bool) -> None:
    """Lost, of its channel and at its time; or safe, of which nothing is said."""
    house = KeptHouse(60)
    house.forgotten = {(7, 20)}
    house.run(45)
    (receipt,) = house.held
    if not lost:
        receipt.release()
        house.run(15)
        assert house.missing == []
        return
    receipt.lose()
    house.heard.pop((7, 20))
    check(house)
    (missing,) = house.missing
    taken = house.taken[7, 20]
    assert (missing.channel, missing.count) == (taken.channel, 1)
    assert missing.first == pytest.approx(taken.true_s, abs=0.1)
    assert 0 <= missing.last - missing.first < 1.5
    assert "does not have them any more" in missing.reason


def test_a_board_that_overwrites_what_nobody_has_safe_is_not_told_to_forget_it() -> None:
    """History that cannot write, say: what is lost when the gateway is killed then is told."""
    house = KeptHouse(30)
    house.safe_after = FOR_EVER
    house.run(30)
    assert {fields[2] for fields in acknowledgements(house)} <= {"0"}
    house.restart_gateway()
    house.settle()
    assert {missing.channel: missing.count for missing in house.missing} == {"temp": 21, "hum": 21, "lux": 21}


def test_a_full_memory_is_acknowledged_sooner() -> None:
    """At three readings each 0.1 s, 20 are gone in a second."""
    house = KeptHouse(20, every_s=0.1)
    house.run(20)
    house.unplug()
    house.run(0.2)
    house.plug()
    check(house)
    assert house.lost == set()


@pytest.mark.parametrize("seed", range(3))
def test_a_line_that_damages_one_line_in_four(seed: int) -> None:
    """As at one bit error in 1,000: every reading comes, with at most 15 % more lines than must be."""
    house = KeptHouse(115, loss=0.25, seed=seed, every_s=0.3)
    house.run(60)
    counts = house.board.counters()
    house.loss = 0.0
    check(house)
    assert (house.lost, house.missing) == (set(), [])
    unavoidable = counts["readings"] / 0.75
    assert counts["readings"] + counts["sent_again"] < 1.15 * unavoidable


def test_a_board_without_the_memory_hears_nothing_of_it() -> None:
    """Neither does it get a line, nor do its readings have receipts."""
    house = KeptHouse(0)
    house._measured = lambda measurement: house.heard.update({(7, measurement.seq): measurement})  # type: ignore[method-assign]
    house.run(5)
    assert house.heard
    assert (house.said, house.missing) == ([], [])
    assert all(measurement.receipt is None for measurement in house.heard.values())


def test_what_is_missing_is_not_looked_through_at_each_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a long outage it is tens of thousands."""
    looks: Counter[str] = Counter()

    class Counted(BootRecord):
        def due(self, now: float, reask_s: float = REASK_S) -> list[Range]:
            looks["due"] += 1
            return super().due(now, reask_s)

        def give_up(self, kept: int, reason: str, now: float) -> None:
            looks["give up"] += 1
            super().give_up(kept, reason, now)

    monkeypatch.setattr(kept_module, "BootRecord", Counted)
    house = KeptHouse()
    house.run(5)
    looks.clear()
    for _ in range(50):
        house.now += 0.001
        house.talk.receive(b"", house.now)
    assert looks["due"] <= 1
    assert looks["give up"] <= 1
    house.run(10)
    assert looks["due"] <= 102
    assert 9 <= looks["give up"] <= 12
    check(house)


def test_a_line_asks_for_no_more_than_it_can_carry() -> None:
    """Every other one is missing: they are not all looked up for it."""
    record = BootRecord(7, None)
    record.holds(1, 4000, 0.0)
    for seq in range(2, 4000, 2):
        record.come(seq, "temp", 0.0, 0.0, late=False)
    due = record.due(1.0)
    assert due[:2] == [(1, 1), (3, 3)]
    assert len(due) == MOST_DUE
    assert acknowledgement(7, 0, due)[1] < MOST_DUE


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["run", "run", "unplug", "plug", "reset", "noise", "quiet", "slow", "lose"]),
        st.floats(0.1, 6.0),
    ),
    max_size=14,
)


@settings(max_examples=25, deadline=None)
@given(EVENTS, st.integers(0, 9), st.sampled_from([20, 60, 500]))
def test_whatever_happens_each_reading_comes_once_or_is_told_as_lost(
    events: list[tuple[str, float]], seed: int, size: int
) -> None:
    """Cuts, resets, noise, full queues, slow history, in any order."""
    house = KeptHouse(size, seed=seed, every_s=0.5)
    acts: dict[str, Any] = {
        "unplug": house.unplug,
        "plug": house.plug,
        "reset": house.reset,
        "noise": lambda: setattr(house, "loss", 0.25),
        "quiet": lambda: setattr(house, "loss", 0.0),
        "slow": lambda: setattr(house, "safe_after", 2.0),
        "lose": lambda: setattr(house, "lose", 0.2),
    }
    for name, seconds in events:
        if name in acts:
            acts[name]()
        house.run(seconds)
    if not house.plugged:
        house.plug()
    check(house)
