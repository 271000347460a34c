"""A sensor board in MicroPython that speaks sensorline (docs/protocol.md), and keeps its readings.

from sensorline import Board, StdPort
Board("my-board", [MySensor()], StdPort()).run()
"""

from sensorline.board import Board
from sensorline.ports import StdPort, UartPort
from sensorline.sensor import Channel, Sensor

__all__ = ["Board", "Channel", "Sensor", "StdPort", "UartPort"]
