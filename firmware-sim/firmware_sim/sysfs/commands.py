"""The commands of the made-up /sys: what is pulled out, what hangs, fails and lies."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from firmware_sim.commands import PROGRAM, SENSORS, Commands, take
from firmware_sim.faults import seconds

if TYPE_CHECKING:
    from firmware_sim.sysfs.simulator import TreeSimulator

FAILURES = ("eio", "gone", "empty")


def _unplug(simulator: "TreeSimulator", arguments: list[str]) -> str:
    name, *length = take(arguments, 1, 2)
    return simulator.unplug(name, seconds(length[0]) if length else None)


def _replug(simulator: "TreeSimulator", arguments: list[str]) -> str:
    name, *other = take(arguments, 1, 2)
    if other not in ([], ["other"]):
        raise ValueError(f"got {' '.join(arguments)!r}")
    return simulator.replug(name, bool(other))


def _spoil(how: str) -> Callable[["TreeSimulator", list[str]], str]:
    return lambda simulator, arguments: simulator.spoil(take(arguments, 1)[0], how)


def _fail(simulator: "TreeSimulator", arguments: list[str]) -> str:
    name, *failure = take(arguments, 1, 2)
    how = failure[0] if failure else FAILURES[0]
    if how not in FAILURES:
        raise ValueError(f"got {how!r}")
    return simulator.spoil(name, how)


def _heal(simulator: "TreeSimulator", arguments: list[str]) -> str:
    (name,) = take(arguments, 1)
    return simulator.heal_all() if name == "all" else simulator.spoil(name, "well")


COMMANDS: Commands = {
    "unplug": ("unplug CHIP [SECONDS]", _unplug),
    "replug": ("replug CHIP [other]", _replug),
    "hang": ("hang NAME", _spoil("hangs")),
    "fail": ("fail NAME [eio|gone|empty]", _fail),
    "nonsense": ("nonsense NAME", _spoil("nonsense")),
    "heal": ("heal NAME|all", _heal),
    **{name: SENSORS[name] for name in ("spike", "value")},
    **PROGRAM,
}
