"""`sig-gateway simulate`: each protocol is started, told, and ended, as a user does it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, environment, run_cli

pytestmark = pytest.mark.once

CAPTURE = ROOT / "tests" / "vectors" / "capture.txt"


@pytest.mark.parametrize(
    ("options", "known"),
    [
        (["--protocol", "text", "--shape", "4", "--degree", "latin-1"], {"shape": 4}),
        (["--protocol", "mysensors", "--baud", "115200"], {"nodes": [12, 20, 31]}),
        (["--protocol", "modbus", "--slaves", "5:cwt"], {"slaves": {"5": "cwt ok"}}),
        (["--protocol", "sysfs", "--seed", "7"], {"seed": "7"}),
        (["--replay", str(CAPTURE), "--loop", "--speed", "100"], {"capture": str(CAPTURE), "speed": 100.0}),
        (["--protocol", "sensorline", "--faults", "flip=0.1"], {"faults": "flip=0.1"}),
    ],
)
def test_each_protocol(tmp_path: Path, options: list[str], known: dict[str, object]) -> None:
    """Its options arrive, its commands are answered, nothing is left."""
    command = [sys.executable, "-m", "gateway", "simulate", "--link", str(tmp_path / "it"), *options]
    with subprocess.Popen(command, env=environment(), cwd=tmp_path, stdout=subprocess.PIPE) as simulator:
        try:
            assert simulator.stdout is not None
            simulator.stdout.readline()
            assert simulator.stdout.readline() == f"control: {tmp_path}/it.control\n".encode()
            assert os.path.lexists(tmp_path / "it")
            told = run_cli(tmp_path, "simulate", "--link", str(tmp_path / "it"), "--tell", "status")
            status = json.loads(told.stdout.removeprefix("ok "))
            assert {name: status[name] for name in known} == known
            assert (
                run_cli(tmp_path, "simulate", "--link", str(tmp_path / "it"), "--tell", "quit").stdout
                == "ok bye\n"
            )
            assert simulator.wait(60) == 0
        finally:
            simulator.kill()
    assert list(tmp_path.iterdir()) == []


def test_wrong_options_are_named(tmp_path: Path) -> None:
    """With what would be right, and status 2."""
    (tmp_path / "it.txt").write_text("no capture\n")
    result = run_cli(tmp_path, "simulate", "--replay", "it.txt")
    assert result.returncode == 2
    assert result.stderr == (
        "sig-gateway simulate: error: it.txt:1: expected a capture's header, 'sig-gateway capture 1 link=…'; "
        "got 'no capture'\n"
    )
