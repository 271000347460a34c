"""The firmware for boards of one's own, for the Arduino IDE and for MicroPython; it comes with the gateway.

Here is what says which files are shipped. The firmware itself is in `firmware-sim/firmware` of a checkout, in
this folder of what is installed.
"""
