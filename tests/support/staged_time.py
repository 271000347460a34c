"""A whole gateway in this process, whose machine's clocks are a test's."""

import pytest

from drivers.clock import SYSTEM_CLOCK
from gateway import data_folder, timekeeping
from gateway.clock import wall
from gateway.history import recorder
from gateway.mqtt import sleep
from gateway.mqtt.broker import back_off
from gateway.storage import database
from tests.support.fake_machine import FakeMachine

SOON_S = 0.02
"""In place of waits in real time, of seconds."""


def stage(machine: FakeMachine, patch: pytest.MonkeyPatch) -> None:
    """From now on every `App` that is made runs on it, its dispatcher too."""
    patch.setattr(wall, "ThisMachine", lambda: machine)
    patch.setattr(SYSTEM_CLOCK, "monotonic", machine.boottime, raising=False)
    patch.setattr(SYSTEM_CLOCK, "utc", machine.wall, raising=False)


def hasten(patch: pytest.MonkeyPatch) -> None:
    """What waits in real time, as it spares the disk or the processor, does so for a moment only."""
    patch.setattr(recorder, "PAUSE_S", SOON_S)
    patch.setattr(timekeeping, "KEEP_S", SOON_S)
    patch.setattr(data_folder, "RETRY_S", SOON_S)
    patch.setattr(database, "RETRY_S", SOON_S)
    patch.setattr(sleep, "BURST_S", SOON_S / 10)
    patch.setattr(back_off, "FIRST_S", SOON_S)
    patch.setattr(back_off, "ABSENT_S", SOON_S)
