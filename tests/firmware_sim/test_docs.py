"""docs/simulator.md says what is so: its tables, its examples, its lines."""

import re
from pathlib import Path

import pytest
import yaml

from drivers.stream.ports import parse_port
from firmware_sim.channels import CHANNELS
from firmware_sim.cli import main
from firmware_sim.commands import PROGRAM, answer
from firmware_sim.faults import FORMS, parse_faults
from firmware_sim.line import LineReader
from firmware_sim.modbus.board import DEFAULT_SLAVES, modbus_board
from firmware_sim.modbus.slaves import MODELS
from firmware_sim.mysensors.board import mysensors_board
from firmware_sim.port_commands import COMMANDS
from firmware_sim.recording import load
from firmware_sim.replay import replay_board
from firmware_sim.sensorline import sensorline_board
from firmware_sim.sensors import Sensors
from firmware_sim.simulator import Settings, Simulator
from firmware_sim.sysfs.chips import CHIPS
from firmware_sim.sysfs.commands import COMMANDS as TREE_COMMANDS
from firmware_sim.text.board import text_board
from firmware_sim.text.sketches import SKETCHES, Measured

CAPTURE = Path(__file__).parents[1] / "vectors" / "capture.txt"
PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()


def table(heading: str) -> list[list[str]]:
    """The rows of the tables whose first column has that heading."""
    tables = PAGE.split(f"\n| {heading} |")[1:]
    rows = [row for text in tables for row in text.partition("\n\n")[0].splitlines()[2:]]
    return [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def test_tables_are_complete() -> None:
    """Every fault, command and channel is there, in its form, and no other."""
    assert [row[0].strip("`") for row in table("fault")] == list(FORMS.values())
    assert [row[0].strip("`") for row in table("command")] == [usage for usage, _ in COMMANDS.values()]
    assert table("channel") == [
        [f"`{c.name}`", f"{c.kind}, {c.unit}", c.resolution, f"{c.minimum} to {c.maximum}"] for c in CHANNELS
    ]


def test_options_are_complete(capsys: pytest.CaptureFixture[str]) -> None:
    """Every option of the program is there, and no other."""
    with pytest.raises(SystemExit):
        main(["--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert set(re.findall(r"--[a-z-]+", " ".join(row[0] for row in table("option")))) == options


def test_lines_are_golden() -> None:
    """The lines that are shown have correct checksums, and are the first ones of the recording."""
    shown = "".join(line + "\n" for line in PAGE.splitlines() if line.startswith("$R"))
    reader = LineReader()
    values = [body.split()[4] for body in reader.feed(shown.encode())]
    assert values == [column[1] for column in load().columns.values()]
    assert reader.damaged == 0


def test_examples_are_true(tmp_path: Path) -> None:
    """The faults parse, and each command that is told gets the answer that is shown."""
    specs = re.findall(r"faults (\w+=[^` ]+)", PAGE)
    assert len(specs) == 2
    for spec in specs:
        parse_faults(spec)
    simulator = Simulator(
        Settings(tmp_path / "board", tmp_path / "board.control"), load(), sensorline_board()
    )
    simulator.open()
    told = re.findall(r'--tell "(.*)"\n(.*)', PAGE)
    assert len(told) == 2
    for command, shown in told:
        assert answer(simulator, command) == shown
    simulator.close()


def test_commands_of_their_own_are_complete() -> None:
    """Each protocol's, and those of the made-up /sys; and no other."""
    recording = load()
    boards = [
        make(Sensors(recording, 0, 1.0, "0"), "0")
        for make in (
            sensorline_board(),
            text_board(None, None),
            mysensors_board(),
            modbus_board(None, 0),
            replay_board(CAPTURE, False),
        )
    ]
    own = [usage for board in boards for usage, _ in board.commands.values()]
    folder = [usage for name, (usage, _) in TREE_COMMANDS.items() if name not in ("spike", "value", *PROGRAM)]
    assert [row[0].strip("`") for row in table("command of its own")] == own + folder


def test_shapes_are_true() -> None:
    """The first thing that each row of the table shows is printed, up to an ellipsis."""
    rows = table("shape")
    assert [int(row[0]) for row in rows] == list(SKETCHES)
    seen = Measured(21.5, 40.1, 426.67)
    for number, shown, *_ in rows:
        printed = "\n".join(SKETCHES[int(number)].measurement(seen)).replace("\t", "⇥")
        if number == "10":
            printed = printed.replace("426.67", "523.33")
        for line in re.findall(r"`([^`]+)`", shown)[: 2 if number in ("7", "8", "9", "10") else 1]:
            start = re.split(r"…|\{…|\"40", line)[0]
            assert start in printed, (number, line)


def test_what_is_on_the_bus_and_in_the_folder() -> None:
    """Every slave and every chip is named; the default is the one that is shown."""
    section = PAGE.partition("\n## modbus")[2].partition("\n## ")[0]
    for name in MODELS:
        assert f"`{name}`" in section
    assert f"--slaves {DEFAULT_SLAVES} " in section
    assert [row[0].strip("`") for row in table("chip")] == [chip.name for chip in CHIPS]


def test_configs_fit_the_commands_above_them() -> None:
    """What a section starts at a path, its config opens there; the protocol is the section's."""
    sections = {part.partition(":")[0]: part for part in PAGE.split("\n## ")}
    for protocol in ("text", "mysensors", "modbus", "sysfs"):
        section = sections[protocol]
        (path,) = re.findall(rf"simulate --protocol {protocol} .*--link (\S+)", section)
        (config,) = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
        (link,) = yaml.safe_load(config)["links"].values()
        assert link["protocol"] == protocol
        assert link["root" if protocol == "sysfs" else "port"] == path
    for sim in re.findall(r'"(sim:[^"]*)"', PAGE):
        parse_port(sim)
