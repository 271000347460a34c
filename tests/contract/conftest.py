"""Nothing survives a test. At the end of a run it is said which tests of the contract do not fit a source."""

from collections.abc import Iterator

import pytest

from drivers.contract import SourceContract
from tests.support.leaks import nothing_left


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """Not a child process either."""
    with nothing_left():
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Not skipped, as they do not fit; but not in silence."""
    for each in SourceContract.__subclasses__():
        if each.__module__ != "tests.contract.test_sources":
            continue
        for why in sorted(set(each.left_out.values())):
            names = [name for name, reason in each.left_out.items() if reason == why]
            terminalreporter.write_line(f"{each.__name__} is without {', '.join(names)}: {why}")
