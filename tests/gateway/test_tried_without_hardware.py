"""What pages show for a try without hardware: their command, and their config beside it, deliver values."""

import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from gateway.app import App
from gateway.config import load
from tests.support.programs import running
from tests.support.waiting import until

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", ["text", "sysfs", "mysensors"])
def test_every_sensor_gets_a_value(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's simulator, only faster; where the page has the port of a board, the one that it names."""
    text = (ROOT / "docs" / f"{page}.md").read_text("utf-8")
    command = re.search(r"sig-gateway (simulate --protocol [^`\n]+)", text)
    block = re.search(r"```yaml\n(links:.*?)```", text, re.DOTALL)
    assert command is not None
    assert block is not None
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(ROOT / "firmware-sim")]))
    arguments = shlex.split(command[1])[1:]
    config = block[1].replace("/dev/ttyUSB0", arguments[-1])
    Path("config.yaml").write_text(f"router: {{listen: 'unix:{tmp_path}/s'}}\n{config}")
    simulator = [sys.executable, "-m", "firmware_sim", "--speed", "600", *arguments]
    loaded = load(tmp_path / "config.yaml")
    app = App(loaded)
    with Path(os.devnull).open("rb") as nothing, running(simulator, nothing, says=True):
        try:
            app.start()
            for name in loaded.sensors:
                until(app.sensors[name].last, what=f"{name} has a value")
        finally:
            app.stop()
