"""docs/examples/sig-gateway-example, installed as others would: the gateway takes it, its own tests pass."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT

pytestmark = pytest.mark.once

EXAMPLE = ROOT / "docs" / "examples" / "sig-gateway-example"
CONFIG = """\
links:
  board: {protocol: plainline, port: /dev/ttyUSB0, scale: 0.01}
sensors:
  air: {driver: pressure, link: board, channel: pressure, low: 980}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that it is installed into; offline."""
    copy = shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("source") / "example")
    target = tmp_path_factory.mktemp("target")
    options: list[str | Path] = [
        "--quiet",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        target,
    ]
    done = ran("-m", "pip", "install", *options, copy)
    assert done.returncode == 0, done.stderr
    return target


def ran(*arguments: str | Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A Python program's end, with the installed example on its path."""
    paths = [ROOT, ROOT / "firmware-sim", *([path] if path else [])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_check_takes_its_driver_and_its_protocol(installed: Path, tmp_path: Path) -> None:
    """With the protocol's own option; and what is wrong names them among those that there are."""
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG)
    done = ran("-m", "gateway", "check", "-c", config, path=installed)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("plainline", "pressure"):
        config.write_text(CONFIG.replace(f": {name},", ": none-such,"))
        done = ran("-m", "gateway", "check", "-c", config, path=installed)
        assert done.returncode != 0
        assert name in done.stdout + done.stderr


def test_its_own_tests_pass(installed: Path) -> None:
    """The contract suite among them."""
    options: list[str | Path] = ["-c", os.devnull, "--rootdir", EXAMPLE, "-p", "no:cacheprovider", "-q"]
    done = ran("-m", "pytest", *options, EXAMPLE / "tests", path=installed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "22 passed" in done.stdout
