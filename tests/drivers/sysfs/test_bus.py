"""A bus whose reads hang: what is said, what goes on, and what is left behind."""

import logging
import threading
import time
from collections.abc import Iterator

import pytest

import sig
from drivers.sysfs.left import LeftReads
from tests.drivers.sysfs.taking import Held, Scripted, linked
from tests.support.made_up_sysfs import I2C, MASTER, MadeUpTree, free, hang
from tests.support.waiting import until

# Longer than a thread that reads may have to wait for its turn.
HANGS_AFTER_S = 2.0


@pytest.fixture
def left(tree: MadeUpTree) -> Iterator[LeftReads]:
    """What hangs; at the end, nothing does, however late a read has begun."""
    left = LeftReads()
    yield left

    def nothing_hangs() -> bool:
        for path in tree.root.rglob("*"):
            if path.is_fifo():
                free(path.parent, path.name)
        return not any(thread.name.startswith("sysfs-") for thread in threading.enumerate())

    until(nothing_hangs)


def thermometers(tree: MadeUpTree, count: int) -> list[str]:
    """Their channels."""
    for number in range(count):
        tree.w1(f"28-00000000000{number}", temperature=f"2{number}000\n")
    return [f"w1/28-00000000000{number}" for number in range(count)]


def test_a_read_that_hangs(tree: MadeUpTree, left: LeftReads, caplog: pytest.LogCaptureFixture) -> None:
    """It is left to itself, and said; the others of its bus are read on, and those of other buses all the
    time. When it returns, the sensor is read again."""
    caplog.set_level(logging.WARNING)
    channels = thermometers(tree, 2)
    tree.iio("bme280", f"{I2C}/1-0076", in_temp_input="25000\n")
    first = tree.root / MASTER / "28-000000000000"
    with linked(tree, *channels, "iio/bme280/temp", left=left, hangs_after_s=HANGS_AFTER_S) as (
        link,
        *takers,
    ):
        hung, other, elsewhere = takers
        hung.wait_for(20.0)
        hang(first, "temperature")
        fault = hung.wait_for_fault("has not returned for")
        assert "28-000000000000" in fault
        assert "is left to itself" in fault
        seen, beside = len(other.measurements), len(elsewhere.measurements)
        until(lambda: len(other.measurements) > seen + 3)
        until(lambda: len(elsewhere.measurements) > beside + 3)
        assert other.faults == []
        counters = link.status().counters
        assert (counters["hung"], counters["returned"]) == (1, 0)
        with pytest.raises(sig.RequestError, match="28-000000000000 has not returned for"):
            link.request("read", channels[0], timeout_s=60.0)
        assert link.request("read", channels[1]).value == 21.0
        (first / "temperature").rename(first / "was")
        (first / "temperature").write_text("23000\n")
        free(first, "was")
        hung.wait_for(23.0)
        assert link.status().counters["returned"] == 1
        assert left.of(str(tree.root / MASTER)) == []
    said = [text for record in caplog.records if "left to itself" in (text := record.getMessage())]
    assert len(said) == 1
    assert said[0].endswith("the rest of w1_bus_master1 is read on")


def test_a_bus_that_hangs(tree: MadeUpTree, left: LeftReads) -> None:
    """After the second read no other is tried: all of its sensors say so, until one read returns."""
    channels = thermometers(tree, 3)
    tree.iio("bme280", f"{I2C}/1-0076", in_temp_input="25000\n")
    held = Held()
    files = Scripted()
    files.before = held
    with linked(tree, *channels, "iio/bme280/temp", files=files, left=left, hangs_after_s=HANGS_AFTER_S) as (
        link,
        *takers,
    ):
        third, elsewhere = takers[2], takers[3]
        for taker, value in zip(takers, (20.0, 21.0, 22.0, 25.0), strict=True):
            taker.wait_for(value)
        held.hold("temperature")
        fault = third.wait_for_fault("the bus w1_bus_master1 hangs: reads of ")
        assert fault.count("/28-00000000000") == 2
        for taker in takers[:3]:
            taker.wait_for_fault("the bus w1_bus_master1 hangs")
        assert link.status().counters["hung"] == 2
        with pytest.raises(sig.RequestError, match="the bus w1_bus_master1 hangs"):
            link.request("read", channels[2], timeout_s=60.0)
        seen, beside = len(third.faults), len(elsewhere.measurements)
        until(lambda: len(third.faults) > seen + 2)  # as often as it would be measured
        until(lambda: len(elsewhere.measurements) > beside + 3)
        assert elsewhere.faults == []
        assert held.entered["temperature"] == 2
        third.measurements.clear()
        held.let_go("temperature")
        third.wait_for(22.0)
        assert link.status().counters["returned"] == 2


def test_a_live_read_that_hangs(tree: MadeUpTree, left: LeftReads) -> None:
    """It fails with the reason, long before its time is up."""
    (channel,) = thermometers(tree, 1)
    held = Held()
    files = Scripted()
    files.before = held
    with linked(tree, channel, every_s=1000.0, files=files, left=left, hangs_after_s=HANGS_AFTER_S) as (
        link,
        one,
    ):
        one.wait_for(20.0)
        held.hold("temperature")
        with pytest.raises(sig.RequestError, match=r"pi: a read of .* has not returned"):
            link.request("read", channel, timeout_s=60.0)
        one.wait_for_fault("has not returned")
        held.let_go("temperature")


def test_a_live_read_gives_up_in_its_time(tree: MadeUpTree, left: LeftReads) -> None:
    """Whether or not the file hangs."""
    (channel,) = thermometers(tree, 1)
    held = Held()
    files = Scripted()
    files.before = held
    with linked(tree, channel, every_s=1000.0, files=files, left=left, hangs_after_s=1000.0) as (link, one):
        one.wait_for(20.0)
        held.hold("temperature")
        with pytest.raises(sig.RequestTimeout):
            link.request("read", channel, timeout_s=0.1)
        assert held.entered["temperature"] == 1
        held.let_go("temperature")
        assert link.request("read", channel).value == 20.0


def test_the_end_does_not_wait_for_a_read(tree: MadeUpTree, left: LeftReads) -> None:
    """A link with a read that hangs is closed soon, and one that is opened after it knows of that read."""
    channels = thermometers(tree, 2)
    first = tree.root / MASTER / "28-000000000000"
    hang(first, "temperature")
    held = Held()
    files = Scripted()
    files.before = held
    for turn in (1, 2, 3):
        with linked(tree, *channels, files=files, left=left, hangs_after_s=HANGS_AFTER_S) as (_, hung, other):
            hung.wait_for_fault("has not returned for")
            other.wait_for(21.0)
            started = time.monotonic()
        assert time.monotonic() - started < 10.0
        assert len(left.of(str(tree.root / MASTER))) == 1, turn
    free(first, "temperature")


def test_a_read_that_is_under_way_at_the_end(tree: MadeUpTree, left: LeftReads) -> None:
    """It is waited for a moment, and left then; requests fail at once."""
    (channel,) = thermometers(tree, 1)
    held = Held()
    files = Scripted()
    files.before = held
    ends: list[BaseException] = []
    with linked(tree, channel, every_s=1000.0, files=files, left=left, hangs_after_s=1000.0) as (link, one):
        one.wait_for(20.0)
        held.hold("temperature")

        def ask() -> None:
            try:
                link.request("read", channel, timeout_s=60.0)
            except sig.RequestError as error:
                ends.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        until(lambda: held.entered["temperature"])
    asking.join(20.0)
    assert [type(end) for end in ends] == [sig.NotConnected]
    assert len(left.of(str(tree.root / MASTER))) == 1
    held.let_go("temperature")
    until(lambda: left.of(str(tree.root / MASTER)) == [])


def test_live_reads_go_ahead(tree: MadeUpTree, left: LeftReads) -> None:
    """Of a round that has begun."""
    channels = thermometers(tree, 3)
    held = Held()
    files = Scripted()
    files.before = held
    order: list[str] = []
    held.hold("000/temperature")
    with linked(tree, *channels, every_s=1000.0, files=files, left=left, hangs_after_s=1000.0) as (
        link,
        *takers,
    ):
        until(lambda: held.entered["000/temperature"])
        for taker in takers:
            taker.accept = lambda measurement: order.append(measurement.channel)
        asking = threading.Thread(target=link.request, args=("read", channels[2]), kwargs={"timeout_s": 20.0})
        asking.start()
        until(lambda: link.status().waiting == 1)
        held.let_go("000/temperature")
        asking.join(20.0)
        until(lambda: len(order) == 4)
    assert order == [channels[0], channels[2], channels[1], channels[2]]


def test_a_bus_that_hangs_says_so_in_the_rhythm(tree: MadeUpTree, left: LeftReads) -> None:
    """Not more often than its sensors would be measured."""
    channels = thermometers(tree, 2)
    held = Held()
    files = Scripted()
    files.before = held
    held.hold("temperature")
    with linked(tree, *channels, every_s=1.0, files=files, left=left, hangs_after_s=0.1) as (_, one, _other):
        until(lambda: sum("the bus" in fault for fault in one.faults) == 3)
        times = [each.measured for each in one.measurements if "the bus" in str(each.fault)]
        held.let_go("temperature")
    assert times[1] - times[0] > 0.99
    assert times[2] - times[1] > 0.99
