"""The gateway process: config, wiring, the live table and the command line, on top of `drivers` and `sig`."""
