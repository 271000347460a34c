"""docs/text.md: each example of its lines is read with the keys below it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from drivers.stream.text.splitter import MAX_LINE
from tests.drivers.stream.text.made import made, said, values

PAGE = (Path(__file__).parents[4] / "docs" / "text.md").read_text("utf-8")
EXAMPLES = re.findall(r"```text\n(.*?)```\n\n```yaml\n(.*?)```", PAGE, re.DOTALL)


def own_keys(config: dict[str, Any]) -> dict[str, Any]:
    """The link's, without those of every link."""
    link = config["links"]["sketch"]
    assert link["protocol"] == "text"
    return {key: value for key, value in link.items() if key not in ("protocol", "port", "baud")}


@pytest.mark.parametrize(("lines", "keys"), EXAMPLES)
def test_examples(lines: str, keys: str) -> None:
    """Every sensor's channel has a value."""
    config = yaml.safe_load(keys)
    read = values(said(made(**own_keys(config)), [lines.encode()]))
    channels = [sensor["channel"] for sensor in config["sensors"].values()]
    assert {channel: type(read.get(channel)) for channel in channels} == dict.fromkeys(channels, float)


def test_there_are_all_shapes() -> None:
    """And the two ways to ask."""
    assert len(EXAMPLES) == 13
    block = re.search(r"Live reads\n.*?```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    for line in block[1].strip().split("\n"):
        assert made(format="pairs", **yaml.safe_load(line)).verbs == {"hello", "read"}


def test_its_whole_config_is_one() -> None:
    """As far as the link goes; the gateway's tests check the rest of a config."""
    block = re.search(r"```yaml\n(gateway:.*?)```", PAGE, re.DOTALL)
    assert block is not None
    assert len(block[1].strip().split("\n")) == 10
    config = yaml.safe_load(block[1])
    read = values(said(made(**own_keys(config)), ["Humidity: 40.10%  Temperature: 21.50°C\n".encode()]))
    assert {sensor["channel"] for sensor in config["sensors"].values()} <= read.keys()


def test_numbers_of_the_page() -> None:
    """Those that the code has."""
    assert f"{MAX_LINE:,} bytes" in PAGE
