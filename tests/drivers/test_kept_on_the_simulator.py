"""Nothing lost on the wire: the drivers and a simulated board that keeps its readings, over a real pty."""

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers import Link
from drivers.source import Device, Measurement, Missing
from tests.drivers.test_on_the_simulator import NAMES, Simulator
from tests.support.house import House
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("simulator_path", "no_leaks")


class Collector:
    """A sink that takes everything of a channel."""

    interval_ms = None

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.taken: list[Measurement] = []
        self.lost: list[Missing] = []
        self.ups = 0
        self.downs = 0

    def heard(self, _measurement: Measurement, /) -> None:
        """See `Sink`."""

    def missed(self) -> None:
        """See `Sink`."""

    def accept(self, measurement: Measurement, /) -> None:
        """See `Sink`."""
        self.taken.append(measurement)

    def missing(self, missing: Missing, /) -> None:
        """See `Sink`."""
        self.lost.append(missing)

    def link_up(self, _device: Device, _warning: str | None, /) -> None:
        """See `Sink`."""
        self.ups += 1

    def link_down(self, _reason: str, /) -> None:
        """See `Sink`."""
        self.downs += 1


class Desk:
    """A link with a collector on each channel."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.collectors = [Collector(name) for name in NAMES]
        for collector in self.collectors:
            link.add(collector)

    def numbers(self) -> list[tuple[int, int]]:
        """Boot and number of each that came, in order."""
        receipts = [taken.receipt for one in self.collectors for taken in list(one.taken)]
        return sorted((receipt.boot, receipt.seq) for receipt in receipts if receipt is not None)

    def gaps(self) -> int:
        """How many are missing between the first and the last of their boots."""
        numbers = self.numbers()
        boots = {boot: [seq for each, seq in numbers if each == boot] for boot, _ in numbers}
        return sum(seqs[-1] - seqs[0] + 1 - len(set(seqs)) for seqs in boots.values())

    def late(self) -> int:
        """How many came late."""
        return sum(taken.late for one in self.collectors for taken in list(one.taken))

    def came_once(self) -> bool:
        """Whether none came twice."""
        numbers = self.numbers()
        return len(set(numbers)) == len(numbers)

    def away(self, simulator: Simulator, seconds: float, *commands: str) -> None:
        """The cable is out for so long."""
        downs, ups = self.collectors[0].downs, self.collectors[0].ups
        simulator.tell("unplug")
        until(lambda: self.collectors[0].downs > downs)
        time.sleep(seconds)  # a span of time is what is tested
        for command in (*commands, "replug"):
            simulator.tell(command)
        until(lambda: self.collectors[0].ups > ups)


@pytest.fixture
def simulator(tmp_path: Path) -> Simulator:
    """Not started."""
    return Simulator(tmp_path / "board")


@contextmanager
def desk_on(simulator: Simulator, options: str) -> Iterator[Desk]:
    """At a board with a supply of its own that reports 30 times a second."""
    link = Link("board", simulator.port(f"speed=600&seed=1&supply=own&{options}"))
    desk = Desk(link)
    with link:
        until(lambda: all(len(one.taken) > 2 for one in desk.collectors))
        yield desk


def test_what_a_pulled_cable_costs(simulator: Simulator) -> None:
    """Nothing: it comes late, each reading once, with a time between those before and those after."""
    with desk_on(simulator, "kept=1000") as desk:
        desk.away(simulator, 0.5)
        until(lambda: desk.late() > 5 and desk.gaps() == 0)
        for one in desk.collectors:
            by_seq = sorted(one.taken, key=lambda taken: taken.seq)
            times = [taken.measured for taken in by_seq]
            assert all(later > earlier - 0.05 for earlier, later in itertools.pairwise(times))
            assert not any(taken.doubt for taken in by_seq)
            assert one.lost == []
        assert desk.came_once()


def test_a_reset_while_the_cable_is_out(simulator: Simulator) -> None:
    """The readings of the boot before come, too."""
    with desk_on(simulator, "kept=1000") as desk:
        (boot,) = {boot for boot, _ in desk.numbers()}
        heard = len(desk.numbers())
        desk.away(simulator, 0.3, "reset")
        until(lambda: len({boot for boot, _ in desk.numbers()}) == 2)
        until(lambda: sum(each == boot for each, _ in desk.numbers()) > heard and desk.gaps() == 0)
        assert desk.came_once()
        assert not any(one.lost for one in desk.collectors)


def test_a_memory_that_is_too_small_is_a_gap(simulator: Simulator) -> None:
    """Of so many readings as are missing, each channel its own."""
    with desk_on(simulator, "kept=12") as desk:
        desk.away(simulator, 0.8)
        until(lambda: all(one.lost for one in desk.collectors))

        def told() -> bool:
            return sum(lost.count or 0 for one in desk.collectors for lost in one.lost) == desk.gaps()

        until(told)
        assert desk.came_once()


def test_one_bit_error_in_a_thousand(simulator: Simulator) -> None:
    """Every reading comes, once; the link counts what was damaged."""
    with desk_on(simulator, "kept=1000") as desk:
        simulator.tell("faults flip=0.001")  # after the hello, which needs four good lines in one go
        until(lambda: len(desk.numbers()) > 100)
        simulator.tell("faults none")
        until(lambda: desk.gaps() == 0)
        counters = desk.link.status().counters
        assert counters["damaged"] > 10
        assert counters["kept"] > 5
        assert counters["missing"] == 0
        assert desk.came_once()


def test_what_a_sensor_publishes_of_it(simulator: Simulator) -> None:
    """Late readings, as good as live ones."""
    port = simulator.port("speed=600&seed=1&kept=1000&supply=own")
    with House(port, *NAMES) as house:
        house.wait_for("#changed")
        simulator.tell("unplug")
        house.wait_for("#disconnect")
        time.sleep(0.5)  # as above
        simulator.tell("replug")
        late, _ = house.wait_for("#late", count=2)
        assert (late["unit"], late["quality"]) == ("°C", "good")
        assert house.sensors["temp"].info()["device"]["kept"] == 1000
        assert house.sensors["temp"].stats()["late"] >= 2
        assert house.count("#gap") == 0


def test_a_board_without_power_cannot_know(simulator: Simulator) -> None:
    """On USB its memory goes with the cable: a gap without a number."""
    with House(simulator.port("speed=600&seed=1&kept=1000"), *NAMES) as house:
        house.wait_for("#changed")
        simulator.tell("unplug")
        house.wait_for("#disconnect")
        time.sleep(0.5)  # as above
        simulator.tell("replug")
        gap, _ = house.wait_for("#gap")
        assert gap["count"] is None
        assert gap["from"] < gap["to"]


def test_a_board_that_keeps_nothing_is_told_nothing(simulator: Simulator) -> None:
    """It works as before."""
    with House(simulator.port("speed=600&seed=1&kept=0"), *NAMES) as house:
        house.wait_for("#changed")
        house.read("temp")
        sender = house.router.getSender("temp")
        assert sender is not None
        assert sender.getEvents() == ["#changed", "#stale", "cold", "hot"]
        assert "kept" not in house.sensors["temp"].info()["device"]
