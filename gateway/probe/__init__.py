"""Finding out what speaks on a serial port: first by listening, then, if that is agreed to, by asking.

A detector knows one protocol, and touches no port. One more is a class and a line in `registry`.

prober      listening at a port, and asking there
users       who has a port open, before it is opened
registry    the detectors, in the order in which they are asked
sensorline  boards that speak sensorline
text        sketches that print text
mysensors   MySensors gateways
modbus      devices on RS-485 that speak Modbus RTU
found       what a detector has found, and what it would ask
proposal    from that to the lines of a config
"""
