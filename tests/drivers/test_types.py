"""What `mypy --strict` says of scripts that use the drivers: nothing, or exactly what is wrong with them."""

from __future__ import annotations

import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import drivers
from drivers import option_types
from drivers.kinds import sensor_class, sensor_kinds
from drivers.published import Reading
from drivers.reading import STALE, SUSPECT
from drivers.reading import Reading as Judged
from tests.drivers.conftest import ROOT

BEGIN = """
import sig
from drivers import GenericSensor, HumiditySensor, LightSensor, Link, TemperatureSensor
from drivers import Reading, SensorOptions

link = Link("board", "sim:")
"""
GOOD = """
def on_changed(info: dict[str, str], data: Reading) -> None:
    if data["quality"] == "good" and data["value"] is not None:
        print(info["sender"], round(data["value"], 1), data["unit"], data["time"], data["seq"])
    else:
        print(data.get("reason"), data.get("clock"))

router = sig.Router()
router.addListener(on_changed, event="#changed")
common: SensorOptions = {"delta": "5%", "min_interval": "30s", "median": 5, "invalid": [-127, 85]}
temp = TemperatureSensor("temp", link, delta=0.1, cold=18, hot=26.5, hysteresis=0.5, unit="F", show="C")
HumiditySensor("humidity", link, "hum", dry=30, clamp=False, heartbeat=60, calibrate=[[0, 0.4], [100, 98.7]])
LightSensor("light", link, channel="lux", dark=10, bright=500, **common)
GenericSensor("air", link, unit="hPa", low=980, device_class="pressure", precision=1, range=[900, 1100])
temp.attach(router)
live: Reading = temp.read({"timeout": 2})
known: Reading | None = temp.last()
"""
BAD = {
    'TemperatureSensor("temp", link, detla=0.1)': 'Unexpected keyword argument "detla" .*mean "delta"',
    'TemperatureSensor("temp", link, dry=30)': 'Unexpected keyword argument "dry"',
    'HumiditySensor("hum", link, hot=30)': 'Unexpected keyword argument "hot"',
    'LightSensor("light", link, cold=1)': 'Unexpected keyword argument "cold"',
    'LightSensor("light", link, delta=[1])': r'Argument "delta" .* expected "float \| str \| None"',
    'HumiditySensor("hum", link, median=2.5)': r'Argument "median" .*"float"; expected "int \| None"',
    'HumiditySensor("hum", link, clamp="yes")': r'Argument "clamp" .* expected "bool \| None"',
    'GenericSensor("air", link, low=980)': 'Missing named argument "unit"',
    'TemperatureSensor("temp", link).read()["vaule"]': 'TypedDict "Reading" has no key "vaule"',
    'TemperatureSensor("temp", link).read()["value"] + 1': "Unsupported operand types for \\+",
    'TemperatureSensor("temp", link).read()["quality"] == "bad"': "Non-overlapping equality check",
    'options: SensorOptions = {"detla": 1}': 'Extra key "detla" for TypedDict "SensorOptions"',
}


@pytest.mark.once
def test_scripts_of_users(tmp_path: Path) -> None:
    """A good one passes; each bad line has its one error, and no other."""
    lines = [*BEGIN.strip().split("\n"), *GOOD.strip().split("\n")]
    first = len(lines) + 1
    script = tmp_path / "script.py"
    script.write_text("\n".join([*lines, *BAD]) + "\n")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-pretty", "--hide-error-context"]
    command += ["--no-error-summary", "--config-file", str(ROOT / "pyproject.toml")]
    command += ["--cache-dir", str(tmp_path / "cache"), str(script)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    errors = dict(re.findall(r"script\.py:(\d+): error: (.*)", ran.stdout))
    assert len(errors) == ran.stdout.count("error: "), ran.stdout
    expected = {str(first + number): text for number, text in enumerate(BAD.values())}
    assert errors.keys() == expected.keys(), ran.stdout + ran.stderr
    for line, text in expected.items():
        assert re.search(text, errors[line]), (errors[line], text)


def test_the_options_are_those_that_are_taken() -> None:
    """Of each kind, by name; the ones of all are those of `SensorOptions`."""
    common = typing.get_type_hints(option_types.SensorOptions).keys()
    for kind in sensor_kinds():
        if kind in ("temperature", "humidity", "light", "generic"):
            hints = typing.get_type_hints(getattr(option_types, f"{kind.capitalize()}Options"))
            table = sensor_class(kind).option_table()
            assert hints.keys() == table.keys()
            assert common <= hints.keys()
            required = getattr(option_types, f"{kind.capitalize()}Options").__required_keys__
            assert required == {name for name, option in table.items() if option.required}


def test_a_reading_has_the_keys_that_are_published() -> None:
    """Those that are always there, and those that may be."""
    assert drivers.Reading is Reading
    least = Judged(23.5, "°C", 0.0, "good", 7).as_data()
    most = Judged(None, "°C", 0.0, STALE, 0, "silent", unset=True).as_data()
    assert least.keys() == Reading.__required_keys__
    assert most.keys() == Reading.__required_keys__ | Reading.__optional_keys__
    assert Judged(1.0, "", 0.0, SUSPECT, 1, "spike").as_data().keys() <= most.keys()


@pytest.mark.parametrize(
    ("option", "meant"),
    [("detla", "delta"), ("chanel", "channel"), ("hots", "hot"), ("stale_aftr", "stale_after")],
)
def test_an_option_that_is_none(option: str, meant: str) -> None:
    """At run time, too, it is named, with the one that is meant."""
    link = drivers.Link("board", "sim:")
    with pytest.raises(drivers.OptionError, match=f"^{option}: unknown option; did you mean '{meant}'\\?$"):
        drivers.TemperatureSensor("temp", link, **{option: 1})  # type: ignore[arg-type]


def test_an_option_that_resembles_none() -> None:
    """All there are are named."""
    link = drivers.Link("board", "sim:")
    with pytest.raises(
        drivers.OptionError, match=r"^xyz: unknown option; expected one of offset, .*, cold, hot$"
    ):
        drivers.TemperatureSensor("temp", link, xyz=1)  # type: ignore[call-arg]
