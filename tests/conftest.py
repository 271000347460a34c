"""What holds for every test: skips may be forbidden, no example has to be quick, signals are a terminal's.

And which files are run, and in which order.
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.examples import BY_DEFAULT, SAME_EACH_TIME, examples
from tests.support.sharing import MINE
from tests.support.signals import as_on_a_terminal

# Before any program is started: those inherit it.
as_on_a_terminal()
# `make test` is no parent of the `make` that a test runs, which would warn that it has no part in its jobs.
for variable in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
    os.environ.pop(variable, None)

# How fast a shared machine makes up inputs, and runs one, says nothing about the code.
settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=examples(BY_DEFAULT),
    derandomize=SAME_EACH_TIME,
)
settings.load_profile("house")


LONGEST = (
    "e2e/test_all_at_once.py",
    "e2e/test_brokers.py",
    "e2e/test_commands.py",
    "e2e/test_mqtt_outage.py",
    "e2e/test_example_package.py",
    "e2e/test_clock.py",
    "gateway/http/page/test_sensor.py",
    "gateway/http/page/test_tiles.py",
    "gateway/cli/test_probing.py",
    "hard_years/test_years.py",
    "contract/test_sources.py",
)
"""Of files: begun first, so that at the end of a run nobody waits for one who has just begun one of them."""


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out what is another Python's share."""
    return None if collection_path.is_dir() or MINE.has(collection_path) else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first; all else stays in its order."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.nodeid.removeprefix("tests/").partition("::")[0], len(place)))


NEEDS_ROOT = "takes root"
"""How the reason of such a skip begins."""


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run when a test was skipped though SIG_GATEWAY_FORBID_SKIPS is set (CI sets it). What takes
    root cannot be run by anybody else: that is said, and fails nothing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if reporter is None or not skipped or not os.environ.get("SIG_GATEWAY_FORBID_SKIPS"):
        return
    roots = [one for one in skipped if os.geteuid() and f"Skipped: {NEEDS_ROOT}" in str(one.longrepr)]
    if roots:
        reporter.write_line(f"{len(roots)} tests were skipped as they take root", yellow=True)
    if len(roots) < len(skipped):
        count = len(skipped) - len(roots)
        reporter.write_line(f"{count} skipped tests, and skipping is forbidden here", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
