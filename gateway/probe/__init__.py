"""Finding out what speaks on a serial port: first by listening, then, if that is agreed to, by asking.

`prober` opens the port and does both; a detector (`sensorline`, …) knows one protocol, and touches no port. A
detector more is a class and a line in `registry`.
"""
