"""docs/asyncio.md: its examples run, and print what their comments say, in that order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sig
from sig import aio
from sig.aio import handlers, iterator

PAGE = (Path(__file__).parents[2] / "docs" / "asyncio.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_runs(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is a script of its own."""
    exec(compile(EXAMPLES[number], f"asyncio.md[{number}]", "exec"), {})  # noqa: S102 - the page's own
    said = re.findall(r"print\(.*\) +# (.*)", EXAMPLES[number])
    assert capsys.readouterr().out.splitlines() == said
    assert len(said) == (2, 2, 3)[number]


def test_it_has_all_calls() -> None:
    """In the table, each with what it is elsewhere."""
    rows = re.findall(r"^\| `.*?aio\.(\w+)\(", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted(name for name in aio.__all__ if name[0].islower())


def test_its_numbers() -> None:
    """Those of the code."""
    limits = sig.Limits()
    assert iterator.MAX_WAITING == handlers.MAX_RUNNING == 1024
    assert (handlers.LOOK_S, limits.full_wait_s, limits.workers, limits.max_requests) == (0.5, 5, 16, 64)
