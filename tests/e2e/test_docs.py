"""The examples of docs/cli.md, one after the other: they print what the page shows, but for the numbers."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.once

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
BLOCKS = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
# What is plugged in differs, thresholds take their time, and there is no past yet.
NOT_HERE = ("ports", "watch", "history", "export", "import")


def pattern(text: str) -> str:
    """Text with numbers and paths left open, and what is said of the clock, and white space as it comes."""
    text = re.sub(r"(?m)^(ok +clock) .*", r"\1", text)
    return re.sub(r"\d+(\.\d+)?", "N", re.sub(r"/\S+/data/", "PATH/data/", " ".join(text.split())))


def test_examples(shared: Any) -> None:
    """The shape of every line of output."""
    tried = 0
    for block in BLOCKS:
        for example in block.split("$ sig-gateway ")[1:]:
            line, _, shown = example.partition("\n")
            command = shlex.split(line)
            if command[0] in NOT_HERE:
                continue
            before = shared.config.read_text()
            if command[0] == "reload":
                for hot in (26, 24):
                    assert shared.cli("reload").returncode == 0
                    with_limit = f"driver: temperature, hot: {hot},"
                    shared.config.write_text(before.replace("driver: temperature,", with_limit))
            result = shared.run(*command) if command[0] == "simulate" else shared.cli(*command)
            if command[0] == "reload":
                shared.config.write_text(before)
                assert shared.cli("reload").returncode == 0
            assert pattern(result.stdout) == pattern(shown), line
            tried += 1
    assert tried == 7
