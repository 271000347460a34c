"""The README's commands and programs do what it says."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, Gateway, environment, run_cli

README = (ROOT / "README.md").read_text()
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.S) for line in block.splitlines()]
PROGRAMS = re.findall(r"```python\n(.*?)```", README, re.S)
# Those that need no gateway.
ALONE = ("ports", "simulate", "check")


def run_program(source: str, folder: Path) -> str:
    """Run a program of the README's; returns what it prints."""
    result = subprocess.run(
        [sys.executable, "-c", source],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_commands(gateway: Gateway) -> None:
    """Each command of the README succeeds, in order, beside a running gateway."""
    assert len(COMMANDS) >= 7
    for command in COMMANDS:
        program, name, *arguments = shlex.split(command)
        assert program == "sig-gateway"
        run = run_cli if name in ALONE else None
        result = run(gateway.folder, name, *arguments) if run else gateway.cli(name, *arguments)
        assert result.returncode == 0, (command, result.stderr)


def test_the_ten_lines(tmp_path: Path) -> None:
    """The library example prints temperatures; given the simulator for a board, and two seconds."""
    source = PROGRAMS[0].replace("/dev/ttyACM0", "sim:").replace("sleep(60)", "sleep(2)")
    assert "temp 23.18 °C" in run_program(source, tmp_path)
    code = [line for line in PROGRAMS[0].splitlines() if line.strip()]
    assert len(code) <= 10


def test_the_listener_in_another_process(gateway: Gateway, tmp_path: Path) -> None:
    """The client example reads a live value from a running gateway."""
    assert '"°C"' in run_program(PROGRAMS[1].replace("7300", str(gateway.port)), tmp_path).replace("'", '"')


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#h][^)#]*)", README))))
def test_links(link: str) -> None:
    """What the README links to is there."""
    assert (ROOT / link).exists()
