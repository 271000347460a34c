"""Modbus: slaves on RS-485, or behind a gateway in the network. docs/modbus.md is for users."""

from drivers.modbus.kind import ModbusKind

PROTOCOL = ModbusKind()
