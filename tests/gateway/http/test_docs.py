"""docs/http.md is what there is: its examples are run, its tables are those of the code."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.config import load
from gateway.history.buckets import Bucket, Gap
from gateway.history.rows import Series
from gateway.http.errors import STATUS
from tests.gateway.http.conftest import Web

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "http.md").read_text()
EXAMPLES = re.findall(r"\$ curl (.*)\n((?:(?!```).*\n)*)```", PAGE)
READING = {"value": 23.15, "unit": "°C", "time": "2026-11-22T06:30:00.123Z", "quality": "good", "seq": 13}


class Past:
    """The history of the example."""

    def points(self, *_: Any) -> Series:
        """See `History`."""
        begin = 1_795_325_400_000
        bucket = Bucket(begin, 23.15, 21.5, 23.5, 22.75, 60, 0)
        return Series("°C", 1_793_527_200_000, [bucket], [Gap(begin + 600_000, begin + 900_000, "stale")])

    def since(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def web(make: Callable[..., Web]) -> Web:
    """The gateway of the examples."""
    web = make()
    web.history = Past()
    info = {
        "kind": "temperature",
        "link": "board",
        "thresholds": {"cold": 18.0, "hot": 26.0},
        "channel": {"resolution": 0.01},
    }
    web.router.removeSender("temp")
    web.temp = web.router.addSender(
        "temp",
        ["#changed", "#stale", "cold", "hot"],
        {"last": lambda _: READING, "read": lambda _: READING, "info": lambda _: info},
    )
    return web.start()


def without_what_changes(text: str) -> Any:
    """JSON without times of now, versions, and where this one listens."""
    found = json.loads(text)
    if isinstance(found, dict):
        for key in ("since", "until", "version", "python", "uptime"):
            if key in found:
                found[key] = type(found[key]).__name__
        for part in found.get("health", found).get("parts", {}).values():
            part["message"] = part["message"].partition(" on ")[0]
    return found


def test_there_are_examples() -> None:
    """Of every operation, but for those that a browser has."""
    assert len(EXAMPLES) >= 8


@pytest.mark.parametrize(("command", "printed"), EXAMPLES, ids=[command[-40:] for command, _ in EXAMPLES])
def test_examples(web: Web, command: str, printed: str) -> None:
    """What is printed there is what is answered."""
    words = shlex.split(command)
    address = next(word for word in words if word.startswith("http://127.0.0.1:8300"))
    path = address.removeprefix("http://127.0.0.1:8300")
    if "-sN" in words:
        stream = web.follow(path.partition("?")[2] and f"?{path.partition('?')[2]}")
        web.trigger("#changed", READING)
        message = stream.next()
        shown = printed.rstrip("\n").split("\n")
        assert shown[0] == "event: alive"
        assert shown[3].startswith("id: ")
        assert shown[4] == f"data: {message.data}"
        stream.close()
        return
    method = words[words.index("-X") + 1] if "-X" in words else "GET"
    body = words[words.index("-d") + 1].encode() if "-d" in words else None
    answer = web.ask(path, method, body)
    if printed:
        assert without_what_changes(answer.body.decode()) == without_what_changes(printed)
    else:
        assert answer.status == 200


def test_every_path_is_listed(web: Web) -> None:
    """Of the document, and none that there is not."""
    listed = set(re.findall(r"`((?:GET|POST) /[^`]*)`", PAGE.partition("\n### ")[0]))
    there = {
        f"{method.upper()} {path}"
        for path, methods in web.ask("/openapi.json").json["paths"].items()
        for method in methods
    }
    assert listed == there | {"GET /metrics", "GET /openapi.json", "GET /docs", "GET /"}


def test_every_error_is_listed() -> None:
    """With its status."""
    rows = re.findall(r"^\| (\d{3}) \| (.*) \|$", PAGE, re.MULTILINE)
    found = {name: int(status) for status, text in rows for name in re.findall(r"`([a-z_]+)`", text)}
    assert found == STATUS


def test_every_config_is_correct(tmp_path: Path) -> None:
    """As it stands there."""
    examples = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) >= 3
    for text in examples:
        path = tmp_path / "config.yaml"
        path.write_text(text)
        config = load(path, environ={"SIG_GATEWAY_TOKEN": "hush"})
        assert config.http is not None
