"""Links in numbers."""

from typing import Any

import pytest

from drivers.latency import Latency
from drivers.link import LinkState, LinkStatus
from drivers.source import Device
from gateway.metrics.links import LinkNow, families
from gateway.metrics.text import exposition


def link(name: str = "bus", **more: Any) -> LinkNow:
    """One that is up and has counted nothing, but for what a test says."""
    status = LinkStatus(name, LinkState.UP, "/dev/x", None, None, {}, None, {}, None, 0, 90.0)
    values = {slot: getattr(status, slot) for slot in LinkStatus.__slots__}
    return LinkNow(LinkStatus(**{**values, **more}), Latency().taken())


def said(*links: LinkNow) -> dict[str, float]:
    """By name and labels."""
    lines = [line for line in exposition(families(links)).splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


@pytest.mark.parametrize("state", list(LinkState))
def test_up(state: LinkState) -> None:
    """In one state only."""
    assert said(link(state=state))['link_up{link="bus"}'] == (state is LinkState.UP)


def test_what_a_bus_counts() -> None:
    """Good and bad by cause; not by device, and not what is no count of errors."""
    counters = {
        "requests": 9,
        "answers": 7,
        "no_answer": 2,
        "damaged": 1,
        "roof/damaged": 1,
        "bus_busy_ms": 1500,
        "bus_open_ms": 9000,
        "echoes": 4,
    }
    device = Device("x", "", "", 0, {}, "roof")
    found = said(link(counters=counters, devices={"roof": device}, waiting=3, reconnects=2))
    assert found['link_messages_total{link="bus"}'] == 7
    assert {name: value for name, value in found.items() if "errors" in name and "link_" in name} == {
        'link_errors_total{link="bus",cause="damaged"}': 1,
        'link_errors_total{link="bus",cause="no_answer"}': 2,
    }
    assert found['link_bus_busy_seconds_total{link="bus"}'] == 1.5
    assert found['link_devices{link="bus"}'] == 1
    assert found['link_waiting_requests{link="bus"}'] == 3
    assert found['link_reconnects_total{link="bus"}'] == 2


def test_every_link_has_its_own() -> None:
    """And what one does not have it has no sample of."""
    found = said(link("a", counters={"lines": 5}), link("b", counters={"reads": 2}, state=LinkState.ABSENT))
    assert found['link_messages_total{link="a"}'] == 5
    assert found['link_messages_total{link="b"}'] == 2
    assert found['link_up{link="b"}'] == 0
    assert not [name for name in found if "bus_busy" in name]


def test_no_links() -> None:
    """A gateway without any."""
    assert said() == {}
