"""An RS-485 bus with Modbus slaves on it."""
