"""Second tries: of what passes, and of a DHT, which fails often."""

import errno

import pytest

from drivers.sysfs.faults import Fault
from drivers.sysfs.files import Files
from drivers.sysfs.probe import AmbiguousReader, DhtReader, PlainReader, reader_of
from drivers.sysfs.tree import Chip, scan
from tests.drivers.sysfs.taking import Scripted
from tests.support.fake_clock import FakeClock
from tests.support.made_up_sysfs import MadeUpTree


def dht(tree: MadeUpTree) -> Chip:
    """The sensor at GPIO 4."""
    tree.iio("dht11@4", "devices/platform/dht11@4", in_temp_input="1", in_humidityrelative_input="1")
    return scan(str(tree.root), Files()).chips[0]


class Pauses:
    """Lets time go by."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.taken: list[float] = []

    def __call__(self, seconds: float) -> None:
        """One."""
        self.taken.append(seconds)
        self.clock.advance(seconds)


def test_who_reads_what(tree: MadeUpTree) -> None:
    """A DHT is one by its driver."""
    clock = FakeClock()
    assert isinstance(reader_of(dht(tree), Files(), clock), DhtReader)
    tree.iio("bme280", "devices/a", 1, in_temp_input="1")
    assert isinstance(reader_of(scan(str(tree.root), Files()).chips[1], Files(), clock), PlainReader)


def test_a_dht_is_tried_three_times(tree: MadeUpTree) -> None:
    """2 s apart, of both errors that it has."""
    clock, chip = FakeClock(), dht(tree)
    pauses = Pauses(clock)
    files = Scripted({"in_temp_input": [errno.EIO, errno.ETIMEDOUT, "21000"]})
    value = DhtReader(chip, files, clock).read(chip.quantities["temp"], pauses)
    assert (value.value, value.measured, pauses.taken) == (21.0, 1004.0, [2.0, 2.0])


def test_a_dht_that_fails(tree: MadeUpTree) -> None:
    """It says so after three times; the other quantity, right after it, is not tried at all."""
    clock, chip = FakeClock(), dht(tree)
    pauses = Pauses(clock)
    files = Scripted({"in_temp_input": [errno.ETIMEDOUT], "in_humidityrelative_input": ["45000"]})
    reader = DhtReader(chip, files, clock)
    for quantity in ("temp", "humidityrelative"):
        with pytest.raises(Fault, match=r"in time \(ETIMEDOUT\), 3 times in a row; check its three wires"):
            reader.read(chip.quantities[quantity], pauses)
    assert (files.reads["in_temp_input"], files.reads["in_humidityrelative_input"]) == (3, 0)
    clock.advance(2.0)
    assert reader.read(chip.quantities["humidityrelative"], pauses).value == 45.0


def test_a_dht_that_is_gone(tree: MadeUpTree) -> None:
    """Other errors are not tried again."""
    clock, chip = FakeClock(), dht(tree)
    pauses = Pauses(clock)
    files = Scripted({"in_temp_input": [errno.ENODEV]})
    with pytest.raises(OSError, match="scripted"):
        DhtReader(chip, files, clock).read(chip.quantities["temp"], pauses)
    assert pauses.taken == []


def test_a_value_from_the_kernels_memory(tree: MadeUpTree) -> None:
    """Within 2 s of a measurement: the time is that of the measurement."""
    clock, chip = FakeClock(), dht(tree)
    files = Scripted({"in_temp_input": ["21000"], "in_humidityrelative_input": ["45000"]})
    reader = DhtReader(chip, files, clock)
    times = []
    for quantity, seconds in (("temp", 0.0), ("humidityrelative", 0.5), ("temp", 1.4), ("temp", 0.2)):
        clock.advance(seconds)
        times.append(reader.read(chip.quantities[quantity], Pauses(clock)).measured)
    assert times == [1000.0, 1000.0, 1000.0, 1002.1]


def test_what_passes_and_what_does_not(tree: MadeUpTree) -> None:
    """EAGAIN is tried once more, EIO of a chip is not."""
    tree.iio("bme280", "devices/a", in_temp_input="1")
    chip = scan(str(tree.root), Files()).chips[0]
    files = Scripted({"in_temp_input": [errno.EAGAIN, "1000", errno.EBUSY, errno.EBUSY, errno.EIO, "2000"]})
    reader = PlainReader(chip, files)
    pauses = Pauses(FakeClock())
    assert reader.read(chip.quantities["temp"], pauses).value == 1.0
    for code in (errno.EBUSY, errno.EIO):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is compared
            reader.read(chip.quantities["temp"], pauses)
        assert caught.value.errno == code
    assert pauses.taken == []


def test_a_name_of_several(tree: MadeUpTree) -> None:
    """Never a value."""
    chip = dht(tree)
    with pytest.raises(Fault, match="which one"):
        AmbiguousReader("which one").read(chip.quantities["temp"], Pauses(FakeClock()))
