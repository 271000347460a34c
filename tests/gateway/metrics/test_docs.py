"""docs/metrics.md and the files beside it say what there is."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.app import App
from gateway.config import load
from gateway.metrics.collect import Metrics
from gateway.samples import COUNTER
from tests.support.ports import free_port
from tests.support.prometheus import promtool
from tests.support.scripted_board import ScriptedBoard
from tests.support.waiting import until

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "metrics.md").read_text()
RULES = yaml.safe_load((DOCS / "examples" / "prometheus" / "alerts.yml").read_text())["groups"][0]["rules"]
DASHBOARD = json.loads((DOCS / "examples" / "grafana" / "sig-gateway.json").read_text())
ELSEWHERE = {"link_bus_busy_seconds_total", "fleet_confirmed_timestamp_seconds"}
"""What a gateway with a board, a broker and no consumer does not have."""
UNITS = {"none", "short", "s", "cps", "reqps", "bytes", "Bps", "percentunit"}
"""Grafana's identifiers of those that are used."""


def expressions() -> Iterator[str]:
    """Of all alerts and all panels."""
    yield from (rule["expr"] for rule in RULES)
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel.get("targets", []))


def table(heading: str) -> list[list[str]]:
    """The first cells of a table."""
    part = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:4] for line in part.splitlines() if line.startswith("| `")]
    return [[cell.replace("`", "").strip() for cell in row] for row in rows]


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What a gateway with everything in its config says."""
    folder = tmp_path_factory.mktemp("gateway")
    with ScriptedBoard(folder / "board") as board:
        (folder / "config.yaml").write_text(
            f"gateway: {{name: test, data: {folder}/data}}\nrouter: {{listen: 'unix:{folder}/s'}}\n"
            f"links: {{board: {{port: {board.link}}}}}\n"
            "sensors: {temp: {driver: temperature, link: board}}\n"
            f"mqtt: {{url: 'mqtt://127.0.0.1:{free_port()}'}}\nhttp: {{listen: 'unix:{folder}/h'}}\n"
            "history: {window: 1s}\n"
            f"fleet: {{site: test, routers: ['tcp://127.0.0.1:{free_port()}']}}\n"
        )
        app = App(load(folder / "config.yaml"))
        app.start()
        try:
            metrics = Metrics("test", app.clock, app.services)
            there = (
                "_reading_value{",
                "http_streams ",
                "history_written_timestamp_seconds ",
                "fleet_oldest_event_timestamp_seconds ",
            )
            until(lambda: all(name in metrics.text() for name in there))
            yield metrics.text()
        finally:
            app.stop()


def test_prometheus_has_nothing_to_complain_of(text: str) -> None:
    """By its own rules for names, help and types."""
    assert promtool("check", "metrics", said=text) == ""


def test_every_name_is_in_the_table(text: str) -> None:
    """With its type and its labels, and no other is."""
    types = dict(re.findall(r"^# TYPE sig_gateway_(\w+) (\w+)$", text, re.MULTILINE))
    listed = {name: (kind, labels) for name, kind, labels in table("Names")}
    assert set(types) == set(listed) - ELSEWHERE
    for name, kind in types.items():
        sample = re.search(rf"^sig_gateway_{name}(?:_bucket)?(?:{{(.*)}})? ", text, re.MULTILINE)
        assert sample is not None
        labels = re.findall(r'(\w+)="', sample[1] or "")
        told = [label for label in listed[name][1].split(", ") if label]
        assert (listed[name][0], told) == (kind, [label for label in labels if label != "le"]), name


def test_names_of_counters(text: str) -> None:
    """All of them end in `_total`, and nothing else does."""
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE):
        assert name.endswith("_total") == (kind == COUNTER), name


def test_the_names_of_the_process_are_told(text: str) -> None:
    """All of them."""
    for name in re.findall(r"^# TYPE (process_\w+) ", text, re.MULTILINE):
        assert f"`{name}`" in PAGE


def test_alerts_and_panels_ask_for_what_there_is(text: str) -> None:
    """A name that nobody has would be no error, and never fire."""
    there = set(re.findall(r"^(\w+?)(?:{.*)? ", text, re.MULTILINE)) - {"#"} | {"up"}
    for expression in expressions():
        named = set(re.findall(r"\b(?:sig_gateway|process)_\w+", expression))
        assert named or "up{" in expression
        assert named <= there, expression


def test_every_alert_is_explained() -> None:
    """In the order of the file, and each says what is wrong and what may be done."""
    assert [row[0] for row in table("Alerts")] == [rule["alert"] for rule in RULES]
    for rule in RULES:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert "{{ $labels.instance }}" in rule["annotations"]["summary"]
        assert rule["annotations"]["description"].endswith((".", "?", "rate."))


def test_the_scrape_configs_are_right(tmp_path: Path) -> None:
    """Those on the page."""
    examples = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "scrape" in block]
    assert len(examples) == 2
    for number, example in enumerate(examples):
        path = tmp_path / f"{number}.yml"
        path.write_text(example.replace("/etc/prometheus/", f"{tmp_path}/"))
        (tmp_path / "sig-gateway.token").write_text("hush")
        promtool("check", "config", str(path))


def panels() -> list[dict[str, Any]]:
    """Those that show something."""
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def test_the_dashboard_is_one() -> None:
    """Of the schema that Grafana has had since 11, for any instance and any data source."""
    assert DASHBOARD["schemaVersion"] >= 39
    assert "id" not in DASHBOARD
    names = {variable["name"]: variable["type"] for variable in DASHBOARD["templating"]["list"]}
    assert names == {"datasource": "datasource", "instance": "query"}
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    assert "127.0.0.1" not in json.dumps(DASHBOARD)


def test_every_panel_says_what_it_shows() -> None:
    """Title, description, a unit, and where its data are from."""
    for panel in panels():
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
        assert panel["type"] in ("timeseries", "stat", "state-timeline")
        for target in panel["targets"]:
            assert (
                target["datasource"] == panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            )
            assert '$instance"' in target["expr"]
            assert target["legendFormat"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_panels_do_not_lie_on_each_other() -> None:
    """And none beyond the 24 columns."""
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
