"""Which protocols there are, which options belong to each, and what is made of them."""

import argparse

from firmware_sim.board import MakeBoard
from firmware_sim.errors import SimulatorError

# Each imports its own when it is chosen: a simulator starts in a seventh of a second, and is to stay so.
PROTOCOLS = ("sensorline", "text", "modbus", "mysensors", "sysfs")
REPLAY = "replay"
"""Stands in for a protocol when a capture is played back."""

OWN = {
    "sensorline": ("name", "identity", "kept", "supply"),
    "text": ("shape", "degree"),
    "modbus": ("slaves",),
    REPLAY: ("loop",),
}
"""The options that one protocol alone has."""
_NOT_WITH = {
    "sysfs": ("baud", "faults"),
    REPLAY: ("data", "protocol"),
}
"""Options of all the others that make no sense for it."""


def chosen(arguments: argparse.Namespace) -> str:
    """The protocol that the arguments ask for; SimulatorError when others of them do not go with it."""
    protocol = REPLAY if arguments.replay is not None else arguments.protocol or PROTOCOLS[0]
    for owner, names in OWN.items():
        for name in names:
            if owner != protocol and getattr(arguments, name) not in (None, False):
                raise SimulatorError(f"--{name}: goes with {_written(owner)} only; got {_written(protocol)}")
    for name in _NOT_WITH.get(protocol, ()):
        if getattr(arguments, name) is not None:
            raise SimulatorError(f"--{name}: makes no sense with {_written(protocol)}; leave it out")
    return protocol


def _written(protocol: str) -> str:
    return "--replay" if protocol == REPLAY else f"--protocol {protocol}"


def board(protocol: str, arguments: argparse.Namespace) -> MakeBoard:
    """What makes the board of a protocol with a port; SimulatorError when an option of its own is wrong."""
    match protocol:
        case "text":
            from firmware_sim.text.board import text_board

            return text_board(arguments.shape, arguments.degree)
        case "mysensors":
            from firmware_sim.mysensors.board import mysensors_board

            return mysensors_board()
        case "modbus":
            from firmware_sim.modbus.board import modbus_board

            return modbus_board(arguments.slaves, arguments.baud or 0)
        case "replay":
            from firmware_sim.replay import replay_board

            return replay_board(arguments.replay, arguments.loop)
        case _:
            return _sensorline(arguments)


def _sensorline(arguments: argparse.Namespace) -> MakeBoard:
    from firmware_sim.sensorline import KEPT, Identity, sensorline_board

    known = {"model": arguments.name, "identity": arguments.identity}
    return sensorline_board(
        Identity(**{name: word for name, word in known.items() if word is not None}),
        KEPT if arguments.kept is None else arguments.kept,
        arguments.baud or 0,
        own_supply=arguments.supply == "own",
    )
