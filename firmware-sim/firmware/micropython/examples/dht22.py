"""main.py for a DHT22 (AM2302): temperature and humidity. Data pin on GPIO 15; a DHT11: see below."""

import dht
from machine import Pin

from sensorline import Board, Channel, Sensor, StdPort
from sensorline.rtc import outliving


class Dht22(Sensor):
    """Measures at most each 2 s (a DHT11: each second); both channels are of one measurement."""

    shortest_ms = 2000
    warm_up_ms = 1500

    def __init__(self, part):
        self._part = part
        self.channels = (
            Channel("temp", "temperature", "C", -40, 80, 1, 2000),
            Channel("hum", "humidity", "%", 0, 100, 1, 2000),
        )

    def measure(self):
        """Takes 5 ms in which nothing else happens."""
        try:
            self._part.measure()
        except OSError:  # it does not answer
            raise
        except Exception:  # noqa: BLE001 - that is what the module raises
            return "checksum", "checksum"
        return self._part.temperature(), self._part.humidity()


Board("dht22", [Dht22(dht.DHT22(Pin(15)))], StdPort(), memory=outliving()).run()
