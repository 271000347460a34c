"""main.py for a DS18B20 on GPIO 22, with 4.7 kOhm from data to 3.3 V."""

import onewire
from ds18x20 import DS18X20
from machine import Pin

from sensorline import Board, Channel, Sensor, StdPort
from sensorline.rtc import outliving

_ELEVEN_BITS = b"\x00\x00\x5f"  # 0.125 degrees in 375 ms; twelve bits would take 750, too long for a read
_POWER_ON = 85.0


class Ds18b20(Sensor):
    """The first probe that is found on the wire; it may be pulled and put back, or be another."""

    takes_ms = 380
    shortest_ms = 400

    def __init__(self, bus):
        self._bus = bus
        self._rom = None
        self.channels = (Channel("temp", "temperature", "C", -55, 125, 2, 2000),)

    def begin(self):
        """Look for a probe if there was none, and start it."""
        if self._rom is None:
            found = self._bus.scan()
            if not found:
                return
            self._rom = found[0]
            self._bus.write_scratch(self._rom, _ELEVEN_BITS)
        self._bus.convert_temp()

    def measure(self):
        """A probe that says 85 degrees has lost its power meanwhile, and measured nothing."""
        if self._rom is None:
            return ("absent",)
        rom, self._rom = self._rom, None
        try:
            value = self._bus.read_temp(rom)
        except OSError:
            raise
        except Exception:  # noqa: BLE001 - that is what the module raises of a wrong checksum
            return ("checksum",)
        if value == _POWER_ON:
            return ("absent",)
        self._rom = rom
        return (value,)


Board("ds18b20", [Ds18b20(DS18X20(onewire.OneWire(Pin(22))))], StdPort(), memory=outliving()).run()
