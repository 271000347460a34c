"""A board of our own protocol, docs/protocol.md; its lines are in `firmware_sim.line`."""

from firmware_sim.sensorline.board import SensorlineBoard
from firmware_sim.sensorline.made import KEPT, sensorline_board
from firmware_sim.sensorline.parts import Identity

__all__ = ["KEPT", "Identity", "SensorlineBoard", "sensorline_board"]
