"""A whole gateway in this process, whose machine's clocks are a test's."""

import pytest

from drivers.clock import SYSTEM_CLOCK
from gateway.clock import wall
from tests.support.fake_machine import FakeMachine


def stage(machine: FakeMachine, patch: pytest.MonkeyPatch) -> None:
    """From now on every `App` that is made runs on it, its dispatcher too."""
    patch.setattr(wall, "ThisMachine", lambda: machine)
    patch.setattr(SYSTEM_CLOCK, "monotonic", machine.boottime, raising=False)
    patch.setattr(SYSTEM_CLOCK, "utc", machine.wall, raising=False)
