"""What holds for every test: skips may be forbidden, no example has to be quick, signals are a terminal's."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.support.signals import as_on_a_terminal

# Before any program is started: those inherit it.
as_on_a_terminal()

# How fast a shared machine makes up inputs, and runs one, says nothing about the code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run when a test was skipped though SIG_GATEWAY_FORBID_SKIPS is set (CI sets it)."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if reporter and skipped and os.environ.get("SIG_GATEWAY_FORBID_SKIPS"):
        reporter.write_line(f"{len(skipped)} skipped tests, and skipping is forbidden here", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
