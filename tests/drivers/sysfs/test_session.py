"""A session over a made-up `/sys`: values, chips that come and go, names that mean several."""

import errno
import logging
import threading

import pytest

import sig
from drivers.link import LinkState
from drivers.source import Measurement
from tests.drivers.sysfs.taking import Scripted, Taker, linked
from tests.support.made_up_sysfs import I2C, MadeUpTree, put
from tests.support.waiting import until


def bme280(tree: MadeUpTree, address: str = "1-0076", number: int = 0, temp: int = 21500) -> None:
    """One with a temperature."""
    tree.iio("bme280", f"{I2C}/{address}", number, in_temp_input=f"{temp}\n")


def test_values_of_all_three(tree: MadeUpTree) -> None:
    """Each channel's sinks get them, in the unit that the device says, again and again."""
    bme280(tree)
    tree.hwmon("sht3x", f"{I2C}/1-0044", humidity1_input="45000\n")
    one = tree.w1("28-0316a2794b1f", temperature="21187\n")
    with linked(tree, "iio/bme280/temp", "hwmon/sht3x/humidity1", "w1/28-0316a2794b1f") as (link, *takers):
        inside, humidity, outside = takers
        inside.wait_for(21.5)
        humidity.wait_for(45.0)
        first = outside.wait_for(21.187)
        put(one, "temperature", "21250\n")
        second = outside.wait_for(21.25)
        assert second.seq > first.seq
        assert second.measured > first.measured
        assert (first.asked, first.fault) == (None, None)
        device = outside.ups[0]
        assert (device.name, device.model, device.identity) == (
            "w1/28-0316a2794b1f",
            "DS18B20",
            "28-0316a2794b1f",
        )
        channel = device.channels["w1/28-0316a2794b1f"]
        assert (channel.kind, channel.unit, channel.interval_s) == ("temperature", "C", 0.1)
        assert (channel.low, channel.high) == (-55, 125)
        assert humidity.ups[0].channels["hwmon/sht3x/humidity1"].kind == "humidity"
        assert link.status().counters["reads"] >= 4
        assert sorted(link.status().devices) == ["hwmon/sht3x", "iio/bme280", "w1/28-0316a2794b1f"]


def test_a_live_read(tree: MadeUpTree) -> None:
    """Of what is polled, and of what nobody takes."""
    tree.iio("bme280", f"{I2C}/1-0076", in_temp_input="21500\n", in_pressure_input="101.3\n")
    with linked(tree, "iio/bme280/temp", every_s=1000.0) as (link, inside):
        inside.wait_for(21.5)
        before = link.clock.monotonic()
        for channel, value in (("iio/bme280/temp", 21.5), ("iio/bme280/pressure", 1013.0)):
            answer = link.request("read", channel)
            assert (answer.channel, answer.value) == (channel, value)
            assert before <= answer.asked <= answer.measured <= link.clock.monotonic()
        until(lambda: len(inside.measurements) == 2)
        assert inside.measurements[1].asked is not None
        with pytest.raises(
            sig.BadParams, match=r"no channel 'iio/bme280/tmp'; there are iio/bme280/pressure, "
        ):
            link.request("read", "iio/bme280/tmp")
        with pytest.raises(sig.BadParams, match="expected `read CHANNEL`, got 'write iio/bme280/temp'"):
            link.request("write", "iio/bme280/temp")
        with pytest.raises(sig.NotConnected, match=r"iio/bmp280 is not there; there are iio/bme280$"):
            link.request("read", "iio/bmp280/temp")


def test_a_failed_live_read(tree: MadeUpTree) -> None:
    """It answers with the reason."""
    bme280(tree)
    files = Scripted({"in_temp_input": [errno.EREMOTEIO]})
    with linked(tree, "iio/bme280/temp", files=files) as (link, inside):
        fault = inside.wait_for_fault("the chip does not answer")
        answer = link.request("read", "iio/bme280/temp")
        assert (answer.value, answer.fault) == (None, fault)
        assert answer.asked is not None


def test_a_chip_that_comes_and_goes(tree: MadeUpTree) -> None:
    """By itself, while another one goes on; its number may be another then."""
    bme280(tree)
    with linked(tree, "iio/bme280/temp", "w1/28-0316a2794b1f") as (link, inside, outside):
        inside.wait_for(21.5)
        assert outside.ups == []
        folder = tree.w1("28-0316a2794b1f", temperature="21187\n")
        outside.wait_for(21.187)
        tree.remove(folder)
        with pytest.raises(sig.NotConnected, match=r"w1/28-0316a2794b1f is (gone|not there)"):
            link.request("read", "w1/28-0316a2794b1f")
        until(lambda: outside.downs)
        assert outside.downs == ["w1/28-0316a2794b1f is gone"]
        assert outside.faults == []
        assert link.status().state is LinkState.UP
        tree.w1("28-0316a2794b1f", temperature="22000\n")
        outside.wait_for(22.0)
        assert len(outside.ups) == 2
        assert outside.ups[0].boot != outside.ups[1].boot
        assert (len(inside.ups), inside.downs) == (1, [])


def test_a_chip_that_is_bound_anew(tree: MadeUpTree) -> None:
    """Between two looks: it goes and comes, and is read at once."""
    folder = tree.w1("28-0316a2794b1f", temperature="21187\n")
    with linked(tree, "w1/28-0316a2794b1f", every_s=1000.0) as (_, outside):
        outside.wait_for(21.187)
        tree.remove(folder)
        tree.w1("28-0316a2794b1f", temperature="22000\n")
        outside.wait_for(22.0)
        assert outside.downs == ["w1/28-0316a2794b1f is gone"]
        assert len(outside.ups) == 2


def test_in_its_rhythm(tree: MadeUpTree) -> None:
    """Thirty values, a tenth of a second apart, are there long before thirty seconds are over."""
    bme280(tree)
    with linked(tree, "iio/bme280/temp") as (_, inside):
        until(lambda: len(inside.measurements) >= 30, 15.0)


@pytest.mark.parametrize("live", [False, True])
def test_one_that_fails_slowly_is_back_in_the_rhythm(tree: MadeUpTree, live: bool) -> None:
    """When it works again, in its turn or by a live read; meanwhile it is asked ever more rarely."""
    bme280(tree)
    fails = 50 if live else 4
    files = Scripted({"in_temp_input": [errno.EIO] * fails + ["21500"]})

    def before(_path: str) -> None:
        if files.script:
            threading.Event().wait(0.02)  # more than a twentieth of the time

    files.before = before
    with linked(tree, "iio/bme280/temp", "iio/bme280/temp", files=files) as (link, inside, _):
        inside.wait_for_fault("EIO")
        if live:
            until(lambda: len(inside.faults) == 4)
            files.script.clear()
            assert link.request("read", "iio/bme280/temp").value == 21.5
        until(lambda: inside.values.count(21.5) >= 20, 10.0)


def test_another_number(tree: MadeUpTree) -> None:
    """After a start in another order: it is the same chip by name."""
    folder = tree.iio("bme280", f"{I2C}/1-0076", 0, in_temp_input="21500\n")
    tree.iio("bh1750", f"{I2C}/1-0023", 1, in_illuminance_raw="1\n")
    with linked(tree, "iio/bme280/temp") as (_, inside):
        inside.wait_for(21.5)
        tree.remove(folder)
        until(lambda: inside.downs)
        bme280(tree, "1-0076", 5, 22000)
        inside.wait_for(22.0)


def test_all_that_is_there_goes(tree: MadeUpTree) -> None:
    """The link is absent, and says what to do; it is up again with the chip."""
    folder = tree.iio("bme280", f"{I2C}/1-0076", in_temp_input="21500\n")
    with linked(tree, "iio/bme280/temp") as (link, inside):
        inside.wait_for(21.5)
        tree.remove(folder)
        until(lambda: link.status().state is LinkState.ABSENT)
        until(lambda: "dtoverlay line to /boot/firmware/config.txt" in (link.status().reason or ""))
        bme280(tree, temp=22000)
        inside.wait_for(22.0)
        assert link.status().state is LinkState.UP


def test_two_that_are_alike(tree: MadeUpTree) -> None:
    """By their addresses, in any form; the bare name is refused with what to write."""
    bme280(tree, "1-0076", 0, 21000)
    bme280(tree, "1-0077", 1, 22000)
    channels = ("iio/bme280@0x76/temp", "iio/bme280@1-0077/temp", "iio/bme280/temp")
    with linked(tree, *channels) as (link, low, high, either):
        low.wait_for(21.0)
        high.wait_for(22.0)
        fault = either.wait_for_fault("2 chips are called iio/bme280")
        assert fault.endswith("write iio/bme280@1-0076/temp or iio/bme280@1-0077/temp")
        assert link.request("read", channels[1]).value == 22.0
        assert link.request("read", "iio/bme280/temp").fault == fault
        assert "iio/bme280@1-0076" in link.status().devices


def test_one_of_two_that_are_alike_goes(tree: MadeUpTree) -> None:
    """The other one's name with the address still means it, and the bare name means it too."""
    first = tree.iio("bme280", f"{I2C}/1-0076", 0, in_temp_input="21000\n")
    bme280(tree, "1-0077", 1, 22000)
    with linked(tree, "iio/bme280@0x77/temp", "iio/bme280/temp") as (_, high, either):
        high.wait_for(22.0)
        either.wait_for_fault("2 chips")
        tree.remove(first)
        either.wait_for(22.0)
        assert high.downs == []


def test_a_sensor_that_is_added_later(tree: MadeUpTree) -> None:
    """It gets its first value soon, however long the interval is."""
    tree.iio("bme280", f"{I2C}/1-0076", in_temp_input="21500\n", in_pressure_input="101.3\n")
    with linked(tree, "iio/bme280/temp", every_s=1000.0) as (link, inside):
        inside.wait_for(21.5)
        late, other_name = Taker("iio/bme280/pressure"), Taker("iio/bme280@76/temp")
        link.add(late)
        late.wait_for(1013.0)
        link.add(other_name)
        other_name.wait_for(21.5)
        link.refresh("iio/bme280/temp")
        until(lambda: len(inside.measurements) == 2)
        link.refresh("iio/none/temp")
        link.remove(late)


def test_what_is_missing_is_said_once(tree: MadeUpTree, caplog: pytest.LogCaptureFixture) -> None:
    """With what there is instead; and ghosts are told from sensors."""
    bme280(tree)
    tree.w1("00-400000000000")
    caplog.set_level(logging.WARNING)
    with linked(tree, "iio/bme28/temp", "iio/bme280/temp") as (link, _, inside):
        inside.wait_for(21.5)
        before = len(inside.measurements)
        link.refresh("iio/bme280/temp")
        until(lambda: len(inside.measurements) > before + 5)
        link.refresh("iio/bme280/temp")
    said = [record.getMessage() for record in caplog.records]
    assert said.count("pi: iio/bme28 is not there; there are iio/bme280") == 1
    assert sum("00-400000000000 is no sensor, but noise on the 1-wire bus" in text for text in said) == 1


def test_what_is_missing_again_is_said_again(tree: MadeUpTree, caplog: pytest.LogCaptureFixture) -> None:
    """After it was there."""
    bme280(tree)
    caplog.set_level(logging.WARNING)
    folder = tree.w1("28-0316a2794b1f", temperature="21187\n")

    def said() -> int:
        return sum("w1/28-0316a2794b1f is not there" in record.getMessage() for record in caplog.records)

    with linked(tree, "w1/28-0316a2794b1f") as (_, outside):
        for count in (1, 2):
            outside.wait_for(21.187)
            tree.remove(folder)
            until(lambda: said() == count)  # noqa: B023 - at once
            outside.measurements.clear()
            folder = tree.w1("28-0316a2794b1f", temperature="21187\n")


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        (
            [errno.EIO],
            "in_temp_input cannot be read: the chip did not answer, or its answer was damaged (EIO)",
        ),
        ([errno.ETIMEDOUT], "did not answer in time (ETIMEDOUT)"),
        ([errno.EAGAIN], "the bus is busy (EAGAIN)"),
        ([errno.ENODATA], "switched off"),
        ([errno.ENOENT], "the file is gone (ENOENT)"),
        ([errno.EACCES], "no permission to read"),
        ([""], "in_temp_input is empty"),
        (["21.5 degrees"], "says '21.5 degrees' where a number was expected"),
        (["1" * 5000], "where a number was expected"),
    ],
)
def test_files_that_fail(tree: MadeUpTree, script: list[str | int], fault: str) -> None:
    """A failed measurement with the reason, and then the values again; the link stays up, and so does the
    other channel."""
    tree.iio("bme280", f"{I2C}/1-0076", in_temp_input="21500\n", in_pressure_input="101.3\n")
    files = Scripted({"in_temp_input": script})
    with linked(tree, "iio/bme280/temp", "iio/bme280/pressure", files=files) as (link, temp, pressure):
        temp.wait_for_fault(fault)
        pressure.wait_for(1013.0)
        assert link.status().counters["failed"] >= 1
        files.script.clear()
        temp.wait_for(21.5)
        assert (temp.downs, pressure.faults, link.status().state) == ([], [], LinkState.UP)


def test_what_passes_is_tried_again_at_once(tree: MadeUpTree) -> None:
    """EAGAIN and EINTR once are no fault."""
    bme280(tree)
    files = Scripted({"in_temp_input": [errno.EAGAIN, "21000", errno.EINTR, "22000"]})
    with linked(tree, "iio/bme280/temp", files=files) as (_, inside):
        inside.wait_for(22.0)
        assert inside.values[:2] == [21.0, 22.0]


def test_a_defect_in_a_reader_is_a_fault(tree: MadeUpTree, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and ends no thread."""
    bme280(tree)

    class Defect(Scripted):
        def text(self, _path: str) -> str:
            raise ZeroDivisionError("of ours")

    with linked(tree, "iio/bme280/temp", files=Defect()) as (_, inside):
        inside.wait_for_fault("internal error: ZeroDivisionError: of ours")
    assert any(record.exc_info for record in caplog.records)


def test_reads_from_many_threads_are_one(tree: MadeUpTree) -> None:
    """Those that wait for the same channel are answered by one read of the file."""
    bme280(tree)
    entered, go_on = threading.Event(), threading.Event()
    files = Scripted({"in_temp_input": ["21500"]})

    def before(path: str) -> None:
        if path.endswith("in_temp_input"):
            entered.set()
            go_on.wait()

    with linked(tree, "iio/bme280/temp", every_s=1000.0, files=files, hangs_after_s=100.0) as (link, inside):
        inside.wait_for(21.5)
        files.before = before
        answers: list[Measurement] = []
        asking = [
            threading.Thread(
                target=lambda: answers.append(link.request("read", "iio/bme280/temp", timeout_s=20))
            )
            for _ in range(9)
        ]
        asking[0].start()
        assert entered.wait(20.0)
        for thread in asking[1:]:
            thread.start()
        until(lambda: link.status().waiting == 9)
        go_on.set()
        for thread in asking:
            thread.join(20.0)
        assert [answer.value for answer in answers] == [21.5] * 9
        assert files.reads["in_temp_input"] == 3  # the poll, the first, and the other eight together
        assert link.status().waiting == 0
