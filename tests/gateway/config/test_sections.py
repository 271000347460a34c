"""The table of sections: what follows from an entry, for every section alike."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.config import Config
from gateway.config.sections import entries

PAGE = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text()


@pytest.mark.parametrize("name", entries())
def test_every_section(
    load_text: Callable[..., Config], complaints: Callable[..., list[str]], name: str
) -> None:
    """It may be left out or empty; what is no mapping is refused; the config has it; the page explains it."""
    assert getattr(load_text(f"{name}:"), name) == getattr(load_text("gateway:"), name)
    (problem,) = complaints(f"{name}: 5")
    assert re.match(rf"1: {name}: expected a mapping( of {name})?, got 5; write: ", problem)
    assert re.search(rf"^### (.*, )?{name}\b", PAGE, re.MULTILINE)
    assert f"<!-- table: {name} -->" in PAGE


def test_warnings_come_in_the_order_of_the_file(load_text: Callable[..., Config]) -> None:
    """Whatever the order of the table is."""
    text = "mqtt: {url: mqtt://h, discovery: entity}\nsensors: {}\nhistory: {}\nhttp: {}\n"
    config = load_text(text)
    assert [warning.path for warning in config.warnings] == [
        ("mqtt", "discovery"),
        ("sensors",),
    ]
