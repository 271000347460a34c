"""Says, at the end of a run, which tests of the contract are left out for which source."""

from itertools import groupby

import pytest

from drivers.contract import SourceContract


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Not skipped, as they do not fit; but not in silence."""
    for each in SourceContract.__subclasses__():
        if each.__module__ == "tests.contract.test_sources" and each.left_out:
            for attribute, names in groupby(
                sorted(each.left_out, key=each.left_out.__getitem__), each.left_out.get
            ):
                terminalreporter.write_line(
                    f"{each.__name__}: {attribute} is False, so without {', '.join(names)}"
                )
