"""The ten sketches print what sketches print."""

from math import nan

import pytest

from firmware_sim.text.sketches import NOTHING, SKETCHES, Measured, nmea

SEEN = Measured(21.5, 40.1, 426.67)

# As printed by the sketches of each kind, with our values (hand-made from their format strings).
PRINTED = {
    1: ["Humidity: 40.10%  Temperature: 21.50°C 70.70°F  Heat index: 20.75°C 69.35°F"],
    2: ['{"humidity": 40.10, "temperature": 21.50}'],
    3: ["{", '  "humidity": "40.10 %",', '  "temperature": "21.50 °C"', "}"],
    4: ['{"sensorType":"temperature_humidity","sensorData":{"temperature":21.5,"humidity":40.1}}'],
    5: ["40.10,21.50"],
    6: ["OK\t40.1\t\t21.5\t\t70.7"],
    7: ["moisture:24", "humidity:40.10 ", "temperature:21.50 ", "light:512"],
    8: ["BRIGHTNESS=512", "TEMPERATURE=21.5"],
    9: ["$OSMSG,TH,21.50,40.10*76", "$OSMSG,LR,512*6D"],
    10: ["Light: 426.67 lx", "Temperature: 21.50 deg C", "RHumidity: 40.1 %"],
}
FAILED = {
    1: ["Failed to read from DHT sensor!"],
    2: ['{"humidity": nan, "temperature": nan}'],
    3: ["{", '  "humidity": "nan %",', '  "temperature": "nan °C"', "}"],
    4: ['{"sensorType":"temperature_humidity","sensorData":{"temperature":nan,"humidity":nan}}'],
    5: ["nan,nan"],
    6: ["Checksum error\t"],
    7: ["humidity:nan ", "temperature:nan ", "light:0"],
    8: ["BRIGHTNESS=0", "TEMPERATURE=nan"],
    9: ["$OSMSG,TH,nan,nan*75", "$OSMSG,LR,0*6B"],
    10: ["Light: -1.00 lx", "Temperature: -127.00 deg C", "RHumidity: nan %"],
}
WITHOUT_HUMIDITY = {
    1: ["Temperature: 21.50°C 70.70°F"],
    2: ['{"temperature": 21.50}'],
    3: ["{", '  "temperature": "21.50 °C"', "}"],
    4: ['{"sensorType":"temperature_humidity","sensorData":{"temperature":21.5}}'],
    5: [",21.50"],
    6: ["OK\t\t\t21.5\t\t70.7"],
    7: ["temperature:21.50 ", "light:512"],
    8: ["BRIGHTNESS=512", "TEMPERATURE=21.5"],
    9: ["$OSMSG,LR,512*6D"],
    10: ["Light: 426.67 lx", "Temperature: 21.50 deg C"],
}


@pytest.mark.parametrize("shape", SKETCHES)
def test_a_measurement(shape: int) -> None:
    """Well, failed, and without what is silent."""
    printed = SKETCHES[shape].measurement
    assert printed(SEEN) == PRINTED[shape]
    assert printed(NOTHING) == FAILED[shape]
    assert printed(SEEN._replace(hum=None)) == WITHOUT_HUMIDITY[shape]


def test_a_sketch_with_nothing_to_say() -> None:
    """Prints no line, or an empty document."""
    nothing = Measured(None, None, None)
    assert SKETCHES[1].measurement(nothing) == []
    assert SKETCHES[2].measurement(nothing) == ["{}"]
    assert SKETCHES[3].measurement(nothing) == ["{", "}"]
    assert SKETCHES[1].measurement(Measured(None, 40.1, None)) == ["Humidity: 40.10%"]
    assert SKETCHES[6].measurement(Measured(None, 40.1, None)) == ["OK\t40.1\t\t\t\t"]


def test_one_failed_sensor_of_two_is_a_failure_in_dht_sketches() -> None:
    """They look at both before they print."""
    assert SKETCHES[1].measurement(SEEN._replace(hum=nan)) == FAILED[1]
    assert SKETCHES[6].measurement(SEEN._replace(temp=nan)) == FAILED[6]


def test_the_converter_ends_at_1023() -> None:
    """10 bits."""
    assert SKETCHES[8].measurement(Measured(None, None, 65535.0)) == ["BRIGHTNESS=1023"]


@pytest.mark.parametrize(
    "sentence",
    [
        # From the NMEA 0183 articles of Wikipedia and of gpsd.
        "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47",
        "$GPGLL,5300.97914,N,00259.98174,E,125926,A*28",
    ],
)
def test_the_checksum_of_nmea(sentence: str) -> None:
    """The XOR of what is between $ and *."""
    assert nmea(sentence[1:-3]) == sentence
