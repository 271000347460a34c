"""A board as the options want it."""

from random import Random

from firmware_sim.board import Board, MakeBoard
from firmware_sim.sensorline.board import MAX_BOOT, SensorlineBoard
from firmware_sim.sensorline.parts import Identity
from firmware_sim.sensors import Sensors

KEPT = 1000
"""Readings that it keeps, unless it is told otherwise."""


def sensorline_board(
    identity: Identity | None = None, kept: int = KEPT, baud: int = 0, *, own_supply: bool = False
) -> MakeBoard:
    """What makes a board that is called so and keeps so many readings, on a line of `baud` (0: as it comes);
    which boot it starts with is a matter of the seed."""

    def make(sensors: Sensors, seed: str) -> Board:
        boot = Random(f"{seed}/boot").randint(1, MAX_BOOT)
        board = SensorlineBoard(sensors, identity or Identity(), boot, kept, baud)
        board.own_supply = own_supply
        return board

    return make
