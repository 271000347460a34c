"""The live table of `sig-gateway run` on a terminal."""
