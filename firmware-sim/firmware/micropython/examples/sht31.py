"""main.py for an SHT31 (SHT30, SHT35) over I2C: SDA on GPIO 4, SCL on GPIO 5, address 0x44."""

from machine import I2C, Pin

from sensorline import Board, Channel, Sensor, StdPort
from sensorline.rtc import outliving

ADDRESS = 0x44
_SINGLE_SHOT = b"\x24\x00"  # high repeatability, no clock stretching: ready after 15 ms


class Sht31(Sensor):
    """Temperature and humidity, each with a checksum of its own."""

    takes_ms = 16
    shortest_ms = 100

    def __init__(self, bus):
        self._bus = bus
        self.channels = (
            Channel("temp", "temperature", "C", -40, 125, 2, 1000),
            Channel("hum", "humidity", "%", 0, 100, 2, 1000),
        )

    def begin(self):
        """Ask for one measurement."""
        self._bus.writeto(ADDRESS, _SINGLE_SHOT)

    def measure(self):
        """Two words of 16 bits, each followed by its CRC-8."""
        data = self._bus.readfrom(ADDRESS, 6)
        if crc8(data[0:2]) != data[2] or crc8(data[3:5]) != data[5]:
            return "checksum", "checksum"
        temperature = (data[0] << 8 | data[1]) * 175 / 65535 - 45
        humidity = (data[3] << 8 | data[4]) * 100 / 65535
        return temperature, humidity


def crc8(data):
    """Polynomial 0x31, initial value 0xFF, as Sensirion has it."""
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x31 if crc & 0x80 else crc << 1) & 0xFF
    return crc


Board("sht31", [Sht31(I2C(0, sda=Pin(4), scl=Pin(5), freq=100000))], StdPort(), memory=outliving()).run()
