"""docs/filters.md shows what sensors do."""

import re

from tests.drivers.filter_examples import EXAMPLES, PAGE, filled_in


def test_the_figures_are_those_of_the_code() -> None:
    """Run `PYTHONPATH=. python tests/drivers/filter_examples.py` when a filter or an example has changed."""
    page = PAGE.read_text()
    assert filled_in(page) == page
    assert re.findall(r"<!-- example: (\w+) -->", page) == list(EXAMPLES)


def test_the_options_shown_are_those_of_the_example() -> None:
    """Each option of an example is written in its section."""
    for section in PAGE.read_text().split("\n## ")[1:]:
        for name in re.findall(r"<!-- example: (\w+) -->", section):
            for option, value in EXAMPLES[name].options.items():
                assert f"{option}: {value}" in section.replace('"', ""), f"{name}: {option}: {value}"
