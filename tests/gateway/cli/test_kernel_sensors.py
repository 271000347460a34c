"""What `ports` prints of the kernel's sensors, the config takes."""

import json
from pathlib import Path

import pytest

import gateway.cli.ports as listing
from drivers.stream.port_names import PortInfo
from gateway.cli import main
from gateway.cli.kernel_sensors import kernel_rows, print_kernel_sensors
from gateway.config import load
from tests.support.made_up_sysfs import I2C, MadeUpTree


def test_each_with_its_channels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where it is, what it measures, and what the kernel calls it; noise is told from sensors."""
    tree = MadeUpTree(tmp_path / "sys")
    tree.iio("bme280", f"{I2C}/1-0076", 0, in_temp_input="", in_uvindex_input="")
    tree.iio("bme280", f"{I2C}/1-0077", 1, in_temp_input="")
    tree.hwmon(
        "nct", "devices/a", 0, temp1_input="", temp1_label="CPU °\n", temp2_input="", temp2_label="\x1b"
    )
    tree.w1("28-0316a2794b1f", temperature="")
    tree.w1("00-400000000000")
    print_kernel_sensors(str(tree.root))
    assert capsys.readouterr().out.splitlines() == [
        "Sensors that the kernel reads, for a link with protocol: sysfs",
        "iio/bme280@1-0076  bme280 on i2c-1",
        "    channel: iio/bme280@1-0076/temp  # temperature C",
        "    channel: iio/bme280@1-0076/uvindex",
        "iio/bme280@1-0077  bme280 on i2c-1",
        "    channel: iio/bme280@1-0077/temp  # temperature C",
        "hwmon/nct  nct on a",
        "    channel: hwmon/nct/temp1  # temperature C (CPU °)",
        "    channel: hwmon/nct/temp2  # temperature C",
        "w1/28-0316a2794b1f  DS18B20 on w1_bus_master1",
        "    channel: w1/28-0316a2794b1f  # temperature C",
        "w1/00-400000000000  is no sensor, but noise: check the pull-up of 4.7 kΩ on the 1-wire bus",
    ]


def test_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A row for each channel, behind those of the ports and with their keys, which are null."""
    tree = MadeUpTree(tmp_path / "sys")
    tree.hwmon("nct", "devices/a", 0, temp1_input="", temp1_label="CPU (°)\n", odd9_input="")
    tree.iio("bme280", f"{I2C}/1-0076", 0, in_uvindex_input="")
    monkeypatch.setattr(listing, "kernel_rows", lambda: kernel_rows(str(tree.root)))
    monkeypatch.setattr(listing, "list_ports", lambda: [PortInfo("/dev/ttyX0", "n/a", None, None, None)])
    assert main(["ports", "--json"]) == 0
    port, *rows = json.loads(capsys.readouterr().out)
    no_port = dict.fromkeys(["port", "device", "usb_id", "by_id", "by_path"])
    assert port == no_port | {"port": "/dev/ttyX0", "device": "/dev/ttyX0", "description": "n/a"}
    of_all = no_port | {"protocol": "sysfs"}
    assert rows == [
        of_all
        | {
            "description": "iio/bme280  bme280 on i2c-1",
            "channel": "iio/bme280/uvindex",
            "kind": None,
            "unit": None,
            "label": None,
        },
        of_all
        | {
            "description": "hwmon/nct  nct on a",
            "channel": "hwmon/nct/temp1",
            "kind": "temperature",
            "unit": "C",
            "label": "CPU (°)",
        },
    ]


def test_nothing_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said, and where to read on."""
    print_kernel_sensors(str(tmp_path))
    assert capsys.readouterr().out == "No sensors of the kernel's under /sys: see docs/sysfs.md\n"


@pytest.mark.parametrize("name", ["bme280", "a:b", "#1", "ü", "yes", "0", "a: b", '"', "\\", "-"])
def test_what_is_printed_is_taken(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The `channel:` line, pasted into a config, is that channel."""
    tree = MadeUpTree(tmp_path / "sys")
    tree.iio(name, f"{I2C}/1-0076", in_temp_input="")
    print_kernel_sensors(str(tree.root))
    line = capsys.readouterr().out.splitlines()[2].strip()
    config = tmp_path / "config.yaml"
    config.write_text(
        "links:\n  pi: {protocol: sysfs}\n"
        f"sensors:\n  temp:\n    driver: temperature\n    link: pi\n    {line}\n"
    )
    assert load(config).sensors["temp"].channel == f"iio/{name.replace(' ', '_')}/temp"
