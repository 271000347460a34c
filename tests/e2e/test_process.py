"""The gateway as a process: how it starts, refuses to start, and ends."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import CONFIG, STOPPED_S
from tests.support.uncovered import UNCOVERED
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]

Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def uncovered(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are timed."""
    for name, value in UNCOVERED.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_end_it_within_two_seconds(start: Any, number: int) -> None:
    """Also with clients connected, one of which does not read; exit status 0, watchers are told. One of six
    does: a machine that does much else may have kept the others from their turn."""
    took_s: list[float] = []
    while not took_s or (took_s[-1] >= 2.0 and len(took_s) < 6):
        gateway = start().wait_until_up()
        with gateway.watch() as watch, socket.create_connection(("127.0.0.1", gateway.port)) as deaf:
            watch.line()
            deaf.sendall(b'{"id": 1, "method": "add_listener", "params": {"sender": null, "event": null}}\n')
            took_s.append(gateway.signal(number))
            watch.wait_for_error("went away; trying again until it is back")
    assert took_s[-1] < 2.0, took_s
    assert gateway.popen.returncode == 0, gateway.errors
    assert "stopped" in gateway.errors.splitlines()[-1]
    assert "Traceback" not in gateway.errors


def test_it_ends_in_time_while_a_link_starts(start: Any) -> None:
    """A signal that comes in the middle of starting is not lost."""
    gateway = start()
    gateway.wait_for_error("listening on")
    assert gateway.signal(signal.SIGTERM) < STOPPED_S
    assert gateway.popen.returncode == 0


def test_log_lines(gateway: Any) -> None:
    """Not on a terminal: plain lines with UTC, level and text; nothing on standard output."""
    pattern = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO|WARNING|ERROR) \S.*")
    assert all(pattern.fullmatch(line) for line in gateway.errors.splitlines())
    gateway.signal(signal.SIGTERM)
    assert gateway.popen.stdout.read() == ""


def test_kill_9_takes_the_simulator_along(gateway: Any, wait_for_end: Callable[[int], None]) -> None:
    """Nothing cleans up after it, and still no simulator is left, and the next start works."""
    children = gateway.children()
    assert len(children) == 1
    gateway.signal(signal.SIGKILL)
    wait_for_end(children[0])
    with type(gateway)(gateway.folder, port=gateway.port) as again:
        again.wait_until_up()


def test_port_held(shared: Any, cli: Cli, tmp_path: Path) -> None:
    """A second gateway says what is wrong, where it is written and what to do, and leaves the first alone."""
    other = tmp_path / "other.yaml"
    other.write_text(f"gateway: {{data: other}}\nrouter: {{listen: 127.0.0.1:{shared.port}}}\n")
    result = cli("run", "-c", str(other))
    assert (result.returncode, result.stdout) == (1, "")
    where = f"{other}:2: router.listen: cannot listen on 127.0.0.1:{shared.port}: it is in use"
    assert where in result.stderr
    assert "choose another port here" in result.stderr
    assert "Traceback" not in result.stderr
    assert shared.cli("read", "temp").returncode == 0


def test_data_folder_that_cannot_be(start: Any) -> None:
    """Keeps no sensor from starting: values are live only, which is said once, with what to do."""
    gateway = start(CONFIG.replace("./data", "config.yaml/data"))
    gateway.wait_until_up()
    assert gateway.cli("read", "temp").returncode == 0
    (line,) = [line for line in gateway.errors.splitlines() if "data folder" in line]
    assert "/config.yaml/data cannot be written: Not a directory; values are live only" in line
    assert "name another in gateway.data" in line
    assert gateway.signal(signal.SIGTERM) < STOPPED_S


def test_two_gateways_on_one_data_folder(gateway: Any, cli: Cli) -> None:
    """The second ends at once, and names the first one's process; after a kill nothing is in the way."""
    result = cli("run", "-c", str(gateway.config))
    assert (result.returncode, result.stdout) == (1, "")
    owner = f"another gateway (process {gateway.popen.pid}) uses the data folder "
    assert f"{gateway.config}:1: gateway.data: {owner}" in result.stderr
    assert "Traceback" not in result.stderr
    gateway.signal(signal.SIGKILL)
    with type(gateway)(gateway.folder) as again:
        again.wait_until_up()


SENSOR = "sensors: {a: {driver: light, link: board, %s}}"
BAD_CONFIGS = {
    "wrong type": (SENSOR % "delta: lots", ":1: sensors.a.delta: expected a number from 0 or a percentage"),
    "unknown key": (SENSOR % "detla: 1", ":1: sensors.a.detla: unknown key 'detla'; did you mean 'delta'?"),
    "missing link": (SENSOR % "delta: 1", ":1: sensors.a.link: no link 'board'; there are no links"),
    "duplicate": ("sensors:\n  a: {}\n  a: {}\n", ":3: sensors.a: duplicate key 'a': it is also on line 2"),
    "crossed": (
        SENSOR % "dark: 500, bright: 10",
        ":1: sensors.a.dark: expected less than bright (10)",
    ),
    "syntax": ("links: {a: b: c}", ":1:13: not valid YAML: "),
    "unknown section": ("mqt: {}\nmqtt: {url: 5}", ":1: mqt: unknown key 'mqt'; did you mean 'mqtt'?"),
    "router": ("router: {listen: 80}", ":1: router.listen: expected host:port"),
    "empty": ("", ": is empty; "),
}
BAD_FOR_RUN = ("syntax", "unknown section", "router", "empty")
"""The others have an error in a part that `run` leaves out."""


@pytest.mark.parametrize(
    ("command", "name"),
    [*(("check", name) for name in BAD_CONFIGS), *(("run", name) for name in BAD_FOR_RUN)],
)
def test_bad_configs(cli: Cli, tmp_path: Path, command: str, name: str) -> None:
    """Exit status 2, the error with its line on stderr, no traceback; `check` and `run` say the same."""
    text, problem = BAD_CONFIGS[name]
    (tmp_path / "config.yaml").write_text(text)
    result = cli(command)
    assert (result.returncode, result.stdout) == (2, "")
    assert f"config.yaml{problem}" in result.stderr
    assert "Traceback" not in result.stderr


BROKEN_PARTS = """\
gateway: {{name: test, data: ./data}}
router: {{listen: 127.0.0.1:{port}}}
links:
  board: {{port: "sim:?speed=1200"}}
  other: {{port: "sim:", baud: fast}}
sensors:
  temp: {{driver: temperature, link: board}}
  hall: {{driver: temperature, link: other}}
  lux: {{driver: light, link: board, delta: lots}}
mqtt: {{url: nothing}}
"""


def test_what_is_broken_is_left_out(start: Any) -> None:
    """The rest runs; each left-out part is an ERROR with its line, and says so when it is asked."""
    gateway = start(BROKEN_PARTS)
    gateway.wait_for_error("board: up")
    errors = [line.partition("config.yaml:")[2] for line in gateway.errors.splitlines() if " ERROR " in line]
    assert errors == [
        "5: links.other.baud: expected a whole number from 50 to 4000000, got 'fast'; write: baud: 115200; "
        "links.other is left out",
        "8: sensors.hall.link: its link 'other' is left out, see line 5; mend that; sensors.hall is left out",
        "9: sensors.lux.delta: expected a number from 0 or a percentage such as 5%, got 'lots'; "
        "sensors.lux is left out",
        "10: mqtt.url: expected a URL such as mqtt://host:1883, got 'nothing': it has no '://'; "
        "write: url: mqtt://nothing; mqtt is left out",
    ]
    until(lambda: gateway.cli("read", "temp").returncode == 0)
    assert {name: sender["connected"] for name, sender in gateway.senders().items()} == {
        "temp": True,
        "hall": False,
        "lux": False,
    }
    refused = gateway.cli("read", "lux")
    assert refused.returncode == 1
    assert "not_connected: sender 'lux' is not connected: left out: " in refused.stderr
    assert gateway.run("check").returncode == 2


def test_nothing_left_but_the_router(start: Any) -> None:
    """It still runs, and ends as it should."""
    gateway = start("router: {{listen: 127.0.0.1:{port}}}\nlinks: {{b: {{}}}}\nsensors: {{t: {{}}}}\n")
    gateway.wait_for_error("listening on")
    assert "links.b is left out" in gateway.errors
    assert "not_connected" in gateway.cli("read", "t").stderr
    gateway.signal(signal.SIGTERM)
    assert gateway.popen.returncode == 0


def test_no_config(cli: Cli) -> None:
    """Exit status 2 and how to get one."""
    assert "config.yaml: no such file; `sig-gateway run --init` writes one" in cli("check").stderr
    result = cli("run")
    assert result.returncode == 2
    assert (
        result.stderr == "config.yaml: no such file; write a default one and start: sig-gateway run --init\n"
    )
    other = cli("run", "-c", "other.yaml")
    assert other.returncode == 2
    assert "sig-gateway run --init -c other.yaml" in other.stderr


def test_check_of_the_product_config(cli: Cli, tmp_path: Path) -> None:
    """Every section that a later version has is accepted, with a warning each."""
    (tmp_path / "config.yaml").write_text("""\
gateway: {name: greenhouse, data: ./data}
router:  {listen: 127.0.0.1:7300}                 # ServerRouter; token:, tls: to go beyond loopback
links:
  board: {protocol: sensorline, port: "sim:"}     # or /dev/ttyACM0, socket://host:port
sensors:
  temp:     {driver: temperature, link: board, channel: temp, delta: 0.1, cold: 18, hot: 26, hysteresis: 0.5}
  humidity: {driver: humidity,    link: board, channel: hum,  delta: 0.5, dry: 30, wet: 60, hysteresis: 2}
  light:    {driver: light, link: board, channel: lux,  delta: 5%,  dark: 10, bright: 500, hysteresis: 10%}
mqtt:    {url: "mqtt://127.0.0.1:1883", home_assistant: true}   # the section is optional, as the others
http:    {listen: 127.0.0.1:8300}
history: {keep: 400d}
""")
    result = cli("check")
    assert result.returncode == 0
    assert result.stdout.splitlines()[:2] == [
        "config.yaml: correct",
        "  link board (sensorline, sim:): temp, humidity, light",
    ]
    assert result.stderr == ""


def test_init_in_an_empty_folder(tmp_path: Path, process: Any) -> None:
    """`run --init` writes the default config and runs (or finds the default port taken on this machine)."""
    with process(["run", "--init"]) as running:
        running.wait_for_error("7300")
        assert running.errors.startswith("config.yaml: written; change it as you like")
        if "it is in use" not in running.errors:
            running.wait_for_error("board: up")
            running.signal(signal.SIGTERM)
            assert running.popen.returncode == 0
    assert (tmp_path / "config.yaml").read_bytes() == (ROOT / "config.yaml").read_bytes()


def test_it_ends_in_time_though_the_simulator_hangs(gateway: Any) -> None:
    """What does not stop is left behind, with a word about it."""
    (simulator,) = gateway.children()
    os.kill(simulator, signal.SIGSTOP)
    try:
        assert gateway.signal(signal.SIGTERM) < STOPPED_S
        assert "stopping: 1 link did not stop within 1 s and is left behind" in gateway.errors
    finally:
        os.kill(simulator, signal.SIGCONT)
