"""The board under MicroPython's unix port: standard input and output are its serial line. For tests.

    micropython unix_main.py [keeps=N] [interval=MS] [shortest=MS] [takes=MS] [memory=FILE] [values=FILE]

`memory` stands in for memory that outlives a reset. `values`: a file of lines such as `temp 21.5` or
`hum absent`, looked at for each measurement.
"""

import sys

from sensorline import Board, Channel, Sensor, StdPort


class FileMemory:
    """See `sensorline.rtc`."""

    size = 2048

    def __init__(self, name):
        self._name = name
        self._is_there = False

    def read(self):
        """What was written last."""
        try:
            with open(self._name, "rb") as file:
                self._is_there = True
                return file.read()
        except OSError:
            return b""

    def write(self, block):
        """In its place, by one call: a kill, which stands in for a reset, finds the one block or the other.
        Real memory is written in some us."""
        with open(self._name, "r+b" if self._is_there else "wb") as file:
            file.write(block)
        self._is_there = True


class Told(Sensor):
    """Measures what the file says."""

    def __init__(self, name, interval, shortest, takes):
        self._name = name
        self.shortest_ms = shortest
        self.takes_ms = takes
        self.channels = (
            Channel("temp", "temperature", "C", -40, 85, 2, interval),
            Channel("hum", "humidity", "%", 0, 100, 1, interval),
        )

    def measure(self):
        """Of each channel what its line says."""
        values = {"temp": "23.18", "hum": "27.3"}
        if self._name:
            with open(self._name) as file:
                for line in file:
                    name, value = line.split()
                    values[name] = value
        return [_value(values[channel.name]) for channel in self.channels]


def _value(text):
    if text == "broken":
        raise ValueError("broken, as $ it * was told")
    return float(text) if text[-1].isdigit() else text


def main(arguments):
    """Until the line ends."""
    options = dict([argument.split("=", 1) for argument in arguments])
    memory = FileMemory(options["memory"]) if "memory" in options else None
    sensor = Told(
        options.get("values"),
        int(options.get("interval", 1000)),
        int(options.get("shortest", 1)),
        int(options.get("takes", 0)),
    )
    Board("mpy-unix", [sensor], StdPort(), keeps=int(options.get("keeps", 200)), memory=memory).run()


main(sys.argv[1:])
