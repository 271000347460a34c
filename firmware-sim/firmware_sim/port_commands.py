"""The commands of a simulator that has a port: the cable, the board's supply, the line."""

from pathlib import Path
from typing import TYPE_CHECKING

from firmware_sim.commands import PROGRAM, SENSORS, Commands, take
from firmware_sim.errors import SimulatorError
from firmware_sim.faults import parse_faults, seconds
from firmware_sim.line import number

if TYPE_CHECKING:
    from firmware_sim.simulator import Simulator

MAX_RESTARTS = 10_000
"""Of one brown-out: a board that restarts each second for three hours."""


def _unplug(simulator: "Simulator", arguments: list[str]) -> str:
    take(arguments, 0, 1)
    if not simulator.device and not arguments:
        raise SimulatorError(
            "unplug: expected a board that is plugged in; it is unplugged already; `replug` first"
        )
    simulator.unplug(seconds(arguments[0]) if arguments else None)
    return "unplugged"


def _replug(simulator: "Simulator", arguments: list[str]) -> str:
    match arguments:
        case []:
            simulator.replug()
        case ["other"]:
            simulator.replug(other=True)
        case ["as", path]:
            simulator.replug(link=Path(path))
        case _:
            raise ValueError(f"got {' '.join(arguments)!r}")
    return f"{simulator.link} -> {simulator.device}"


def _reset(simulator: "Simulator", arguments: list[str]) -> str:
    if arguments not in ([], ["in-line"]):
        raise ValueError(f"got {' '.join(arguments)!r}")
    simulator.reset(in_line=bool(arguments))
    return "reset"


def _brownout(simulator: "Simulator", arguments: list[str]) -> str:
    times, length = take(arguments, 2)
    count = number(times)
    if count is None or not 1 <= count <= MAX_RESTARTS:
        raise ValueError(f"a number of restarts from 1 to {MAX_RESTARTS}; got {times!r}")
    simulator.brown_out(count, seconds(length))
    return f"{count} restarts"


def _stall(simulator: "Simulator", arguments: list[str]) -> str:
    simulator.stall(seconds(*take(arguments, 1)))
    return "stalled"


def _say(simulator: "Simulator", arguments: list[str]) -> str:
    data = bytes.fromhex("".join(arguments))
    simulator.say(data)
    return f"{len(data)} bytes"


def _faults(simulator: "Simulator", arguments: list[str]) -> str:
    spec = parse_faults("".join(take(arguments, 1, 100)))
    simulator.use_faults(spec)
    return spec.text


COMMANDS: Commands = {
    "unplug": ("unplug [SECONDS]", _unplug),
    "replug": ("replug [other | as PATH]", _replug),
    "reset": ("reset [in-line]", _reset),
    "brownout": ("brownout N SECONDS", _brownout),
    "stall": ("stall SECONDS", _stall),
    **SENSORS,
    "say": ("say BYTES_HEX", _say),
    "faults": ("faults SPEC|none", _faults),
    **PROGRAM,
}
