"""Memory that outlives a reset: the RTC's on an ESP32, 2,048 bytes (ESP8266: 492). Not the loss of power."""

import sys


def outliving():
    """A board's `memory`, where the port has such; else None: kept readings are lost with a reset."""
    return RtcMemory() if sys.platform == "esp32" else RtcMemory(492) if sys.platform == "esp8266" else None


class RtcMemory:
    """For a board's `memory`. `size`: how many bytes it has."""

    def __init__(self, size=2048):
        from machine import RTC

        self.size = size
        self._rtc = RTC()

    def read(self):
        """What was written last; after a loss of power nothing, or what nobody wrote."""
        return self._rtc.memory()

    def write(self, block):
        """In the place of what was there."""
        self._rtc.memory(block)
