"""main.py for an analog light sensor: a TEMT6000 with 10 kOhm on GPIO 26 (ESP32: 34)."""

from machine import ADC, Pin

from sensorline import Board, Channel, Sensor, StdPort
from sensorline.rtc import outliving

LUX_AT_FULL_SCALE = 660
"""0.5 uA a lux through 10 kOhm: 5 mV a lux, so 3.3 V are 660 lx."""
SAMPLES = 16


class Light(Sensor):
    """The mean of some samples, as a converter is noisy, and lamps flicker."""

    shortest_ms = 20

    def __init__(self, converter):
        self._converter = converter
        self.channels = (Channel("lux", "light", "lx", 0, LUX_AT_FULL_SCALE, 0, 1000),)

    def measure(self):
        """Full scale means that there may be more light than it can see."""
        total = sum([self._converter.read_u16() for _ in range(SAMPLES)])
        if total >= 65535 * SAMPLES:
            return ("range",)
        return (total * LUX_AT_FULL_SCALE / (65535 * SAMPLES),)


Board("light", [Light(ADC(Pin(26)))], StdPort(), memory=outliving()).run()
