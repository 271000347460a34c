"""`ports --probe --write` on the simulator's devices: a config from nothing, that the loader takes."""

import os
import sys
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.config import load
from gateway.probe import prober
from tests.support.programs import running

pytestmark = pytest.mark.once

SIMULATOR = [sys.executable, "-m", "firmware_sim"]


@pytest.mark.parametrize(
    ("arguments", "protocol", "channel"),
    [
        (["--protocol", "text", "--shape", "1"], "text", "Temperature"),
        (["--protocol", "text", "--shape", "5"], "text", "temperature_C"),
        (["--protocol", "text", "--shape", "6"], "text", "4"),
        (["--protocol", "mysensors"], "mysensors", None),
        (["--protocol", "modbus"], "modbus", "device1/temperature"),
        (["--protocol", "sensorline"], "sensorline", None),
    ],
)
def test_found_and_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    protocol: str,
    channel: str | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The protocol; where the config needs sensors, their channels; of a board of ours, how much it keeps."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(prober, "STARTING_S", 0.0)
    root = Path(__file__).parents[3]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(root), str(root / "firmware-sim")]))
    port = tmp_path / "port"
    command = [*SIMULATOR, "--link", str(port), "--speed", "60", *arguments]
    with Path(os.devnull).open("rb") as nothing, running(command, nothing, says=True):
        assert main(["ports", "--probe", "--seconds", "1", "--yes", "--write", str(port)]) == 0
    assert (", keeps 1000 readings\n" in capsys.readouterr().out) is (protocol == "sensorline")
    config = load(tmp_path / "config.yaml")
    (link,) = config.links.values()
    assert link.protocol == protocol
    assert link.options["port"] == str(port)
    if channel is not None:
        assert channel in {sensor.channel or name for name, sensor in config.sensors.items()}
    if protocol == "modbus":
        assert set(link.options["devices"]) == {"device1"}  # the others' order of values cannot be told
