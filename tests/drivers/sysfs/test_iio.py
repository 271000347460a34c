"""iio: what a folder has, and the arithmetic.

The values are those of the kernel's documentation and of its drivers' comments, where a test says so.
"""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.sysfs.faults import Fault
from drivers.sysfs.files import Files
from drivers.sysfs.iio import quantities


class Texts(Files):
    """Files in memory."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts

    def text(self, path: str) -> str:
        """See `Files`."""
        return self.texts[Path(path).name]


def value(quantity: str, chip: str = "", **texts: str) -> float:
    """What is read of a folder with these files."""
    found = quantities(texts, chip)
    return found[quantity].read(Files() if not texts else Texts(texts), "folder")


@pytest.mark.parametrize(
    ("name", "text", "expected", "kind", "unit"),
    [
        ("temp", "21500", 21.5, "temperature", "C"),
        ("temp", "-5250\n", -5.25, "temperature", "C"),
        ("temp0", "21500", 21.5, "temperature", "C"),
        ("temp_object", "36600", 36.6, "temperature", "C"),
        ("humidityrelative", "45123", 45.123, "humidity", "%"),
        ("illuminance", "120.5", 120.5, "light", "lx"),
        ("illuminance0", "120", 120.0, "light", "lx"),
        ("pressure", "101.325000", 1013.25, "pressure", "hPa"),
        ("resistance", "12946860", 12946860.0, "", "Ω"),
        ("concentration_co2", "0.0415", 415.0, "carbon_dioxide", "ppm"),
        ("concentration_voc", "1.5", 1.5, "", "%"),
        ("massconcentration_pm2p5", "12.5", 12.5, "pm25", "µg/m³"),
        ("uvindex", "3", 3.0, "", ""),
    ],
)
def test_processed_values(name: str, text: str, expected: float, kind: str, unit: str) -> None:
    """`_input` is what it says, in the unit of Documentation/ABI/testing/sysfs-bus-iio; and what kind that
    is."""
    file = f"in_{name}_input"
    found = quantities([file, "name", "uevent"], "chip")[name]
    assert (found.name, found.kind, found.unit) == (name, kind, unit)
    assert found.read(Texts({file: text}), "folder") == expected


@pytest.mark.parametrize(
    ("quantity", "texts", "expected"),
    [
        # bh1750.c: raw and scale only, 1/1.2 by default.
        ("illuminance", {"in_illuminance_raw": "120", "in_illuminance_scale": "0.833333333"}, 99.99999996),
        # si7020.c: the offset comes first; (30000 - 4368) * 10.725098 = 274905.7… thousandths of a degree.
        (
            "temp",
            {"in_temp_raw": "6600", "in_temp_offset": "-4368", "in_temp_scale": "10.725097"},
            23.938416504,
        ),
        # htu21.c and hdc100x.c the same way; without an offset it is 0.
        ("humidityrelative", {"in_humidityrelative_raw": "500", "in_humidityrelative_scale": "100"}, 50.0),
        # An ADC: the scale is shared by all of its inputs, and is millivolts.
        ("voltage1", {"in_voltage1_raw": "1000", "in_voltage_scale": "3.0"}, 3.0),
        ("voltage1", {"in_voltage1_raw": "1000", "in_voltage1_scale": "2.0", "in_voltage_scale": "3.0"}, 2.0),
        ("voltage0-voltage1", {"in_voltage0-voltage1_raw": "5", "in_voltage-voltage_scale": "200"}, 1.0),
        ("accel_x", {"in_accel_x_raw": "256", "in_accel_scale": "0.038245935"}, 9.79095936),
        ("temp", {"in_temp_raw": "21500"}, 21.5),
        # Both are there: the driver has done the sums.
        ("temp", {"in_temp_raw": "1", "in_temp_scale": "1", "in_temp_input": "22000"}, 22.0),
    ],
)
def test_raw_values(quantity: str, texts: dict[str, str], expected: float) -> None:
    """(raw + offset) × scale."""
    assert value(quantity, **texts) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("chip", "text", "expected"),
    [
        ("bme680", "41.074000000", 41.074),  # bme680_core.c says per cent
        ("bme680", "100", 100.0),
        ("bme280", "45.123000", 45.123),  # bmp280-core.c of older kernels
        ("bme280", "100.0", 100.0),
        ("bme280", "45123", 45.123),
        ("bme280", "45123.000000", 45.123),
        ("bme280", "100.5", 0.1005),
        ("dht11", "0", 0.0),
    ],
)
def test_humidity_in_two_units(chip: str, text: str, expected: float) -> None:
    """Per cent from bme680, and where there is a point and at most 100; else thousandths of it."""
    assert value("humidityrelative", chip, in_humidityrelative_input=text) == expected


def test_what_is_no_measurement() -> None:
    """Settings, the greatest of the past, and the buffer's files are left out."""
    names = [
        "in_temp_peak_raw",
        "in_temp_offset",
        "in_illuminance_integration_time",
        "in_temp_trough_raw",
        "out_voltage0_raw",
        "sampling_frequency",
        "in_temp_mean_raw",
        "in_tempinput",
        "in__input",
    ]
    assert quantities(names, "chip") == {}


@pytest.mark.parametrize(
    "text", ["", " \n", "nan", "inf", "1e3", "0x10", "12 34", "21.5 °C", "١٢", "9" * 5000, "\0"]
)
def test_nonsense(text: str) -> None:
    """It is a fault that shows some of it, and names the file."""
    with pytest.raises(
        Fault, match=r"in_temp_input (is empty|says .* where a number was expected)"
    ) as caught:
        value("temp", in_temp_input=text)
    assert len(str(caught.value)) < 120
    assert str(caught.value).isprintable()


def test_a_part_that_makes_no_sense() -> None:
    """The fault names the file of that."""
    with pytest.raises(Fault, match="in_temp_scale is empty"):
        value("temp", in_temp_raw="1", in_temp_scale="")


@given(st.lists(st.text(max_size=30)), st.text(max_size=10))
def test_any_file_names(names: list[str], chip: str) -> None:
    """Never raises."""
    quantities(names, chip)


@given(st.text(), st.text(), st.text())
def test_any_texts(raw: str, scale: str, offset: str) -> None:
    """A finite number or a fault."""
    texts = {"in_temp_raw": raw, "in_temp_scale": scale, "in_temp_offset": offset}
    try:
        number = value("temp", **texts)
    except Fault:
        return
    assert abs(number) < float("inf")
