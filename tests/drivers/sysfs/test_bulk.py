"""One conversion for all thermometers of a bus."""

import errno
import logging

import pytest

from drivers.sysfs.bulk import Bulk
from tests.drivers.sysfs.taking import Held, Scripted, linked
from tests.support.made_up_sysfs import MASTER, MadeUpTree
from tests.support.waiting import until


class Kernel(Scripted):
    """Converts as w1_therm does: one by one, or all when it is triggered. `log` has what took 750 ms."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[str] = []
        self.waiting: set[str] = set()
        self.refuses: int | None = None

    def text(self, path: str) -> str:
        """See `Files`."""
        if path.endswith("therm_bulk_read"):
            return "1\n" if self.waiting else "0\n"
        if path in self.waiting:
            self.waiting.discard(path)
        else:
            self.log.append(path.rsplit("/", 2)[1])
        return super().text(path)

    def write(self, path: str, text: str) -> None:
        """See `Files`."""
        assert (path.rsplit("/", 2)[1:], text) == (["w1_bus_master1", "therm_bulk_read"], "trigger\n")
        if self.refuses is not None:
            raise OSError(self.refuses, "refused", path)
        self.log.append("all")
        folder = path.rsplit("/", 2)[0]
        self.waiting = {f"{folder}/28-00000000000{number}/temperature" for number in range(8)}


def eight(tree: MadeUpTree) -> list[str]:
    """Their channels."""
    for number in range(8):
        tree.w1(f"28-00000000000{number}", temperature=f"2{number}000\n")
    return [f"w1/28-00000000000{number}" for number in range(8)]


def test_eight_cost_one_conversion(tree: MadeUpTree) -> None:
    """In each round; a live read converts anew, and is no value from before."""
    kernel = Kernel()
    with linked(tree, *eight(tree), files=kernel) as (link, *takers):
        for number, taker in enumerate(takers):
            taker.wait_for(20.0 + number)
        until(lambda: link.status().counters["conversions"] >= 3)
    assert set(kernel.log) == {"all"}


def test_a_live_read_converts_by_itself(tree: MadeUpTree) -> None:
    """Also when a value of a round waits: that one is fetched first."""
    kernel = Kernel()
    held = Held()
    kernel.before = held
    channels = eight(tree)
    held.hold("000/temperature")
    with linked(tree, *channels, every_s=1000.0, files=kernel, hangs_after_s=1000.0) as (link, *takers):
        until(lambda: held.entered["000/temperature"])
        held.let_go("000/temperature")
        answer = link.request("read", channels[7], timeout_s=20.0)
        assert answer.value == 27.0
        until(lambda: len(takers[7].measurements) == 2)
    assert kernel.log == ["all", "28-000000000007"]


def test_one_sensor_is_not_worth_it(tree: MadeUpTree) -> None:
    """It converts by itself."""
    kernel = Kernel()
    tree.w1("28-000000000000", temperature="20000\n")
    with linked(tree, "w1/28-000000000000", files=kernel) as (_, one):
        one.wait_for(20.0)
    assert set(kernel.log) == {"28-000000000000"}


def test_without_the_permission(tree: MadeUpTree, caplog: pytest.LogCaptureFixture) -> None:
    """Each converts by itself; that is said once, with what to do."""
    caplog.set_level(logging.INFO)
    kernel = Kernel()
    kernel.refuses = errno.EACCES
    with linked(tree, *eight(tree), files=kernel) as (link, *takers):
        for number, taker in enumerate(takers):
            taker.wait_for(20.0 + number)
        until(lambda: len(takers[0].measurements) > 3)
        assert link.status().counters["conversions"] == 0
    said = [record.getMessage() for record in caplog.records if "therm_bulk_read" in record.getMessage()]
    assert len(said) == 1
    assert "docs/sysfs.md has a udev rule" in said[0]


@pytest.mark.parametrize(
    ("code", "possible"), [(errno.ENOENT, False), (errno.EROFS, False), (errno.EAGAIN, True)]
)
def test_what_is_tried_again(code: int, possible: bool) -> None:
    """A bus that is busy is worth another try, one that cannot do it is not."""
    files = Scripted({"therm_bulk_read": [code]})
    bulk = Bulk("pi", f"/{MASTER}", files)
    assert bulk.possible
    assert not bulk.convert(lambda _seconds: None)
    assert bulk.possible is possible


@pytest.mark.parametrize(
    ("turns", "pauses"), [(["-1", "-1", "1"], 2), (["0"], 0), (["-1"], 20), (["odd"], 0)]
)
def test_a_trigger_that_returns_early(turns: list[str | int], pauses: int) -> None:
    """It is waited for, and not for ever."""
    waited: list[float] = []
    assert Bulk("pi", f"/{MASTER}", Scripted({"therm_bulk_read": turns})).convert(waited.append)
    assert len(waited) == pauses
