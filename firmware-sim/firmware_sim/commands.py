"""The commands of the control channel: a line in, `ok …` or `error …` out."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from firmware_sim.errors import SimulatorError
from firmware_sim.faults import channel, parse_faults, seconds, value
from firmware_sim.line import is_word, number
from firmware_sim.sensors import NS

if TYPE_CHECKING:
    from firmware_sim.simulator import Simulator

MIN_SPEED, MAX_SPEED = 0.001, 1_000_000.0
"""Above, one row a minute is 50,000 readings a second of the three channels; below, a row every 17 hours."""
MAX_RESTARTS = 10_000
"""Of one brown-out: a board that restarts each second for three hours."""


def answer(simulator: "Simulator", line: str) -> str:
    """Carry out the command in `line`; one line, `ok` or `error` first."""
    name, *arguments = line.split() or [""]
    if name not in COMMANDS:
        return f"error {name!r}: expected one of {', '.join(COMMANDS)}; `help` tells more"
    usage, carry_out = COMMANDS[name]
    try:
        result = carry_out(simulator, arguments)
    except SimulatorError as err:
        return f"error {err}"
    except OSError as err:  # a file or descriptor of ours; the caller is well
        return f"error {name}: {err}"
    except ValueError as err:
        return f"error {line[:60]!r}: expected {usage}: {err}"
    return f"ok {result}".rstrip()


def speed(text: str) -> float:
    """A speed: ValueError if it is none, or one out of bounds."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not MIN_SPEED <= number <= MAX_SPEED:
        raise ValueError(
            f"a speed from {MIN_SPEED:g} to {MAX_SPEED:.0f} (60: a recorded minute a second); got {text!r}"
        )
    return number


def _take(arguments: list[str], low: int, high: int | None = None) -> list[str]:
    high = low if high is None else high
    if not low <= len(arguments) <= high:
        raise ValueError(f"got {len(arguments)} arguments")
    return arguments


def _unplug(simulator: "Simulator", arguments: list[str]) -> str:
    _take(arguments, 0, 1)
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
    times, length = _take(arguments, 2)
    count = number(times)
    if count is None or not 1 <= count <= MAX_RESTARTS:
        raise ValueError(f"a number of restarts from 1 to {MAX_RESTARTS}; got {times!r}")
    simulator.brown_out(count, seconds(length))
    return f"{count} restarts"


def _stall(simulator: "Simulator", arguments: list[str]) -> str:
    simulator.stall(seconds(*_take(arguments, 1)))
    return "stalled"


def _silent(simulator: "Simulator", arguments: list[str]) -> str:
    name, *length = _take(arguments, 1, 2)
    until = simulator.now_ns() + round(seconds(length[0]) * NS) if length else None
    simulator.sensors.silence(channel(name), until)
    return f"{name} is silent"


def _loud(simulator: "Simulator", arguments: list[str]) -> str:
    (name,) = _take(arguments, 1)
    simulator.sensors.unsilence(channel(name))
    return f"{name} speaks"


def _spike(simulator: "Simulator", arguments: list[str]) -> str:
    name, number = _take(arguments, 2)
    simulator.sensors.spike(channel(name), value(number))
    return f"{name} is {number} once"


def _value(simulator: "Simulator", arguments: list[str]) -> str:
    name, number = _take(arguments, 2)
    simulator.sensors.hold(channel(name), None if number == "auto" else value(number))
    return f"{name} is {'as recorded' if number == 'auto' else number}"


def _fault(simulator: "Simulator", arguments: list[str]) -> str:
    name, word = _take(arguments, 2)
    if not is_word(f"!{word}"):
        raise ValueError(f"a word of at most 23 bytes, such as absent; got {word!r}")
    simulator.sensors.fault(channel(name), None if word == "none" else word)
    return f"{name} is {'well' if word == 'none' else '!' + word}"


def _say(simulator: "Simulator", arguments: list[str]) -> str:
    data = bytes.fromhex("".join(arguments))
    simulator.say(data)
    return f"{len(data)} bytes"


def _faults(simulator: "Simulator", arguments: list[str]) -> str:
    spec = parse_faults("".join(_take(arguments, 1, 100)))
    simulator.use_faults(spec)
    return spec.text


def _speed(simulator: "Simulator", arguments: list[str]) -> str:
    number = speed(*_take(arguments, 1))
    simulator.set_speed(number)
    return f"{number:g}"


def _status(simulator: "Simulator", arguments: list[str]) -> str:
    from json import dumps  # 5 ms of start-up that few runs need

    _take(arguments, 0)
    return dumps(simulator.status())


def _help(_: "Simulator", arguments: list[str]) -> str:
    _take(arguments, 0)
    return "; ".join(usage for usage, _ in COMMANDS.values())


def _quit(simulator: "Simulator", arguments: list[str]) -> str:
    _take(arguments, 0)
    simulator.stop()
    return "bye"


COMMANDS: dict[str, tuple[str, Callable[["Simulator", list[str]], str]]] = {
    "unplug": ("unplug [SECONDS]", _unplug),
    "replug": ("replug [other | as PATH]", _replug),
    "reset": ("reset [in-line]", _reset),
    "brownout": ("brownout N SECONDS", _brownout),
    "stall": ("stall SECONDS", _stall),
    "silent": ("silent CHANNEL [SECONDS]", _silent),
    "loud": ("loud CHANNEL", _loud),
    "spike": ("spike CHANNEL VALUE", _spike),
    "value": ("value CHANNEL VALUE|auto", _value),
    "fault": ("fault CHANNEL WORD|none", _fault),
    "say": ("say BYTES_HEX", _say),
    "faults": ("faults SPEC|none", _faults),
    "speed": ("speed X", _speed),
    "status": ("status", _status),
    "help": ("help", _help),
    "quit": ("quit", _quit),
}
