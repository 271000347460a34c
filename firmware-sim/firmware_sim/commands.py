"""The commands of the control channel: a line in, `ok …` or `error …` out; and those that all have."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from firmware_sim.errors import SimulatorError
from firmware_sim.faults import channel, seconds, value
from firmware_sim.line import is_word
from firmware_sim.sensors import NS

if TYPE_CHECKING:
    from firmware_sim.loop import Loop

Commands = Mapping[str, tuple[str, Callable[[Any, list[str]], str]]]
"""By name: how to write it, and what carries it out on a simulator, with its arguments."""

MIN_SPEED, MAX_SPEED = 0.001, 1_000_000.0
"""Above, one row a minute is 50,000 readings a second of the three channels; below, a row every 17 hours."""


def answer(simulator: "Loop", line: str) -> str:
    """Carry out the command in `line`; one line, `ok` or `error` first."""
    name, *arguments = line.split() or [""]
    commands = simulator.commands
    if why := simulator.why_not(name):
        return f"error {name}: {why}"
    if name not in commands:
        return f"error {name!r}: expected one of {', '.join(commands)}; `help` tells more"
    usage, carry_out = commands[name]
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


def take(arguments: list[str], low: int, high: int | None = None) -> list[str]:
    """The arguments, if they are so many; ValueError otherwise."""
    high = low if high is None else high
    if not low <= len(arguments) <= high:
        raise ValueError(f"got {len(arguments)} arguments")
    return arguments


def _silent(simulator: "Loop", arguments: list[str]) -> str:
    name, *length = take(arguments, 1, 2)
    until = simulator.now_ns() + round(seconds(length[0]) * NS) if length else None
    simulator.sensors.silence(channel(name), until)
    return f"{name} is silent"


def _loud(simulator: "Loop", arguments: list[str]) -> str:
    (name,) = take(arguments, 1)
    simulator.sensors.unsilence(channel(name))
    return f"{name} speaks"


def _spike(simulator: "Loop", arguments: list[str]) -> str:
    name, number = take(arguments, 2)
    simulator.sensors.spike(channel(name), value(number))
    return f"{name} is {number} once"


def _value(simulator: "Loop", arguments: list[str]) -> str:
    name, number = take(arguments, 2)
    simulator.sensors.hold(channel(name), None if number == "auto" else value(number))
    return f"{name} is {'as recorded' if number == 'auto' else number}"


def _fault(simulator: "Loop", arguments: list[str]) -> str:
    name, word = take(arguments, 2)
    if not is_word(f"!{word}"):
        raise ValueError(f"a word of at most 23 bytes, such as absent; got {word!r}")
    simulator.sensors.fault(channel(name), None if word == "none" else word)
    return f"{name} is {'well' if word == 'none' else '!' + word}"


def _speed(simulator: "Loop", arguments: list[str]) -> str:
    number = speed(*take(arguments, 1))
    simulator.set_speed(number)
    return f"{number:g}"


def _status(simulator: "Loop", arguments: list[str]) -> str:
    from json import dumps  # 5 ms of start-up that few runs need

    take(arguments, 0)
    return dumps(simulator.status())


def _help(simulator: "Loop", arguments: list[str]) -> str:
    take(arguments, 0)
    return "; ".join(usage for name, (usage, _) in simulator.commands.items() if not simulator.why_not(name))


def _quit(simulator: "Loop", arguments: list[str]) -> str:
    take(arguments, 0)
    simulator.stop()
    return "bye"


SENSORS: Commands = {
    "silent": ("silent CHANNEL [SECONDS]", _silent),
    "loud": ("loud CHANNEL", _loud),
    "spike": ("spike CHANNEL VALUE", _spike),
    "value": ("value CHANNEL VALUE|auto", _value),
    "fault": ("fault CHANNEL WORD|none", _fault),
}
PROGRAM: Commands = {
    "speed": ("speed X", _speed),
    "status": ("status", _status),
    "help": ("help", _help),
    "quit": ("quit", _quit),
}
