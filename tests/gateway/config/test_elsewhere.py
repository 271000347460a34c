"""Names that belong somewhere else."""

from pathlib import Path

import pytest

from gateway.config import ConfigError, load
from gateway.config.elsewhere import no_driver

KINDS = ("temperature", "humidity", "light", "generic")
ARE = "drivers are: generic, humidity, light, temperature"
OTHERS = "for other quantities: driver: generic"


def complaints(folder: Path, text: str) -> list[str]:
    """What the loader says of a config, with the real drivers."""
    path = folder / "c.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    return [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (
            "port: /x, format: pairs",
            "1: links.a.format: unknown key 'format' of protocol sensorline (no protocol: is written); it is "
            "a key of protocol: text: write protocol: text",
        ),
        (
            "port: /x, protocol: modbus, devices: {1: {profile: sht20}}, nodes: 1, format: pairs",
            "unknown key 'format' of protocol modbus; it is a key of protocol: text: write protocol: text",
        ),
        ("protocol: sysfs, baud: 9600", "it is a key of protocol: sensorline or text or modbus or mysensors"),
        ("port: /x, prot: y", "1: links.a.prot: unknown key 'prot'; did you mean 'port'?"),
        ("protocol: text, port: /x", "1: links.a: 'format' is missing: expected json, csv or pairs"),
    ],
)
def test_a_link_s(tmp_path: Path, link: str, said: str) -> None:
    """A key of another protocol's; one that nothing has; one that is missing."""
    assert any(said in line for line in complaints(tmp_path, f"links: {{a: {{{link}}}}}"))


@pytest.mark.parametrize(
    ("sensor", "said"),
    [
        (
            "driver: temperature, link: a, device_class: pressure",
            "2: sensors.t.device_class: unknown key 'device_class' of driver temperature; it is a key of "
            "driver: generic",
        ),
        ("driver: temperature, link: a, detla: 1", "unknown key 'detla'; did you mean 'delta'?"),
        ("driver: temperature", "'link' is missing: expected a link's name; write: link: a"),
    ],
)
def test_a_sensor_s(tmp_path: Path, sensor: str, said: str) -> None:
    """The same, and the link to name is one that there is."""
    lines = complaints(tmp_path, f"links: {{a: {{port: 'sim:'}}}}\nsensors: {{t: {{{sensor}}}}}")
    assert any(said in line for line in lines), lines


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pressure", f"; {ARE}; {OTHERS}, unit: hPa, device_class: pressure"),
        ("Presure", f"; {ARE}; {OTHERS}, unit: hPa, device_class: pressure"),
        ("carbon dioxide", f"; {ARE}; {OTHERS}, unit: ppm, device_class: carbon_dioxide"),
        ("battery", f'; {ARE}; {OTHERS}, unit: "%", device_class: battery'),
        ("ph", f'; {ARE}; {OTHERS}, unit: "", device_class: ph'),
        ("illuminance", f"; {ARE}; write: driver: light"),
        ("bme280", f"; {ARE} (the quantity, not the chip); {OTHERS}, with its unit:"),
        ("temprature", f"; did you mean 'temperature'? {ARE}"),
    ],
)
def test_a_quantity_that_is_no_driver(name: str, said: str) -> None:
    """The generic one takes it, and the unit is said."""
    assert no_driver(name, KINDS) == f"no driver {name!r}{said}"


def test_without_the_generic_driver() -> None:
    """Nothing is promised."""
    assert no_driver("pressure", ["light"]) == "no driver 'pressure'; drivers are: light"
