"""A real Prometheus on real gateways, with the rules and the dashboard that the documentation has.

Every alert is made to fire, with its times made short, and every expression of the dashboard has data.
"""

import contextlib
import http.client
import json
import re
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import ROOT, Gateway, Process, environment
from tests.support.faked_clock import Faked
from tests.support.mosquitto import Mosquitto
from tests.support.plugin import installed
from tests.support.ports import free_port
from tests.support.prometheus import Prometheus, promtool, required
from tests.support.waiting import until

pytestmark = [pytest.mark.once, pytest.mark.timeout(300)]

EXAMPLES = ROOT / "docs" / "examples"
RULES = yaml.safe_load((EXAMPLES / "prometheus" / "alerts.yml").read_text())
DASHBOARD = json.loads((EXAMPLES / "grafana" / "sig-gateway.json").read_text())
ALERTS = [rule["alert"] for group in RULES["groups"] for rule in group["rules"]]
SPAN = "15s"
"""In place of the minutes and hours over which the rules look."""
SHORTER = {
    "SigGatewayLoopStuck": ("- 60", "- 3"),
    "SigGatewaySlowRequests": ("> 1", "> 0.2"),
    "SigGatewayDiskWear": ("> 1e9", "> 5e8"),
}
"""Thresholds that would take longer to pass than a test has."""
ODD = 'h"u\\m ü'
NAMED = json.dumps(ODD)
WELL = """\
gateway: {{{{name: test, data: ./data}}}}
router: {{{{listen: 127.0.0.1:{{port}}}}}}
links:
  board: {{{{port: "sim:?speed=1200"}}}}
  shaky: {{{{port: "sim:?speed=1200&seed=1"}}}}
sensors:
  temp: {{{{driver: held, link: board}}}}
  light: {{{{driver: light, link: board, channel: lux}}}}
  ? {named}
  : {{{{driver: humidity, link: shaky, channel: hum}}}}
mqtt: {{{{url: "mqtt://127.0.0.1:{broker}", outbox_rows: 200, loss_window: 0}}}}
http: {{{{listen: 127.0.0.1:{http}}}}}
history: {{{{}}}}
"""
BADLY = """\
gateway: {{{{name: badly, data: /dev/null/data}}}}
router: {{{{listen: 127.0.0.1:{{port}}}}}}
links:
  board: {{{{port: "{board}"}}}}
sensors:
  temp: {{{{driver: temperature, link: board}}}}
  ghost: {{{{driver: temperature, link: board, channel: none_such}}}}
  broken: {{{{driver: nobody_has_it, link: board}}}}
mqtt: {{{{url: "mqtt://127.0.0.1:{broker}"}}}}
http: {{{{listen: 127.0.0.1:{http}}}}}
history: {{{{}}}}
"""
HELD = '''
import pathlib, time
from drivers.temperature import TemperatureSensor

class Held(TemperatureSensor):
    """Holds up the dispatcher while there is a file."""

    kind = "held"

    @classmethod
    def quantity(cls, parsed):
        return TemperatureSensor.quantity(parsed)

    def accept(self, measurement):
        while pathlib.Path("hold").exists():
            time.sleep(0.02)
        super().accept(measurement)
'''


def shortened(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule that fires as soon as it may."""
    text = re.sub(r"\[\d+[smhd]\]", f"[{SPAN}]", rule["expr"])
    if rule["alert"] in SHORTER:
        was, now = SHORTER[rule["alert"]]
        assert was in text
        text = text.replace(was, now)
    return {**rule, "expr": text, "for": "0s"}


class House:
    """A gateway that is well until a test does something to it, and Prometheus."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self.folder = folder
        self.broker = stack.enter_context(Mosquitto(folder))
        self.http, self.badly = free_port(), free_port()
        self.stack = stack
        (folder / "well").mkdir()
        config = WELL.format(named=NAMED, broker=self.broker.port, http=self.http)
        plugin = environment()["PYTHONPATH"]
        self.gateway = stack.enter_context(
            Gateway(folder / "well", config, PYTHONPATH=f"{folder / 'plugin'}:{plugin}")
        )
        self.began = time.time()
        self.prometheus = stack.enter_context(Prometheus(self._config()))

    def _config(self) -> Path:
        config = yaml.safe_load((EXAMPLES / "prometheus" / "prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "500ms", "evaluation_interval": "500ms"}
        (scrape,) = config["scrape_configs"]
        scrape["static_configs"] = [{"targets": [f"127.0.0.1:{port}" for port in (self.http, self.badly)]}]
        rules = {
            "groups": [{"name": "all", "rules": [shortened(r) for g in RULES["groups"] for r in g["rules"]]}]
        }
        (self.folder / "alerts.yml").write_text(yaml.safe_dump(rules))
        path = self.folder / "prometheus.yml"
        path.write_text(yaml.safe_dump(config))
        return path

    def ask(self, path: str, body: object = None) -> tuple[int, str]:
        """The gateway that is well."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=20)
        try:
            connection.request("GET" if body is None else "POST", path, json.dumps(body) if body else None)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def fires(self, alert: str, **labels: str) -> Mapping[str, str]:
        """Waits until it does, with those labels; returns all of them."""

        def found() -> list[Mapping[str, str]]:
            wanted = {"alertname": alert, **labels}
            return [each for each in self.prometheus.firing() if wanted.items() <= each.items()]

        until(found, what=f"{alert} fires; {self.prometheus.firing()}")
        return found()[0]

    def one(self, expression: str) -> float | None:
        """The only value of an expression; None while there is none."""
        found = self.prometheus.query(expression)
        assert len(found) <= 1, found
        return found[0].value if found else None

    @property
    def here(self) -> str:
        """The instance that is well."""
        return f"127.0.0.1:{self.http}"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all: what a test breaks it mends, or nobody after it needs it."""
    required()
    Mosquitto.required()
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "plugin").mkdir()
    entries = {"sig_gateway.drivers": "held = held:Held"}
    with contextlib.ExitStack() as stack:
        stack.enter_context(installed(folder / "plugin", "held", HELD, entries))
        yield House(folder, stack)


def test_the_files_are_what_prometheus_takes() -> None:
    """The rules and the scrape config, as they are shipped."""
    promtool("check", "config", "prometheus.yml", folder=EXAMPLES / "prometheus")
    assert f"{len(ALERTS)} rules found" in promtool(
        "check", "rules", str(EXAMPLES / "prometheus" / "alerts.yml")
    )


def test_all_is_well(house: House) -> None:
    """The gateway's metrics are without a complaint, and no alert fires but for the one that is not there."""
    until(lambda: house.one(f"sig_gateway_readings_total{{sender={NAMED}}}"), what="readings")
    until(lambda: house.one("sig_gateway_mqtt_published_events_total"), what="published events")
    until(lambda: house.one("count_over_time(sig_gateway_time_seconds[1m]) > 12"), what="some scrapes")
    status, text = house.ask("/metrics")
    assert status == 200
    assert promtool("check", "metrics", said=text) == ""
    targets = {each["labels"]["instance"]: each for each in house.prometheus.targets()}
    well = targets.pop(house.here)
    assert (well["health"], well["lastError"]) == ("up", "")
    assert [each["health"] for each in targets.values()] == ["down"]
    firing = {each["alertname"] for each in house.prometheus.firing() if each["instance"] == house.here}
    assert firing <= {"SigGatewayDiskWear"}  # every event is written, and it is told to write so much
    assert house.one('sig_gateway_link_up{link="board"}') == 1
    assert house.one('sig_gateway_sender_info{sender="temp"}') == 1
    assert house.one(f"sig_gateway_sender_connected{{sender={NAMED}}}") == 1
    assert house.one("time() - sig_gateway_time_seconds < 10")
    age = house.one('sig_gateway_time_seconds - on () sig_gateway_reading_timestamp_seconds{sender="temp"}')
    assert age is not None
    assert 0 <= age < 5
    for part in ("outbox", "history"):
        assert (house.one(f'sig_gateway_disk_written_bytes_total{{part="{part}"}}') or 0) > 0


def test_a_sensor_is_silent(house: House) -> None:
    """Its link is up."""
    house.gateway.tell_board("silent lux")
    assert house.fires("SigGatewaySensorStale", instance=house.here)["sender"] == "light"
    assert house.one('sig_gateway_reading_value{sender="light"}') is None
    house.gateway.tell_board("loud lux")
    until(lambda: house.one('sig_gateway_sender_stale{sender="light"}') == 0)


def test_a_measurement_fails(house: House) -> None:
    """It is counted, and is no value."""
    house.gateway.tell_board("fault lux absent")
    house.fires("SigGatewaySensorStale", instance=house.here, sender="light")
    until(lambda: house.one('sig_gateway_failed_measurements_total{sender="light"}'))
    house.gateway.tell_board("fault lux none")


def test_a_sensor_says_what_cannot_be(house: House) -> None:
    """Most values are suspect."""
    house.gateway.tell_board("faults spike=0.9:lux:99999")
    house.fires("SigGatewaySensorSuspect", sender="light")
    house.gateway.tell_board("faults none")


def test_live_reads_are_slow(house: House) -> None:
    """The board takes its time."""
    house.gateway.tell_board("faults slow=0.4")
    path = "/api/v1/senders/temp/requests/read"
    assert [house.ask(path, {"timeout": 5})[0] for _ in range(3)] == [200] * 3
    assert house.ask(path, {"timeout": 0.1})[0] == 504
    assert house.fires("SigGatewaySlowRequests", instance=house.here)["link"] == "board"
    until(lambda: house.one('sig_gateway_request_errors_total{link="board",error="timeout"}') == 1)
    assert house.one('sig_gateway_request_duration_seconds_count{link="board"}') == 4
    assert house.one('sig_gateway_live_reads_total{sender="temp"}') == 4
    assert house.one('sig_gateway_failed_live_reads_total{sender="temp"}') == 1
    house.gateway.tell_board("faults none")


def test_a_link_is_noisy_then_down_then_unsteady(house: House) -> None:
    """Damaged lines; a cable that is pulled, and pulled again and again."""
    house.gateway.tell_board("faults flip=0.002:out", "shaky")
    assert house.fires("SigGatewayLinkErrors")["link"] == "shaky"
    assert (house.one('sig_gateway_link_errors_total{link="shaky",cause="damaged"}') or 0) > 0
    house.gateway.tell_board("faults none", "shaky")
    house.gateway.tell_board("unplug", "shaky")
    assert house.fires("SigGatewayLinkDown", instance=house.here)["link"] == "shaky"
    assert house.one(f"sig_gateway_sender_connected{{sender={NAMED}}}") == 0

    def reconnects() -> float:
        return house.one('sig_gateway_link_reconnects_total{link="shaky"}') or 0.0

    for wanted in range(int(reconnects()) + 1, int(reconnects()) + 9):
        house.gateway.tell_board("replug", "shaky")
        until(lambda wanted=wanted: reconnects() >= wanted)  # type: ignore[misc]
    assert house.fires("SigGatewayLinkUnsteady")["link"] == "shaky"


def test_the_broker_is_away(house: House) -> None:
    """The outbox fills, on the disk, and the oldest events are lost."""
    house.broker.stop()
    house.fires("SigGatewayMqttDown", instance=house.here)
    house.fires("SigGatewayOutboxFilling", instance=house.here)
    house.fires("SigGatewayDrops", instance=house.here, cause="mqtt")
    house.fires("SigGatewayDiskWear", instance=house.here)
    house.broker.start()
    until(lambda: house.one(f'sig_gateway_mqtt_connected{{instance="{house.here}"}}') == 1)
    assert house.one(f'sum(sig_gateway_dropped_total{{cause="mqtt",instance="{house.here}"}})') == house.one(
        f'sig_gateway_mqtt_lost_events_total{{instance="{house.here}"}}'
    )


def test_another_does_badly(house: House, tmp_path: Path) -> None:
    """It has no data folder, a clock that is wrong, no broker; and then it is gone."""
    faked = Faked.required(tmp_path)
    faked.off(-86400.0)
    board = tmp_path / "board"
    config = BADLY.format(board=board, broker=free_port(), http=house.badly)
    there = f"127.0.0.1:{house.badly}"
    environ: dict[str, Any] = {**faked.environment, "SIG_GATEWAY_CLOCK": "unset"}
    simulator = Process(["simulate", "--link", str(board)], tmp_path)
    with simulator, Gateway(tmp_path, config, **environ) as badly:
        for alert in (
            "SigGatewayConfigLeftOut",
            "SigGatewaySensorGone",
            "SigGatewayDataFolderUnwritable",
            "SigGatewayOutboxUnwritable",
            "SigGatewayHistoryUnwritable",
            "SigGatewayClockUnset",
            "SigGatewayClockWrong",
        ):
            house.fires(alert, instance=there)
        badly.signal(signal.SIGKILL)
    house.fires("SigGatewayDown", instance=there)


def test_the_dispatcher_is_held(house: House) -> None:
    """By a listener that does not return: its loop is stuck, its queue fills, and then readings are lost."""
    hold = house.folder / "well" / "hold"
    house.gateway.tell_board("speed 30000")
    hold.touch()
    try:
        assert house.fires("SigGatewayLoopStuck", instance=house.here)["loop"] == "dispatcher"
        house.fires("SigGatewayQueueFilling", instance=house.here)
        house.fires("SigGatewayDrops", instance=house.here, cause="links")
    finally:
        house.gateway.tell_board("speed 1200")
        hold.unlink()
    until(lambda: house.one(f'sig_gateway_dispatcher_queue_events{{instance="{house.here}"}}') == 0)


def expressions() -> Iterator[tuple[str, str]]:
    """Those of the dashboard, with what Grafana puts in."""
    for panel in DASHBOARD["panels"]:
        for number, target in enumerate(panel.get("targets", [])):
            text = target["expr"].replace("$__rate_interval", SPAN).replace("$instance", ".*")
            assert "$" not in text
            yield f"{panel['title']} {number}", re.sub(r"\[1d\]", "[1m]", text)


@pytest.mark.parametrize("expression", [pytest.param(text, id=title) for title, text in expressions()])
def test_each_panel_has_data(house: House, expression: str) -> None:
    """After all of that."""
    assert house.prometheus.span(expression, house.began, time.time())


def test_every_alert_was_made_to_fire(house: House) -> None:
    """None is left out above."""
    fired = house.prometheus.span('ALERTS{alertstate="firing"}', house.began, time.time())
    assert {each["alertname"] for each in fired} == set(ALERTS)
