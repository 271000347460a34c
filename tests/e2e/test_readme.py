"""The README's commands and programs do what it says."""

import re
import shlex
import subprocess
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from drivers.kinds import protocol_names
from tests.e2e.conftest import CONFIG, ROOT, Gateway, Process, environment, has_reading, poll, run_cli
from tests.support.ports import free_port

pytestmark = pytest.mark.once

README = (ROOT / "README.md").read_text()
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.S) for line in block.splitlines()]
PROGRAMS = re.findall(r"```python\n(.*?)```", README, re.S)
SIMULATED = re.findall(r"^\| `sig-gateway simulate .*$", README, re.M)
# Those that need no gateway.
ALONE = ("ports", "simulate", "check")


def run_program(source: str, folder: Path) -> str:
    """Run a program of the README's; returns what it prints."""
    result = finished_program(source, folder)
    assert result.returncode == 0, result.stderr
    return result.stdout


def finished_program(source: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of the README's to its end."""
    return subprocess.run(
        [sys.executable, "-c", source],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_commands(tmp_path: Path) -> None:
    """Each command of the README succeeds, in order, beside a running gateway."""
    assert len(COMMANDS) >= 9
    with Gateway(tmp_path, f"{CONFIG}history: {{{{}}}}\n") as gateway:
        gateway.wait_until_up()
        for command in COMMANDS:
            program, name, *arguments = shlex.split(command)
            assert program == "sig-gateway"
            run = run_cli if name in ALONE else None
            result = run(gateway.folder, name, *arguments) if run else gateway.cli(name, *arguments)
            assert result.returncode == 0, (command, result.stderr)


def test_each_way_without_hardware(tmp_path: Path) -> None:
    """The simulators of the table, all at once beside one gateway with its lines: every sensor has a value,
    and every protocol that a link may have is there."""
    rows = [tuple(part.strip("` ") for part in row.split("|")[1:4]) for row in SIMULATED]
    protocols = [re.search(r"--protocol (\w+)", command) for command, _, _ in rows]
    assert {found[1] for found in protocols if found} == set(protocol_names())
    links, sensors = (
        f"{key}:\n" + "".join(f"  {row[column]}\n" for row in rows)
        for column, key in ((1, "links"), (2, "sensors"))
    )
    with ExitStack() as running:
        for command, _, _ in rows:
            running.enter_context(Process(shlex.split(command)[1:], tmp_path)).line()
        config = f"router: {{{{listen: 127.0.0.1:{{port}}}}}}\n{_escaped(links)}{_escaped(sensors)}"
        gateway = running.enter_context(Gateway(tmp_path, config))
        gateway.wait_for_error("listening on")
        with gateway.client() as client:
            for name in [row[2].partition(":")[0] for row in rows]:
                poll(partial(has_reading, client, name), f"a reading of {name}: {gateway.errors}", 60.0)


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def test_the_ten_lines(tmp_path: Path) -> None:
    """The library example prints temperatures; given the simulator for a board, and two seconds."""
    source = PROGRAMS[0].replace("/dev/ttyACM0", "sim:").replace("sleep(60)", "sleep(2)")
    assert "temp 23.18 °C" in run_program(source, tmp_path)
    code = [line for line in PROGRAMS[0].splitlines() if line.strip()]
    assert len(code) <= 10


def test_the_listener_in_another_process(gateway: Gateway, tmp_path: Path) -> None:
    """The client example reads a live value from a running gateway."""
    assert '"°C"' in run_program(PROGRAMS[1].replace("7300", str(gateway.port)), tmp_path).replace("'", '"')


def test_the_listener_without_a_gateway(tmp_path: Path) -> None:
    """The client example ends and says why."""
    result = finished_program(PROGRAMS[1].replace("7300", str(free_port())), tmp_path)
    assert result.returncode == 1
    assert result.stderr.endswith("Connection refused\n")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#h][^)#]*)", README))))
def test_links(link: str) -> None:
    """What the README links to is there."""
    assert (ROOT / link).exists()
