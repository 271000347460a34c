"""The guide's examples run, and print what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sig

GUIDE = Path(__file__).parents[2] / "docs" / "sig.md"
TEXT = GUIDE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_runs(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Each code block is a script of its own; what it prints is what its comments say, in that order."""
    exec(compile(EXAMPLES[number], f"{GUIDE.name}[{number}]", "exec"), {})  # noqa: S102 - the guide's own
    printed = capsys.readouterr().out
    if number < 6:
        assert (
            printed
            == [
                "temp says hot: 31.0\n23.5\n",
                "['event', 'sender', 'time']\n",
                "31.0\n",
                "30\nno such thing as dance\n",
                "23.5\ntemp 24.0\n0 dropped\n",
                "23.5\ntemp 24.0\n",
            ][number]
        )


def test_the_table_of_errors_is_complete() -> None:
    """Every error class that sig exports is in the table, with its type."""
    rows = dict(re.findall(r"^\| `(\w+)` \|.*?\| `(\w+)` \|", TEXT, re.MULTILINE))
    classes = {
        name: cls.error
        for name in sig.__all__
        if isinstance(cls := getattr(sig, name), type) and issubclass(cls, sig.RequestError)
    }
    del classes["RequestError"]
    assert {name: rows.get(name) for name in classes} == classes


def test_the_numbers_are_those_of_the_code() -> None:
    """Bounds that the guide names."""
    limits = sig.Limits()
    assert limits.max_queue == 4 * 1024 * 1024
    assert (limits.window, limits.plain_max_message) == (2048, 4096)
    assert (limits.ping_s, limits.dead_s, limits.timeout_s, limits.full_wait_s) == (10, 25, 10, 5)
    assert (limits.plain_gap_s, limits.workers, limits.max_message_unauthorized) == (0.05, 16, 4096)
