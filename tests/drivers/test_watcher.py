"""Who wants to know of every device that comes."""

import threading

from drivers import Link
from drivers.source import Device, Measurement
from drivers.watcher import Watcher
from tests.contract.memory import MemorySource, Thermometer
from tests.support.waiting import until


def test_each_coming_is_told() -> None:
    """On the dispatcher's thread, again after an unplug, and whatever the sensors are."""
    thermometer = Thermometer()
    link = Link("board", source=MemorySource(thermometer))
    found: list[Device] = []
    threads: set[str] = set()

    def came(device: Device) -> None:
        found.append(device)
        threads.add(threading.current_thread().name)

    link.watch(came)
    with link:
        until(lambda: len(found) == 1)
        thermometer.unplug()
        until(lambda: link.absence("temp"))
        thermometer.plug()
        until(lambda: len(found) == 2)
        assert link.absence("temp") is None
    assert [device.model for device in found] == ["memory", "memory"]
    assert threads == {"dispatcher-board"}
    assert link.absence("temp") == "the device is not there"


def test_it_takes_no_values() -> None:
    """Nor minds that a device is gone."""
    watcher = Watcher(lambda device: None)
    value = Measurement("temp", 1, 21.5, None, 0.0)
    watcher.heard(value)
    watcher.missed()
    watcher.accept(value)
    watcher.link_down("gone")
    assert (watcher.channel, watcher.interval_ms) == ("", None)
