"""All numbers at one moment, from services that say some."""

import re
from collections.abc import Iterator
from typing import Any

from gateway.metrics import process
from gateway.metrics.collect import Metrics
from gateway.samples import Family, disk_written, gauge
from gateway.service import Part
from gateway.version import package_version
from tests.support.fake_clock import FakeClock
from tests.support.prometheus import promtool


class Quiet:
    """A service that has no numbers."""

    name = "quiet"

    def start(self) -> None: ...

    def stop(self, within_s: float) -> bool:
        return within_s > 0

    def status(self) -> dict[str, Part]:
        return {}


class Loud(Quiet):
    """One that has."""

    def __init__(self, name: str, **said: Any) -> None:
        self.name = name
        self.said = said

    def families(self) -> Iterator[Family]:
        yield disk_written(self.name, 10)
        yield gauge(f"{self.name}_events", "Events.", 3)

    def dropped(self) -> dict[str, int]:
        return dict(self.said)

    def loops(self) -> dict[str, float]:
        return {self.name: 990.0}


def lines(*services: Quiet, name: str = "greenhouse") -> dict[str, str]:
    """What is said, by name and labels."""
    text = Metrics(name, FakeClock(), lambda: services).text()
    assert text.endswith("\n")
    found = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    assert len({name for name, _, _ in found}) == len(found)
    return {name: value for name, _, value in found}


def test_services_are_asked_for_what_they_have() -> None:
    """One that has nothing to say is asked nothing; all have the prefix."""
    found = lines(Quiet(), Loud("outbox"))
    assert found["sig_gateway_outbox_events"] == "3"
    assert "sig_gateway_quiet_events" not in found


def test_one_family_of_several_services() -> None:
    """A name is there once, with the samples of all."""
    text = Metrics("x", FakeClock(), lambda: [Loud("outbox"), Loud("history")]).text()
    assert text.count("# TYPE sig_gateway_disk_written_bytes_total counter\n") == 1
    block = re.search(r"# TYPE sig_gateway_disk_written_bytes_total .*\n((?:sig_.*\n)*)", text)
    assert block is not None
    assert block[1] == (
        'sig_gateway_disk_written_bytes_total{part="outbox"} 10\n'
        'sig_gateway_disk_written_bytes_total{part="history"} 10\n'
    )


def test_what_was_lost_is_there_for_every_sender_and_cause() -> None:
    """From 0 on, so that the first loss is an increase."""
    found = lines(Loud("links", temp=0, light=2), Loud("mqtt", other=5))
    assert {key: value for key, value in found.items() if "dropped" in key} == {
        'sig_gateway_dropped_total{sender="temp",cause="links"}': "0",
        'sig_gateway_dropped_total{sender="light",cause="links"}': "2",
        'sig_gateway_dropped_total{sender="other",cause="links"}': "0",
        'sig_gateway_dropped_total{sender="temp",cause="mqtt"}': "0",
        'sig_gateway_dropped_total{sender="light",cause="mqtt"}': "0",
        'sig_gateway_dropped_total{sender="other",cause="mqtt"}': "5",
    }


def test_moments_are_told_by_the_house_s_clock() -> None:
    """A loop's is monotonic where it is made."""
    clock = FakeClock()
    text = Metrics("x", clock, lambda: [Loud("mqtt")]).text()
    expected, _ = clock.stamp(990.0)
    assert f'sig_gateway_loop_timestamp_seconds{{loop="mqtt"}} {expected!r}\n' in text
    assert f"sig_gateway_time_seconds {clock.utc()!r}\n" in text


def test_who_it_is() -> None:
    """Name and versions."""
    (info,) = [key for key in lines(name='my "home"') if "build_info" in key]
    assert info.startswith(f'sig_gateway_build_info{{name="my \\"home\\"",version="{package_version()}",')


def test_the_process_has_the_names_that_all_have() -> None:
    """Without our prefix, and what is said is so."""
    found = {key: float(value) for key, value in lines().items() if key.startswith("process_")}
    assert found.keys() == {
        "process_cpu_seconds_total",
        "process_virtual_memory_bytes",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_max_fds",
        "process_start_time_seconds",
    }
    assert 0 < found["process_resident_memory_bytes"] < found["process_virtual_memory_bytes"]
    assert 3 <= found["process_open_fds"] <= found["process_max_fds"]
    assert found["process_cpu_seconds_total"] > 0


def test_when_the_process_was_started() -> None:
    """By the time since the boot, on which the house's clock is."""
    from drivers.clock import SYSTEM_CLOCK

    started = process.started_at()
    assert started is not None
    assert 0 < started < SYSTEM_CLOCK.monotonic()
    assert lines()["process_start_time_seconds"] == repr(FakeClock().stamp(started)[0])


def test_any_name_passes_prometheus_own_check() -> None:
    """Quotes, line ends, other scripts, what is no Unicode."""
    odd = ['a"b', "a\\b", "a\nb", "Gewächshaus", "温度", "\ud800", "", "{}", "a b", "\x00\x7f\r"]
    service = Loud("links", **dict.fromkeys(odd, 1))
    text = Metrics("x", FakeClock(), lambda: [service, Loud("mqtt")]).text()
    assert promtool("check", "metrics", said=text) == ""


def test_a_sample_is_made_for_each_scrape() -> None:
    """Services that come and go are those of now."""
    there: list[Quiet] = []
    metrics = Metrics("x", FakeClock(), lambda: there)
    assert "mqtt_events" not in metrics.text()
    there.append(Loud("mqtt"))
    assert "sig_gateway_mqtt_events 3\n" in metrics.text()
