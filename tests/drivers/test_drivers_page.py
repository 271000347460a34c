"""docs/drivers.md: its examples run, on the simulator, and print what their comments say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import drivers
from drivers.kinds import sensor_class
from drivers.published import Reading

PAGE = (Path(__file__).parents[2] / "docs" / "drivers.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
NUMBER = re.compile(r"\d+\.\d+")


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
@pytest.mark.usefixtures("simulator_path", "no_leaks")
def test_an_example_runs(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is a script of its own; what is measured may be any number."""
    exec(compile(EXAMPLES[number], f"drivers.md[{number}]", "exec"), {})  # noqa: S102 - the page's own
    said = re.findall(r"print\(.*\) +# (.*)", EXAMPLES[number])
    if number == 0:
        said *= 3
    if number == 2:
        said = said[0].split(", ")
    assert [NUMBER.sub("N", line) for line in capsys.readouterr().out.splitlines()] == [
        NUMBER.sub("N", line) for line in said
    ]
    assert len(said) == (3, 6, 4, 3)[number]


def test_ten_lines() -> None:
    """The first has no more than it says."""
    assert len(EXAMPLES[0].strip().replace("\n\n", "\n").split("\n")) == 10


def test_its_tables() -> None:
    """A reading's keys, the kinds with their events, the errors."""
    keys = re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)
    assert set(keys[:6]) == (Reading.__required_keys__ | Reading.__optional_keys__) - {"reason"}
    for kind in ("temperature", "humidity", "light", "generic"):
        cls = sensor_class(kind)
        assert f"| `{cls.__name__}` | `{cls.low_event}`, `{cls.high_event}` |" in PAGE
        assert getattr(drivers, cls.__name__) is cls
